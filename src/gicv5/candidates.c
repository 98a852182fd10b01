/* SPDX-License-Identifier: BSD-3-Clause */
#include "gicv5/candidates.h"

#include <string.h>

#include "gicv5/planes.h"

#define FREE_NODES 4u   /* kept by a PE beyond what it uses */
#define SLAB_LEAVES 15u /* kept until the table goes: they are smaller than their blocks */

uint32_t tree_levels(uint32_t number_bits)
{
    return number_bits <= NODE_BITS ? 1 : (number_bits + NODE_BITS - 1) / NODE_BITS;
}

void tree_init(struct leaf_tree *tree, const struct services *services, uint32_t levels)
{
    tree->services = services;
    tree->levels = (uint8_t)levels;
    tree->last_number = TREE_NO_NUMBER;
}

static void adopt_child(struct node *node, uint32_t index, void *child)
{
    node->child[index] = child;
    node->children |= UINT64_C(1) << index;
}

/* ---- Memory. A node or leaf that is freed is empty: all zero but its links. ------------------ */

struct leaf_slab {
    struct leaf_slab *next;
    struct leaf leaf[SLAB_LEAVES];
};

static bool add_slab(struct leaf_tree *tree)
{
    struct leaf_slab *slab = services_alloc(tree->services, sizeof(*slab));
    if (!slab)
        return false;
    slab->next = tree->slabs;
    tree->slabs = slab;
    for (uint32_t i = SLAB_LEAVES; i-- > 0;) {
        slab->leaf[i].next = tree->free_leaves;
        tree->free_leaves = &slab->leaf[i];
    }
    return true;
}

static struct leaf *new_leaf(struct leaf_tree *tree)
{
    if (!tree->free_leaves && !add_slab(tree))
        return NULL;
    struct leaf *leaf = tree->free_leaves;
    tree->free_leaves = leaf->next;
    return leaf;
}

static void free_leaf(struct leaf_tree *tree, struct leaf *leaf)
{
    if (tree->last == leaf)
        tree->last_number = TREE_NO_NUMBER;
    leaf->next = tree->free_leaves;
    tree->free_leaves = leaf;
}

static struct node *new_node(struct leaf_tree *tree, struct node *parent, uint32_t index)
{
    struct node *node = tree->free_nodes;
    if (node) {
        tree->free_nodes = node->parent;
        tree->nr_free_nodes--;
    } else {
        node = services_alloc(tree->services, sizeof(*node));
        if (!node)
            return NULL;
    }
    node->parent = parent;
    node->index = (uint8_t)index;
    adopt_child(parent, index, node);
    return node;
}

static void free_node(struct leaf_tree *tree, struct node *node)
{
    if (tree->nr_free_nodes >= FREE_NODES) {
        services_free(tree->services, node, sizeof(*node));
        return;
    }
    node->parent = tree->free_nodes;
    tree->free_nodes = node;
    tree->nr_free_nodes++;
}

/* Take out this child, and every node above it that has no other. */
static void remove_child(struct leaf_tree *tree, struct node *node, uint32_t index)
{
    for (;;) {
        struct node *parent = node->parent;
        node->child[index] = NULL;
        node->children &= ~(UINT64_C(1) << index);
        if (node->children || !parent)
            return;
        index = node->index;
        free_node(tree, node);
        node = parent;
    }
}

static void remove_leaf(struct leaf_tree *tree, struct leaf *leaf)
{
    remove_child(tree, leaf->parent, child_index(leaf->block->number, 0));
    free_leaf(tree, leaf);
}

void tree_fix_leaf(struct leaf_tree *tree, struct leaf *leaf, struct block *block)
{
    leaf->block = block;
    leaf->parent = &tree->root;
    adopt_child(&tree->root, child_index(block->number, 0), leaf);
    tree->fixed = true;
}

static void clear_node(struct leaf_tree *tree, struct node *node, uint32_t level)
{
    for (uint64_t left = level ? node->children : 0; left; left &= left - 1) {
        void *child = node->child[__builtin_ctzll(left)];
        clear_node(tree, child, level - 1);
        services_free(tree->services, child, sizeof(struct node));
    }
}

static void clear_free_lists(struct leaf_tree *tree)
{
    for (struct leaf_slab *slab = tree->slabs, *next; slab; slab = next) {
        next = slab->next;
        services_free(tree->services, slab, sizeof(*slab));
    }
    for (struct node *node = tree->free_nodes, *next; node; node = next) {
        next = node->parent;
        services_free(tree->services, node, sizeof(*node));
    }
}

void tree_clear(struct leaf_tree *tree)
{
    const struct services *services = tree->services;
    uint32_t levels = tree->levels;
    clear_node(tree, &tree->root, levels - 1);
    clear_free_lists(tree);
    memset(tree, 0, sizeof(*tree));
    tree_init(tree, services, levels);
}

/* ---- Leaves ---------------------------------------------------------------------------------- */

/* A node that was made just now, for nothing. */
static void remove_if_childless(struct leaf_tree *tree, struct node *node)
{
    if (node->children || !node->parent)
        return;
    remove_child(tree, node->parent, node->index);
    free_node(tree, node);
}

/* The node that holds this block's leaf, made if need be. */
static struct node *obtain_node(struct leaf_tree *tree, uint32_t number)
{
    struct node *node = &tree->root;
    for (uint32_t level = tree->levels; --level;) {
        uint32_t index = child_index(number, level);
        struct node *child = node->child[index];
        if (!child)
            child = new_node(tree, node, index);
        if (!child) {
            remove_if_childless(tree, node);
            return NULL;
        }
        node = child;
    }
    return node;
}

static struct leaf *add_leaf(struct leaf_tree *tree, struct block *block)
{
    struct leaf *leaf = new_leaf(tree);
    if (!leaf)
        return NULL;
    struct node *node = obtain_node(tree, block->number);
    if (!node) {
        free_leaf(tree, leaf);
        return NULL;
    }
    leaf->block = block;
    leaf->parent = node;
    adopt_child(node, child_index(block->number, 0), leaf);
    return leaf;
}

struct leaf *tree_obtain(struct leaf_tree *tree, struct block *block)
{
    struct leaf *leaf = tree_find(tree, block->number);
    if (!leaf)
        leaf = add_leaf(tree, block);
    if (!leaf)
        return NULL;
    block_set_dirty(block);
    tree_remember(tree, leaf);
    return leaf;
}

static bool is_empty(const struct leaf *leaf)
{
    return !(leaf->pending | leaf->active);
}

/* An interrupt that has been retired will often come again: the last few empty leaves stay. */
void tree_release(struct leaf_tree *tree, struct leaf *leaf)
{
    if (tree->fixed || !is_empty(leaf))
        return;
    struct leaf **idle = &tree->idle[leaf->block->number % TREE_IDLE_LEAVES];
    struct leaf *previous = *idle;
    *idle = leaf;
    if (previous && previous != leaf && is_empty(previous))
        remove_leaf(tree, previous);
}

void tree_remove_empty(struct leaf_tree *tree, struct leaf *leaf)
{
    struct leaf **idle = &tree->idle[leaf->block->number % TREE_IDLE_LEAVES];
    if (*idle == leaf)
        *idle = NULL;
    remove_leaf(tree, leaf);
}

/* The lowest node that leads to this block. */
static const struct node *find_lowest(const struct leaf_tree *tree, uint32_t number)
{
    const struct node *node = &tree->root;
    for (uint32_t level = tree->levels; --level && node;)
        node = node->child[child_index(number, level)];
    return node;
}

void tree_collect(const struct leaf_tree *tree, uint32_t number)
{
    const struct node *node = find_lowest(tree, number);
    for (uint64_t left = node ? node->children : 0; left; left &= left - 1) {
        const struct leaf *leaf = node->child[__builtin_ctzll(left)];
        if (is_empty(leaf))
            continue;
        planes_add_state(leaf->block->word, leaf->pending, leaf->active);
        leaf->block->collected = true;
    }
}

/* ---- Candidates ------------------------------------------------------------------------------ */

static void publish(struct node *node, uint32_t index, uint32_t priority)
{
    for (; node; index = node->index, node = node->parent) {
        uint64_t others = node->candidates[priority];
        node->candidates[priority] = others | UINT64_C(1) << index;
        if (others)
            return;
        node->priorities |= 1u << priority;
    }
}

static void retract(struct node *node, uint32_t index, uint32_t priority)
{
    for (; node; index = node->index, node = node->parent) {
        node->candidates[priority] &= ~(UINT64_C(1) << index);
        if (node->candidates[priority])
            return;
        node->priorities &= ~(1u << priority);
    }
}

static void add_candidate(struct leaf *leaf, uint32_t bit)
{
    uint32_t priority = planes_priority(&leaf->block->planes, bit);
    leaf->candidates |= UINT64_C(1) << bit;
    if (leaf->priorities >> priority & 1)
        return;
    leaf->priorities |= 1u << priority;
    publish(leaf->parent, child_index(leaf->block->number, 0), priority);
}

/* All candidates of the leaf have one priority. */
static bool is_uniform(const struct leaf *leaf)
{
    return !(leaf->priorities & (leaf->priorities - 1));
}

static void remove_candidate(struct leaf *leaf, uint32_t bit)
{
    const struct planes *planes = &leaf->block->planes;
    bool uniform = is_uniform(leaf);
    uint32_t priority =
        uniform ? (uint32_t)__builtin_ctz(leaf->priorities) : planes_priority(planes, bit);
    leaf->candidates &= ~(UINT64_C(1) << bit);
    if (uniform ? leaf->candidates : planes_with_priority(planes, leaf->candidates, priority))
        return;
    leaf->priorities &= ~(1u << priority);
    retract(leaf->parent, child_index(leaf->block->number, 0), priority);
}

void tree_withdraw(struct leaf *leaf, uint32_t bit)
{
    if (test_bit(leaf->candidates, bit))
        remove_candidate(leaf, bit);
}

void tree_update(struct leaf_tree *tree, struct leaf *leaf, uint32_t bit)
{
    uint64_t candidates = leaf->pending & ~leaf->active & plane_load(&leaf->block->planes.enable);
    if (test_bit(candidates ^ leaf->candidates, bit)) {
        if (test_bit(candidates, bit))
            add_candidate(leaf, bit);
        else
            remove_candidate(leaf, bit);
    }
    if (is_empty(leaf))
        tree_release(tree, leaf);
}

void tree_set_state(struct leaf *leaf, uint64_t pending, uint64_t active)
{
    leaf->pending |= pending;
    leaf->active |= active;
    uint64_t left = leaf->pending & ~leaf->active & leaf->block->planes.enable & ~leaf->candidates;
    for (; left; left &= left - 1)
        add_candidate(leaf, (uint32_t)__builtin_ctzll(left));
}

void tree_acknowledge(struct leaf_tree *tree, struct leaf *leaf, uint32_t bit)
{
    uint64_t mask = UINT64_C(1) << bit;
    tree_remember(tree, leaf);
    leaf->active |= mask;
    if (!FIELD_GET(ISTE_HM, leaf->block->word[bit]))
        leaf->pending &= ~mask;
    remove_candidate(leaf, bit);
}

struct leaf *tree_first(const struct leaf_tree *tree, uint32_t priority, uint32_t *bit)
{
    const struct node *node = &tree->root;
    for (uint32_t level = tree->levels; --level;)
        node = node->child[__builtin_ctzll(node->candidates[priority])];
    struct leaf *leaf = node->child[__builtin_ctzll(node->candidates[priority])];
    uint64_t among = leaf->candidates;
    if (!is_uniform(leaf))
        among = planes_with_priority(&leaf->block->planes, among, priority);
    *bit = (uint32_t)__builtin_ctzll(among);
    return leaf;
}
