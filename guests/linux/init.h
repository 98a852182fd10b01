/* SPDX-License-Identifier: BSD-3-Clause */
/* Between the parts of the init: what it exercises, and its verdict. */
#ifndef LINUX_INIT_H
#define LINUX_INIT_H

#include "text.h"

#define MILLISECOND UINT64_C(1000000)
#define SECOND UINT64_C(1000000000)

/* init.c. The first failure is the verdict. Any thread may say so. */
void fail(const char *what);

/* work.c: a thread on each CPU. Runs function(cpu) pinned to the CPU, and waits for it. */
unsigned work_nr_cpus(void);
void work_on(unsigned cpu, void (*function)(unsigned cpu));
/* From CPU 0, wake a thread on each other CPU and be woken by it, so many times. */
void work_wake(unsigned rounds);

/* time.c */
uint64_t now(enum clock clock);
void sleep_until(uint64_t monotonic);
/* Short sleeps and a periodic timer on this CPU. */
void exercise_timers(unsigned cpu);
void print_clocks(const char *when);
/* So many wake-ups, PERIOD apart, each with a wake-up of every CPU: nothing late, no clock that
 * jumps. */
void tick(uint64_t ticks);

#endif
