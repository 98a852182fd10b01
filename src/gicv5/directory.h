/* SPDX-License-Identifier: BSD-3-Clause */
/* Block number → block, for the LPI blocks that are held: a tree of up to three levels. */
#ifndef GICV5_DIRECTORY_H
#define GICV5_DIRECTORY_H

#include <stdint.h>

#include "gicv5/block.h"
#include "gicv5/services.h"

#define DIRECTORY_BITS 6u
#define DIRECTORY_FANOUT 64u

struct directory_node {
    void *child[DIRECTORY_FANOUT];
};

struct directory {
    struct directory_node root;
    uint32_t levels;
};

/* Who looks may do so while another thread adds: what it finds is complete. */
static inline void *directory_load(void *const *child)
{
    return __atomic_load_n(child, __ATOMIC_ACQUIRE);
}

static inline void directory_store(void **child, void *made)
{
    __atomic_store_n(child, made, __ATOMIC_RELEASE);
}

/* The block of this number, or NULL when it is not held. */
static inline struct block *directory_find(const struct directory *directory, uint32_t number)
{
    const struct directory_node *node = &directory->root;
    for (uint32_t level = directory->levels; --level && node;)
        node = directory_load(
            &node->child[number >> (DIRECTORY_BITS * level) & (DIRECTORY_FANOUT - 1)]);
    return node ? directory_load(&node->child[number & (DIRECTORY_FANOUT - 1)]) : NULL;
}

/* The lowest node, which has the places of 64 blocks; NULL when none of them is held. */
static inline struct directory_node *directory_lowest(struct directory *directory, uint32_t number)
{
    struct directory_node *node = &directory->root;
    for (uint32_t level = directory->levels; --level && node;)
        node = node->child[number >> (DIRECTORY_BITS * level) & (DIRECTORY_FANOUT - 1)];
    return node;
}

/* The place for the pointer to this block; NULL when the host has no memory. */
void **directory_place(struct directory *directory, const struct services *services,
                       uint32_t number);

/* Call `visit` for each lowest node in order, with the number of the first block of it. The first
 * result that is not 0. */
typedef int (*directory_visit)(void *context, struct directory_node *node, uint32_t number);
int directory_each(struct directory *directory, directory_visit visit, void *context);

/* Free all nodes; the blocks are the pool's. */
void directory_clear(struct directory *directory, const struct services *services);

#endif
