/* SPDX-License-Identifier: BSD-3-Clause */
#include "vcpu/timer.h"

#define CTL_ENABLE 1u
#define CTL_IMASK 2u
#define CTL_ISTATUS 4u

static bool condition_met(const struct timer *timer, uint64_t counter)
{
    return timer->control & CTL_ENABLE && counter >= timer->compare;
}

uint64_t timer_read(const struct timer *timer, enum timer_register reg, uint64_t counter)
{
    switch (reg) {
    case TIMER_TVAL:
        return (uint32_t)(timer->compare - counter);
    case TIMER_CTL:
        return timer->control | (condition_met(timer, counter) ? CTL_ISTATUS : 0);
    case TIMER_CVAL:
        return timer->compare;
    }
    return 0;
}

void timer_write(struct timer *timer, enum timer_register reg, uint64_t counter, uint64_t value)
{
    switch (reg) {
    case TIMER_TVAL: /* a signed distance */
        timer->compare = counter + (uint64_t)(int64_t)(int32_t)(uint32_t)value;
        break;
    case TIMER_CTL:
        timer->control = value & (CTL_ENABLE | CTL_IMASK);
        break;
    case TIMER_CVAL:
        timer->compare = value;
        break;
    }
}

bool timer_fires(const struct timer *timer, uint64_t counter)
{
    return condition_met(timer, counter) && !(timer->control & CTL_IMASK);
}

uint64_t timer_deadline(const struct timer *timer)
{
    if (timer->level || (timer->control & (CTL_ENABLE | CTL_IMASK)) != CTL_ENABLE)
        return COUNTER_NEVER;
    return timer->compare;
}
