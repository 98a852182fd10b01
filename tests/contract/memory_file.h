/* SPDX-License-Identifier: BSD-3-Clause */
/* Snapshots of a state: as bytes to compare, and as a file to read back. */
#ifndef TESTS_CONTRACT_MEMORY_FILE_H
#define TESTS_CONTRACT_MEMORY_FILE_H

#include "vmm.h"

struct memory_file {
    size_t size;
    uint8_t *bytes;
};

/* Sections of the state in a snapshot. Fails the test when anything goes wrong. */
struct memory_file memory_file_of(const struct vgic5_state *state);
void memory_file_free(struct memory_file *file);

/* A snapshot with sections that the caller puts (`put` may be NULL for none), opened. */
typedef void put_sections(struct vgic5_snapshot_writer *writer, void *context);
struct vgic5_snapshot *memory_snapshot(put_sections *put, void *context);
struct vgic5_snapshot *memory_snapshot_of(const struct vgic5_state *state);

#endif
