/* SPDX-License-Identifier: BSD-3-Clause */
/* The raw door to the LPIs: save and restore. */
#include <errno.h>
#include <string.h>

#include "fields.h"
#include "ist.h"

#define HONOUR_ALL (FIELD_MASK(ISTE_PENDING) | FIELD_MASK(ISTE_ACTIVE))

int gicv5_ist_create(struct gicv5 *gic)
{
    if (gic->ist.live)
        return -EEXIST;
    if (!FIELD_GET(IRS_IST_BASER_VALID, gic->ist_baser) ||
        !gicv5_ist_cfgr_is_legal(gic, gic->ist_cfgr))
        return -EINVAL;
    ist_make_live(gic);
    return 0;
}

int gicv5_lpi_id_bits(const struct gicv5 *gic)
{
    return gic->ist.live ? gic->ist.id_bits : -1;
}

/* ---- All of the table in guest memory --------------------------------------------------------- */

/* A block of the table; `words` is NULL where memory cannot be read. */
typedef int (*block_visit)(struct gicv5 *gic, uint32_t number, uint64_t ipa,
                           const uint32_t words[BLOCK_SIZE]);

/* A page that is not there does not keep the others from their turn; anything else ends it. */
static bool goes_on(int result)
{
    return !result || result == -EFAULT;
}

/* `nr` blocks that follow each other in memory. */
static int each_adjacent(struct gicv5 *gic, uint32_t number, uint32_t nr, uint64_t ipa,
                         block_visit visit)
{
    uint32_t words[BLOCK_SIZE];
    uint64_t step = (uint64_t)BLOCK_SIZE << gic->ist.entry_shift;
    int result = 0;
    for (; nr && goes_on(result); nr--, number++, ipa += step) {
        int ret = visit(gic, number, ipa, ist_read_words(gic, ipa, words) ? NULL : words);
        result = ret ? ret : result;
    }
    return result;
}

/* Every reachable block: all of a linear table, or the valid L2 tables of a two-level one. */
static int each_reachable(struct gicv5 *gic, block_visit visit)
{
    uint32_t total = ist_nr_blocks(gic), step = total;
    int result = 0;
    if (gic->ist.two_level && total > 1u << (gic->ist.l2_bits - BLOCK_BITS))
        step = 1u << (gic->ist.l2_bits - BLOCK_BITS);
    for (uint32_t number = 0; number < total && goes_on(result); number += step) {
        uint64_t ipa = BLOCK_IPA_UNKNOWN;
        enum ist_walk walk = ist_locate(gic, number, &ipa);
        int ret = 0;
        if (walk == IST_WALK_FOUND)
            ret = each_adjacent(gic, number, step, ipa, visit);
        else if (walk == IST_WALK_FAULT)
            ret = visit(gic, number, ipa, NULL);
        result = ret ? ret : result;
    }
    return result;
}

/* What the guest left in entries that have not been touched, and what does not count (Pending),
 * must not come to life when memory is adopted elsewhere, nor be seen by who reads it. What cannot
 * be read could not be adopted either: a save says so while the source can go on. */
static int scrub(struct gicv5 *gic, uint32_t number, uint64_t ipa, const uint32_t words[BLOCK_SIZE])
{
    uint32_t clean[BLOCK_SIZE], dropped = 0;
    if (!words)
        return -EFAULT;
    if (directory_find(&gic->ist.blocks, number))
        return 0;
    for (uint32_t i = 0; i < BLOCK_SIZE; i++) {
        clean[i] = words[i] & ist_kept_bits(gic);
        dropped |= words[i] ^ clean[i];
    }
    return dropped ? ist_write_words(gic, ipa, clean) : 0;
}

int gicv5_lpi_flush(struct gicv5 *gic)
{
    if (!gic->ist.live || gic->config.lpis_in_host)
        return 0;
    int held = ist_write_back(gic);
    int untouched = each_reachable(gic, scrub);
    if (untouched)
        memory_complain(&gic->memory, "gicv5: guest memory does not hold all of the LPI IST");
    return held ? held : untouched;
}

/* ---- Adopting --------------------------------------------------------------------------------- */

static int hold_nonzero(struct gicv5 *gic, uint32_t number, uint64_t ipa,
                        const uint32_t words[BLOCK_SIZE])
{
    uint32_t any = 0;
    if (!words)
        return -EFAULT;
    for (uint32_t i = 0; i < BLOCK_SIZE; i++)
        any |= words[i];
    if (!any)
        return 0; /* as good as not touched */
    return ist_hold(gic, number, ipa, words, HONOUR_ALL) ? 0 : -ENOMEM;
}

static int only_read(struct gicv5 *gic, uint32_t number, uint64_t ipa,
                     const uint32_t words[BLOCK_SIZE])
{
    (void)gic, (void)number, (void)ipa;
    return words ? 0 : -EFAULT;
}

/* What is held, while something else takes its place. Nodes and leaves point at the root of their
 * tree, so it can only come back to where it was. */
struct aside {
    struct directory blocks;
    size_t size;
    struct tree trees[]; /* of each PE, and of `nowhere` */
};

static struct aside *set_aside(struct gicv5 *gic)
{
    size_t size = sizeof(struct aside) + (gic->nr_pes + 1) * sizeof(struct tree);
    struct aside *aside = memory_alloc(&gic->memory, size);
    if (!aside)
        return NULL;
    aside->size = size;
    aside->blocks = gic->ist.blocks;
    gic->ist.blocks = (struct directory){.levels = aside->blocks.levels};
    for (uint32_t i = 0; i <= gic->nr_pes; i++) {
        struct tree *tree = &gic->pes[i]->lpis;
        aside->trees[i] = *tree;
        *tree = (struct tree){0};
        tree_init(tree, &gic->memory, aside->trees[i].levels);
    }
    return aside;
}

static void put_back(struct gicv5 *gic, const struct aside *aside)
{
    ist_drop(gic);
    gic->ist.blocks = aside->blocks;
    for (uint32_t i = 0; i <= gic->nr_pes; i++)
        gic->pes[i]->lpis = aside->trees[i];
}

static void forget(struct gicv5 *gic, struct aside *aside)
{
    for (uint32_t i = 0; i <= gic->nr_pes; i++)
        tree_clear(&aside->trees[i]);
    directory_clear(&aside->blocks, &gic->memory);
}

/* Hold what `fill` brings instead of what is held; if it fails, nothing has changed. */
static int replace(struct gicv5 *gic, int (*fill)(struct gicv5 *gic, const uint32_t *image),
                   const uint32_t *image)
{
    struct aside *aside = set_aside(gic);
    if (!aside)
        return -ENOMEM;
    int result = fill(gic, image);
    if (result)
        put_back(gic, aside);
    else
        forget(gic, aside);
    memory_free(&gic->memory, aside, aside->size);
    return result;
}

static int fill_from_guest(struct gicv5 *gic, const uint32_t *image)
{
    (void)image;
    return each_reachable(gic, hold_nonzero);
}

int gicv5_lpi_adopt(struct gicv5 *gic)
{
    if (!gic->ist.live || gic->config.lpis_in_host)
        return 0;
    int result = each_reachable(gic, only_read);
    return result ? result : replace(gic, fill_from_guest, NULL);
}

/* ---- Images ---------------------------------------------------------------------------------- */

static bool is_image_size(const struct gicv5 *gic, size_t words)
{
    return gic->ist.live && words == (size_t)1 << gic->ist.id_bits;
}

struct image {
    const struct gicv5 *gic;
    uint32_t *words;
};

static int visit_image(void *context, struct block *block)
{
    const struct image *image = context;
    uint32_t words[BLOCK_SIZE];
    ist_get_words(image->gic, block, words);
    memcpy(image->words + ((size_t)block->number << BLOCK_BITS), words,
           ist_block_entries(image->gic) * sizeof(*words));
    return 0;
}

int gicv5_lpi_image_get(struct gicv5 *gic, uint32_t *image, size_t words)
{
    if (!is_image_size(gic, words))
        return -EINVAL;
    struct image context = {.gic = gic, .words = image};
    memset(image, 0, words * sizeof(*image));
    return directory_each(&gic->ist.blocks, visit_image, &context);
}

static int fill_from_image(struct gicv5 *gic, const uint32_t *image)
{
    uint32_t entries = ist_block_entries(gic);
    int result = 0;
    for (uint32_t number = 0; number < ist_nr_blocks(gic) && !result; number++) {
        uint32_t block[BLOCK_SIZE] = {0};
        memcpy(block, image + ((size_t)number << BLOCK_BITS), entries * sizeof(*block));
        result = hold_nonzero(gic, number, BLOCK_IPA_UNKNOWN, block);
    }
    return result;
}

int gicv5_lpi_image_put(struct gicv5 *gic, const uint32_t *image, size_t words)
{
    return is_image_size(gic, words) ? replace(gic, fill_from_image, image) : -EINVAL;
}
