/* SPDX-License-Identifier: BSD-3-Clause */
#include "gicv5/interrupt.h"

#include "facts/fields.h"

static struct leaf_tree *tree_of(struct gicv5_pe *pe, uint32_t type)
{
    return type == VGIC5_SPI ? &pe->spis : &pe->lpis;
}

static struct gicv5 *gic_of(const struct interrupt *interrupt)
{
    return interrupt->owner->gic;
}

/* After a change of the IAFFID. */
static void follow_iaffid(struct interrupt *interrupt)
{
    interrupt->owner = owner_of(gic_of(interrupt), block_iaffid(interrupt->block, interrupt->bit));
    interrupt->tree = tree_of(interrupt->owner, interrupt->type);
}

/* ---- Locks ----------------------------------------------------------------------------------- */

/* The block of an LPI that is not held, with this PE locked before and after. The leaves of active
 * entries are others' too. */
static struct block *load(struct gicv5_pe *pe, uint32_t id)
{
    struct gicv5 *gic = pe->gic;
    struct block *block;
    if (!ist_has(gic, id))
        return NULL;
    if (!pe->lock.needed)
        return ist_load(gic, id >> BLOCK_BITS);
    if (ist_load_among_others(gic, id >> BLOCK_BITS, &block))
        return block;
    lock_drop(&pe->lock);
    gicv5_lock(gic);
    block = interrupt_block(pe, VGIC5_LPI, id);
    if (!block && ist_has(gic, id))
        ist_load(gic, id >> BLOCK_BITS);
    gicv5_unlock(gic);
    lock_take(&pe->lock);
    return interrupt_block(pe, VGIC5_LPI, id);
}

/* The IAFFID counts that is there when its PE is locked. */
bool interrupt_lock_other(struct gicv5_pe *pe, uint32_t type, uint32_t id,
                          struct interrupt *interrupt)
{
    for (;;) {
        struct block *block = interrupt_block(pe, type, id);
        if (!block && type == VGIC5_LPI)
            block = load(pe, id);
        if (!block)
            break;
        *interrupt = interrupt_of(pe->gic, type, block, id);
        if (interrupt->owner == pe || !pe->lock.needed)
            return true;
        lock_drop(&pe->lock);
        pe = interrupt->owner;
        lock_take(&pe->lock);
    }
    lock_drop(&pe->lock);
    return false;
}

/* Against the order of PEs we may only try: another may hold `to` and wait for the owner. */
bool interrupt_lock_both(struct gicv5_pe *pe, uint32_t intid, struct interrupt *interrupt,
                         struct gicv5_pe *to)
{
    while (interrupt_lock(pe, intid, interrupt)) {
        if (to == interrupt->owner || lock_try(&to->lock))
            return true;
        if (to->index > interrupt->owner->index) {
            lock_take(&to->lock);
            return true;
        }
        interrupt_unlock(interrupt);
        lock_take(&to->lock); /* wait until it is free */
        lock_drop(&to->lock);
    }
    return false;
}

struct gicv5_pe *interrupt_lock_spi(const struct gicv5 *gic, uint32_t id)
{
    for (;;) {
        struct gicv5_pe *owner = interrupt_of_spi(gic, id).owner;
        lock_take(&owner->lock);
        if (interrupt_of_spi(gic, id).owner == owner)
            return owner;
        lock_drop(&owner->lock);
    }
}

/* ---- Operations ------------------------------------------------------------------------------ */

static struct leaf *find_leaf(const struct interrupt *interrupt)
{
    return tree_find(interrupt->tree, interrupt->block->number);
}

static struct leaf *obtain_leaf(const struct interrupt *interrupt, struct gicv5_pe *pe)
{
    struct leaf *leaf = tree_obtain(tree_of(pe, interrupt->type), interrupt->block);
    if (!leaf)
        services_complain(&gic_of(interrupt)->services,
                          "gicv5: no memory for a pending LPI: the operation is ignored");
    return leaf;
}

void interrupt_set_enable(const struct interrupt *interrupt, bool enable)
{
    block_set_enable(interrupt->block, interrupt->bit, enable);
    block_set_dirty(interrupt->block);
    struct leaf *leaf = find_leaf(interrupt);
    if (leaf)
        tree_update(interrupt->tree, leaf, interrupt->bit);
}

void interrupt_set_priority(const struct interrupt *interrupt, uint32_t priority)
{
    struct leaf *leaf = find_leaf(interrupt);
    if (leaf)
        tree_withdraw(leaf, interrupt->bit);
    block_set_priority(interrupt->block, interrupt->bit,
                       priority & gic_of(interrupt)->priority_mask);
    block_set_dirty(interrupt->block);
    if (leaf)
        tree_update(interrupt->tree, leaf, interrupt->bit);
}

void interrupt_set_hm(const struct interrupt *interrupt, bool level)
{
    block_set_hm(interrupt->block, interrupt->bit, level);
    block_set_dirty(interrupt->block);
}

void interrupt_set_pending(const struct interrupt *interrupt, bool pending)
{
    struct leaf *leaf = pending ? obtain_leaf(interrupt, interrupt->owner) : find_leaf(interrupt);
    if (!leaf)
        return;
    assign_bit(&leaf->pending, interrupt->bit, pending);
    tree_update(interrupt->tree, leaf, interrupt->bit);
}

void interrupt_deactivate(const struct interrupt *interrupt)
{
    struct leaf *leaf = find_leaf(interrupt);
    if (!leaf)
        return;
    assign_bit(&leaf->active, interrupt->bit, false);
    tree_update(interrupt->tree, leaf, interrupt->bit);
}

/* Pending and Active go to the leaf of the new target. */
static void move(const struct interrupt *interrupt, struct leaf *from, struct leaf *to)
{
    uint32_t bit = interrupt->bit;
    tree_withdraw(from, bit);
    assign_bit(&to->pending, bit, test_bit(from->pending, bit));
    assign_bit(&to->active, bit, test_bit(from->active, bit));
    assign_bit(&from->pending, bit, false);
    assign_bit(&from->active, bit, false);
}

void interrupt_set_iaffid(struct interrupt *interrupt, uint32_t iaffid)
{
    struct gicv5_pe *target = owner_of(gic_of(interrupt), iaffid);
    struct leaf *from = find_leaf(interrupt), *to = NULL;
    if (from && target != interrupt->owner &&
        test_bit(from->pending | from->active, interrupt->bit)) {
        to = obtain_leaf(interrupt, target);
        if (!to)
            return;
        move(interrupt, from, to);
        tree_release(interrupt->tree, from);
    }
    block_set_iaffid(interrupt->block, interrupt->bit, iaffid);
    block_set_dirty(interrupt->block);
    follow_iaffid(interrupt);
    if (to)
        tree_update(interrupt->tree, to, interrupt->bit);
}

/* The SPIs' leaves are always there. */
void interrupt_replace(struct interrupt *interrupt, uint32_t iste)
{
    uint32_t bit = interrupt->bit;
    struct leaf *leaf = find_leaf(interrupt);
    tree_withdraw(leaf, bit);
    assign_bit(&leaf->pending, bit, false);
    assign_bit(&leaf->active, bit, false);
    block_set_config(interrupt->block, bit, iste & ist_kept_bits(gic_of(interrupt)));
    follow_iaffid(interrupt);
    leaf = find_leaf(interrupt);
    assign_bit(&leaf->pending, bit, FIELD_GET(ISTE_PENDING, iste));
    assign_bit(&leaf->active, bit, FIELD_GET(ISTE_ACTIVE, iste));
    tree_update(interrupt->tree, leaf, bit);
}

uint32_t interrupt_get_state(const struct interrupt *interrupt)
{
    const struct leaf *leaf = find_leaf(interrupt);
    if (!leaf)
        return 0;
    return (uint32_t)(FIELD_PREP(ISTE_PENDING, leaf->pending >> interrupt->bit) |
                      FIELD_PREP(ISTE_ACTIVE, leaf->active >> interrupt->bit));
}

uint32_t interrupt_get_iste(const struct interrupt *interrupt)
{
    return interrupt_get_state(interrupt) | block_get_config(interrupt->block, interrupt->bit);
}
