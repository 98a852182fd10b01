/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine/host_time.h"

#include <time.h>

#define SECOND UINT64_C(1000000000)
/* A look at the clock costs more than a question should, where it is a system call. A thread that
 * kept the alarm would cost a switch of context for each one. Three questions too late is exact
 * enough. */
#define QUESTIONS_PER_LOOK 4u

static uint64_t now(void *opaque)
{
    struct timespec time;

    (void)opaque;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_nsec;
}

static struct timespec timespec_of(uint64_t nanoseconds)
{
    return (struct timespec){.tv_sec = (time_t)(nanoseconds / SECOND),
                             .tv_nsec = (long)(nanoseconds % SECOND)};
}

/* A signal ends it: the machine is asked to stop. */
static void doze(void *opaque, uint64_t nanoseconds)
{
    const struct timespec length = timespec_of(nanoseconds);

    (void)opaque;
    nanosleep(&length, NULL);
}

static void set_alarm(void *opaque, uint64_t at)
{
    struct host_time *time = opaque;

    time->at = at;
    time->has_rung = false;
}

static bool has_rung(void *opaque)
{
    struct host_time *time = opaque;

    if (!time->has_rung && ++time->questions % QUESTIONS_PER_LOOK == 0)
        time->has_rung = now(NULL) >= time->at;
    return time->has_rung;
}

struct machine_time host_time_functions(struct host_time *time)
{
    *time = (struct host_time){.at = UINT64_MAX};
    return (struct machine_time){now, doze, set_alarm, has_rung, time};
}
