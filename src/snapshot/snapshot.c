/* SPDX-License-Identifier: BSD-3-Clause */
/* Opening, closing and asking a snapshot. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "facts/error.h"
#include "snapshot/reader.h"

#define KEEP_LIMIT (1ull << 30)

/* ---- Life ------------------------------------------------------------------------------------ */

/* A field of the options is there only if the caller's struct reaches that far. */
#define HAS_OPTION(options, member) \
    ((options) &&                   \
     (options)->size >= offsetof(struct vgic5_open_options, member) + sizeof((options)->member))

static void choose_frames_go(struct vgic5_snapshot *snapshot,
                             const struct vgic5_open_options *options)
{
    snapshot->keep_limit = KEEP_LIMIT;
    if (HAS_OPTION(options, keep_limit) && options->keep_limit)
        snapshot->keep_limit = options->keep_limit;
    if (input_can_seek(&snapshot->input)) {
        snapshot->frames_go = FRAMES_STAY;
    } else if (HAS_OPTION(options, memory_sink) && options->memory_sink) {
        snapshot->frames_go = FRAMES_TO_SINK;
        snapshot->sink = *options->memory_sink;
    } else {
        snapshot->frames_go = FRAMES_KEPT;
    }
}

static struct vgic5_snapshot *snapshot_new(struct vgic5_source source,
                                           const struct vgic5_open_options *options)
{
    struct vgic5_snapshot *snapshot = calloc(1, sizeof(*snapshot));

    if (!snapshot)
        return NULL;
    snapshot->fd = -1;
    snapshot->input.source = source;
    choose_frames_go(snapshot, options);
    return snapshot;
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

int vgic5_snapshot_open_source(struct vgic5_source source, const struct vgic5_open_options *options,
                               struct vgic5_snapshot **snapshot, struct vgic5_error *error)
{
    struct vgic5_snapshot *fresh = snapshot_new(source, options);
    int ret;

    *snapshot = NULL;
    if (!fresh)
        return error_no_memory(error, "the snapshot reader");
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
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct vgic5_snapshot *fresh;
    int ret;

    *snapshot = NULL;
    if (fd < 0)
        return error_set(error, VGIC5_CAUSE_ENVIRONMENT, -errno, "cannot open %.400s: %s", path,
                         strerror(errno));
    fresh = snapshot_new(file_source(&fd), NULL);
    if (!fresh) {
        close(fd);
        return error_no_memory(error, "the snapshot reader");
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

int vgic5_snapshot_read_header(struct vgic5_source source, struct vgic5_snapshot_header *header,
                               struct vgic5_error *error)
{
    struct input input = {.source = source};
    uint8_t raw[HEADER_SIZE];
    int ret = input_read(&input, raw, sizeof(raw), "file header", error);

    return ret == 0 ? header_decode(raw, header, error) : ret;
}

/* ---- Asking ---------------------------------------------------------------------------------- */

const struct vgic5_snapshot_header *vgic5_snapshot_header(const struct vgic5_snapshot *snapshot)
{
    return &snapshot->header;
}

const uint8_t *vgic5_snapshot_root(const struct vgic5_snapshot *snapshot)
{
    return snapshot->root;
}

size_t vgic5_snapshot_nr_sections(const struct vgic5_snapshot *snapshot)
{
    return snapshot->nr_sections;
}

const struct vgic5_section *vgic5_snapshot_section(const struct vgic5_snapshot *snapshot, size_t n)
{
    return n < snapshot->nr_sections ? &snapshot->sections[n]->public : NULL;
}

const struct vgic5_section *vgic5_snapshot_find(const struct vgic5_snapshot *snapshot,
                                                const char *type, uint64_t instance)
{
    for (size_t i = 0; i < snapshot->nr_sections; i++) {
        const struct vgic5_section *section = &snapshot->sections[i]->public;

        if (section->instance == instance && strcmp(section->type, type) == 0)
            return section;
    }
    return NULL;
}

static bool is_known(const struct vgic5_section *section, const char *const *known, size_t nr_known)
{
    if (section->kind > SECTION_MEMORY)
        return false;
    for (size_t i = 0; i < nr_known; i++) {
        if (strcmp(section->type, known[i]) == 0)
            return true;
    }
    return false;
}

int vgic5_snapshot_require_known(const struct vgic5_snapshot *snapshot, const char *const *known,
                                 size_t nr_known, struct vgic5_error *error)
{
    for (size_t i = 0; i < snapshot->nr_sections; i++) {
        const struct section *section = snapshot->sections[i];
        char where[WHERE_SIZE];

        if (!section->public.required || is_known(&section->public, known, nr_known))
            continue;
        section_where(&section->head, section->entry.offset, where);
        return error_unfit(error,
                           "%s (kind %" PRIu32 ", version %" PRIu32
                           ") is required and not known to this program; written by "
                           "\"%s\", format %u.%u",
                           where, section->head.kind, section->head.version,
                           snapshot->header.producer, snapshot->header.major,
                           snapshot->header.minor);
    }
    return 0;
}
