/* SPDX-License-Identifier: BSD-3-Clause */
#include "output.h"

#include <string.h>
#include <sys/mman.h>

#include "pager.h"
#include "report.h"

int output_begin(const char *path, const char *producer, const uint8_t *base, const char *name,
                 struct output *output, struct vgic5_error *error)
{
    int status = vgic5_atomic_file_create(path, NULL, &output->file, error);
    struct vgic5_sink sink;

    output->writer = NULL;
    output->progress = NULL;
    if (status != 0)
        return status;
    sink = vgic5_atomic_file_sink(output->file);
    status = base != NULL
                 ? vgic5_snapshot_begin_on(sink, producer, base, name, &output->writer, error)
                 : vgic5_snapshot_begin(sink, producer, &output->writer, error);
    if (status != 0)
        vgic5_atomic_file_abandon(output->file);
    return status;
}

int output_end(struct output *output, int status, struct vgic5_error *error)
{
    if (status == 0)
        status = vgic5_snapshot_end(output->writer, error);
    else
        vgic5_snapshot_abort(output->writer);
    if (status == 0)
        return vgic5_atomic_file_commit(output->file, error);
    vgic5_atomic_file_abandon(output->file);
    return status;
}

/* ---- Memory ---------------------------------------------------------------------------------- */

struct frames {
    struct pager pager;
    bool whole;
    struct progress *progress;
};

/* Which pages the first snapshot itself speaks of. */
static uint16_t own_pages(const struct chain *chain, uint64_t number)
{
    struct vgic5_frame frame;
    size_t n;

    if (!section_find_frame(chain_memory(chain), number, &n))
        return 0;
    vgic5_snapshot_frame(chain_memory(chain), n, &frame);
    return frame.data | frame.zero;
}

/* The content must stay until all is written: it costs what is stored, as a restored guest does. */
static int next_frame(void *opaque, uint64_t offset, uint32_t size, const void **memory,
                      uint16_t *pages)
{
    struct frames *frames = opaque;
    uint64_t number = offset / VGIC5_FRAME_SIZE;

    if (frames->progress != NULL)
        progress_part(frames->progress, offset, frames->pager.size);
    *memory = frames->pager.host + offset;
    if (frames->whole)
        *pages = chain_has_frame(frames->pager.chain, number)
                     ? (uint16_t)((1u << size / 4096) - 1) : 0;
    else
        *pages = own_pages(frames->pager.chain, number);
    return *pages != 0 ? pager_need(&frames->pager, number) : 0;
}

int output_memory(struct output *output, struct chain *chain, bool whole,
                  struct vgic5_error *error)
{
    struct frames frames = { .whole = whole, .progress = output->progress };
    const struct vgic5_memory_from from = { .size = sizeof from, .threads = 2,
                                            .frame = next_frame, .opaque = &frames };
    const struct vgic5_section *memory = chain_memory(chain);
    int status = pager_open(chain, NULL, &frames.pager, error);

    if (status != 0)
        return status;
    status = vgic5_snapshot_put_memory_from(output->writer, memory->memory_base,
                                            memory->memory_size, &from, error);
    if (status != 0 && frames.pager.error.exit_code != 0)
        *error = frames.pager.error;
    pager_close(&frames.pager);
    return status;
}

int output_section(struct output *output, const struct vgic5_section *section,
                   struct vgic5_error *error)
{
    if (section->fields != NULL)
        return vgic5_snapshot_put_fields(output->writer, section->type, section->instance,
                                         section->version, section->required, section->fields,
                                         error);
    return vgic5_snapshot_put_raw(output->writer, section->kind, section->type, section->instance,
                                  section->version, section->required, section->raw,
                                  section->raw_size, error);
}
