/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Guest time: the 62.5 MHz counter. In deterministic mode it counts executed instructions, one tick
 * for 16 of them, and jumps while nothing is executed. Otherwise it follows the host's monotonic
 * clock while the machine runs, and stands still while it is stopped: also across a save.
 */
#ifndef MACHINE_CLOCK_H
#define MACHINE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "machine/machine.h"
#include "vcpu/vcpu.h"

#define INSTRUCTIONS_PER_TICK 16u
/* In instructions (292 years): counts of them, and sums of two, never wrap. */
#define END_OF_TIME (UINT64_C(1) << 63)

struct guest_clock {
    struct vcpu_clock run; /* instructions executed, and the limits of the running vCPU */
    bool deterministic;
    uint64_t skew;        /* deterministic: what idle jumps have added, in instructions */
    uint64_t stopped;     /* else: the counter while the machine is stopped */
    uint64_t offset;      /* else: counter minus host ticks while it runs */
    uint64_t looked;      /* else: the counter, when it was last looked at by clock_look … */
    uint64_t looked_time; /* … and the host's time */
    struct machine_time time;
};

void clock_start(struct guest_clock *clock);
void clock_stop(struct guest_clock *clock);
/* Not in deterministic mode: it has stopped when clock_look was last called. */
void clock_stop_at_look(struct guest_clock *clock);
/* Not in deterministic mode: remember the counter. The host's time, in nanoseconds. */
uint64_t clock_look(struct guest_clock *clock);
/* Not in deterministic mode: the host's time at which the counter has this value; UINT64_MAX: not
 * to be reached. */
uint64_t clock_time_at(const struct guest_clock *clock, uint64_t counter);
/* The counter after this many instructions; the number matters in deterministic mode only. */
uint64_t clock_counter(const struct guest_clock *clock, uint64_t instructions);
/* The first instruction count at which the counter has this value; UINT64_MAX: not to be reached,
 * or not in deterministic mode. */
uint64_t clock_instructions_at(const struct guest_clock *clock, uint64_t counter);
/* Deterministic: let the counter reach this value now. False: it is too far. */
bool clock_jump(struct guest_clock *clock, uint64_t counter);
/* Not in deterministic mode: so many nanoseconds from now the counter has this value. */
uint64_t clock_time_until(const struct guest_clock *clock, uint64_t counter);

#endif
