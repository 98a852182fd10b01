/* SPDX-License-Identifier: BSD-3-Clause */
/* --trace FILE: what the guest asked of the GIC's CPU interfaces, one line of JSON for each access.
 */
#ifndef TOOL_RUN_TRACE_H
#define TOOL_RUN_TRACE_H

#include <stdio.h>

#include "machine/machine.h"

struct trace {
    FILE *to;  /* NULL: no trace */
    int error; /* the first that kept a line from being written; 0: none */
};

/* 0 or a negative errno. A NULL path is no trace. */
int trace_open(struct trace *trace, const char *path);
/* The first error, 0 if all has been written. */
int trace_close(struct trace *trace);
struct machine_trace trace_sink(struct trace *trace);

#endif
