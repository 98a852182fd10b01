/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A lock that a signal handler may take: the fault handler waits for whoever changes the state of
 * pages. Whoever holds one touches no protected memory, and has asynchronous signals blocked.
 */
#ifndef RAM_SPIN_H
#define RAM_SPIN_H

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>

struct spin {
    atomic_bool is_held;
};

/* The n-th time in vain: who is waited for may need this processor. */
static inline void spin_pause(unsigned n)
{
    const struct timespec moment = {0, 20000};

    if (n > 200)
        nanosleep(&moment, NULL);
    else if (n > 50)
        sched_yield();
}

static inline void spin_take(struct spin *spin)
{
    for (unsigned n = 0; atomic_exchange_explicit(&spin->is_held, true, memory_order_acquire); n++)
        spin_pause(n);
}

static inline void spin_release(struct spin *spin)
{
    atomic_store_explicit(&spin->is_held, false, memory_order_release);
}

/* All signals but those of the thread's own faults. */
static inline void asynchronous_signals(sigset_t *set)
{
    static const int own[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT};

    sigfillset(set);
    for (unsigned n = 0; n < sizeof(own) / sizeof(*own); n++)
        sigdelset(set, own[n]);
}

#endif
