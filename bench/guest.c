/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs the guest guests/rounds on `vgic5 run` and reads what it says: medians, in wall time; of five
 * runs the best, since other load on the machine can only take away from it. The limits are what
 * QEMU 11's model of GICv5, run by its own engine, needs on the machine that the figures in
 * doc/PERFORMANCE.md come from.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "report.h"

#define PENDING 65534u
#define RUNS 5
#define REFERENCE_POLLED 1160.0
#define REFERENCE_EXCEPTION 1900.0
#define REFERENCE_BUSY 590000.0 /* polled, with 65,534 pending */
#define TIMES_FASTER 200.0
#define MAKING_MS 20.0

/* What the guest printed, by its lines; 0: nothing yet. */
struct figures {
    uint64_t polled[2], exception[2], in_c[2], making; /* ns; [1]: with the others pending */
    unsigned seen;
    bool done;
};

static void take(uint64_t *best, uint64_t ns, struct figures *figures)
{
    *best = *best == 0 || ns < *best ? ns : *best;
    figures->seen++;
}

static void read_line(const char *line, struct figures *figures)
{
    unsigned pending;
    uint64_t ns;
    if (sscanf(line, "rounds: polled, %u pending: %" SCNu64, &pending, &ns) == 2)
        take(&figures->polled[pending != 0], ns, figures);
    else if (sscanf(line, "rounds: by exception, %u pending: %" SCNu64, &pending, &ns) == 2)
        take(&figures->exception[pending != 0], ns, figures);
    else if (sscanf(line, "rounds: in C, %u pending: %" SCNu64, &pending, &ns) == 2)
        take(&figures->in_c[pending != 0], ns, figures);
    else if (sscanf(line, "rounds: making %u pending: %" SCNu64, &pending, &ns) == 2)
        take(&figures->making, ns, figures);
    else if (strncmp(line, "rounds: done", 12) == 0)
        figures->done = true;
}

/* The tool as a child whose console we read. */
static FILE *start(const struct bench_options *options, pid_t *child)
{
    int ends[2];
    if (pipe(ends))
        return NULL;
    *child = fork();
    if (*child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execl(options->tool, options->tool, "run", "--kernel", options->guest, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    return *child < 0 ? NULL : fdopen(ends[0], "r");
}

static int run(const struct bench_options *options, struct figures *figures)
{
    char line[160];
    int status = 0;
    pid_t child = -1;
    FILE *console = start(options, &child);
    figures->seen = 0;
    figures->done = false;
    if (!console)
        return report_failure("%s could not be started", options->tool);
    while (fgets(line, sizeof(line), console))
        read_line(line, figures);
    fclose(console);
    waitpid(child, &status, 0);
    if (status || !figures->done || figures->seen != 7)
        return report_failure("%s did not come to its end", options->guest);
    return 0;
}

int bench_guest(const struct bench_options *options, struct bench_report *report)
{
    struct figures f = {.seen = 0};
    for (int i = 0; i < RUNS; i++)
        if (run(options, &f))
            return -1;
    report_limited(report, (double)f.polled[0], "ns", BENCH_AT_MOST, REFERENCE_POLLED,
                   "round in a guest, polled, 0 pending");
    report_limited(report, (double)f.exception[0], "ns", BENCH_AT_MOST, REFERENCE_EXCEPTION,
                   "round in a guest, by exception, 0 pending");
    report_value(report, (double)f.in_c[0], "ns",
                 "round in a guest, by exception, handler in C, 0 pending");
    report_limited(report, (double)f.polled[1], "ns", BENCH_AT_MOST, REFERENCE_BUSY / TIMES_FASTER,
                   "round in a guest, polled, %u pending", PENDING);
    report_value(report, (double)f.exception[1], "ns", "round in a guest, by exception, %u pending",
                 PENDING);
    report_value(report, (double)f.in_c[1], "ns",
                 "round in a guest, by exception, handler in C, %u pending", PENDING);
    report_limited(report, REFERENCE_BUSY / (double)f.polled[1], "ratio", BENCH_AT_LEAST,
                   TIMES_FASTER, "  times faster than the reference emulator");
    report_limited(report, (double)f.polled[1] / (double)f.polled[0], "ratio", BENCH_AT_MOST, 1.3,
                   "  %u pending to none, polled", PENDING);
    report_limited(report, (double)f.making / 1e6, "ms", BENCH_AT_MOST, MAKING_MS,
                   "making %u LPIs pending", PENDING);
    return 0;
}
