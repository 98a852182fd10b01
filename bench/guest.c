/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs the guest guests/rounds on `vgic5 run` and reads what it says: medians, in wall time; of
 * five runs the best, since other load on the machine can only take away from it. The limits are
 * those of the reference emulator, QEMU 11's model of GICv5 run by its own engine: with --qemu it
 * runs the same guest here and now, otherwise they are what it needed elsewhere.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "report.h"

#define PENDING 65534u
#define RUNS 5
#define REFERENCE_RUNS 2 /* its making many interrupts pending takes seconds */
#define TIMES_FASTER 200.0
#define MAKING_MS 20.0

/* How a round comes about. */
enum way { POLLED, BARE, IN_C, NR_WAYS };

static const struct {
    const char *printed, *name;
} ways[NR_WAYS] = {
    [POLLED] = {"polled", "polled"},
    [BARE] = {"by exception", "by exception, handler of five instructions"},
    [IN_C] = {"in C", "by exception, dispatcher and handler in C"},
};

/* What the guest printed, or 0; in ns. */
struct figures {
    uint64_t round[NR_WAYS][2]; /* [1]: with the others pending */
    uint64_t making;
};

/* 590 µs are those of a polled round. */
static const struct figures elsewhere = {
    .round = {[POLLED] = {1160, 590000}, [BARE] = {1900, 590000}, [IN_C] = {1900, 590000}},
};

static void take(uint64_t *best, uint64_t ns)
{
    *best = *best == 0 || ns < *best ? ns : *best;
}

static void read_line(const char *line, struct figures *figures)
{
    unsigned pending;
    uint64_t ns;
    char way[16];
    if (sscanf(line, "rounds: making %u pending: %" SCNu64, &pending, &ns) == 2)
        take(&figures->making, ns);
    if (sscanf(line, "rounds: %15[^,], %u pending: %" SCNu64, way, &pending, &ns) != 3)
        return;
    for (int i = 0; i < NR_WAYS; i++)
        if (strcmp(way, ways[i].printed) == 0)
            take(&figures->round[i][pending != 0], ns);
}

static bool is_complete(const struct figures *figures)
{
    bool complete = figures->making;
    for (int i = 0; i < NR_WAYS; i++)
        complete = complete && figures->round[i][0] && figures->round[i][1];
    return complete;
}

/* A program as a child whose console we read. */
static FILE *start(const char *const *command, pid_t *child)
{
    int ends[2];
    if (pipe(ends))
        return NULL;
    *child = fork();
    if (*child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execvp(command[0], (char *const *)command);
        _exit(127);
    }
    close(ends[1]);
    return *child < 0 ? NULL : fdopen(ends[0], "r");
}

static int run(const char *const *command, struct figures *figures)
{
    char line[160];
    int status = 0;
    pid_t child = -1;
    FILE *console = start(command, &child);
    bool done = false;
    if (!console)
        return report_failure("%s could not be started", command[0]);
    while (fgets(line, sizeof(line), console)) {
        read_line(line, figures);
        done = done || strncmp(line, "rounds: done", 12) == 0;
    }
    fclose(console);
    waitpid(child, &status, 0);
    if (status || !done || !is_complete(figures))
        return report_failure("the guest did not come to its end on %s", command[0]);
    return 0;
}

/* In turns, as long as there are some of both. */
static int run_all(const struct bench_options *options, struct figures *own,
                   struct figures *reference)
{
    const char *const tool[] = {options->tool, "run", "--kernel", options->guest, NULL};
    const char *const qemu[] = {
        options->qemu, "-M",         "virt,gic-version=x-5", "-cpu",    "max",          "-m",
        "256M",        "-nographic", "-semihosting",         "-kernel", options->guest, NULL};
    for (int i = 0; i < RUNS; i++) {
        if (run(tool, own))
            return -1;
        if (options->qemu && i < REFERENCE_RUNS && run(qemu, reference))
            return -1;
    }
    return 0;
}

static void say_reference(const struct figures *reference, struct bench_report *report)
{
    for (int i = 0; i < NR_WAYS; i++)
        for (int busy = 0; busy < 2; busy++)
            report_value(report, (double)reference->round[i][busy], "ns",
                         "QEMU: round %s, %u pending", ways[i].name, busy ? PENDING : 0);
    report_value(report, (double)reference->making / 1e6, "ms", "QEMU: making %u LPIs pending",
                 PENDING);
}

static void say(const struct figures *own, const struct figures *reference,
                struct bench_report *report)
{
    for (int i = 0; i < NR_WAYS; i++) {
        const uint64_t *ns = own->round[i], *theirs = reference->round[i];
        report_limited(report, (double)ns[0], "ns", BENCH_AT_MOST, (double)theirs[0],
                       "round %s, 0 pending", ways[i].name);
        report_value(report, (double)ns[1], "ns", "round %s, %u pending", ways[i].name, PENDING);
        report_limited(report, (double)theirs[1] / (double)ns[1], "ratio", BENCH_AT_LEAST,
                       TIMES_FASTER, "  times faster than the reference emulator");
        report_limited(report, (double)ns[1] / (double)ns[0], "ratio", BENCH_AT_MOST, 1.3,
                       "  %u pending to none", PENDING);
    }
    report_limited(report, (double)own->making / 1e6, "ms", BENCH_AT_MOST, MAKING_MS,
                   "making %u LPIs pending", PENDING);
}

int bench_guest(const struct bench_options *options, struct bench_report *report)
{
    struct figures own = {.making = 0}, reference = {.making = 0};
    if (run_all(options, &own, &reference))
        return -1;
    if (options->qemu)
        say_reference(&reference, report);
    say(&own, options->qemu ? &reference : &elsewhere, report);
    return 0;
}
