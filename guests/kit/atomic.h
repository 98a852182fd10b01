/* SPDX-License-Identifier: BSD-3-Clause */
/* Words that vCPUs share, and a lock. Exclusives work because the kit turns the MMU on. */
#ifndef KIT_ATOMIC_H
#define KIT_ATOMIC_H

#include <stdint.h>

#include "cpu.h"

#define load_acquire(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define store_release(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define atomic_add(p, v) __atomic_add_fetch((p), (v), __ATOMIC_ACQ_REL)

struct spinlock {
    uint32_t taken;
};

/* Interrupts are masked while it is held: a handler on the same vCPU may want it too. */
static inline uint64_t spin_lock(struct spinlock *lock)
{
    uint64_t daif = irq_save();

    while (__atomic_exchange_n(&lock->taken, 1, __ATOMIC_ACQUIRE))
        ;
    return daif;
}

static inline void spin_unlock(struct spinlock *lock, uint64_t daif)
{
    store_release(&lock->taken, 0);
    irq_restore(daif);
}

#endif
