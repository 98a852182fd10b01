/* SPDX-License-Identifier: BSD-3-Clause */
/* What a benchmark says. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include "bench.h"

/* A figure by itself. */
void report_value(struct bench_report *report, double value, const char *unit, const char *name,
                  ...) __attribute__((format(printf, 4, 5)));
/* A figure with the limit that it has to keep. */
void report_limited(struct bench_report *report, double value, const char *unit,
                    enum bench_limit kind, double limit, const char *name, ...)
    __attribute__((format(printf, 6, 7)));

/* Words on stderr; -1. */
int report_failure(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define BENCH(name, what) \
    int bench_##name(const struct bench_options *options, struct bench_report *report);
#include "benches.def"
#undef BENCH

#endif
