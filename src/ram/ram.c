/* SPDX-License-Identifier: BSD-3-Clause */
#include "ram/ram.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "facts/error.h"
#include "snapshot/chain.h"

#define MOST_ZERO 1024u /* frames in which nothing is stored: they take as long as one that is */

/* A member is there only if the caller's struct reaches that far. */
#define HAS(given, member) \
    ((given)->size >= offsetof(__typeof__(*(given)), member) + sizeof((given)->member))

/* ---- Writes are noted by write protection ---------------------------------------------------- */

static int begin_watching(struct vgic5_ram *ram)
{
    if (ram->watch.ranges)
        return 0;
    return ram_watch_begin(&ram->watch, ram->ranges, ram->nr_ranges, ram->lost, ram->opaque);
}

static int begin_protection(void *opaque)
{
    return begin_watching(opaque);
}

static int take_opened(void *opaque, size_t range, uint64_t *pages)
{
    struct vgic5_ram *ram = opaque;

    return ram_watch_take(&ram->watch, range, pages);
}

/* ---- Life ------------------------------------------------------------------------------------ */

static bool is_range(const struct vgic5_ram_range *range, const struct vgic5_ram_range *before)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

    page = page < RAM_PAGE ? RAM_PAGE : page;
    return range->host && range->size > 0 && range->size % page == 0 &&
           range->base % RAM_PAGE == 0 && (uintptr_t)range->host % page == 0 &&
           range->size <= UINT64_MAX - range->base &&
           (!before || (range->base >= before->base && range->base - before->base >= before->size));
}

static int take_ranges(struct vgic5_ram *ram, const struct vgic5_ram_range *ranges,
                       size_t nr_ranges, struct vgic5_error *error)
{
    if (nr_ranges == 0)
        return error_misuse(error, "a RAM without ranges");
    ram->ranges = calloc(nr_ranges, sizeof(*ram->ranges));
    if (!ram->ranges)
        return error_no_memory(error, "the ranges of RAM");
    for (size_t n = 0; n < nr_ranges; n++) {
        if (!is_range(&ranges[n], n > 0 ? &ranges[n - 1] : NULL))
            return error_misuse(error,
                                "range %zu of RAM is not of whole pages, or not behind the "
                                "one before it",
                                n);
        ram->ranges[n] = (struct ram_range){.base = ranges[n].base,
                                            .size = ranges[n].size,
                                            .host = ranges[n].host,
                                            .alias = ranges[n].alias};
    }
    ram->nr_ranges = nr_ranges;
    ram->nr_frames = ram_number_frames(ram->ranges, nr_ranges);
    return 0;
}

static int take_options(struct vgic5_ram *ram, const struct vgic5_ram_options *options,
                        struct vgic5_error *error)
{
    const struct vgic5_dirty_source *source = options ? options->source : NULL;

    if (options && !HAS(options, opaque))
        return error_misuse(error, "struct vgic5_ram_options has %u bytes", options->size);
    if (source && (!HAS(source, opaque) || !source->take))
        return error_misuse(error, "a source of dirty pages without take");
    ram->source = source ? *source
                         : (struct vgic5_dirty_source){.size = sizeof(ram->source),
                                                       .begin = begin_protection,
                                                       .take = take_opened,
                                                       .opaque = ram};
    ram->lost = options ? options->lost : NULL;
    ram->opaque = options ? options->opaque : NULL;
    return 0;
}

int vgic5_ram_create(const struct vgic5_ram_range *ranges, size_t nr_ranges,
                     const struct vgic5_ram_options *options, struct vgic5_ram **ram,
                     struct vgic5_error *error)
{
    struct vgic5_ram *fresh;
    int ret;

    if (!ranges || !ram)
        return error_absent(error, !ranges ? "range" : "place for the RAM");
    *ram = NULL;
    fresh = calloc(1, sizeof(*fresh));
    if (!fresh)
        return error_no_memory(error, "a RAM");
    pthread_mutex_init(&fresh->lock, NULL);
    ret = take_options(fresh, options, error);
    if (ret == 0)
        ret = take_ranges(fresh, ranges, nr_ranges, error);
    fresh->log = (struct ram_log){.ranges = fresh->ranges,
                                  .nr_ranges = fresh->nr_ranges,
                                  .nr_frames = fresh->nr_frames,
                                  .source = &fresh->source};
    if (ret == 0)
        *ram = fresh;
    else
        vgic5_ram_destroy(fresh);
    return ret;
}

void vgic5_ram_destroy(struct vgic5_ram *ram)
{
    if (!ram)
        return;
    ram_log_end(&ram->log);
    ram_watch_end(&ram->watch);
    vgic5_chain_close(ram->chain);
    pthread_mutex_destroy(&ram->lock);
    free(ram->ranges);
    free(ram);
}

/* ---- Filled when it is touched --------------------------------------------------------------- */

static int load(void *opaque, uint64_t frame, void *content, struct vgic5_error *error)
{
    const struct vgic5_ram *ram = opaque;

    return vgic5_chain_load_frame(ram->chain, frame, content, error);
}

static int check_ranges(const struct vgic5_ram *ram, const struct vgic5_chain *chain,
                        struct vgic5_error *error)
{
    bool same = vgic5_chain_nr_ranges(chain) == ram->nr_ranges;

    for (size_t n = 0; n < ram->nr_ranges && same; n++) {
        const struct vgic5_section *memory = vgic5_chain_memory(chain, 0, n);

        same = memory->memory_base == ram->ranges[n].base &&
               memory->memory_size == ram->ranges[n].size;
    }
    return same ? 0 : error_unfit(error, "the snapshot has other memory than this guest");
}

/* Where nothing is stored memory is zero already. */
static bool has_content(const struct vgic5_chain *chain)
{
    for (size_t level = 0; level < vgic5_chain_nr_levels(chain); level++)
        for (size_t n = 0; n < vgic5_chain_nr_ranges(chain); n++)
            if (vgic5_snapshot_nr_frames(vgic5_chain_memory(chain, level, n)) != 0)
                return true;
    return false;
}

/* It cannot be filled behind anybody's back: so before there is anybody. */
static int load_at_once(struct vgic5_ram *ram, struct vgic5_error *error)
{
    int ret = 0;

    for (size_t n = 0; n < ram->nr_ranges; n++) {
        const struct ram_range *range = &ram->ranges[n];

        for (uint64_t frame = 0; frame < range->nr_frames && ret == 0; frame++)
            if (vgic5_chain_has_frame(ram->chain, range->first + frame))
                ret = vgic5_chain_load_frame(ram->chain, range->first + frame,
                                             range->host + frame * RAM_FRAME, error);
    }
    return ret;
}

static int empty(struct vgic5_ram *ram, struct vgic5_error *error)
{
    int ret = begin_watching(ram);

    if (ret == 0)
        ret = ram_watch_empty(&ram->watch, load, ram);
    if (ret == -ENOTSUP)
        return load_at_once(ram, error);
    return ret == 0 ? 0
                    : error_set(error, VGIC5_CAUSE_ENVIRONMENT, ret, "RAM cannot be protected: %s",
                                strerror(-ret));
}

int vgic5_ram_restore(struct vgic5_ram *ram, struct vgic5_chain *chain, struct vgic5_error *error)
{
    int ret;

    if (!ram || !chain)
        return error_absent(error, !ram ? "RAM" : "chain");
    ret = check_ranges(ram, chain, error);
    if (ret == 0 && (ram->chain || ram->log.has_begun))
        ret = error_misuse(error, "this RAM is in use");
    if (ret == 0)
        ret = chain_prepare(chain, error);
    if (ret != 0)
        return ret;
    ram->chain = vgic5_chain_share(chain);
    return has_content(chain) ? empty(ram, error) : 0;
}

/* The frames from `first` on in which nothing is stored, up to the end of their range. */
static uint64_t nothing_up_to(const struct vgic5_ram *ram, uint64_t first)
{
    const struct ram_range *range = ram->ranges;
    uint64_t n = first, end;

    while (first - range->first >= range->nr_frames)
        range++;
    end = range->first + range->nr_frames;
    while (n < end && n - first < MOST_ZERO && !vgic5_chain_has_frame(ram->chain, n))
        n++;
    return n;
}

/* `next` only grows: what was absent behind it has been filled. */
static int fill_next(struct vgic5_ram *ram, struct vgic5_error *error)
{
    uint64_t first = ram->next, end = nothing_up_to(ram, first);
    int ret = end > first ? ram_watch_fill_zero(&ram->watch, first, end, error)
                          : ram_watch_fill(&ram->watch, first, error);

    if (ret == 0)
        ram->next = end > first ? end : first + 1;
    return ret;
}

static int fill_most(struct vgic5_ram *ram, uint64_t most, struct vgic5_error *error)
{
    int ret = 0;

    while (ret == 0 && most > 0 && ram->next < ram->nr_frames) {
        if (ram_watch_is_absent(&ram->watch, ram->next)) {
            ret = fill_next(ram, error);
            most--;
        } else {
            ram->next++;
        }
    }
    return ret;
}

int vgic5_ram_fill(struct vgic5_ram *ram, uint64_t most, struct vgic5_error *error)
{
    int ret = 0;

    if (!ram)
        return error_absent(error, "RAM");
    pthread_mutex_lock(&ram->lock);
    if (ram->watch.ranges && ram_watch_nr_absent(&ram->watch) > 0)
        ret = fill_most(ram, most, error);
    if (ret == 0 && ram->watch.ranges)
        ret = ram_watch_nr_absent(&ram->watch) > 0;
    pthread_mutex_unlock(&ram->lock);
    return ret;
}

/* ---- What was written ------------------------------------------------------------------------ */

void vgic5_ram_mark(struct vgic5_ram *ram)
{
    if (!ram)
        return;
    pthread_mutex_lock(&ram->lock);
    ram_log_mark(&ram->log);
    pthread_mutex_unlock(&ram->lock);
}

void vgic5_ram_keep(struct vgic5_ram *ram, const uint8_t *root)
{
    if (!ram || !root)
        return;
    pthread_mutex_lock(&ram->lock);
    ram_log_keep(&ram->log, root);
    pthread_mutex_unlock(&ram->lock);
}

void vgic5_ram_drop(struct vgic5_ram *ram)
{
    if (!ram)
        return;
    pthread_mutex_lock(&ram->lock);
    ram_log_drop(&ram->log);
    pthread_mutex_unlock(&ram->lock);
}

bool vgic5_ram_since(struct vgic5_ram *ram, const uint8_t *root, size_t range, uint64_t *pages)
{
    const struct ram_range *of = ram && root && range < ram->nr_ranges ? &ram->ranges[range] : NULL;
    uint16_t *written;
    bool known;

    if (!of)
        return false;
    written = pages ? calloc(ram->nr_frames, sizeof(*written)) : NULL;
    pthread_mutex_lock(&ram->lock);
    known = (written || !pages) && ram_log_since(&ram->log, root, written);
    pthread_mutex_unlock(&ram->lock);
    for (uint64_t n = 0; pages && n < (of->nr_frames + 3) / 4; n++)
        pages[n] = 0;
    for (uint64_t n = 0; pages && known && n < of->nr_frames; n++)
        pages[n / 4] |= (uint64_t)written[of->first + n] << n % 4 * RAM_PAGES_PER_FRAME;
    free(written);
    return known;
}
