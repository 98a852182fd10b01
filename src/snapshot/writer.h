/* SPDX-License-Identifier: BSD-3-Clause */
/* A snapshot that is being written, and the steps that its sections share. */
#ifndef SNAPSHOT_WRITER_H
#define SNAPSHOT_WRITER_H

#include "snapshot/layout.h"

struct vgic5_snapshot_writer {
    struct vgic5_sink sink;
    uint64_t offset; /* bytes written so far */
    int failed;      /* the sink's errno, sticky */
    uint8_t header[HEADER_SIZE];
    uint8_t *table; /* entries of the sections written so far */
    size_t nr_sections, capacity;
    uint64_t payload, memory, nr_fields; /* in all, against the limits */
    size_t nr_memory;
    bool incremental;
};

int writer_emit(struct vgic5_snapshot_writer *writer, const void *bytes, size_t size,
                struct vgic5_error *error);
/* Everything that can be refused, before the first byte of the section is written. */
int writer_check_section(struct vgic5_snapshot_writer *writer, const struct section_head *head,
                         struct vgic5_error *error);
int writer_emit_head(struct vgic5_snapshot_writer *writer, const struct section_head *head,
                     struct vgic5_error *error);
/* Write the footer, and enter the section that began at `start` in the table. */
int writer_finish_section(struct vgic5_snapshot_writer *writer, const struct section_head *head,
                          uint64_t start, const struct hash_part *payload, uint32_t nr_frames,
                          struct vgic5_error *error);
/* The trailer that would end the snapshot here goes to `sink`; the writer is as before. */
int writer_end_here(const struct vgic5_snapshot_writer *writer, const struct vgic5_sink *sink,
                    struct vgic5_error *error);

#endif
