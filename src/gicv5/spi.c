/* SPDX-License-Identifier: BSD-3-Clause */
#include "gicv5/spi.h"

#include "facts/fields.h"
#include "gicv5/interrupt.h"
#include "gicv5/select.h"

enum event { EVENT_NONE, EVENT_SET_EDGE, EVENT_SET_LEVEL, EVENT_CLEAR };

static struct spi_block *block_of(const struct gicv5 *gic, uint32_t id)
{
    return &gic->spis[id >> BLOCK_BITS];
}

/* R_HHKMN, R_QBXXV. */
static void take_event(struct gicv5 *gic, uint32_t id, enum event event)
{
    if (event == EVENT_NONE)
        return;
    struct interrupt spi = interrupt_of_spi(gic, id);
    if (event != EVENT_CLEAR)
        interrupt_set_hm(&spi, event == EVENT_SET_LEVEL);
    interrupt_set_pending(&spi, event != EVENT_CLEAR);
    select_update_line(spi.owner);
}

/* What the wire says when it changes or is sampled. A falling edge says nothing. */
static enum event wire_event(bool level_triggered, bool wire)
{
    if (wire)
        return level_triggered ? EVENT_SET_LEVEL : EVENT_SET_EDGE;
    return level_triggered ? EVENT_CLEAR : EVENT_NONE;
}

void spi_resample(struct gicv5 *gic, uint32_t id)
{
    if (id < gic->config.nr_spis)
        take_event(gic, id,
                   wire_event(gicv5_spi_tm(gic, id),
                              test_bit(plane_load(&block_of(gic, id)->wire), id % BLOCK_SIZE)));
}

/* Each raise is the event of an edge interrupt, one of a wire that is high already too (KVM). */
void gicv5_spi_wire(struct gicv5 *gic, uint32_t id, bool level)
{
    struct spi_block *block = block_of(gic, id);
    struct gicv5_pe *owner = interrupt_lock_spi(gic, id);
    bool changes = test_bit(plane_load(&block->wire), id % BLOCK_SIZE) != level;
    if (changes)
        plane_assign(&block->wire, id % BLOCK_SIZE, level);
    if (changes || (level && !gicv5_spi_tm(gic, id)))
        spi_resample(gic, id);
    lock_drop(&owner->lock);
}

bool gicv5_spi_enabled(const struct gicv5 *gic, uint32_t id)
{
    return test_bit(plane_load(&block_of(gic, id)->block.planes.enable), id % BLOCK_SIZE);
}

/* R_KBPXL: to level, the wire says what is pending; to edge, a high wire is no longer an event. */
void spi_set_tm(struct gicv5 *gic, uint32_t id, bool level)
{
    static const enum event events[2][2] = {
        /* wire     low          high */
        [false] = {EVENT_NONE, EVENT_CLEAR},     /* level → edge */
        [true] = {EVENT_CLEAR, EVENT_SET_LEVEL}, /* edge → level */
    };
    if (gicv5_spi_tm(gic, id) == level)
        return;
    gicv5_spi_tm_put(gic, id, level);
    take_event(gic, id, events[level][test_bit(block_of(gic, id)->wire, id % BLOCK_SIZE)]);
}

/* ---- The raw door ---------------------------------------------------------------------------- */

bool gicv5_spi_tm(const struct gicv5 *gic, uint32_t id)
{
    return test_bit(plane_load(&block_of(gic, id)->tm), id % BLOCK_SIZE);
}

void gicv5_spi_tm_put(struct gicv5 *gic, uint32_t id, bool level)
{
    plane_assign(&block_of(gic, id)->tm, id % BLOCK_SIZE, level);
}

uint32_t gicv5_spi_get(const struct gicv5 *gic, uint32_t id)
{
    const struct block *block = &block_of(gic, id)->block;
    uint32_t bit = id % BLOCK_SIZE;
    const struct gicv5_pe *owner = owner_of(gic, block_iaffid(block, bit));
    const struct leaf *leaf = tree_find(&owner->spis, block->number);
    return block_get_config(block, bit) |
           (uint32_t)(FIELD_PREP(ISTE_PENDING, leaf->pending >> bit) |
                      FIELD_PREP(ISTE_ACTIVE, leaf->active >> bit));
}

void gicv5_spi_put(struct gicv5 *gic, uint32_t id, uint32_t iste)
{
    struct interrupt spi = interrupt_of_spi(gic, id);
    interrupt_replace(&spi, iste);
}

void gicv5_spi_wires_get(const struct gicv5 *gic, uint64_t *wires, size_t words)
{
    for (size_t i = 0; i < words; i++)
        wires[i] = i < gic->nr_spi_blocks ? gic->spis[i].wire : 0;
}

static uint64_t existing(const struct gicv5 *gic, uint32_t block)
{
    uint32_t nr = gic->config.nr_spis - block * BLOCK_SIZE;
    return nr < BLOCK_SIZE ? (UINT64_C(1) << nr) - 1 : UINT64_MAX;
}

void gicv5_spi_wires_put(struct gicv5 *gic, const uint64_t *wires, size_t words)
{
    for (uint32_t i = 0; i < words && i < gic->nr_spi_blocks; i++)
        gic->spis[i].wire = wires[i] & existing(gic, i);
}
