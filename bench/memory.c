/* SPDX-License-Identifier: BSD-3-Clause */
/* What a device keeps of the host's memory: every allocation is counted, and what the process has
 * resident is read before and after. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "machine.h"
#include "report.h"

#define USED 1000u
#define KIB 1024.0

static double resident_bytes(void)
{
    unsigned long all = 0, resident = 0;
    FILE *statm = fopen("/proc/self/statm", "r");
    if (!statm)
        return 0;
    if (fscanf(statm, "%lu %lu", &all, &resident) != 2)
        resident = 0;
    fclose(statm);
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

/* The guest's table is only read, so that no page of it becomes resident (they are all the zero
 * page). */
static int use_scattered(struct bench_report *report)
{
    struct machine_shape shape = {.nr_pes = 1, .lpi_id_bits = 24, .ram_size = 64u << 20};
    double before = resident_bytes();
    struct machine *m = machine_new(&shape);
    if (!m)
        return -1;
    machine_linear_table(m, 24);
    machine_enable(m);
    for (uint32_t n = 0; n < USED; n++) {
        uint32_t id = n * 2654435761u >> 8;
        msr(m->pe[0], CDEN, LPI(id));
        msr(m->pe[0], CDPEND, LPI(id) | 1ull << 32);
    }
    report_limited(report, (resident_bytes() - before) / KIB / KIB, "MiB", BENCH_AT_MOST, 8,
                   "2^24 LPIs configured, 1000 used and pending: resident");
    report_limited(report, (double)m->allocated / KIB / KIB, "MiB", BENCH_AT_MOST, 8,
                   "2^24 LPIs configured, 1000 used and pending: allocated");
    machine_drop(m);
    return 0;
}

static int per_pe(struct bench_report *report)
{
    struct machine_shape one = {.nr_pes = 1, .lpi_id_bits = 24, .ram_size = 4096};
    struct machine_shape many = {.nr_pes = 512, .lpi_id_bits = 24, .ram_size = 4096};
    struct machine *a = machine_new(&one), *b = machine_new(&many);
    int status = a && b ? 0 : -1;
    if (!status)
        report_limited(report, (double)(b->allocated - a->allocated) / 511 / KIB, "KiB",
                       BENCH_AT_MOST, 16, "each PE of 512");
    machine_drop(a);
    machine_drop(b);
    return status;
}

int bench_memory(const struct bench_options *options, struct bench_report *report)
{
    (void)options;
    int status = use_scattered(report);
    return status ? status : per_pe(report);
}
