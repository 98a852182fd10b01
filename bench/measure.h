/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Times. What one thread does is measured by its CPU time, which other load on the machine does not
 * add to; medians of batches that alternate between the things compared, so that what still
 * disturbs them disturbs all.
 */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stddef.h>
#include <stdint.h>

uint64_t measure_cpu_ns(void); /* of this thread */
uint64_t measure_wall_ns(void);

/* Sorts the values. */
double measure_median(double *values, size_t nr);

#define MEASURE_MAX_BATCHES 64u
#define MEASURE_MAX_CASES 48u

/* One thing to measure: `batch` does it `times` times. */
struct measure_case {
    void (*batch)(void *context, uint32_t times);
    void *context;
    uint32_t times;
    double ns; /* out: the median, for one time */
};

/* Each case `batches` times, in turns, after one batch each that does not count. */
void measure(struct measure_case *cases, size_t nr, uint32_t batches);

#endif
