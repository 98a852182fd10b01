/* SPDX-License-Identifier: BSD-3-Clause */
/* Opening and closing a snapshot. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "facts/error.h"
#include "facts/sized.h"
#include "snapshot/reader.h"

#define KEEP_LIMIT (1ull << 30)
#define SOURCE_FIRST_SIZE SIZE_WITH(struct vgic5_source, opaque)

/* ---- Life ------------------------------------------------------------------------------------ */

/* A field of the options is there only if the caller's struct reaches that far. */
#define HAS_OPTION(options, member) \
    ((options) &&                   \
     (options)->size >= offsetof(struct vgic5_open_options, member) + sizeof((options)->member))

static bool choose_frames_go(struct vgic5_snapshot *snapshot,
                             const struct vgic5_open_options *options)
{
    snapshot->keep_limit = KEEP_LIMIT;
    if (HAS_OPTION(options, keep_limit) && options->keep_limit)
        snapshot->keep_limit = options->keep_limit;
    if (input_can_seek(&snapshot->input)) {
        snapshot->frames_go = FRAMES_STAY;
    } else if (HAS_OPTION(options, memory_sink) && options->memory_sink) {
        snapshot->frames_go = FRAMES_TO_SINK;
        return sized_take(&snapshot->sink, sizeof(snapshot->sink), options->memory_sink,
                          SIZE_WITH(struct vgic5_memory_sink, opaque));
    } else {
        snapshot->frames_go = FRAMES_KEPT;
    }
    return true;
}

static int snapshot_new(const struct vgic5_source *source, const struct vgic5_open_options *options,
                        struct vgic5_snapshot **snapshot, struct vgic5_error *error)
{
    struct vgic5_snapshot *fresh = calloc(1, sizeof(*fresh));

    if (!fresh)
        return error_no_memory(error, "the snapshot reader");
    fresh->fd = -1;
    if (!sized_take(&fresh->input.source, sizeof(fresh->input.source), source, SOURCE_FIRST_SIZE) ||
        !fresh->input.source.read) {
        free(fresh);
        return error_misuse(error, "the source's size is %u, or it has no read", source->size);
    }
    if (!choose_frames_go(fresh, options)) {
        free(fresh);
        return error_misuse(error, "the memory sink's size is %u", options->memory_sink->size);
    }
    *snapshot = fresh;
    return 0;
}

void vgic5_snapshot_close(struct vgic5_snapshot *snapshot)
{
    if (!snapshot)
        return;
    reader_forget(snapshot);
    if (snapshot->fd >= 0)
        close(snapshot->fd);
    frame_decoder_free(snapshot->decoder);
    free(snapshot->pages);
    free(snapshot->frame);
    free(snapshot->raw_header);
    free(snapshot);
}

int vgic5_snapshot_open_source(const struct vgic5_source *source,
                               const struct vgic5_open_options *options,
                               struct vgic5_snapshot **snapshot, struct vgic5_error *error)
{
    struct vgic5_snapshot *fresh;
    int ret;

    if (!source || !snapshot)
        return error_absent(error, !source ? "source" : "place for the snapshot");
    ret = snapshot_new(source, options, &fresh, error);
    *snapshot = NULL;
    if (ret != 0)
        return ret;
    ret = fresh->frames_go == FRAMES_STAY ? reader_by_table(fresh, error)
                                          : reader_front_to_back(fresh, error);
    if (ret == 0)
        *snapshot = fresh;
    else
        vgic5_snapshot_close(fresh);
    return ret;
}

/* As the function above, with the descriptor in the snapshot, where the source finds it until
 * close. */
int vgic5_snapshot_open_file(const char *path, struct vgic5_snapshot **snapshot,
                             struct vgic5_error *error)
{
    struct vgic5_snapshot *fresh;
    struct vgic5_source source;
    int fd, ret;

    if (!path || !snapshot)
        return error_absent(error, !path ? "path" : "place for the snapshot");
    *snapshot = NULL;
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set(error, VGIC5_CAUSE_ENVIRONMENT, -errno, "cannot open %.400s: %s", path,
                         strerror(errno));
    source = file_source(&fd);
    ret = snapshot_new(&source, NULL, &fresh, error);
    if (ret != 0) {
        close(fd);
        return ret;
    }
    fresh->fd = fd;
    fresh->input.source.opaque = &fresh->fd;
    ret = fresh->frames_go == FRAMES_STAY ? reader_by_table(fresh, error)
                                          : reader_front_to_back(fresh, error);
    if (ret == 0)
        *snapshot = fresh;
    else
        vgic5_snapshot_close(fresh);
    return ret;
}

int vgic5_snapshot_read_header_sized(const struct vgic5_source *source,
                                     struct vgic5_snapshot_header *header, size_t size,
                                     struct vgic5_error *error)
{
    struct vgic5_snapshot_header own;
    struct input input = {.offset = 0};
    uint8_t raw[HEADER_SIZE];
    int ret;

    if (!source || !header)
        return error_absent(error, !source ? "source" : "place for the header");
    if (!sized_take(&input.source, sizeof(input.source), source, SOURCE_FIRST_SIZE) ||
        !input.source.read)
        return error_misuse(error, "the source's size is %u, or it has no read", source->size);
    ret = input_read(&input, raw, sizeof(raw), "file header", error);
    if (ret == 0)
        ret = header_decode(raw, &own, error);
    if (ret == 0)
        sized_give(header, size, &own, sizeof(own));
    return ret;
}
