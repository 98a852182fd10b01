/* SPDX-License-Identifier: BSD-3-Clause */
#include "report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct bench benches[] = {
#define BENCH(name, what) {#name, what, bench_##name},
#include "benches.def"
#undef BENCH
};

const struct bench *bench_nth(size_t n)
{
    return n < sizeof(benches) / sizeof(*benches) ? &benches[n] : NULL;
}

const struct bench *bench_of(const char *name)
{
    const struct bench *bench;
    for (size_t n = 0; (bench = bench_nth(n)) != NULL; n++)
        if (strcmp(bench->name, name) == 0)
            return bench;
    return NULL;
}

bool bench_is_met(const struct bench_figure *figure)
{
    switch (figure->kind) {
    case BENCH_AT_MOST:
        return figure->value <= figure->limit;
    case BENCH_AT_LEAST:
        return figure->value >= figure->limit;
    case BENCH_NO_LIMIT:
        break;
    }
    return true;
}

static void add(struct bench_report *report, const struct bench_figure *figure, const char *name,
                va_list arguments)
{
    if (report->nr_figures == BENCH_MAX_FIGURES) {
        report_failure("no room for '%s'", name);
        return;
    }
    struct bench_figure *place = &report->figure[report->nr_figures++];
    *place = *figure;
    vsnprintf(place->name, sizeof(place->name), name, arguments);
}

void report_value(struct bench_report *report, double value, const char *unit, const char *name,
                  ...)
{
    struct bench_figure figure = {.value = value, .unit = unit};
    va_list arguments;
    va_start(arguments, name);
    add(report, &figure, name, arguments);
    va_end(arguments);
}

void report_limited(struct bench_report *report, double value, const char *unit,
                    enum bench_limit kind, double limit, const char *name, ...)
{
    struct bench_figure figure = {.value = value, .unit = unit, .kind = kind, .limit = limit};
    va_list arguments;
    va_start(arguments, name);
    add(report, &figure, name, arguments);
    va_end(arguments);
}

int report_failure(const char *format, ...)
{
    va_list arguments;
    fprintf(stderr, "vgic5: bench: ");
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    return -1;
}
