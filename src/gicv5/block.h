/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * 64 interrupts: the configuration of SPIs and LPIs, as words, which is how tables have it, and of
 * it Enable and Priority bit-sliced, for those who select. Both are written by configuration only;
 * what changes with every interrupt (Pending, Active) is in the leaves of the target PEs
 * (candidates.h).
 */
#ifndef GICV5_BLOCK_H
#define GICV5_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "facts/fields.h"

#define BLOCK_BITS 6u
#define BLOCK_SIZE 64u
#define PRIORITY_PLANES 5u
#define NR_PRIORITIES 32u
#define PRIORITY_IDLE 32u /* less important than every priority */

/* What decides who is a candidate, and which is the best. (HM is asked for one interrupt at a time,
 * and IRM is RES0 without 1ofN.) */
struct planes {
    uint64_t enable;
    uint64_t priority[PRIORITY_PLANES]; /* [0]: bit 0 */
};

/* Five cache lines; the first is all that selection reads. */
struct block {
    _Alignas(64) struct planes planes;
    uint64_t ipa;    /* LPIs: its entries in guest memory, or BLOCK_IPA_UNKNOWN */
    uint32_t number; /* INTID.ID / 64 */
    bool dirty;      /* LPIs: may differ from guest memory; always set while one of its interrupts
                        is pending or active */
    bool collected;  /* during a save: the words have Pending and Active (tree_collect) */
    uint32_t word[BLOCK_SIZE]; /* ISTEs without Pending and Active; IAFFIDs as written, also where
                                  no PE has them */
};

#define BLOCK_IPA_UNKNOWN UINT64_MAX

/* What an ISTE says beside Pending and Active; of Priority the bits that the IRS has. */
static inline uint32_t block_get_config(const struct block *block, uint32_t bit)
{
    return block->word[bit];
}
void block_set_config(struct block *block, uint32_t bit, uint32_t iste);
void block_set_enable(struct block *block, uint32_t bit, bool enable);
void block_set_hm(struct block *block, uint32_t bit, bool level);
void block_set_priority(struct block *block, uint32_t bit, uint32_t priority);
void block_set_iaffid(struct block *block, uint32_t bit, uint32_t iaffid);

/* The planes of a block are shared by the PEs that its interrupts target, and each of these changes
 * the bits of its own interrupts: a word is read and written as a whole. */
static inline uint64_t plane_load(const uint64_t *plane)
{
    return __atomic_load_n(plane, __ATOMIC_RELAXED);
}

static inline void plane_assign(uint64_t *plane, uint32_t bit, bool value)
{
    uint64_t mask = UINT64_C(1) << bit;
    if (!(plane_load(plane) & mask) == !value)
        return;
    if (value)
        __atomic_fetch_or(plane, mask, __ATOMIC_RELAXED);
    else
        __atomic_fetch_and(plane, ~mask, __ATOMIC_RELAXED);
}

static inline uint32_t block_iaffid(const struct block *block, uint32_t bit)
{
    return __atomic_load_n(&block->word[bit], __ATOMIC_RELAXED) >> ISTE_IAFFID_SHIFT;
}

static inline void block_set_dirty(struct block *block)
{
    if (!__atomic_load_n(&block->dirty, __ATOMIC_RELAXED))
        __atomic_store_n(&block->dirty, true, __ATOMIC_RELAXED);
}

static inline void assign_bit(uint64_t *word, uint32_t bit, bool value)
{
    *word = (*word & ~(UINT64_C(1) << bit)) | (uint64_t)value << bit;
}

static inline bool test_bit(uint64_t word, uint32_t bit)
{
    return word >> bit & 1;
}

/* Which interrupts have this bit b of Priority. */
static inline uint64_t planes_match(const struct planes *planes, uint32_t priority, uint32_t b)
{
    return ~(plane_load(&planes->priority[b]) ^ -(uint64_t)(priority >> b & 1));
}

/* Which of the interrupts in `among` have this priority. */
static inline uint64_t planes_with_priority(const struct planes *planes, uint64_t among,
                                            uint32_t priority)
{
    return among & planes_match(planes, priority, 0) & planes_match(planes, priority, 1) &
           planes_match(planes, priority, 2) & planes_match(planes, priority, 3) &
           planes_match(planes, priority, 4);
}

static inline uint32_t planes_bit(const struct planes *planes, uint32_t bit, uint32_t b)
{
    return (uint32_t)(plane_load(&planes->priority[b]) >> bit & 1) << b;
}

static inline uint32_t planes_priority(const struct planes *planes, uint32_t bit)
{
    return planes_bit(planes, bit, 0) | planes_bit(planes, bit, 1) | planes_bit(planes, bit, 2) |
           planes_bit(planes, bit, 3) | planes_bit(planes, bit, 4);
}

#endif
