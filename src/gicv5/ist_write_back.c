/* SPDX-License-Identifier: BSD-3-Clause */
/* What the IRS holds, back to where it is in guest memory (a save, and the end of a table). */
#include <errno.h>

#include "gicv5/ist.h"

static int write_back_block(struct gicv5 *gic, struct block *block)
{
    bool in_flight = block->collected;
    if (!block->dirty)
        return 0;
    int ret = -EFAULT;
    if (block->ipa != BLOCK_IPA_UNKNOWN ||
        ist_locate(gic, block->number, &block->ipa) == IST_WALK_FOUND)
        ret = ist_write_words(gic, block->ipa, block->word);
    ist_forget_collected(block);
    block->dirty = in_flight || ret;
    return ret;
}

/* Go on after an error: what can be written is. */
static int write_back_node(void *context, struct directory_node *node, uint32_t number)
{
    struct gicv5 *gic = context;
    int ret = 0;
    ist_collect(gic, node, number);
    for (uint32_t i = 0; i < DIRECTORY_FANOUT; i++)
        if (node->child[i] && write_back_block(gic, node->child[i]))
            ret = -EFAULT;
    return ret;
}

int ist_write_back(struct gicv5 *gic)
{
    if (!gic->ist.live || gic->config.lpis_in_host)
        return 0;
    int ret = directory_each(&gic->ist.held.blocks, write_back_node, gic);
    if (ret)
        services_complain(&gic->services, "gicv5: ISTEs cannot be written back to guest memory");
    return ret;
}
