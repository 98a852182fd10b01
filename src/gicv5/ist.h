/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The LPI Interrupt State Table: whether it is live, and the blocks of it that the IRS holds. A
 * block is read from guest memory when it is first touched, and held until the IST is taken down.
 */
#ifndef GICV5_IST_H
#define GICV5_IST_H

#include "gicv5/state.h"

/* Is there a table, and this LPI within it? */
static inline bool ist_has(const struct gicv5 *gic, uint32_t id)
{
    return gic->ist.live && !(id >> gic->ist.id_bits);
}

/* The block of this LPI, perhaps the one that this tree saw last; NULL: it is not held. */
static inline struct block *ist_block(const struct gicv5 *gic, const struct leaf_tree *tree,
                                      uint32_t id)
{
    if (!ist_has(gic, id))
        return NULL;
    if (id >> BLOCK_BITS == tree->last_number)
        return tree->last->block;
    return directory_find(&gic->ist.held.blocks, id >> BLOCK_BITS);
}

/* Read a block that is not held. NULL: it is unreachable, or an abort on the walk. No one else is
 * inside. */
struct block *ist_load(struct gicv5 *gic, uint32_t number);
/* The same while others may be, and may have done it meanwhile. false: entries are Active, so that
 * it cannot be done among others. */
bool ist_load_among_others(struct gicv5 *gic, uint32_t number, struct block **block);

/* IST_BASER and IST_CFGR make an IST live; a legal IST_CFGR is the caller's to check. */
void ist_make_live(struct gicv5 *gic);
/* Write back, and hold nothing any more: LPIs become unreachable. The lines are the caller's. */
void ist_take_down(struct gicv5 *gic);
/* Give all memory back; no write-back. */
void ist_drop(struct gicv5 *gic);

/* IRS_MAP_L2_ISTR: set VALID of the L1 entry that covers this LPI. */
void ist_map_l2(struct gicv5 *gic, uint32_t id);

/* Entries in one block, and blocks in the table. */
uint32_t ist_block_entries(const struct gicv5 *gic);
uint32_t ist_nr_blocks(const struct gicv5 *gic);

/* Where the entries of this block are. */
enum ist_walk { IST_WALK_FOUND, IST_WALK_INVALID, IST_WALK_FAULT };
enum ist_walk ist_locate(struct gicv5 *gic, uint32_t number, uint64_t *ipa);

/* `nr` L1 entries from the one of this block on; false: they cannot be read in one piece. And what
 * one of them says. */
bool ist_read_l1(struct gicv5 *gic, uint32_t number, uint32_t nr, uint64_t *entries);
enum ist_walk ist_locate_in(const struct gicv5 *gic, uint64_t l1_entry, uint32_t number,
                            uint64_t *ipa);

/* Entries without metadata, 64 to a block: a run of blocks is one piece of memory, in words. */
bool ist_is_plain(const struct gicv5 *gic);

/* The words of the entries at ipa, ist_block_entries of them: 0 or -EFAULT. Metadata stays. */
int ist_read_words(struct gicv5 *gic, uint64_t ipa, uint32_t words[BLOCK_SIZE]);
int ist_write_words(struct gicv5 *gic, uint64_t ipa, const uint32_t words[BLOCK_SIZE]);

/* The bits of an entry that count when it is first touched: all but Pending and what is RES0. */
uint32_t ist_kept_bits(const struct gicv5 *gic);

/* Hold a block with this content; of Pending and Active what is in `honoured` (bits of ISTE).
 * NULL: no memory, and nothing has changed. */
struct block *ist_hold(struct gicv5 *gic, uint32_t number, uint64_t ipa,
                       const uint32_t words[BLOCK_SIZE], uint32_t honoured);

/* Give this memory back. */
void ist_clear_held(struct gicv5 *gic, struct held *held);

/* For a save: put the state of the blocks of a directory's lowest node, the first of which has this
 * number, into their words, which are ISTEs with HWU = 0 then; and take it out again. */
void ist_collect(struct gicv5 *gic, const struct directory_node *node, uint32_t number);
void ist_forget_collected(struct block *block);
/* Every held block that may differ from memory: 0, or -EFAULT when one could not be written. */
int ist_write_back(struct gicv5 *gic);

#endif
