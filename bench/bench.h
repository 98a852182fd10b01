/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Benchmarks: how long things take and how much memory they use, each beside the limit that
 * SPECIFICATION.md gives for it. They see the library from outside, through its public headers.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>

enum bench_limit { BENCH_NO_LIMIT, BENCH_AT_MOST, BENCH_AT_LEAST };

/* One figure. */
struct bench_figure {
    char name[96];
    double value;
    const char *unit; /* "ns", "ratio", … */
    enum bench_limit kind;
    double limit;
};

#define BENCH_MAX_FIGURES 128u

struct bench_report {
    struct bench_figure figure[BENCH_MAX_FIGURES];
    size_t nr_figures;
};

/* What a benchmark needs to know of the process that runs it. */
struct bench_options {
    const char *tool;  /* this tool's own executable */
    const char *guest; /* the guest of the benchmark "guest" */
    const char *qemu;  /* a reference emulator to compare with, or NULL */
};

struct bench {
    const char *name, *what;
    /* 0, or -1 when it could not be run; the reason has been printed on stderr. */
    int (*run)(const struct bench_options *options, struct bench_report *report);
};

/* NULL when there is none of this name, or no n-th one. */
const struct bench *bench_of(const char *name);
const struct bench *bench_nth(size_t n);

bool bench_is_met(const struct bench_figure *figure);

#endif
