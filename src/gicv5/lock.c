/* SPDX-License-Identifier: BSD-3-Clause */
#include "gicv5/lock.h"

#include <sched.h>
#include <time.h>

#include "gicv5/gicv5.h"
#include "gicv5/state.h"

#define SPINS 128u
#define YIELDS 16u
#define GIFT 16u /* spins: who is not there by then has lost its processor */
#define NAP_NS 50000
#define TOO_LONG (SPINS + YIELDS + 10000u) /* naps: half a second and more */

static void pause_a_little(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* What a lock protects is short, but who holds it may have lost its processor: to a thread that
 * waits here, perhaps, and whose priority a yield does not give way from. */
static void wait_longer(uint32_t n)
{
    const struct timespec nap = {.tv_nsec = NAP_NS};
    if (n < SPINS)
        pause_a_little();
    else if (n < SPINS + YIELDS)
        sched_yield();
    else
        nanosleep(&nap, NULL);
}

/* Nothing that a lock protects takes so long, but a host function that waits for its own thread
 * does: it is said, as nobody could know otherwise why a VMM hangs. */
static void complain(const struct lock *lock)
{
    const struct services *services = lock->services;
    if (services->host->log)
        services->host->log(services->opaque,
                            "gicv5: a lock is not given back: does a function of vgic5_host, as "
                            "`line`, call back into its device, or wait for a thread inside?");
}

void lock_wait(struct lock *lock)
{
    __atomic_fetch_add(&lock->waiting, 1, __ATOMIC_RELAXED);
    do {
        for (uint32_t n = 0; __atomic_load_n(&lock->held, __ATOMIC_RELAXED); n++) {
            wait_longer(n);
            if (n == TOO_LONG)
                complain(lock);
        }
    } while (!lock_try(lock));
    __atomic_fetch_sub(&lock->waiting, 1, __ATOMIC_RELAXED);
}

/* A guest that polls takes its own lock again at once; the others would never see it free. */
void lock_give_way(struct lock *lock)
{
    for (uint32_t n = 0; n < GIFT && !__atomic_load_n(&lock->held, __ATOMIC_RELAXED); n++)
        pause_a_little();
}

void gicv5_lock(struct gicv5 *gic)
{
    for (uint32_t i = 0; gic->loading.needed && i <= gic->nr_pes; i++)
        lock_take(&gic->pes[i]->lock);
}

void gicv5_unlock(struct gicv5 *gic)
{
    for (uint32_t i = 0; gic->loading.needed && i <= gic->nr_pes; i++)
        lock_drop(&gic->pes[i]->lock);
}

void gicv5_frame_lock(struct gicv5 *gic)
{
    lock_take(&gic->nowhere->lock);
}

void gicv5_frame_unlock(struct gicv5 *gic)
{
    lock_drop(&gic->nowhere->lock);
}

void gicv5_pe_lock(struct gicv5_pe *pe)
{
    lock_take(&pe->lock);
}

void gicv5_pe_unlock(struct gicv5_pe *pe)
{
    lock_drop(&pe->lock);
}
