/* SPDX-License-Identifier: BSD-3-Clause */
#include "block.h"

#include "fields.h"

void planes_set_priority(struct planes *planes, uint32_t bit, uint32_t priority)
{
    for (uint32_t b = 0; b < PRIORITY_PLANES; b++)
        plane_assign(&planes->priority[b], bit, priority >> b & 1);
}

uint32_t block_get_config(const struct block *block, uint32_t bit)
{
    const struct planes *planes = &block->planes;
    return (uint32_t)(FIELD_PREP(ISTE_HM, plane_load(&planes->hm) >> bit) |
                      FIELD_PREP(ISTE_ENABLE, plane_load(&planes->enable) >> bit) |
                      FIELD_PREP(ISTE_PRIORITY, planes_priority(planes, bit)) |
                      FIELD_PREP(ISTE_IAFFID, block_iaffid(block, bit)));
}

void block_set_config(struct block *block, uint32_t bit, uint32_t iste, uint32_t priority_mask)
{
    plane_assign(&block->planes.hm, bit, FIELD_GET(ISTE_HM, iste));
    plane_assign(&block->planes.enable, bit, FIELD_GET(ISTE_ENABLE, iste));
    planes_set_priority(&block->planes, bit, FIELD_GET(ISTE_PRIORITY, iste) & priority_mask);
    block->iaffid[bit] = (uint16_t)FIELD_GET(ISTE_IAFFID, iste);
}
