/* SPDX-License-Identifier: BSD-3-Clause */
#include "gicv5/directory.h"

#include <string.h>

void **directory_place(struct directory *directory, const struct services *services,
                       uint32_t number)
{
    struct directory_node *node = &directory->root;
    for (uint32_t level = directory->levels; --level;) {
        void **child = &node->child[number >> (DIRECTORY_BITS * level) & (DIRECTORY_FANOUT - 1)];
        if (!*child)
            directory_store(child, services_alloc(services, sizeof(struct directory_node)));
        if (!*child)
            return NULL;
        node = *child;
    }
    return &node->child[number & (DIRECTORY_FANOUT - 1)];
}

static int each_below(struct directory_node *node, uint32_t level, uint32_t number,
                      directory_visit visit, void *context)
{
    int ret = 0;
    if (!level)
        return visit(context, node, number);
    for (uint32_t i = 0; i < DIRECTORY_FANOUT; i++) {
        if (!node->child[i])
            continue;
        int below = each_below(node->child[i], level - 1, number | i << (DIRECTORY_BITS * level),
                               visit, context);
        ret = ret ? ret : below;
    }
    return ret;
}

int directory_each(struct directory *directory, directory_visit visit, void *context)
{
    return each_below(&directory->root, directory->levels - 1, 0, visit, context);
}

static void clear_below(struct directory_node *node, uint32_t level,
                        const struct services *services)
{
    for (uint32_t i = 0; level && i < DIRECTORY_FANOUT; i++) {
        if (!node->child[i])
            continue;
        clear_below(node->child[i], level - 1, services);
        services_free(services, node->child[i], sizeof(struct directory_node));
    }
}

void directory_clear(struct directory *directory, const struct services *services)
{
    clear_below(&directory->root, directory->levels - 1, services);
    memset(&directory->root, 0, sizeof(directory->root));
}
