/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * random_compare [operations] [seed [show]]
 *
 * [operations] counts in whole configurations of 4000.
 *
 * Random operations on the library and on the reference model, over many configurations; the k-th
 * one uses seed + k, and a difference names it, so that `random_compare 1 THAT` comes there at
 * once. Exit status 1 at the first difference.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "random.h"

#define OPERATIONS 1000000
#define SEED 20261122
#define PER_CONFIGURATION 4000

static const char *const statistic_names[NR_STATISTICS] = {
    [ST_ACKNOWLEDGED] = "interrupts acknowledged",
    [ST_NMI] = "by CDNMIA",
    [ST_SPURIOUS] = "acknowledges that found nothing",
    [ST_NESTED] = "nested",
    [ST_LPI_TAKEN] = "LPIs",
    [ST_SPI_TAKEN] = "SPIs",
    [ST_PPI_TAKEN] = "PPIs",
    [ST_LINE_UP] = "lines found raised",
    [ST_TABLE_UP] = "tables made valid",
    [ST_TABLE_DOWN] = "tables taken down",
    [ST_TABLE_REFUSED] = "tables refused",
    [ST_L2_MAPPED] = "writes of MAP_L2_ISTR",
    [ST_UNREACHABLE] = "unreachable INTIDs asked for",
    [ST_UNDEFINED] = "UNDEFINED accesses",
    [ST_STATE_COMPARED] = "comparisons of the whole state",
    [ST_WIDE] = "configurations with 17 to 24 LPI id bits",
    [ST_RESTORED] = "save and restore into a fresh device",
};

/* Large tables cost the model much: look at their whole state less often. */
static uint64_t state_interval(const struct world *w)
{
    return w->ref_config.id_bits > 11 || w->ref_config.nr_spis > 256 ? 900 : 130;
}

static void look_at_everything(struct world *w)
{
    machine_leave(&w->lib);
    if (w->restores && table_is_whole(w))
        save_and_restore(w);
    else
        compare_state(w);
    expect_equal(w, "error of vcpu_enter", (uint64_t)machine_enter(&w->lib), 0);
}

static void show(const struct world *w, const struct op *op)
{
    char words[200];
    describe_operation(w, op, words, sizeof(words));
    printf("%6" PRIu64 " %s\n", w->operation, words);
}

static void run_configuration(struct world *w, uint64_t operations, bool verbose)
{
    for (w->operation = 0; w->operation < operations; w->operation++) {
        struct op op = next_operation(w);
        if (verbose)
            show(w, &op);
        apply_operation(w, &op);
        /* not between a guest's store of VALID and its MAP_L2_ISTR: what holds then is open */
        bool between = w->queue_head != w->queue_tail;
        if (!between && random_below(w, (uint32_t)state_interval(w)) == 0)
            look_at_everything(w);
    }
    while (w->queue_head != w->queue_tail) {
        struct op op = next_operation(w);
        apply_operation(w, &op);
    }
    look_at_everything(w);
}

static int report(const struct world *w, uint64_t operations, uint64_t seed)
{
    int missing = 0;
    printf("seeds from %" PRIu64 ", %" PRIu64 " operations, no difference\n", seed, operations);
    for (uint32_t i = 0; i < NR_STATISTICS; i++) {
        printf("  %10" PRIu64 " %s\n", w->statistic[i], statistic_names[i]);
        missing += w->statistic[i] == 0;
    }
    if (missing && operations >= 100000) {
        printf("%d kinds of event never happened: this run proves too little\n", missing);
        return 1;
    }
    return 0;
}

static uint64_t number(const char *text)
{
    char *end;
    uint64_t value = strtoull(text, &end, 0);
    if (end == text || *end) {
        fprintf(stderr, "usage: random_compare [operations] [seed [show]]\n");
        exit(2);
    }
    return value;
}

int main(int argc, char **argv)
{
    uint64_t operations = argc > 1 ? number(argv[1]) : OPERATIONS;
    uint64_t seed = argc > 2 ? number(argv[2]) : SEED;
    struct world *w = calloc(1, sizeof(*w));
    struct noted *noted = calloc(MAX_NOTED, sizeof(*noted));
    if (!w || !noted)
        return 2;
    for (uint64_t k = 0; k * PER_CONFIGURATION < operations; k++) {
        world_create(w, seed + k);
        w->noted = noted;
        w->statistic[ST_WIDE] += w->ref_config.id_bits > 16;
        run_configuration(w, PER_CONFIGURATION, argc > 3);
        world_drop(w);
    }
    int ret = report(w, operations, seed);
    free(noted);
    free(w);
    return ret;
}
