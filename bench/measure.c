/* SPDX-License-Identifier: BSD-3-Clause */
#include "measure.h"

#include <stdlib.h>
#include <time.h>

static uint64_t now(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t measure_cpu_ns(void)
{
    return now(CLOCK_THREAD_CPUTIME_ID);
}

uint64_t measure_wall_ns(void)
{
    return now(CLOCK_MONOTONIC);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double measure_median(double *values, size_t nr)
{
    qsort(values, nr, sizeof(*values), by_value);
    return nr % 2 ? values[nr / 2] : (values[nr / 2 - 1] + values[nr / 2]) / 2;
}

static double one_batch(const struct measure_case *c)
{
    uint64_t start = measure_cpu_ns();
    c->batch(c->context, c->times);
    return (double)(measure_cpu_ns() - start) / c->times;
}

void measure(struct measure_case *cases, size_t nr, uint32_t batches)
{
    static double ns[MEASURE_MAX_CASES][MEASURE_MAX_BATCHES];
    for (size_t c = 0; c < nr; c++)
        one_batch(&cases[c]);
    for (uint32_t b = 0; b < batches; b++)
        for (size_t c = 0; c < nr; c++)
            ns[c][b] = one_batch(&cases[c]);
    for (size_t c = 0; c < nr; c++)
        cases[c].ns = measure_median(ns[c], batches);
}
