/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs a benchmark (bench/) and prints its figures beside their limits. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/bench.h"
#include "tool/json.h"
#include "tool/report.h"
#include "tool/words.h"

static const char *const limit_words[] = {
    [BENCH_NO_LIMIT] = "", [BENCH_AT_MOST] = "at most", [BENCH_AT_LEAST] = "at least"};

static json_t *figure_as_json(const struct bench_figure *figure)
{
    json_t *object = json_pack("{s:s, s:f, s:s}", "name", figure->name, "value", figure->value,
                               "unit", figure->unit);

    if (figure->kind != BENCH_NO_LIMIT) {
        json_object_set_new(object, "limit", json_real(figure->limit));
        json_object_set_new(object, "limit_is", json_string(limit_words[figure->kind]));
        json_object_set_new(object, "met", json_boolean(bench_is_met(figure)));
    }
    return object;
}

static int print_json(const struct bench *bench, const struct bench_report *report)
{
    json_t *figures = json_array();

    for (size_t i = 0; i < report->nr_figures; i++)
        json_array_append_new(figures, figure_as_json(&report->figure[i]));
    return json_print(json_pack("{s:s, s:s, s:o}", "schema", "vgic5.bench/1", "bench", bench->name,
                                "figures", figures));
}

static int print_words(const struct bench_report *report)
{
    for (size_t i = 0; i < report->nr_figures; i++) {
        const struct bench_figure *figure = &report->figure[i];

        say(stdout, "%-64s %10.2f %-6s", figure->name, figure->value, figure->unit);
        if (figure->kind != BENCH_NO_LIMIT)
            say(stdout, " %s %g%s", limit_words[figure->kind], figure->limit,
                bench_is_met(figure) ? "" : "  MISSED");
        say(stdout, "\n");
    }
    return fflush(stdout) == 0 ? EXIT_DONE : EXIT_ENVIRONMENT;
}

static int usage(const char *name)
{
    const struct bench *bench;
    int ret = report(VERB_bench, EXIT_USAGE, "no benchmark '%s'; there are:", name);

    for (size_t n = 0; (bench = bench_nth(n)) != NULL; n++)
        say(stderr, "  %-10s %s\n", bench->name, bench->what);
    return ret;
}

/* This executable, and the guest that was built beside it. */
static void find_files(char tool[PATH_MAX], char guest[PATH_MAX + 32])
{
    ssize_t length = readlink("/proc/self/exe", tool, PATH_MAX - 1);
    char *slash;

    tool[length > 0 ? length : 0] = '\0';
    slash = strrchr(tool, '/');
    snprintf(guest, PATH_MAX + 32, "%.*s/../../guests/rounds.elf", slash ? (int)(slash - tool) : 0,
             tool);
}

int verb_bench(const struct cli_options *options)
{
    const struct bench *bench = bench_of(options->operand);
    struct bench_report figures = {.nr_figures = 0};
    char tool[PATH_MAX], guest[PATH_MAX + 32];
    struct bench_options paths = {.tool = tool, .guest = guest};
    int ret;

    if (!bench)
        return usage(options->operand);
    find_files(tool, guest);
    paths.qemu = options->qemu;
    if (options->kernel)
        paths.guest = options->kernel;
    if (bench->run(&paths, &figures) != 0)
        return EXIT_ENVIRONMENT;
    ret = options->json ? print_json(bench, &figures) : print_words(&figures);
    for (size_t i = 0; i < figures.nr_figures && ret == EXIT_DONE; i++)
        ret = bench_is_met(&figures.figure[i]) ? EXIT_DONE : EXIT_DIFFERS;
    return ret;
}
