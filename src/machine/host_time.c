/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine/host_time.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#define SECOND UINT64_C(1000000000)
#define NEVER UINT64_MAX

struct host_time {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    pthread_t thread;
    bool has_thread, ends;
    uint64_t at; /* of the alarm, or NEVER */
    atomic_bool rung;
};

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

static void *keep_alarm(void *opaque)
{
    struct host_time *time = opaque;

    pthread_mutex_lock(&time->mutex);
    while (!time->ends) {
        const struct timespec until = timespec_of(time->at);

        if (time->at == NEVER) {
            pthread_cond_wait(&time->changed, &time->mutex);
        } else if (now(NULL) >= time->at) {
            time->at = NEVER;
            atomic_store_explicit(&time->rung, true, memory_order_relaxed);
        } else {
            pthread_cond_timedwait(&time->changed, &time->mutex, &until);
        }
    }
    pthread_mutex_unlock(&time->mutex);
    return NULL;
}

/* Signals are for the thread that runs the machine. */
static void start_thread(struct host_time *time)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    time->has_thread = pthread_create(&time->thread, NULL, keep_alarm, time) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* Without a thread the machine looks at its clock at slice ends, and every so many turns. */
static void set_alarm(void *opaque, uint64_t at)
{
    struct host_time *time = opaque;

    if (!time->has_thread)
        start_thread(time);
    pthread_mutex_lock(&time->mutex);
    atomic_store_explicit(&time->rung, false, memory_order_relaxed);
    time->at = at;
    pthread_cond_signal(&time->changed);
    pthread_mutex_unlock(&time->mutex);
}

static bool has_rung(void *opaque)
{
    struct host_time *time = opaque;

    return atomic_load_explicit(&time->rung, memory_order_relaxed);
}

struct host_time *host_time_create(void)
{
    struct host_time *time = calloc(1, sizeof(*time));
    pthread_condattr_t attributes;

    if (!time)
        return NULL;
    time->at = NEVER;
    pthread_mutex_init(&time->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&time->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    return time;
}

void host_time_destroy(struct host_time *time)
{
    if (!time)
        return;
    pthread_mutex_lock(&time->mutex);
    time->ends = true;
    pthread_cond_signal(&time->changed);
    pthread_mutex_unlock(&time->mutex);
    if (time->has_thread)
        pthread_join(time->thread, NULL);
    pthread_cond_destroy(&time->changed);
    pthread_mutex_destroy(&time->mutex);
    free(time);
}

struct machine_time host_time_functions(struct host_time *time)
{
    return (struct machine_time){now, doze, set_alarm, has_rung, time};
}
