/* SPDX-License-Identifier: BSD-3-Clause */
/* A snapshot file in memory: written through a sink, read as a file or as a pipe. */
#ifndef FUZZ_FILE_H
#define FUZZ_FILE_H

#include <vgic5/snapshot.h>

struct fuzz_file {
    uint8_t *bytes;
    size_t size, room;
    bool failed; /* no memory */
    struct vgic5_sink sink;
};
void fuzz_append(struct fuzz_file *file, const void *bytes, size_t size);
const struct vgic5_sink *fuzz_sink(struct fuzz_file *file);

/* Where a reader is in it; it lives as long as the snapshot is open. */
struct fuzz_reading {
    const struct fuzz_file *file;
    size_t at;
};
int fuzz_open(bool pipe, struct fuzz_reading *reading, const struct fuzz_file *file,
              struct vgic5_snapshot **snapshot, struct vgic5_error *error);

#endif
