/* SPDX-License-Identifier: BSD-3-Clause */
/* Save and restore of LPIs that live with the host (profile 7.4): an image in INTID order. */
#include <errno.h>
#include <string.h>

#include "gicv5/aside.h"
#include "facts/fields.h"
#include "gicv5/ist.h"

#define LITTLE_BLOCKS 16 /* a page is as large as 51 blocks that are held */

static uint32_t page_words(const struct gicv5 *gic)
{
    uint32_t all = 1u << gic->ist.id_bits;
    return all < PAGE_WORDS ? all : PAGE_WORDS;
}

static uint32_t nr_pages(const struct gicv5 *gic)
{
    return (1u << gic->ist.id_bits) / page_words(gic);
}

/* ---- Out ------------------------------------------------------------------------------------- */

static const uint32_t zeros[PAGE_WORDS];

/* A page of which some blocks are held. */
static int get_blocks(struct gicv5 *gic, uint32_t page, struct directory_node *node,
                      const struct gicv5_image_out *image)
{
    uint32_t entries = ist_block_entries(gic);
    int ret = 0;
    ist_collect(gic, node, page * PAGE_BLOCKS);
    for (uint32_t i = 0; i * entries < page_words(gic); i++) {
        uint32_t number = page * PAGE_BLOCKS + i;
        struct block *block = node->child[i];
        const uint32_t *words = host_table_words(&gic->ist.held.table, number);
        words = block ? block->word : words ? words : zeros;
        if (!ret)
            ret = image->write(image->context, (size_t)number << BLOCK_BITS, words, entries);
        if (block)
            ist_forget_collected(block);
    }
    return ret;
}

int gicv5_lpi_image_get(struct gicv5 *gic, const struct gicv5_image_out *image)
{
    int ret = 0;
    if (!gic->ist.live)
        return -EINVAL;
    for (uint32_t page = 0; page < nr_pages(gic) && !ret; page++) {
        uint32_t number = page * PAGE_BLOCKS;
        struct directory_node *node = directory_lowest(&gic->ist.held.blocks, number);
        const uint32_t *words = host_table_words(&gic->ist.held.table, number);
        if (node)
            ret = get_blocks(gic, page, node, image);
        else
            ret = image->write(image->context, (size_t)page * PAGE_WORDS, words ? words : zeros,
                               page_words(gic));
    }
    return ret;
}

/* ---- In -------------------------------------------------------------------------------------- */

/* Bits that are no state of this IRS go. Which blocks have something pending or active, and which
 * have anything. */
static void look_at(const struct gicv5 *gic, uint32_t *words, uint64_t *in_flight, uint64_t *used)
{
    uint32_t state = ist_kept_bits(gic) | RESTORE_HONOURS;
    *in_flight = *used = 0;
    for (uint32_t n = 0; n < PAGE_BLOCKS; n++, words += BLOCK_SIZE) {
        uint32_t here = 0;
        for (uint32_t i = 0; i < BLOCK_SIZE; i++)
            here |= words[i] &= state;
        *in_flight |= (uint64_t)(here & RESTORE_HONOURS ? 1 : 0) << n;
        *used |= (uint64_t)(here ? 1 : 0) << n;
    }
}

/* What is in flight is held, and so is all of a page with little in it, which is then not needed;
 * `left`: there is more. */
static int hold_page(struct gicv5 *gic, uint32_t page, uint32_t *words, bool *left)
{
    uint64_t hold, used;
    look_at(gic, words, &hold, &used);
    if (__builtin_popcountll(used) <= LITTLE_BLOCKS)
        hold = used;
    *left = used & ~hold;
    for (; hold; hold &= hold - 1) {
        uint32_t n = (uint32_t)__builtin_ctzll(hold);
        if (!ist_hold(gic, page * PAGE_BLOCKS + n, BLOCK_IPA_UNKNOWN, words + n * BLOCK_SIZE,
                      RESTORE_HONOURS))
            return -ENOMEM;
    }
    return 0;
}

/* A page that is not needed is the next one's. */
static int put_page(struct gicv5 *gic, uint32_t page, const struct gicv5_image_in *image,
                    uint32_t **spare)
{
    bool left = true;
    uint32_t *words = *spare;
    if (!words)
        words = services_alloc(&gic->services, PAGE_WORDS * sizeof(*words));
    if (!words)
        return -ENOMEM;
    *spare = NULL;
    gic->ist.held.table.page[page] = words;
    int ret = image->read(image->context, (size_t)page * PAGE_WORDS, words, page_words(gic));
    if (!ret)
        ret = hold_page(gic, page, words, &left);
    if (!left) {
        gic->ist.held.table.page[page] = NULL;
        *spare = words;
    }
    return ret;
}

static int fill(struct gicv5 *gic, void *context)
{
    uint32_t *spare = NULL;
    int ret = host_table_make(&gic->ist.held.table, &gic->services, nr_pages(gic)) ? 0 : -ENOMEM;
    for (uint32_t page = 0; page < nr_pages(gic) && !ret; page++)
        ret = put_page(gic, page, context, &spare);
    services_free(&gic->services, spare, PAGE_WORDS * sizeof(*spare));
    return ret;
}

int gicv5_lpi_image_put(struct gicv5 *gic, const struct gicv5_image_in *image)
{
    struct gicv5_image_in copy = *image;
    return gic->ist.live ? aside_replace(gic, fill, &copy) : -EINVAL;
}
