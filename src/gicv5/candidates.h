/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The interrupts that target one PE: what is pending and active, and what of it could be signalled.
 *
 * Ownership. A leaf holds Pending and Active of those interrupts of one block whose IAFFID names
 * the PE that owns the tree. Every bit of interrupt state that an acknowledge or a deactivate
 * writes is in a leaf or a node of that PE, on cache lines of no one else; of the block planes are
 * read, and a dirty flag that is set once. So a lock for each PE protects its trees and its CPU
 * interface (lock.h). Interrupts whose IAFFID no PE has belong to a PE that is never signalled
 * (gicv5.nowhere).
 *
 * Selection. Each node has a bitmap per priority of the children that hold a candidate at it, so
 * the best candidate is found, and each change published, by one step per level: at most 3 of them
 * for 2^24 interrupts, whatever is pending.
 */
#ifndef GICV5_CANDIDATES_H
#define GICV5_CANDIDATES_H

#include <stdbool.h>
#include <stdint.h>

#include "gicv5/block.h"
#include "gicv5/services.h"

#define NODE_BITS 6u
#define NODE_FANOUT 64u

struct node {
    _Alignas(64) uint64_t candidates[NR_PRIORITIES]; /* children with a candidate at it */
    uint64_t children;                               /* that are there */
    uint32_t priorities;                             /* with a bit in candidates[] */
    uint8_t index;                                   /* in its parent */
    struct node *parent;
    void *child[NODE_FANOUT]; /* nodes, or leaves at the lowest level */
};

struct leaf {
    _Alignas(64) uint64_t pending;
    uint64_t active;
    uint64_t candidates; /* pending & ~active & enable */
    struct block *block;
    struct node *parent;
    struct leaf *next;   /* in the free list */
    uint32_t priorities; /* of the candidates */
};

#define TREE_IDLE_LEAVES 8u

struct leaf_tree {
    struct node root;
    const struct services *services;
    struct leaf *idle[TREE_IDLE_LEAVES]; /* leaves kept in place though (perhaps) empty */
    struct leaf *free_leaves;
    struct leaf_slab *slabs; /* the memory of all leaves that are not fixed */
    struct node *free_nodes;
    uint8_t nr_free_nodes;
    uint8_t levels;       /* of nodes, 1..3 */
    bool fixed;           /* all leaves are there for ever (SPIs) */
    uint32_t last_number; /* of last->block, or TREE_NO_NUMBER */
    struct leaf *last;    /* what was used last will often be used next */
};

#define TREE_NO_NUMBER UINT32_MAX

/* Levels needed for block numbers of this many bits. */
uint32_t tree_levels(uint32_t number_bits);

void tree_init(struct leaf_tree *tree, const struct services *services, uint32_t levels);
/* Give the tree a leaf that stays, for a block of number < 64. */
void tree_fix_leaf(struct leaf_tree *tree, struct leaf *leaf, struct block *block);
/* Forget all state and give the memory back. */
void tree_clear(struct leaf_tree *tree);

static inline uint32_t child_index(uint32_t number, uint32_t level)
{
    return number >> (NODE_BITS * level) & (NODE_FANOUT - 1);
}

static inline void tree_remember(struct leaf_tree *tree, struct leaf *leaf)
{
    tree->last = leaf;
    tree->last_number = leaf->block->number;
}

/* The leaf of this block, or NULL: nothing is pending or active. */
static inline struct leaf *tree_find(const struct leaf_tree *tree, uint32_t number)
{
    if (number == tree->last_number)
        return tree->last;
    const struct node *node = &tree->root;
    for (uint32_t level = tree->levels; --level && node;)
        node = node->child[child_index(number, level)];
    return node ? node->child[child_index(number, 0)] : NULL;
}

/* The leaf of this block, which becomes dirty; NULL when the host has no memory. */
struct leaf *tree_obtain(struct leaf_tree *tree, struct block *block);
/* A leaf may be empty now: it can go. */
void tree_release(struct leaf_tree *tree, struct leaf *leaf);
/* An empty leaf that is not needed after all: it and its block are not remembered. */
void tree_remove_empty(struct leaf_tree *tree, struct leaf *leaf);

/* Set Pending and Active in the words of the 64 blocks from this one on (planes_add_state). */
void tree_collect(const struct leaf_tree *tree, uint32_t number);

/* After a change of Pending, Active or Enable of this interrupt. The leaf may be gone then. */
void tree_update(struct leaf_tree *tree, struct leaf *leaf, uint32_t bit);
/* Several interrupts of a leaf, in which they are neither pending nor active. */
void tree_set_state(struct leaf *leaf, uint64_t pending, uint64_t active);
/* Acknowledge: Active is set, and Pending cleared if the handling mode is edge. */
void tree_acknowledge(struct leaf_tree *tree, struct leaf *leaf, uint32_t bit);
/* Before a change of its priority, or its move; followed by tree_update. */
void tree_withdraw(struct leaf *leaf, uint32_t bit);

/* The candidate of lowest ID at this priority, which root.priorities has. */
struct leaf *tree_first(const struct leaf_tree *tree, uint32_t priority, uint32_t *bit);

#endif
