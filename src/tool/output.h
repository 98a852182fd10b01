/* SPDX-License-Identifier: BSD-3-Clause */
/* A snapshot file made from others, without a machine: it appears whole or not at all. */
#ifndef TOOL_OUTPUT_H
#define TOOL_OUTPUT_H

#include "snapshot/chain.h"
#include "tool/run/progress.h"

struct output {
    struct vgic5_atomic_file *file; /* NULL: a pipe */
    int pipe;
    struct vgic5_snapshot_writer *writer;
    struct progress *progress; /* may be NULL */
};

/* `base` (with its name): an incremental one. */
int output_begin(const char *path, const char *producer, const uint8_t *base, const char *name,
                 struct output *output, struct vgic5_error *error);
/* With `status` 0 the file becomes visible, else it is given up; returns the outcome. */
int output_end(struct output *output, int status, struct vgic5_error *error);

/* The memory of a chain, whole; or only what the first snapshot of it stores. */
int output_memory(struct output *output, struct chain *chain, bool whole,
                  struct vgic5_error *error);
/* A section that is not memory, as it is. */
int output_section(struct output *output, const struct vgic5_section *section,
                   struct vgic5_error *error);

#endif
