/* SPDX-License-Identifier: BSD-3-Clause */
/* The time of the host that the program runs on, with an alarm that looks at the clock rarely. */
#ifndef MACHINE_HOST_TIME_H
#define MACHINE_HOST_TIME_H

#include "machine/machine.h"

struct host_time {
    uint64_t at; /* of the alarm, in nanoseconds; UINT64_MAX: none */
    bool has_rung;
    unsigned questions;
};

/* The functions use *host_time, from now on. */
struct machine_time host_time_functions(struct host_time *host_time);

#endif
