/* SPDX-License-Identifier: BSD-3-Clause */
#include "gicv5/aside.h"

#include <errno.h>

#include "gicv5/ist.h"

/* Nodes and leaves point at the root of their tree, so it can only come back to where it was. */
struct aside {
    struct held held;
    size_t size;
    struct leaf_tree trees[]; /* of each PE, and of `nowhere` */
};

static struct aside *set_aside(struct gicv5 *gic)
{
    size_t size = sizeof(struct aside) + (gic->nr_pes + 1) * sizeof(struct leaf_tree);
    struct aside *aside = services_alloc(&gic->services, size);
    if (!aside)
        return NULL;
    aside->size = size;
    aside->held = gic->ist.held;
    gic->ist.held = (struct held){.blocks.levels = aside->held.blocks.levels};
    for (uint32_t i = 0; i <= gic->nr_pes; i++) {
        struct leaf_tree *tree = &gic->pes[i]->lpis;
        aside->trees[i] = *tree;
        *tree = (struct leaf_tree){0};
        tree_init(tree, &gic->services, aside->trees[i].levels);
    }
    return aside;
}

static void put_back(struct gicv5 *gic, const struct aside *aside)
{
    ist_drop(gic);
    gic->ist.held = aside->held;
    for (uint32_t i = 0; i <= gic->nr_pes; i++)
        gic->pes[i]->lpis = aside->trees[i];
}

static void forget(struct gicv5 *gic, struct aside *aside)
{
    for (uint32_t i = 0; i <= gic->nr_pes; i++)
        tree_clear(&aside->trees[i]);
    ist_clear_held(gic, &aside->held);
}

int aside_replace(struct gicv5 *gic, int (*fill)(struct gicv5 *gic, void *context), void *context)
{
    struct aside *aside = set_aside(gic);
    if (!aside)
        return -ENOMEM;
    int ret = fill(gic, context);
    if (ret)
        put_back(gic, aside);
    else
        forget(gic, aside);
    services_free(&gic->services, aside, aside->size);
    return ret;
}
