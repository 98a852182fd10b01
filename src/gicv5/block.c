/* SPDX-License-Identifier: BSD-3-Clause */
#include "gicv5/block.h"

/* Who looks for the target of an interrupt reads its word without a lock. */
static void set_field(struct block *block, uint32_t bit, uint64_t mask, uint64_t value)
{
    uint32_t word = (uint32_t)((block->word[bit] & ~mask) | value);
    if (word != block->word[bit])
        __atomic_store_n(&block->word[bit], word, __ATOMIC_RELAXED);
}

void block_set_enable(struct block *block, uint32_t bit, bool enable)
{
    set_field(block, bit, FIELD_MASK(ISTE_ENABLE), FIELD_PREP(ISTE_ENABLE, enable));
    plane_assign(&block->planes.enable, bit, enable);
}

void block_set_hm(struct block *block, uint32_t bit, bool level)
{
    set_field(block, bit, FIELD_MASK(ISTE_HM), FIELD_PREP(ISTE_HM, level));
}

void block_set_priority(struct block *block, uint32_t bit, uint32_t priority)
{
    set_field(block, bit, FIELD_MASK(ISTE_PRIORITY), FIELD_PREP(ISTE_PRIORITY, priority));
    for (uint32_t b = 0; b < PRIORITY_PLANES; b++)
        plane_assign(&block->planes.priority[b], bit, priority >> b & 1);
}

void block_set_iaffid(struct block *block, uint32_t bit, uint32_t iaffid)
{
    set_field(block, bit, FIELD_MASK(ISTE_IAFFID), FIELD_PREP(ISTE_IAFFID, iaffid));
}

void block_set_config(struct block *block, uint32_t bit, uint32_t iste)
{
    block_set_hm(block, bit, FIELD_GET(ISTE_HM, iste));
    block_set_enable(block, bit, FIELD_GET(ISTE_ENABLE, iste));
    block_set_priority(block, bit, (uint32_t)FIELD_GET(ISTE_PRIORITY, iste));
    block_set_iaffid(block, bit, (uint32_t)FIELD_GET(ISTE_IAFFID, iste));
}
