/* SPDX-License-Identifier: BSD-3-Clause */
#include "snapshot/remake.h"

#include <string.h>

#include "facts/error.h"
#include "snapshot/chain.h"
#include "snapshot/layout.h"

int remake_begin(const char *path, const char *producer, const uint8_t *base, const char *name,
                 const struct vgic5_progress *progress, struct remake *remake,
                 struct vgic5_error *error)
{
    int ret;

    *remake = (struct remake){.progress = progress ? *progress : (struct vgic5_progress){0}};
    ret = output_open(path, NULL, NULL, &remake->output, error);
    if (ret != 0)
        return ret;
    ret =
        base ? vgic5_snapshot_begin_on(output_sink(&remake->output), producer, base, name,
                                       &remake->writer, error)
             : vgic5_snapshot_begin(output_sink(&remake->output), producer, &remake->writer, error);
    return ret == 0 ? 0 : output_close(&remake->output, ret, error);
}

int remake_end(struct remake *remake, int ret, struct vgic5_error *error)
{
    if (ret == 0)
        ret = vgic5_snapshot_end(remake->writer, error);
    else
        vgic5_snapshot_abort(remake->writer);
    return output_close(&remake->output, ret, error);
}

/* ---- Memory ---------------------------------------------------------------------------------- */

struct frames {
    struct vgic5_chain *chain;
    struct vgic5_pages *pages;
    size_t range;
    bool whole;
    const struct vgic5_progress *progress;
};

/* Which pages the first snapshot itself speaks of. */
static uint16_t own_pages(const struct frames *frames, uint64_t number)
{
    const struct vgic5_section *memory = vgic5_chain_memory(frames->chain, 0, frames->range);
    struct vgic5_frame frame;
    size_t n;

    if (!section_find_frame(memory, number, &n))
        return 0;
    vgic5_snapshot_frame(memory, n, &frame);
    return frame.data | frame.zero;
}

/* The content must stay until all is written: it costs what is stored, as a restored guest does. */
static int next_frame(void *opaque, uint64_t offset, uint32_t size, const void **memory,
                      uint16_t *pages)
{
    struct frames *frames = opaque;
    const struct chain_range *range = &frames->chain->ranges[frames->range];
    uint64_t number = offset / VGIC5_FRAME_SIZE;

    if (frames->progress->done)
        frames->progress->done(frames->progress->opaque, range->first + number,
                               frames->chain->nr_frames);
    if (!frames->whole)
        *pages = own_pages(frames, number);
    else if (vgic5_chain_has_frame(frames->chain, range->first + number))
        *pages = (uint16_t)((1u << size / PAGE_BYTES) - 1);
    return *pages != 0 ? vgic5_pages_frame(frames->pages, range->first + number, memory) : 0;
}

int remake_memory(struct remake *remake, struct vgic5_chain *chain, size_t range, bool whole,
                  struct vgic5_error *error)
{
    struct frames frames = {
        .chain = chain, .range = range, .whole = whole, .progress = &remake->progress};
    const struct vgic5_memory_from from = {
        .size = sizeof(from), .threads = 2, .frame = next_frame, .opaque = &frames};
    const struct chain_range *memory = &chain->ranges[range];
    int ret = vgic5_pages_open(chain, &frames.pages, error);

    if (ret != 0)
        return ret;
    ret = vgic5_snapshot_put_memory_from(remake->writer, memory->base, memory->size, &from, error);
    if (ret != 0 && error && vgic5_pages_error(frames.pages)->cause != VGIC5_CAUSE_NONE)
        error_copy(error, vgic5_pages_error(frames.pages));
    vgic5_pages_close(frames.pages);
    return ret;
}

int remake_section(struct remake *remake, const struct vgic5_section *section,
                   struct vgic5_error *error)
{
    if (section->fields)
        return vgic5_snapshot_put_fields(remake->writer, section->type, section->instance,
                                         section->version, section->required, section->fields,
                                         error);
    return vgic5_snapshot_put_raw(remake->writer, section->kind, section->type, section->instance,
                                  section->version, section->required, section->raw,
                                  section->raw_size, error);
}

/* ---- Joined with what it builds on ----------------------------------------------------------- */

static size_t range_of(const struct vgic5_chain *chain, const struct vgic5_section *memory)
{
    size_t n = 0;

    while (vgic5_chain_memory(chain, 0, n) != memory)
        n++;
    return n;
}

static int copy_all(struct remake *remake, struct vgic5_chain *chain, struct vgic5_error *error)
{
    const struct vgic5_snapshot *top = chain_top(chain);
    int ret = 0;

    for (size_t n = 0; n < vgic5_snapshot_nr_sections(top) && ret == 0; n++) {
        const struct vgic5_section *section = vgic5_snapshot_section(top, n);

        if (section->kind == VGIC5_SECTION_MEMORY)
            ret = remake_memory(remake, chain, range_of(chain, section), true, error);
        else if (strcmp(section->type, SECTION_BASE) != 0)
            ret = remake_section(remake, section, error);
    }
    return ret;
}

int vgic5_chain_flatten(struct vgic5_chain *chain, const char *path,
                        const struct vgic5_progress *progress, struct vgic5_error *error)
{
    struct remake remake;
    int ret;

    if (!chain || !path)
        return error_absent(error, !chain ? "chain" : "path");
    ret = remake_begin(path, vgic5_snapshot_header(chain_top(chain))->producer, NULL, NULL,
                       progress, &remake, error);
    return ret == 0 ? remake_end(&remake, copy_all(&remake, chain, error), error) : ret;
}
