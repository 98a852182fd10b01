/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine/clock.h"

#include "vcpu/timer.h"

#define NANOSECONDS_PER_TICK 16u /* at 62.5 MHz */

_Static_assert(COUNTER_FREQUENCY *(uint64_t)NANOSECONDS_PER_TICK == 1000000000u, "tick length");

static uint64_t host_ticks(const struct guest_clock *clock)
{
    return clock->time.now(clock->time.opaque) / NANOSECONDS_PER_TICK;
}

void clock_start(struct guest_clock *clock)
{
    if (!clock->deterministic)
        clock->offset = clock->stopped - host_ticks(clock);
    clock->looked = clock->stopped;
}

void clock_stop(struct guest_clock *clock)
{
    if (!clock->deterministic)
        clock->stopped = host_ticks(clock) + clock->offset;
}

void clock_stop_at_look(struct guest_clock *clock)
{
    clock->stopped = clock->looked;
}

uint64_t clock_look(struct guest_clock *clock)
{
    clock->looked_time = clock->time.now(clock->time.opaque);
    clock->looked = clock->looked_time / NANOSECONDS_PER_TICK + clock->offset;
    return clock->looked_time;
}

uint64_t clock_time_at(const struct guest_clock *clock, uint64_t counter)
{
    uint64_t ticks = counter > clock->looked ? counter - clock->looked : 0;

    if (ticks > (UINT64_MAX - clock->looked_time) / NANOSECONDS_PER_TICK)
        return UINT64_MAX;
    return clock->looked_time + ticks * NANOSECONDS_PER_TICK;
}

uint64_t clock_counter(const struct guest_clock *clock, uint64_t instructions)
{
    if (clock->deterministic)
        return (instructions + clock->skew) / INSTRUCTIONS_PER_TICK;
    return host_ticks(clock) + clock->offset;
}

uint64_t clock_instructions_at(const struct guest_clock *clock, uint64_t counter)
{
    uint64_t time = counter * INSTRUCTIONS_PER_TICK;

    if (!clock->deterministic || counter > UINT64_MAX / INSTRUCTIONS_PER_TICK)
        return UINT64_MAX;
    return time > clock->skew ? time - clock->skew : 0;
}

bool clock_jump(struct guest_clock *clock, uint64_t counter)
{
    uint64_t time = counter * INSTRUCTIONS_PER_TICK;

    if (counter >= END_OF_TIME / INSTRUCTIONS_PER_TICK)
        return false;
    if (time > clock->run.instructions + clock->skew)
        clock->skew = time - clock->run.instructions;
    return true;
}

uint64_t clock_time_until(const struct guest_clock *clock, uint64_t counter)
{
    uint64_t now = clock_counter(clock, 0);
    uint64_t ticks = counter > now ? counter - now : 0;

    return ticks < UINT64_MAX / NANOSECONDS_PER_TICK ? ticks * NANOSECONDS_PER_TICK : UINT64_MAX;
}
