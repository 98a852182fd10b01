/* SPDX-License-Identifier: BSD-3-Clause */
/* A source with a position: whole reads, and refusals that say where. */
#ifndef SNAPSHOT_INPUT_H
#define SNAPSHOT_INPUT_H

#include <vgic5/snapshot.h>

struct input {
    struct vgic5_source source;
    uint64_t offset; /* of the next byte */
};

static inline bool input_can_seek(const struct input *input)
{
    return input->source.seek && input->source.length != UINT64_MAX;
}

/* All `size` bytes of `what`; DAMAGED when the source ends before. */
int input_read(struct input *input, void *to, size_t size, const char *what,
               struct vgic5_error *error);
int input_seek(struct input *input, uint64_t offset, struct vgic5_error *error);
/* `size` bytes that the file says it has, into fresh memory. The size is checked against what is
 * left of the file; where that is unknown, memory grows only as bytes arrive. */
int input_read_new(struct input *input, uint8_t **to, uint64_t size, const char *what,
                   struct vgic5_error *error);
/* DAMAGED unless the source ends here. */
int input_check_end(struct input *input, struct vgic5_error *error);

/* A source over a file descriptor, which stays the caller's; seekable if a regular file. */
struct vgic5_source file_source(int *fd);

#endif
