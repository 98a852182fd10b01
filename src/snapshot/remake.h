/* SPDX-License-Identifier: BSD-3-Clause */
/* A snapshot made of another one, without the machine that it is of. */
#ifndef SNAPSHOT_REMAKE_H
#define SNAPSHOT_REMAKE_H

#include "snapshot/output.h"

struct remake {
    struct output output;
    struct vgic5_snapshot_writer *writer;
    struct vgic5_progress progress;
};

/* `base` (with its name): an incremental one. `progress` may be NULL. */
int remake_begin(const char *path, const char *producer, const uint8_t *base, const char *name,
                 const struct vgic5_progress *progress, struct remake *remake,
                 struct vgic5_error *error);
/* With `ret` 0 the file becomes visible, else it is given up; returns the outcome. */
int remake_end(struct remake *remake, int ret, struct vgic5_error *error);

/* A range of the memory of a chain, whole; or only what the first snapshot of it stores. */
int remake_memory(struct remake *remake, struct vgic5_chain *chain, size_t range, bool whole,
                  struct vgic5_error *error);
/* A section that is not memory, as it is. */
int remake_section(struct remake *remake, const struct vgic5_section *section,
                   struct vgic5_error *error);

#endif
