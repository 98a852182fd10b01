/* SPDX-License-Identifier: BSD-3-Clause */
#include "file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void fuzz_append(struct fuzz_file *file, const void *bytes, size_t size)
{
    if (!file->failed && size > file->room - file->size) {
        size_t room = 2 * (file->size + size);
        uint8_t *grown = realloc(file->bytes, room);

        file->failed = !grown;
        if (grown) {
            file->bytes = grown;
            file->room = room;
        }
    }
    if (file->failed || !size)
        return;
    memcpy(file->bytes + file->size, bytes, size);
    file->size += size;
}

static int sink_write(void *opaque, const void *bytes, size_t size)
{
    struct fuzz_file *file = opaque;

    fuzz_append(file, bytes, size);
    return file->failed ? -ENOMEM : 0;
}

const struct vgic5_sink *fuzz_sink(struct fuzz_file *file)
{
    file->sink = (struct vgic5_sink){sizeof(file->sink), sink_write, file};
    return &file->sink;
}

static long read_bytes(void *opaque, void *to, size_t size)
{
    struct fuzz_reading *reading = opaque;
    size_t left = reading->file->size - reading->at, n = size < left ? size : left;

    if (n)
        memcpy(to, reading->file->bytes + reading->at, n);
    reading->at += n;
    return (long)n;
}

static int seek(void *opaque, uint64_t offset)
{
    struct fuzz_reading *reading = opaque;

    if (offset > reading->file->size)
        return -EINVAL;
    reading->at = (size_t)offset;
    return 0;
}

int fuzz_open(bool pipe, struct fuzz_reading *reading, const struct fuzz_file *file,
              struct vgic5_snapshot **snapshot, struct vgic5_error *error)
{
    const struct vgic5_source source = {.size = sizeof(source),
                                        .read = read_bytes,
                                        .seek = pipe ? NULL : seek,
                                        .length = pipe ? UINT64_MAX : file->size,
                                        .opaque = reading};

    *reading = (struct fuzz_reading){.file = file};
    return vgic5_snapshot_open_source(&source, NULL, snapshot, error);
}
