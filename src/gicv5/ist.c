/* SPDX-License-Identifier: BSD-3-Clause */
#include "gicv5/ist.h"

#include <string.h>

#include "facts/fields.h"
#include "facts/masks.h"
#include "gicv5/planes.h"

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
    ist->held.blocks.levels = levels;
    for (uint32_t i = 0; i <= gic->nr_pes; i++)
        tree_init(&gic->pes[i]->lpis, &gic->services, levels);
}

void ist_drop(struct gicv5 *gic)
{
    if (!gic->ist.live)
        return;
    for (uint32_t i = 0; i <= gic->nr_pes; i++)
        tree_clear(&gic->pes[i]->lpis);
    ist_clear_held(gic, &gic->ist.held);
}

void ist_clear_held(struct gicv5 *gic, struct held *held)
{
    directory_clear(&held->blocks, &gic->services);
    pool_clear(&held->pool, &gic->services);
    host_table_clear(&held->table, &gic->services);
}

/* ---- Blocks ---------------------------------------------------------------------------------- */

static struct leaf_tree *lpis_of(const struct gicv5 *gic, uint32_t iaffid)
{
    return &owner_of(gic, iaffid)->lpis;
}

/* Those of the interrupts that target the same PE as the first of them. */
static uint64_t of_one_target(const struct block *block, uint64_t interrupts)
{
    uint32_t iaffid = block_iaffid(block, (uint32_t)__builtin_ctzll(interrupts));
    uint64_t same = 0;
    for (; interrupts; interrupts &= interrupts - 1)
        if (block_iaffid(block, (uint32_t)__builtin_ctzll(interrupts)) == iaffid)
            same |= interrupts & -interrupts;
    return same;
}

static struct leaf_tree *tree_of_first(struct gicv5 *gic, const struct block *block,
                                       uint64_t interrupts)
{
    return lpis_of(gic, block_iaffid(block, (uint32_t)__builtin_ctzll(interrupts)));
}

/* A leaf for each PE that one of these interrupts targets, or none at all. */
static bool obtain_leaves(struct gicv5 *gic, struct block *block, uint64_t interrupts)
{
    uint64_t left = interrupts;
    for (; left; left &= ~of_one_target(block, left))
        if (!tree_obtain(tree_of_first(gic, block, left), block))
            break;
    if (!left)
        return true;
    for (uint32_t undo = 0; undo < BLOCK_SIZE; undo++) {
        struct leaf_tree *tree = lpis_of(gic, block_iaffid(block, undo));
        struct leaf *leaf = tree_find(tree, block->number);
        if (leaf)
            tree_remove_empty(tree, leaf);
    }
    return false;
}

static void set_state(struct gicv5 *gic, struct block *block, const struct word_planes *planes)
{
    uint64_t left = planes->pending | planes->active;
    while (left) {
        uint64_t same = of_one_target(block, left);
        struct leaf *leaf = tree_find(tree_of_first(gic, block, left), block->number);
        tree_set_state(leaf, planes->pending & same, planes->active & same);
        left &= ~same;
    }
}

uint32_t ist_kept_bits(const struct gicv5 *gic)
{
    return (uint32_t)(FIELD_MASK(ISTE_ACTIVE) | FIELD_MASK(ISTE_HM) | FIELD_MASK(ISTE_ENABLE) |
                      FIELD_PREP(ISTE_PRIORITY, gic->priority_mask) | FIELD_MASK(ISTE_IAFFID));
}

/* The words of a block, and what they say. */
static void fill(struct gicv5 *gic, struct block *block, const uint32_t words[BLOCK_SIZE],
                 uint32_t honoured, struct word_planes *planes)
{
    uint32_t kept = ist_kept_bits(gic), config = kept & ~(uint32_t)FIELD_MASK(ISTE_ACTIVE);
    uint32_t counting[BLOCK_SIZE], dropped = 0;
    for (uint32_t i = 0; i < BLOCK_SIZE; i++) {
        dropped |= words[i] & ~(kept | honoured);
        counting[i] = words[i] & (config | honoured);
        block->word[i] = words[i] & config;
    }
    planes_of_words(planes, counting);
    block->planes = planes->config;
    block->dirty = dropped; /* then memory is not what the IRS holds */
}

struct block *ist_hold(struct gicv5 *gic, uint32_t number, uint64_t ipa,
                       const uint32_t words[BLOCK_SIZE], uint32_t honoured)
{
    struct held *held = &gic->ist.held;
    void **place = directory_place(&held->blocks, &gic->services, number);
    struct block *block = place ? pool_new(&held->pool, &gic->services) : NULL;
    struct word_planes planes;
    if (!block)
        return NULL;
    block->number = number;
    block->ipa = ipa;
    fill(gic, block, words, honoured, &planes);
    if (!obtain_leaves(gic, block, planes.pending | planes.active)) {
        pool_take_back(&held->pool, block);
        return NULL;
    }
    set_state(gic, block, &planes);
    directory_store(place, block);
    return block;
}

/* Of a table that is the host's, an entry that was not restored reads 0. */
static bool fetch_from_host(struct gicv5 *gic, uint32_t number, uint64_t *ipa, uint32_t *words)
{
    const uint32_t *restored = host_table_words(&gic->ist.held.table, number);
    uint32_t any = 0;
    for (uint32_t i = 0; restored && i < BLOCK_SIZE; i++)
        any |= words[i] = restored[i];
    return any || !gic->ist.two_level || ist_locate(gic, number, ipa) == IST_WALK_FOUND;
}

static bool fetch(struct gicv5 *gic, uint32_t number, uint64_t *ipa, uint32_t words[BLOCK_SIZE])
{
    memset(words, 0, BLOCK_SIZE * sizeof(*words));
    *ipa = BLOCK_IPA_UNKNOWN;
    if (gic->config.lpis_in_host)
        return fetch_from_host(gic, number, ipa, words);
    if (ist_locate(gic, number, ipa) != IST_WALK_FOUND)
        return false;
    if (!ist_read_words(gic, *ipa, words))
        return true;
    services_complain(&gic->services, "gicv5: ISTEs cannot be read: the LPI is unreachable");
    return false;
}

static struct block *hold(struct gicv5 *gic, uint32_t number, uint64_t ipa,
                          const uint32_t words[BLOCK_SIZE])
{
    struct block *block = ist_hold(gic, number, ipa, words, FIELD_MASK(ISTE_ACTIVE));
    if (!block)
        services_complain(&gic->services, "gicv5: no memory for ISTEs: the LPI is unreachable");
    return block;
}

/* Of an IST that the guest made valid Enable, Priority, IAFFID, HM and Active are honoured. Pending
 * makes it UNPREDICTABLE, and is taken as 0. */
struct block *ist_load(struct gicv5 *gic, uint32_t number)
{
    uint32_t words[BLOCK_SIZE];
    uint64_t ipa;
    return fetch(gic, number, &ipa, words) ? hold(gic, number, ipa, words) : NULL;
}

bool ist_load_among_others(struct gicv5 *gic, uint32_t number, struct block **block)
{
    uint32_t words[BLOCK_SIZE], any = 0;
    uint64_t ipa;
    lock_take(&gic->loading);
    *block = directory_find(&gic->ist.held.blocks, number);
    if (!*block && fetch(gic, number, &ipa, words)) {
        for (uint32_t i = 0; i < BLOCK_SIZE; i++)
            any |= words[i] & FIELD_MASK(ISTE_ACTIVE);
        if (!any)
            *block = hold(gic, number, ipa, words);
    }
    lock_drop(&gic->loading);
    return !any;
}

static bool any_dirty(const struct directory_node *node)
{
    for (uint32_t i = 0; i < DIRECTORY_FANOUT; i++) {
        const struct block *block = node->child[i];
        if (block && block->dirty)
            return true;
    }
    return false;
}

/* What is in flight is dirty. */
void ist_collect(struct gicv5 *gic, const struct directory_node *node, uint32_t number)
{
    uint32_t nr = any_dirty(node) ? gic->nr_pes + 1 : 0;
    for (uint32_t i = 0; i < nr; i++)
        tree_collect(&gic->pes[i]->lpis, number);
}

void ist_forget_collected(struct block *block)
{
    uint32_t config = ~(uint32_t)(FIELD_MASK(ISTE_PENDING) | FIELD_MASK(ISTE_ACTIVE));
    if (!block->collected)
        return;
    for (uint32_t i = 0; i < BLOCK_SIZE; i++)
        block->word[i] &= config;
    block->collected = false;
}
