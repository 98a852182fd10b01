/* SPDX-License-Identifier: BSD-3-Clause */
/* Save and restore of LPIs in guest memory: all of the table, in large pieces. */
#include <endian.h>
#include <errno.h>

#include "gicv5/aside.h"
#include "facts/fields.h"
#include "gicv5/ist.h"
#include "gicv5/planes.h"

#define RUN_BLOCKS 64u /* 16 KiB */
#define L1_RUN 512u

/* Some blocks that follow each other in memory; `words` is NULL where it cannot be read. */
struct run {
    uint32_t number, nr; /* the first, and how many */
    uint64_t ipa;
    const uint32_t *words;
};

struct walk {
    int (*visit)(struct gicv5 *gic, const struct run *run);
    bool (*skip)(struct gicv5 *gic, const struct run *run); /* before it is read */
};

/* ---- The walk -------------------------------------------------------------------------------- */

/* A page that is not there does not keep the others from their turn; anything else ends it. */
static bool goes_on(int ret)
{
    return !ret || ret == -EFAULT;
}

/* A walk answers with the last fault that it met. */
static int later(int ret, int next)
{
    return next ? next : ret;
}

/* A run that cannot be read in one piece is read block by block. */
static int visit_run(struct gicv5 *gic, const struct walk *walk, struct run run)
{
    uint32_t words[RUN_BLOCKS * BLOCK_SIZE];
    uint32_t nr = run.nr;
    int ret = 0;
    if (walk->skip && walk->skip(gic, &run))
        return 0;
    run.words = words;
    if (ist_is_plain(gic) &&
        !services_read_guest(&gic->services, run.ipa, words, nr * BLOCK_SIZE * sizeof(*words)))
        return walk->visit(gic, &run);
    for (run.nr = 1; nr && goes_on(ret); nr--, run.number++) {
        run.words = ist_read_words(gic, run.ipa, words) ? NULL : words;
        ret = later(ret, walk->visit(gic, &run));
        run.ipa += (uint64_t)BLOCK_SIZE << gic->ist.entry_shift;
    }
    return ret;
}

static int each_adjacent(struct gicv5 *gic, const struct walk *walk, struct run all)
{
    int ret = 0;
    while (all.nr && goes_on(ret)) {
        struct run run = all;
        run.nr = all.nr < RUN_BLOCKS ? all.nr : RUN_BLOCKS;
        ret = later(ret, visit_run(gic, walk, run));
        all.nr -= run.nr;
        all.number += run.nr;
        all.ipa += (uint64_t)run.nr * BLOCK_SIZE << gic->ist.entry_shift;
    }
    return ret;
}

/* The L2 tables of some L1 entries; `step` blocks each. */
static int each_table(struct gicv5 *gic, const struct walk *walk, uint32_t first, uint32_t nr,
                      uint32_t step)
{
    uint64_t entries[L1_RUN];
    bool read = ist_read_l1(gic, first * step, nr, entries);
    int ret = 0;
    for (uint32_t i = 0; i < nr && goes_on(ret); i++) {
        struct run run = {.number = (first + i) * step, .nr = step};
        enum ist_walk found = read ? ist_locate_in(gic, entries[i], run.number, &run.ipa)
                                   : ist_locate(gic, run.number, &run.ipa);
        if (found == IST_WALK_FOUND)
            ret = later(ret, each_adjacent(gic, walk, run));
        else if (found == IST_WALK_FAULT)
            ret = later(ret, walk->visit(gic, &run));
    }
    return ret;
}

/* Every reachable block: all of a linear table, or the valid L2 tables of a two-level one. */
static int each_reachable(struct gicv5 *gic, const struct walk *walk)
{
    uint32_t total = ist_nr_blocks(gic), step = total;
    int ret = 0;
    if (!gic->ist.two_level)
        return each_adjacent(gic, walk, (struct run){.nr = total, .ipa = gic->ist.base});
    if (total > 1u << (gic->ist.l2_bits - BLOCK_BITS))
        step = 1u << (gic->ist.l2_bits - BLOCK_BITS);
    for (uint32_t first = 0; first < total / step && goes_on(ret); first += L1_RUN) {
        uint32_t left = total / step - first;
        ret = later(ret, each_table(gic, walk, first, left < L1_RUN ? left : L1_RUN, step));
    }
    return ret;
}

/* ---- Out ------------------------------------------------------------------------------------- */

static bool is_held(struct gicv5 *gic, uint32_t number)
{
    return directory_find(&gic->ist.held.blocks, number);
}

static bool all_held(struct gicv5 *gic, const struct run *run)
{
    const struct directory_node *node = directory_lowest(&gic->ist.held.blocks, run->number);
    for (uint32_t i = 0; i < run->nr; i++)
        if (!node || !node->child[(run->number + i) % DIRECTORY_FANOUT])
            return false;
    return true;
}

static int scrub_block(struct gicv5 *gic, uint64_t ipa, const uint32_t words[BLOCK_SIZE])
{
    uint32_t clean[BLOCK_SIZE];
    for (uint32_t i = 0; i < BLOCK_SIZE; i++)
        clean[i] = words[i] & ist_kept_bits(gic);
    return ist_write_words(gic, ipa, clean);
}

/* What the guest left in entries that have not been touched, and what does not count (Pending),
 * must not come to life when memory is adopted elsewhere, nor be seen by who reads it. What cannot
 * be read could not be adopted either: a save says so while the source can go on. */
static int scrub(struct gicv5 *gic, const struct run *run)
{
    uint32_t dropped_bits = ~ist_kept_bits(gic);
    int ret = 0;
    if (!run->words)
        return -EFAULT;
    for (uint32_t n = 0; n < run->nr && !ret; n++) {
        const uint32_t *words = run->words + (size_t)n * BLOCK_SIZE;
        if (words_any(words) & dropped_bits && !is_held(gic, run->number + n))
            ret = scrub_block(gic, run->ipa + ((uint64_t)n * BLOCK_SIZE << gic->ist.entry_shift),
                              words);
    }
    return ret;
}

int gicv5_lpi_flush(struct gicv5 *gic)
{
    if (!gic->ist.live || gic->config.lpis_in_host)
        return 0;
    int held = ist_write_back(gic);
    int untouched = each_reachable(gic, &(struct walk){scrub, all_held});
    if (untouched)
        services_complain(&gic->services, "gicv5: guest memory does not hold all of the LPI IST");
    return held ? held : untouched;
}

/* ---- In -------------------------------------------------------------------------------------- */

/* A block with nothing pending or active is as good as not touched: memory has it. */
static int hold_in_flight(struct gicv5 *gic, const struct run *run)
{
    if (!run->words)
        return -EFAULT;
    for (uint32_t n = 0; n < run->nr; n++) {
        const uint32_t *words = run->words + (size_t)n * BLOCK_SIZE;
        uint64_t ipa = run->ipa + ((uint64_t)n * BLOCK_SIZE << gic->ist.entry_shift);
        if (words_any(words) & RESTORE_HONOURS &&
            !ist_hold(gic, run->number + n, ipa, words, RESTORE_HONOURS))
            return -ENOMEM;
    }
    return 0;
}

static int fill(struct gicv5 *gic, void *context)
{
    (void)context;
    return each_reachable(gic, &(struct walk){hold_in_flight, NULL});
}

int gicv5_lpi_adopt(struct gicv5 *gic)
{
    if (!gic->ist.live || gic->config.lpis_in_host)
        return 0;
    return aside_replace(gic, fill, NULL);
}
