/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Locks for a device that several threads are in (gicv5_config.threads); nothing happens otherwise.
 *
 * Each PE has one, on its own cache line. It protects the PE's CPU interface, its trees, and the
 * configuration of the interrupts that target it. An operation on an interrupt holds the lock of
 * its target, and looks at the IAFFID again when it has it; one that moves an interrupt holds those
 * of both targets. Whoever holds the lock of any PE keeps out those who need all of them
 * (gicv5_lock): IRSEN, trigger modes, tables made and taken down, most of the raw door. Where
 * several are held they were taken in the order of the PEs; the last is `nowhere`, whose lock
 * protects the other registers of the frame as well. gicv5.loading comes after them all.
 */
#ifndef GICV5_LOCK_H
#define GICV5_LOCK_H

#include <stdbool.h>
#include <stdint.h>

struct services;

struct lock {
    uint32_t held;
    uint32_t waiting;                /* threads in lock_wait */
    bool needed;                     /* several threads */
    const struct services *services; /* who hears of a wait that does not end */
};

/* It was held: wait until it is ours. */
void lock_wait(struct lock *lock);
/* We had it, and another thread waits: let it have its turn. */
void lock_give_way(struct lock *lock);

static inline bool lock_try(struct lock *lock)
{
    return !lock->needed || !__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE);
}

#ifdef LOCK_COUNT /* a test's build of the device */
extern unsigned long lock_count;
#define LOCK_TAKEN lock_count++
#else
#define LOCK_TAKEN ((void)0)
#endif

static inline void lock_take(struct lock *lock)
{
    LOCK_TAKEN;
    if (!lock_try(lock))
        lock_wait(lock);
}

static inline void lock_drop(struct lock *lock)
{
    if (!lock->needed)
        return;
    __atomic_store_n(&lock->held, 0, __ATOMIC_RELEASE);
    if (__atomic_load_n(&lock->waiting, __ATOMIC_RELAXED))
        lock_give_way(lock);
}

#endif
