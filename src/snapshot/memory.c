/* SPDX-License-Identifier: BSD-3-Clause */
/* The content of memory sections of an opened snapshot, frame by frame. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "facts/error.h"
#include "facts/sized.h"
#include "snapshot/reader.h"

static const struct section *section_of(const struct vgic5_section *memory)
{
    return (const struct section *)memory;
}

size_t vgic5_snapshot_nr_frames(const struct vgic5_section *memory)
{
    return memory ? section_of(memory)->nr_frames : 0;
}

static void get_record(const struct section *section, size_t n, struct frame_record *record)
{
    frame_record_decode(section->index + n * RECORD_SIZE, record);
}

int vgic5_snapshot_frame_sized(const struct vgic5_section *memory, size_t n,
                               struct vgic5_frame *frame, size_t room)
{
    struct vgic5_frame own;
    const struct section *section = section_of(memory);
    struct frame_record record;

    if (!memory || !frame)
        return -EINVAL;
    if (n >= section->nr_frames)
        return -ENOENT;
    get_record(section, n, &record);
    own = (struct vgic5_frame){
        .offset = (uint64_t)record.number * FRAME_BYTES,
        .size = (uint32_t)frame_size(section->head.size, record.number),
        .stored = record.stored,
        .data = record.data,
        .zero = record.zero,
        .file_offset = section->frame_offsets[n],
        .hash = section->index + n * RECORD_SIZE + RECORD_HASHED,
    };
    sized_give(frame, room, &own, sizeof(own));
    return 0;
}

/* ---- Fetching -------------------------------------------------------------------------------- */

static int frame_damaged(const struct section *section, size_t n, const char *fault,
                         struct vgic5_error *error)
{
    struct frame_record record;
    char where[WHERE_SIZE];

    get_record(section, n, &record);
    section_where(&section->head, section->entry.offset, where);
    return error_damaged(
        error, "%s: frame %" PRIu32 " at offset 0x%" PRIx64 " (guest address 0x%" PRIx64 ") %s",
        where, record.number, section->frame_offsets[n],
        section->head.base + (uint64_t)record.number * FRAME_BYTES, fault);
}

/* The n-th frame's stored bytes, of which record and hash have been checked. */
static int fetch(struct vgic5_snapshot *snapshot, const struct section *section, size_t n,
                 struct frame_record *record, const uint8_t **stored, struct vgic5_error *error)
{
    int ret;

    get_record(section, n, record);
    if (section->kept) {
        *stored = section->kept[n];
    } else {
        *stored = snapshot->frame + RECORD_SIZE;
        ret = input_seek(&snapshot->input, section->frame_offsets[n], error);
        if (ret == 0)
            ret = input_read(&snapshot->input, snapshot->frame, RECORD_SIZE + record->stored,
                             "memory frame", error);
        if (ret != 0)
            return ret;
        if (memcmp(snapshot->frame, section->index + n * RECORD_SIZE, RECORD_SIZE) != 0)
            return frame_damaged(section, n, "has a record that differs from the index", error);
    }
    if (!frame_hash_is_right(record, *stored))
        return frame_damaged(section, n, "does not match its hash", error);
    return 0;
}

/* `to` is where frames are to go. */
static int prepare(struct vgic5_snapshot *snapshot, const struct vgic5_section *memory,
                   const void *to, bool decode, struct vgic5_error *error)
{
    if (!snapshot || !memory || !to)
        return error_absent(error, !snapshot ? "snapshot" : !memory ? "section" : "memory");
    if (memory->kind != SECTION_MEMORY)
        return error_misuse(error, "section %s is not memory", memory->type);
    if (snapshot->frames_go == FRAMES_TO_SINK)
        return error_misuse(error, "memory went to the sink while the snapshot was opened");
    return reader_make_space(snapshot, decode, error);
}

/* ---- What callers ask for -------------------------------------------------------------------- */

int vgic5_snapshot_load_frame(struct vgic5_snapshot *snapshot, const struct vgic5_section *memory,
                              size_t n, void *frame, struct vgic5_error *error)
{
    const struct section *section = section_of(memory);
    struct frame_record record;
    const uint8_t *stored;
    const char *fault;
    int ret = prepare(snapshot, memory, frame, true, error);

    if (ret == 0 && n >= section->nr_frames)
        ret = error_misuse(error, "there is no frame %zu", n);
    if (ret == 0)
        ret = fetch(snapshot, section, n, &record, &stored, error);
    if (ret != 0)
        return ret;
    fault = frame_decode(snapshot->decoder, &record, stored, frame);
    return fault ? frame_damaged(section, n, "does not decompress to its pages", error) : 0;
}

int vgic5_snapshot_load_memory(struct vgic5_snapshot *snapshot, const struct vgic5_section *memory,
                               void *to, struct vgic5_error *error)
{
    int ret = prepare(snapshot, memory, to, true, error);

    for (size_t n = 0; ret == 0 && n < section_of(memory)->nr_frames; n++) {
        struct vgic5_frame frame;

        vgic5_snapshot_frame(memory, n, &frame);
        ret = vgic5_snapshot_load_frame(snapshot, memory, n, (uint8_t *)to + frame.offset, error);
    }
    return ret;
}

int vgic5_snapshot_verify_memory(struct vgic5_snapshot *snapshot,
                                 const struct vgic5_section *memory, struct vgic5_error *error)
{
    const struct section *section = section_of(memory);
    int ret = prepare(snapshot, memory, memory, false, error);

    for (size_t n = 0; ret == 0 && n < section->nr_frames; n++) {
        struct frame_record record;
        const uint8_t *stored;

        ret = fetch(snapshot, section, n, &record, &stored, error);
    }
    return ret;
}
