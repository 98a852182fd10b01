/* SPDX-License-Identifier: BSD-3-Clause */
/* Clocks and timers: what they promise, checked. */
#include "init.h"

#define TIMER_ABSTIME 1
#define SLEEPS 10u
#define EXPIRIES 5u
#define PERIOD (20 * MILLISECOND)
/* A host that is busy makes a guest late in real time; a lost wake-up or a stall is later. */
#define LATE (5 * SECOND)

uint64_t now(enum clock clock)
{
    struct timespec time = {0, 0};

    CALL(SYS_CLOCK_GETTIME, clock, &time, 0, 0, 0);
    return (uint64_t)time.seconds * SECOND + (uint64_t)time.nanoseconds;
}

static struct timespec timespec_of(uint64_t nanoseconds)
{
    return (struct timespec){(int64_t)(nanoseconds / SECOND), (int64_t)(nanoseconds % SECOND)};
}

void sleep_until(uint64_t monotonic)
{
    struct timespec until = timespec_of(monotonic);
    uint64_t woken;

    if (CALL(SYS_CLOCK_NANOSLEEP, CLOCK_MONOTONIC, TIMER_ABSTIME, &until, 0, 0) != 0)
        fail("clock_nanosleep");
    woken = now(CLOCK_MONOTONIC);
    if (woken < monotonic)
        fail("woken too early");
    if (woken > monotonic + LATE)
        fail("woken too late");
}

static void exercise_timerfd(void)
{
    const struct itimerspec every = {timespec_of(2 * MILLISECOND), timespec_of(2 * MILLISECOND)};
    long file = CALL(SYS_TIMERFD_CREATE, CLOCK_MONOTONIC, 0, 0, 0, 0);
    uint64_t start = now(CLOCK_MONOTONIC), expiries = 0, n = 0;

    if (file < 0 || CALL(SYS_TIMERFD_SETTIME, file, 0, &every, 0, 0) != 0) {
        fail("timerfd");
        return;
    }
    while (n < EXPIRIES && CALL(SYS_READ, file, &expiries, sizeof(expiries), 0, 0) > 0)
        n += expiries;
    if (n < EXPIRIES || now(CLOCK_MONOTONIC) - start < n * 2 * MILLISECOND)
        fail("timerfd");
    CALL(SYS_CLOSE, file, 0, 0, 0, 0);
}

void exercise_timers(unsigned cpu)
{
    (void)cpu;
    for (unsigned n = 1; n <= SLEEPS; n++)
        sleep_until(now(CLOCK_MONOTONIC) + n * MILLISECOND / 3);
    exercise_timerfd();
}

/* The real-time clock has no date that a test could expect, so its distance is what is printed. */
void print_clocks(const char *when)
{
    uint64_t monotonic = now(CLOCK_MONOTONIC), boot = now(CLOCK_BOOTTIME);

    say("init: %s: monotonic %t boot %t real %t\n", when, monotonic, boot, now(CLOCK_REALTIME));
}

/* Three clocks follow one counter: the distance between two of them does not change. */
static bool distance_holds(enum clock clock, uint64_t *distance)
{
    uint64_t before = now(CLOCK_MONOTONIC), value = now(clock), after = now(CLOCK_MONOTONIC);
    uint64_t least = value - after, most = value - before;

    if (*distance == 0)
        *distance = most;
    return (int64_t)(*distance - least) >= -(int64_t)MILLISECOND &&
           (int64_t)(most - *distance) >= -(int64_t)MILLISECOND;
}

void tick(uint64_t ticks)
{
    uint64_t boot_distance = 0, real_distance = 0;

    for (uint64_t n = 1; n <= ticks; n++) {
        sleep_until(now(CLOCK_MONOTONIC) + PERIOD);
        work_wake(1);
        if (!distance_holds(CLOCK_BOOTTIME, &boot_distance) ||
            !distance_holds(CLOCK_REALTIME, &real_distance))
            fail("a clock jumped against another");
        say("init: tick %u at %t\n", n, now(CLOCK_MONOTONIC));
    }
}
