/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Operations on one SPI or LPI, whatever its type: what instructions, wires and raw puts do to it.
 * An operation that needs memory for a leaf and gets none changes nothing and logs a line. They
 * keep candidates up to date, and leave the lines to the caller.
 */
#ifndef GICV5_INTERRUPT_H
#define GICV5_INTERRUPT_H

#include "gicv5/ist.h"
#include "gicv5/state.h"

struct interrupt {
    struct block *block;
    struct gicv5_pe *owner;
    struct leaf_tree *tree; /* the owner's, for this type */
    uint32_t type;          /* VGIC5_SPI or VGIC5_LPI */
    uint32_t bit;
};

static inline struct interrupt interrupt_of(const struct gicv5 *gic, uint32_t type,
                                            struct block *block, uint32_t id)
{
    uint32_t bit = id % BLOCK_SIZE;
    struct gicv5_pe *owner = owner_of(gic, block_iaffid(block, bit));
    return (struct interrupt){
        .block = block,
        .owner = owner,
        .tree = type == VGIC5_SPI ? &owner->spis : &owner->lpis,
        .type = type,
        .bit = bit,
    };
}

/* An SPI that exists. */
static inline struct interrupt interrupt_of_spi(const struct gicv5 *gic, uint32_t id)
{
    return interrupt_of(gic, VGIC5_SPI, &gic->spis[id >> BLOCK_BITS].block, id);
}

/* The interrupt's block, which is likely to be the one that this PE saw last; NULL: it is not held,
 * or unreachable, or no SPI or LPI. */
static inline struct block *interrupt_block(const struct gicv5_pe *pe, uint32_t type, uint32_t id)
{
    const struct gicv5 *gic = pe->gic;
    if (type == VGIC5_LPI)
        return ist_block(gic, &pe->lpis, id);
    if (type == VGIC5_SPI && id < gic->config.nr_spis)
        return &gic->spis[id >> BLOCK_BITS].block;
    return NULL;
}

#define LPI_KEY (VGIC5_INTID(VGIC5_LPI, 0) >> BLOCK_BITS)

/* Is this an LPI of this PE, which is locked, in the block that it used last? */
static inline bool interrupt_find_last(struct gicv5_pe *pe, uint32_t intid,
                                       struct interrupt *interrupt)
{
    uint32_t bit = intid % BLOCK_SIZE;
    if (intid >> BLOCK_BITS != (LPI_KEY | pe->lpis.last_number) ||
        !ist_has(pe->gic, VGIC5_INTID_ID(intid)))
        return false;
    struct block *block = pe->lpis.last->block;
    *interrupt = (struct interrupt){block, pe, &pe->lpis, VGIC5_LPI, bit};
    return block_iaffid(block, bit) == pe->iaffid;
}

/* interrupt_lock, where it takes more: this PE is locked. */
bool interrupt_lock_other(struct gicv5_pe *pe, uint32_t type, uint32_t id,
                          struct interrupt *interrupt);

/* Find the interrupt and lock its target, which is likely to be this PE (the one that executes the
 * instruction). May load an LPI's block. false: it is unreachable, or no SPI or LPI; nothing is
 * locked. */
static inline bool interrupt_lock(struct gicv5_pe *pe, uint32_t intid, struct interrupt *interrupt)
{
    lock_take(&pe->lock);
    return interrupt_find_last(pe, intid, interrupt) ||
           interrupt_lock_other(pe, VGIC5_INTID_TYPE(intid), VGIC5_INTID_ID(intid), interrupt);
}

static inline void interrupt_unlock(const struct interrupt *interrupt)
{
    lock_drop(&interrupt->owner->lock);
}

/* The same, and this PE, to which it will move, as well. */
bool interrupt_lock_both(struct gicv5_pe *pe, uint32_t intid, struct interrupt *interrupt,
                         struct gicv5_pe *to);

/* Lock the target of an SPI that exists, and return it. */
struct gicv5_pe *interrupt_lock_spi(const struct gicv5 *gic, uint32_t id);

void interrupt_set_enable(const struct interrupt *interrupt, bool enable);
void interrupt_set_priority(const struct interrupt *interrupt, uint32_t priority);
void interrupt_set_hm(const struct interrupt *interrupt, bool level);
void interrupt_set_pending(const struct interrupt *interrupt, bool pending);
void interrupt_deactivate(const struct interrupt *interrupt);
/* Changes interrupt->owner. */
void interrupt_set_iaffid(struct interrupt *interrupt, uint32_t iaffid);

/* All of it, as an ISTE says; for SPIs. */
void interrupt_replace(struct interrupt *interrupt, uint32_t iste);

/* Pending and Active of the interrupt, in their places in an ISTE. */
uint32_t interrupt_get_state(const struct interrupt *interrupt);
uint32_t interrupt_get_iste(const struct interrupt *interrupt);

#endif
