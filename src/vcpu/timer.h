/* SPDX-License-Identifier: BSD-3-Clause */
/* One timer of the generic timer (CNTV or CNTP at EL1): a compare value against the counter. */
#ifndef VCPU_TIMER_H
#define VCPU_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#define COUNTER_FREQUENCY 62500000u
#define COUNTER_NEVER UINT64_MAX

struct timer {
    uint64_t compare; /* CVAL */
    uint32_t control; /* CTL: ENABLE, IMASK */
    bool level;       /* of its wire, as last driven */
};

enum timer_register { TIMER_TVAL, TIMER_CTL, TIMER_CVAL };

uint64_t timer_read(const struct timer *timer, enum timer_register reg, uint64_t counter);
void timer_write(struct timer *timer, enum timer_register reg, uint64_t counter, uint64_t value);
/* Should its wire be high? */
bool timer_fires(const struct timer *timer, uint64_t counter);
/* The counter value at which the wire has to rise, or COUNTER_NEVER: also when it is high. */
uint64_t timer_deadline(const struct timer *timer);

#endif
