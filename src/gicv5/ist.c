/* SPDX-License-Identifier: BSD-3-Clause */
#include "ist.h"

#include <string.h>

#include "fields.h"
#include "masks.h"

/* ---- Live or not ----------------------------------------------------------------------------- */

bool gicv5_ist_cfgr_is_legal(const struct gicv5 *gic, uint32_t ist_cfgr)
{
    uint32_t idr2 = gic->identity[IRS_IDR2_ROW];
    uint32_t id_bits = FIELD_GET(IRS_IST_CFGR_LPI_ID_BITS, ist_cfgr);
    return id_bits >= FIELD_GET(IRS_IDR2_MIN_LPI_ID_BITS, idr2) &&
           id_bits <= FIELD_GET(IRS_IDR2_ID_BITS, idr2) &&
           FIELD_GET(IRS_IST_CFGR_ISTSZ, ist_cfgr) == ist_required_istsz(idr2, id_bits) &&
           ist_structure_is_offered(idr2, ist_cfgr);
}

/* The table is aligned to its size, at least to 64 bytes; address bits below that are taken as
 * zero (gicv5.md §2.2, IRS_IST_BASER). */
static uint64_t aligned_base(const struct ist *ist, uint64_t baser)
{
    uint32_t bits = ist->id_bits + ist->entry_shift;
    if (ist->two_level)
        bits = ist->id_bits > ist->l2_bits ? ist->id_bits - ist->l2_bits + 3u : 3u;
    uint64_t low = (UINT64_C(1) << bits) - 1;
    return (baser & FIELD_MASK(IRS_IST_BASER_ADDR)) & ~low;
}

void ist_make_live(struct gicv5 *gic)
{
    struct ist *ist = &gic->ist;
    uint32_t cfgr = gic->ist_cfgr;
    uint32_t istsz = FIELD_GET(IRS_IST_CFGR_ISTSZ, cfgr);
    *ist = (struct ist){
        .live = true,
        .two_level = FIELD_GET(IRS_IST_CFGR_STRUCTURE, cfgr),
        .id_bits = FIELD_GET(IRS_IST_CFGR_LPI_ID_BITS, cfgr),
        .entry_shift = (uint8_t)(2 + istsz),
        .l2_bits = (uint8_t)(10 - istsz + 2 * FIELD_GET(IRS_IST_CFGR_L2SZ, cfgr)),
    };
    ist->base = aligned_base(ist, gic->ist_baser);
    uint32_t levels = tree_levels(ist->id_bits < BLOCK_BITS ? 0 : ist->id_bits - BLOCK_BITS);
    ist->blocks.levels = levels;
    for (uint32_t i = 0; i <= gic->nr_pes; i++)
        tree_init(&gic->pes[i]->lpis, &gic->memory, levels);
}

void ist_drop(struct gicv5 *gic)
{
    if (!gic->ist.live)
        return;
    for (uint32_t i = 0; i <= gic->nr_pes; i++)
        tree_clear(&gic->pes[i]->lpis);
    directory_clear(&gic->ist.blocks, &gic->memory);
}

void ist_take_down(struct gicv5 *gic)
{
    gicv5_lpi_flush(gic); /* a fault has been logged, and the guest asked for it */
    ist_drop(gic);
    gic->ist.live = false;
}

/* ---- Blocks ---------------------------------------------------------------------------------- */

static struct tree *lpis_of(const struct gicv5 *gic, uint32_t iaffid)
{
    return &owner_of(gic, iaffid)->lpis;
}

static bool has_state(uint32_t word, uint32_t honoured)
{
    return word & honoured;
}

/* A leaf for each PE that one of the pending or active entries targets, or none at all. */
static bool obtain_leaves(struct gicv5 *gic, struct block *block, const uint32_t words[BLOCK_SIZE],
                          uint32_t honoured)
{
    uint32_t i = 0;
    for (; i < BLOCK_SIZE; i++) {
        if (has_state(words[i], honoured) && !tree_obtain(lpis_of(gic, block->iaffid[i]), block))
            break;
    }
    if (i == BLOCK_SIZE)
        return true;
    for (uint32_t undo = 0; undo < BLOCK_SIZE; undo++) {
        struct tree *tree = lpis_of(gic, block->iaffid[undo]);
        struct leaf *leaf = tree_find(tree, block->number);
        if (leaf)
            tree_remove_empty(tree, leaf);
    }
    return false;
}

static void set_state(struct gicv5 *gic, struct block *block, const uint32_t words[BLOCK_SIZE],
                      uint32_t honoured)
{
    for (uint32_t i = 0; i < BLOCK_SIZE; i++) {
        if (!has_state(words[i], honoured))
            continue;
        struct tree *tree = lpis_of(gic, block->iaffid[i]);
        struct leaf *leaf = tree_find(tree, block->number);
        assign_bit(&leaf->pending, i, FIELD_GET(ISTE_PENDING, words[i] & honoured));
        assign_bit(&leaf->active, i, FIELD_GET(ISTE_ACTIVE, words[i] & honoured));
        tree_update(tree, leaf, i);
    }
}

uint32_t ist_kept_bits(const struct gicv5 *gic)
{
    return (uint32_t)(FIELD_MASK(ISTE_ACTIVE) | FIELD_MASK(ISTE_HM) | FIELD_MASK(ISTE_ENABLE) |
                      FIELD_PREP(ISTE_PRIORITY, gic->priority_mask) | FIELD_MASK(ISTE_IAFFID));
}

struct block *ist_hold(struct gicv5 *gic, uint32_t number, uint64_t ipa,
                       const uint32_t words[BLOCK_SIZE], uint32_t honoured)
{
    void **place = directory_place(&gic->ist.blocks, &gic->memory, number);
    struct block *block = place ? memory_alloc(&gic->memory, sizeof(*block)) : NULL;
    if (!block)
        return NULL;
    block->number = number;
    block->ipa = ipa;
    uint32_t dropped = ~(ist_kept_bits(gic) | honoured);
    for (uint32_t i = 0; i < BLOCK_SIZE; i++) {
        block_set_config(block, i, words[i], gic->priority_mask);
        block->dirty |= (words[i] & dropped) != 0; /* then memory is not what the IRS holds */
    }
    if (!obtain_leaves(gic, block, words, honoured)) {
        memory_free(&gic->memory, block, sizeof(*block));
        return NULL;
    }
    set_state(gic, block, words, honoured);
    *place = block;
    return block;
}

/* Of an IST that the guest made valid Enable, Priority, IAFFID, HM and Active are honoured. Pending
 * makes it UNPREDICTABLE, and is taken as 0. */
struct block *ist_load(struct gicv5 *gic, uint32_t number)
{
    uint32_t words[BLOCK_SIZE] = {0};
    uint64_t ipa = BLOCK_IPA_UNKNOWN;
    bool from_guest = !gic->config.lpis_in_host;
    if ((from_guest || gic->ist.two_level) && ist_locate(gic, number, &ipa) != IST_WALK_FOUND)
        return NULL;
    if (from_guest && ist_read_words(gic, ipa, words)) {
        memory_complain(&gic->memory, "gicv5: ISTEs cannot be read: the LPI is unreachable");
        return NULL;
    }
    struct block *block = ist_hold(gic, number, ipa, words, FIELD_MASK(ISTE_ACTIVE));
    if (!block)
        memory_complain(&gic->memory, "gicv5: no memory for ISTEs: the LPI is unreachable");
    return block;
}

void ist_get_words(const struct gicv5 *gic, const struct block *block, uint32_t words[BLOCK_SIZE])
{
    uint32_t iaffid = 0;
    const struct leaf *leaf = tree_find(lpis_of(gic, iaffid), block->number);
    for (uint32_t i = 0; i < BLOCK_SIZE; i++) {
        if (block->iaffid[i] != iaffid) {
            iaffid = block->iaffid[i];
            leaf = tree_find(lpis_of(gic, iaffid), block->number);
        }
        words[i] = block_get_config(block, i);
        if (!leaf)
            continue;
        words[i] |= (uint32_t)(FIELD_PREP(ISTE_PENDING, leaf->pending >> i) |
                               FIELD_PREP(ISTE_ACTIVE, leaf->active >> i));
    }
}
