/* SPDX-License-Identifier: BSD-3-Clause */
/* The time of the host that the program runs on, with an alarm that needs no look at the clock. */
#ifndef MACHINE_HOST_TIME_H
#define MACHINE_HOST_TIME_H

#include "machine/machine.h"

struct host_time;

/* NULL: no memory. The thread that keeps the alarm is started with the first one. */
struct host_time *host_time_create(void);
void host_time_destroy(struct host_time *host_time); /* NULL: nothing */
struct machine_time host_time_functions(struct host_time *host_time);

#endif
