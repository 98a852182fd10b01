/* SPDX-License-Identifier: BSD-3-Clause */
/* An opened snapshot, and the steps of opening one. */
#ifndef SNAPSHOT_READER_H
#define SNAPSHOT_READER_H

#include "snapshot/frame.h"
#include "snapshot/input.h"
#include "snapshot/layout.h"

/* What becomes of memory frames while the snapshot is being opened. */
enum frames_go {
    FRAMES_STAY,    /* in the file, read when asked for */
    FRAMES_KEPT,    /* compressed, in memory */
    FRAMES_TO_SINK, /* decoded, to the caller */
    FRAMES_DROPPED, /* only looked at */
};

struct section {
    struct vgic5_section public; /* first: a pointer to it is a pointer to the section */
    struct section_head head;
    uint8_t raw_head[SECTION_HEADER_SIZE];
    struct table_entry entry;
    struct vgic5_fields *fields;
    uint8_t *raw; /* of an unknown kind */
    /* Memory: */
    bool incremental;
    uint8_t *index; /* nr_frames records, as in the file */
    uint32_t nr_frames;
    size_t frame_capacity;
    uint64_t *frame_offsets; /* of their records in the file */
    uint8_t **kept;          /* their stored bytes, for FRAMES_KEPT */
};

struct vgic5_snapshot {
    struct input input;
    int fd; /* that vgic5_snapshot_open_file opened, or -1 */
    enum frames_go frames_go;
    struct vgic5_memory_sink sink;
    uint64_t keep_limit, kept;
    struct vgic5_snapshot_header header;
    uint8_t *raw_header;
    struct section **sections;
    size_t nr_sections, capacity;
    uint64_t payload, memory, nr_fields; /* so far, against the limits */
    size_t nr_memory;
    uint8_t root[SNAPSHOT_HASH_SIZE];
    uint8_t *frame; /* the frame under way, as in the file */
    uint8_t *pages; /* the same as in the guest, on the way to the sink */
    struct frame_decoder *decoder;
};

/* Allocate `frame`, and to decode also `pages` and `decoder`, unless they are there. */
int reader_make_space(struct vgic5_snapshot *snapshot, bool decode, struct vgic5_error *error);

/* "section vcpu[3] at offset 0x1a40" */
#define WHERE_SIZE 96u
void section_where(const struct section_head *head, uint64_t offset, char where[WHERE_SIZE]);

int reader_read_header(struct vgic5_snapshot *snapshot, struct vgic5_error *error);
/* Read and check the section whose header has just been read, and add it to the list. `total` is
 * its length where a table has told it, else 0. */
int reader_read_section(struct vgic5_snapshot *snapshot,
                        const uint8_t raw_head[SECTION_HEADER_SIZE], uint64_t total,
                        struct vgic5_error *error);
/* The frames and index of a memory section, up to its footer: front to back, or by its index. */
int reader_stream_memory(struct vgic5_snapshot *snapshot, struct section *section,
                         const char *where, struct vgic5_error *error);
int reader_index_memory(struct vgic5_snapshot *snapshot, struct section *section, uint64_t total,
                        const char *where, struct vgic5_error *error);

/* Everything from the header to the end. */
int reader_front_to_back(struct vgic5_snapshot *snapshot, struct vgic5_error *error);
int reader_by_table(struct vgic5_snapshot *snapshot, struct vgic5_error *error);
/* base.c: an incremental snapshot, and only such a one, says what it builds on. */
int reader_check_base(const struct vgic5_snapshot *snapshot, struct vgic5_error *error);
/* Forget all sections. */
void reader_forget(struct vgic5_snapshot *snapshot);

#endif
