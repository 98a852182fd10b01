/* SPDX-License-Identifier: BSD-3-Clause */
#include "directory.h"

#include <string.h>

void **directory_place(struct directory *directory, const struct memory *memory, uint32_t number)
{
    struct directory_node *node = &directory->root;
    for (uint32_t level = directory->levels; --level;) {
        void **child = &node->child[number >> (DIRECTORY_BITS * level) & (DIRECTORY_FANOUT - 1)];
        if (!*child)
            directory_store(child, memory_alloc(memory, sizeof(struct directory_node)));
        if (!*child)
            return NULL;
        node = *child;
    }
    return &node->child[number & (DIRECTORY_FANOUT - 1)];
}

static int each_below(const struct directory_node *node, uint32_t level, directory_visit visit,
                      void *context)
{
    int result = 0;
    for (uint32_t i = 0; i < DIRECTORY_FANOUT && !result; i++) {
        if (!node->child[i])
            continue;
        result = level ? each_below(node->child[i], level - 1, visit, context)
                       : visit(context, node->child[i]);
    }
    return result;
}

int directory_each(const struct directory *directory, directory_visit visit, void *context)
{
    return each_below(&directory->root, directory->levels - 1, visit, context);
}

static void clear_below(struct directory_node *node, uint32_t level, const struct memory *memory)
{
    for (uint32_t i = 0; level && i < DIRECTORY_FANOUT; i++) {
        if (!node->child[i])
            continue;
        clear_below(node->child[i], level - 1, memory);
        memory_free(memory, node->child[i], sizeof(struct directory_node));
    }
}

void directory_clear(struct directory *directory, const struct memory *memory)
{
    clear_below(&directory->root, directory->levels - 1, memory);
    memset(&directory->root, 0, sizeof(directory->root));
}
