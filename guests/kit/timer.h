/* SPDX-License-Identifier: BSD-3-Clause */
/* The generic timer: the counter, and the virtual and the physical timer of this vCPU. */
#ifndef KIT_TIMER_H
#define KIT_TIMER_H

#include "cpu.h"

#define TIMER_ENABLE 1u

static inline uint64_t counter(void)
{
    isb();
    return read_register("cntvct_el0");
}

static inline void timer_virtual_set(uint64_t compare)
{
    write_register("cntv_cval_el0", compare);
    write_register("cntv_ctl_el0", TIMER_ENABLE);
    isb();
}

static inline void timer_virtual_stop(void)
{
    write_register("cntv_ctl_el0", 0);
    isb();
}

static inline void timer_physical_set(uint64_t compare)
{
    write_register("cntp_cval_el0", compare);
    write_register("cntp_ctl_el0", TIMER_ENABLE);
    isb();
}

static inline void timer_physical_stop(void)
{
    write_register("cntp_ctl_el0", 0);
    isb();
}

/* For the time before a guest uses its timers: sleep, interrupts masked. Takes PPI 27 for it. */
void timer_sleep(uint64_t ticks);

#endif
