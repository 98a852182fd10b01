/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A signal handler finds what it needs in globals, or not at all: here are the only ones of this
 * library. The list is walked without a lock; blocks of it stay for ever, and a slot counts who is
 * inside, so that what it held can be freed when nobody is.
 */
#include "ram/fault.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <ucontext.h>

#define NR_SLOTS 32u

struct slot {
    _Atomic(struct ram_watch *) watch; /* NULL: free */
    fault_serve *serve;                /* written before it */
    atomic_uint inside;
};

struct fault_block {
    struct slot slots[NR_SLOTS];
    _Atomic(struct fault_block *) next;
};

static struct {
    pthread_mutex_t changing;
    unsigned nr_watched;
    bool is_installed;
    struct sigaction before; /* stays when the handler goes: a thread may still be in it */
    struct fault_block first;
} faults = {.changing = PTHREAD_MUTEX_INITIALIZER};

/* ---- The list -------------------------------------------------------------------------------- */

static struct slot *next_slot(struct fault_block **block, unsigned *n)
{
    if (*n == NR_SLOTS) {
        *block = atomic_load(&(*block)->next);
        *n = 0;
    }
    return *block ? &(*block)->slots[(*n)++] : NULL;
}

static bool is_in(const struct ram_watch *watch, const uint8_t *address)
{
    for (size_t n = 0; n < watch->nr_ranges; n++)
        if ((uint64_t)((uintptr_t)address - (uintptr_t)watch->ranges[n].host) <
            watch->ranges[n].size)
            return true;
    return false;
}

/* The slot of the RAM that has this address, held, and that RAM; NULL: none. While it is held the
 * RAM stays, but the slot may say no longer whose it is. */
static struct slot *hold(const void *address, struct ram_watch **watch)
{
    struct fault_block *block = &faults.first;
    struct slot *slot;
    unsigned n = 0;

    while ((slot = next_slot(&block, &n)) != NULL) {
        if (!atomic_load(&slot->watch))
            continue;
        atomic_fetch_add(&slot->inside, 1); /* and then look again: fault_remove goes by this */
        *watch = atomic_load(&slot->watch);
        if (*watch && is_in(*watch, address))
            return slot;
        atomic_fetch_sub(&slot->inside, 1);
    }
    return NULL;
}

/* ---- The handler ----------------------------------------------------------------------------- */

/* As far as the host says so: else it counts as a write. */
static bool is_read(const void *context)
{
#ifdef __x86_64__
    return !(((const ucontext_t *)context)->uc_mcontext.gregs[REG_ERR] & 2);
#else
    (void)context;
    return false;
#endif
}

/* False: it is not of a watched page, or nothing can be done about it. */
static bool serve(const siginfo_t *info, const void *context)
{
    void (*lost)(void *opaque, const struct vgic5_error *error);
    struct vgic5_error error = {.size = sizeof(error)};
    struct ram_watch *watch;
    struct slot *slot = hold(info->si_addr, &watch);
    void *opaque;
    int ret;

    if (!slot)
        return false;
    ret = slot->serve(watch, info->si_addr, is_read(context), &error);
    lost = watch->lost;
    opaque = watch->lost_opaque;
    atomic_fetch_sub(&slot->inside, 1);
    if (ret != 0 && ret != -EFAULT && lost)
        lost(opaque, &error);
    return ret == 0;
}

/* It happens again, or is sent again, and nobody is in the way. */
static void take_default(int number, const siginfo_t *info)
{
    const struct sigaction standard = {.sa_handler = SIG_DFL};

    if (faults.before.sa_handler == SIG_IGN && info->si_code <= 0)
        return; /* sent by a process, and ignored */
    sigaction(number, &standard, NULL);
    if (info->si_code <= 0)
        raise(number);
}

/* As if the handler that was there before were in place: its mask, its stack, its arguments. */
static void pass_on(int number, siginfo_t *info, void *context)
{
    struct sigaction before = faults.before;
    sigset_t mask = ((const ucontext_t *)context)->uc_sigmask;

    if (!(before.sa_flags & SA_SIGINFO) &&
        (before.sa_handler == SIG_DFL || before.sa_handler == SIG_IGN)) {
        take_default(number, info);
        return;
    }
    if (before.sa_flags & SA_RESETHAND)
        faults.before = (struct sigaction){.sa_handler = SIG_DFL};
    sigorset(&mask, &mask, &before.sa_mask);
    if (!(before.sa_flags & SA_NODEFER))
        sigaddset(&mask, number);
    pthread_sigmask(SIG_SETMASK, &mask, NULL); /* returning restores the thread's own */
    if (before.sa_flags & SA_SIGINFO)
        before.sa_sigaction(number, info, context);
    else
        before.sa_handler(number);
}

/* Runs in the thread that touched the memory, which is no more inside the C library than the guest
 * itself, or a memcpy, is: so the handler may call what it likes, but for what it waits for. */
static void on_fault(int number, siginfo_t *info, void *context)
{
    int saved = errno;
    bool served = info->si_code == SEGV_ACCERR && serve(info, context);

    errno = saved;
    if (!served)
        pass_on(number, info, context);
}

/* ---- Coming and going ------------------------------------------------------------------------ */

static int install(void)
{
    struct sigaction action = {.sa_sigaction = on_fault,
                               .sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK};

    if (faults.is_installed) /* whoever came later passes on to us */
        return 0;
    asynchronous_signals(&action.sa_mask);
    if (sigaction(SIGSEGV, NULL, &faults.before) != 0 || sigaction(SIGSEGV, &action, NULL) != 0)
        return -errno;
    faults.is_installed = true;
    return 0;
}

static void uninstall(void)
{
    struct sigaction now;

    if (sigaction(SIGSEGV, NULL, &now) != 0 || !(now.sa_flags & SA_SIGINFO) ||
        now.sa_sigaction != on_fault)
        return;
    sigaction(SIGSEGV, &faults.before, NULL);
    faults.is_installed = false;
}

static struct slot *free_slot(void)
{
    struct fault_block *block = &faults.first, *last = block;
    struct slot *slot;
    unsigned n = 0;

    while ((slot = next_slot(&block, &n)) != NULL) {
        if (!atomic_load(&slot->watch))
            return slot;
        last = block;
    }
    block = calloc(1, sizeof(*block));
    if (!block)
        return NULL;
    atomic_store(&last->next, block);
    return &block->slots[0];
}

int fault_add(struct ram_watch *watch, fault_serve *serve_fault)
{
    struct slot *slot;
    int ret;

    pthread_mutex_lock(&faults.changing);
    slot = free_slot();
    ret = slot ? install() : -ENOMEM;
    if (ret == 0) {
        slot->serve = serve_fault;
        atomic_store(&slot->watch, watch);
        faults.nr_watched++;
    }
    pthread_mutex_unlock(&faults.changing);
    return ret;
}

void fault_remove(struct ram_watch *watch)
{
    struct fault_block *block = &faults.first;
    struct slot *slot;
    unsigned n = 0;

    pthread_mutex_lock(&faults.changing);
    while ((slot = next_slot(&block, &n)) != NULL && atomic_load(&slot->watch) != watch)
        ;
    if (slot) {
        atomic_store(&slot->watch, NULL);
        for (n = 0; atomic_load(&slot->inside) > 0; n++)
            spin_pause(n);
        if (--faults.nr_watched == 0)
            uninstall();
    }
    pthread_mutex_unlock(&faults.changing);
}
