/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stop anywhere, rebuild everything, go on identically.
 *
 * For many n: the guest is stopped after exactly n instructions and saved. The snapshot must be
 * that of a machine which was itself rebuilt at the point before (the state does not remember that
 * it was saved); and a machine rebuilt from it must run to the same end, byte for byte.
 *
 *   exact_stop GUEST.elf [POINTS]     POINTS of each series, spread evenly; 0: every instruction
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rebuild.h"

#define DEFAULT_POINTS 120

static unsigned passed, failed;

static void check(bool ok, const char *format, uint64_t a, uint64_t b)
{
    printf("%sok %u - ", ok ? "" : "not ", passed + failed + 1);
    printf(format, a, b);
    printf("\n");
    if (ok)
        passed++;
    else
        failed++;
}

static struct machine_stopped run_until(struct machine *machine, uint64_t insn, const char *text)
{
    const struct machine_until until = {.insn = insn, .text = text};
    struct machine_stopped stopped;

    machine_run(machine, &until, &stopped);
    return stopped;
}

/* The state at the end of the guest. */
static struct image finish(struct machine *machine, const struct setup *setup, bool *off)
{
    struct machine_stopped stopped = run_until(machine, UINT64_MAX, NULL);
    struct image end = saved(machine, setup);

    *off = stopped.why == MACHINE_STOP_OFF;
    if (!*off)
        printf("# stopped with %d, status 0x%" PRIx64 " %s\n", stopped.why, stopped.exit_status,
               stopped.message);
    machine_destroy(machine);
    return end;
}

struct series {
    uint64_t points, exact, same_state, same_end;
};

static bool agree(const struct image *expected, const struct image *found, const char *what,
                  uint64_t n)
{
    if (same(expected, found))
        return true;
    printf("# %s at %" PRIu64 " differs\n", what, n);
    explain(expected, found);
    return false;
}

/* One point: `original` and `copy` are brought there; the copy is replaced by a new one. */
static void one_point(const struct setup *setup, struct machine *original, struct machine **copy,
                      uint64_t n, const struct image *end, struct series *series)
{
    struct machine_stopped stopped = run_until(original, n, NULL);
    struct image state, copied, copied_end;
    bool off;

    series->points++;
    series->exact += stopped.why == MACHINE_STOP_INSN && machine_instructions(original) == n;
    state = saved(original, setup);
    run_until(*copy, n, NULL);
    copied = saved(*copy, setup);
    machine_destroy(*copy);
    if (agree(&state, &copied, "the state", n))
        series->same_state++;
    *copy = rebuilt(setup, &state);
    copied_end = finish(rebuilt(setup, &state), setup, &off);
    if (agree(end, &copied_end, "the end, restored", n) && off)
        series->same_end++;
    image_free(&state);
    image_free(&copied);
    image_free(&copied_end);
}

static uint64_t undisturbed(const struct setup *setup, struct image *end)
{
    struct machine *machine = booted(setup);
    uint64_t total;
    bool off;

    run_until(machine, UINT64_MAX, NULL);
    total = machine_instructions(machine);
    *end = finish(machine, setup, &off);
    check(off, "%" PRIu64 " vCPUs: the guest ends well, after %" PRIu64 " instructions",
          setup->nr_vcpus, total);
    return total;
}

static void run_series(const struct setup *setup, uint64_t points)
{
    struct series series = {0};
    struct image end;
    uint64_t total = undisturbed(setup, &end);
    uint64_t step = points == 0 || points >= total ? 1 : total / points;
    struct machine *original = booted(setup), *copy = booted(setup);

    /* An odd step meets every kind of place sooner. */
    for (uint64_t n = 1; n < total; n += step | (step > 1))
        one_point(setup, original, &copy, n, &end, &series);
    machine_destroy(original);
    machine_destroy(copy);
    image_free(&end);
    check(series.exact == series.points, "%" PRIu64 " of %" PRIu64 " stops are exact", series.exact,
          series.points);
    check(series.same_state == series.points,
          "%" PRIu64 " of %" PRIu64 " snapshots are those of a machine rebuilt before",
          series.same_state, series.points);
    check(series.same_end == series.points,
          "%" PRIu64 " of %" PRIu64 " rebuilt machines end identically", series.same_end,
          series.points);
}

/* A stop at a text, restored, ends identically too. */
static void stop_at_text(const struct setup *setup, const char *text)
{
    struct machine *machine = booted(setup);
    struct machine_stopped stopped = run_until(machine, UINT64_MAX, text);
    struct image state = saved(machine, setup), end, copied_end;
    bool off, copied_off;

    end = finish(machine, setup, &off);
    copied_end = finish(rebuilt(setup, &state), setup, &copied_off);
    check(stopped.why == MACHINE_STOP_TEXT && off && copied_off && same(&end, &copied_end),
          "a stop at a text of %" PRIu64 " characters, restored, ends identically%.0" PRIu64,
          strlen(text), 0);
    image_free(&state);
    image_free(&end);
    image_free(&copied_end);
}

/* vCPUs that drop their translated code every few blocks, and when they do is part of no state. */
static void move_often(const struct setup *setup, uint64_t points)
{
    struct setup moving = *setup;
    struct image end, moved_end;
    uint64_t total = undisturbed(setup, &end), good = 0, n = 0;
    bool off;

    moving.most_code = 10000;
    moved_end = finish(booted(&moving), &moving, &off);
    check(off && agree(&end, &moved_end, "the end, having moved", total),
          "%" PRIu64 " vCPUs that move into new instances end identically%.0" PRIu64,
          setup->nr_vcpus, 0);
    image_free(&moved_end);
    for (uint64_t i = 0; i < points; i++) {
        struct machine *still = booted(setup), *moved = booted(&moving);
        struct image a, b;

        n += total / (points + 1) | 1;
        run_until(still, n, NULL);
        run_until(moved, n, NULL);
        a = saved(still, setup);
        b = saved(moved, &moving);
        good += agree(&a, &b, "the state, having moved", n);
        machine_destroy(still);
        machine_destroy(moved);
        image_free(&a);
        image_free(&b);
    }
    check(good == points, "%" PRIu64 " of %" PRIu64 " of their snapshots are the same", good,
          points);
    image_free(&end);
}

/* With the host's time: no identity, but a good end from anywhere. */
static void stop_in_host_time(const struct setup *setup, uint64_t points)
{
    struct machine *machine = booted(setup);
    uint64_t good = 0, n = 0;

    for (uint64_t i = 0; i < points; i++) {
        struct image state;
        bool off;

        run_until(machine, n += 997, NULL);
        state = saved(machine, setup);
        image_free(&state);
        state = saved(machine, setup);
        machine_destroy(machine);
        machine = rebuilt(setup, &state);
        image_free(&state);
        state = finish(machine, setup, &off);
        good += off;
        image_free(&state);
        machine = booted(setup);
    }
    machine_destroy(machine);
    check(good == points, "%" PRIu64 " of %" PRIu64 " guests in host time end well", good, points);
}

int main(int argc, char **argv)
{
    uint64_t points = argc > 2 ? strtoull(argv[2], NULL, 0) : DEFAULT_POINTS;
    struct setup setup = {.ram_size = 4 << 20, .deterministic = true};

    if (argc < 2)
        die("usage", "exact_stop GUEST.elf [POINTS]");
    setup.guest = argv[1];
    for (setup.nr_vcpus = 1; setup.nr_vcpus <= 2; setup.nr_vcpus++) {
        static const uint64_t slices[] = {211, 20000};

        for (size_t i = 0; i < sizeof(slices) / sizeof(*slices); i++) {
            setup.slice_length = slices[i];
            printf("# %" PRIu32 " vCPUs, slices of %" PRIu64 " instructions\n", setup.nr_vcpus,
                   slices[i]);
            run_series(&setup, points);
        }
    }
    for (setup.nr_vcpus = 1; setup.nr_vcpus <= 2; setup.nr_vcpus++)
        move_often(&setup, 5);
    setup.nr_vcpus = 2;
    stop_at_text(&setup, "cd");
    setup.deterministic = false;
    stop_in_host_time(&setup, 8);
    printf("1..%u\n# %u passed, %u failed\n", passed + failed, passed, failed);
    return failed != 0;
}
