/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/output.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "snapshot/pages.h"
#include "snapshot/pipes.h"
#include "tool/report.h"

static int write_pipe(void *opaque, const void *bytes, size_t size)
{
    const struct output *output = opaque;

    return pipe_write(output->pipe, bytes, size, NULL, NULL);
}

static int open_sink(const char *path, struct output *output, struct vgic5_sink *sink,
                     struct vgic5_error *error)
{
    int status;

    *output = (struct output){.pipe = -1};
    if (pipe_is(path)) {
        *sink = (struct vgic5_sink){write_pipe, output};
        return pipe_open(path, &output->pipe, error);
    }
    status = vgic5_atomic_file_create(path, NULL, &output->file, error);
    if (status == 0)
        *sink = vgic5_atomic_file_sink(output->file);
    return status;
}

/* A pipe has got what it has got: without an end it is no snapshot. */
static int close_sink(struct output *output, int status, struct vgic5_error *error)
{
    if (output->pipe >= 0)
        close(output->pipe);
    else if (status == 0)
        return vgic5_atomic_file_commit(output->file, error);
    else
        vgic5_atomic_file_abandon(output->file);
    return status;
}

int output_begin(const char *path, const char *producer, const uint8_t *base, const char *name,
                 struct output *output, struct vgic5_error *error)
{
    struct vgic5_sink sink;
    int status = open_sink(path, output, &sink, error);

    if (status != 0)
        return status;
    status = base ? vgic5_snapshot_begin_on(sink, producer, base, name, &output->writer, error)
                  : vgic5_snapshot_begin(sink, producer, &output->writer, error);
    return status == 0 ? 0 : close_sink(output, status, error);
}

int output_end(struct output *output, int status, struct vgic5_error *error)
{
    if (status == 0)
        status = vgic5_snapshot_end(output->writer, error);
    else
        vgic5_snapshot_abort(output->writer);
    return close_sink(output, status, error);
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

    if (frames->progress)
        progress_part(frames->progress, offset, frames->pager.size);
    *memory = frames->pager.host + offset;
    if (frames->whole)
        *pages =
            chain_has_frame(frames->pager.chain, number) ? (uint16_t)((1u << size / 4096) - 1) : 0;
    else
        *pages = own_pages(frames->pager.chain, number);
    return *pages != 0 ? pager_need(&frames->pager, number) : 0;
}

int output_memory(struct output *output, struct chain *chain, bool whole, struct vgic5_error *error)
{
    struct frames frames = {.whole = whole, .progress = output->progress};
    const struct vgic5_memory_from from = {
        .size = sizeof(from), .threads = 2, .frame = next_frame, .opaque = &frames};
    const struct vgic5_section *memory = chain_memory(chain);
    int status = pager_open(chain, NULL, &frames.pager, error);

    if (status != 0)
        return status;
    status = vgic5_snapshot_put_memory_from(output->writer, memory->memory_base,
                                            memory->memory_size, &from, error);
    if (status != 0 && frames.pager.error.cause != VGIC5_CAUSE_NONE)
        *error = frames.pager.error;
    pager_close(&frames.pager);
    return status;
}

int output_section(struct output *output, const struct vgic5_section *section,
                   struct vgic5_error *error)
{
    if (section->fields)
        return vgic5_snapshot_put_fields(output->writer, section->type, section->instance,
                                         section->version, section->required, section->fields,
                                         error);
    return vgic5_snapshot_put_raw(output->writer, section->kind, section->type, section->instance,
                                  section->version, section->required, section->raw,
                                  section->raw_size, error);
}
