/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a snapshot goes: a file, which appears whole or not at all, or a pipe, which has got what
 * it has got: without an end that is no snapshot. */
#ifndef SNAPSHOT_OUTPUT_H
#define SNAPSHOT_OUTPUT_H

#include <vgic5/snapshot.h>

struct output {
    const char *path;               /* the caller\'s */
    struct vgic5_atomic_file *file; /* NULL: a pipe */
    int pipe;
    uint64_t bytes; /* so far */
    bool (*given_up)(void *opaque);
    void *opaque;
    struct vgic5_sink sink; /* into it */
};

/* `given_up` (may be NULL) is asked at each write: then that fails with -ECANCELED. */
int output_open(const char *path, bool (*given_up)(void *opaque), void *opaque,
                struct output *output, struct vgic5_error *error);
const struct vgic5_sink *output_sink(struct output *output); /* its own */
/* With `ret` 0, and not given up, the file becomes visible; else it is not there. Returns the
 * outcome. */
int output_close(struct output *output, int ret, struct vgic5_error *error);

#endif
