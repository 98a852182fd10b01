/* SPDX-License-Identifier: BSD-3-Clause */
/* The handler walks a table without a lock: a place is free, or has a range that stays while it is
 * mapped. */
#include "kvmd/lost.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>

#define PAGE 4096u
#define MOST_RANGES 16384u

static struct {
    pthread_mutex_t changing;
    struct sigaction before;
    struct lost_range {
        _Atomic uintptr_t start; /* 0: free */
        _Atomic size_t size;
    } ranges[MOST_RANGES];
} lost = {.changing = PTHREAD_MUTEX_INITIALIZER};

static bool is_known(uintptr_t at)
{
    for (size_t n = 0; n < MOST_RANGES; n++) {
        uintptr_t start = atomic_load(&lost.ranges[n].start);

        if (start && at >= start && at - start < atomic_load(&lost.ranges[n].size))
            return true;
    }
    return false;
}

static bool replace_page(void *at)
{
    int error = errno;
    void *page = (void *)((uintptr_t)at & ~(uintptr_t)(PAGE - 1));
    bool done = mmap(page, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
                     -1, 0) != MAP_FAILED;

    errno = error;
    return done;
}

/* Anything else happens again, to whoever was there before. */
static void on_bus_error(int number, siginfo_t *info, void *context)
{
    (void)context;
    if (info->si_code == BUS_ADRERR && is_known((uintptr_t)info->si_addr) &&
        replace_page(info->si_addr))
        return;
    sigaction(number, &lost.before, NULL);
}

/* Somebody else may have taken the signal since. */
static int install(void)
{
    struct sigaction now,
        action = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK};

    if (sigaction(SIGBUS, NULL, &now) != 0)
        return errno;
    if (now.sa_flags & SA_SIGINFO && now.sa_sigaction == on_bus_error)
        return 0;
    lost.before = now;
    sigemptyset(&action.sa_mask);
    return sigaction(SIGBUS, &action, NULL) == 0 ? 0 : errno;
}

static struct lost_range *free_range(void)
{
    for (size_t n = 0; n < MOST_RANGES; n++) {
        if (!atomic_load(&lost.ranges[n].start))
            return &lost.ranges[n];
    }
    return NULL;
}

void *lost_map(int fd, size_t size, off_t offset)
{
    void *at = MAP_FAILED;
    struct lost_range *range;
    int ret;

    pthread_mutex_lock(&lost.changing);
    range = free_range();
    ret = range ? install() : ENOMEM;
    if (ret == 0) {
        at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, offset);
        ret = errno;
    }
    if (at != MAP_FAILED) {
        atomic_store(&range->size, size);
        atomic_store(&range->start, (uintptr_t)at);
    }
    pthread_mutex_unlock(&lost.changing);
    errno = ret;
    return at;
}

void lost_unmap(void *at, size_t size)
{
    pthread_mutex_lock(&lost.changing);
    for (size_t n = 0; n < MOST_RANGES; n++) {
        if (atomic_load(&lost.ranges[n].start) == (uintptr_t)at)
            atomic_store(&lost.ranges[n].start, 0);
    }
    munmap(at, size);
    pthread_mutex_unlock(&lost.changing);
}
