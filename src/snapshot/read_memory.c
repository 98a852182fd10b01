/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory sections while a snapshot is being opened. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "facts/error.h"
#include "snapshot/reader.h"

/* A record that passed is one that a writer makes here: in range, and behind the one before it. */
static int check_record(const struct section *section, const struct frame_record *record,
                        uint64_t offset, const char *where, struct vgic5_error *error)
{
    const char *fault = frame_record_fault(record, section->head.size, section->incremental);
    struct frame_record before;

    if (!fault && section->nr_frames) {
        frame_record_decode(section->index + (size_t)(section->nr_frames - 1) * RECORD_SIZE,
                            &before);
        if (record->number <= before.number)
            fault = "it does not come after the frame before it";
    }
    if (fault)
        return error_damaged(error, "%s: frame %" PRIu32 " at offset 0x%" PRIx64 ": %s", where,
                             record->number, offset, fault);
    return 0;
}

int reader_make_space(struct vgic5_snapshot *snapshot, bool decode, struct vgic5_error *error)
{
    if (!snapshot->frame)
        snapshot->frame = malloc(RECORD_SIZE + FRAME_BYTES);
    if (decode && !snapshot->pages)
        snapshot->pages = malloc(FRAME_BYTES);
    if (decode && !snapshot->decoder)
        snapshot->decoder = frame_decoder_new();
    if (snapshot->frame && (!decode || (snapshot->pages && snapshot->decoder)))
        return 0;
    return error_no_memory(error, "memory frames");
}

/* ---- Front to back --------------------------------------------------------------------------- */

static int make_room(struct section *section, bool keep)
{
    size_t capacity = section->frame_capacity ? 2 * section->frame_capacity : 64;
    void *grown;

    if (section->nr_frames < section->frame_capacity)
        return 0;
    grown = reallocarray(section->index, capacity, RECORD_SIZE);
    if (!grown)
        return -ENOMEM;
    section->index = grown;
    grown = reallocarray(section->frame_offsets, capacity, sizeof(*section->frame_offsets));
    if (!grown)
        return -ENOMEM;
    section->frame_offsets = grown;
    if (keep) {
        grown = reallocarray(section->kept, capacity, sizeof(*section->kept));
        if (!grown)
            return -ENOMEM;
        section->kept = grown;
    }
    section->frame_capacity = capacity;
    return 0;
}

static int keep_frame(struct vgic5_snapshot *snapshot, struct section *section,
                      const struct frame_record *record, struct vgic5_error *error)
{
    uint8_t *copy;

    if (record->stored > snapshot->keep_limit - snapshot->kept)
        return error_set(error, VGIC5_CAUSE_ENVIRONMENT, -ENOMEM,
                         "the snapshot comes through a pipe and has more than 0x%" PRIx64
                         " bytes of memory frames to keep",
                         snapshot->keep_limit);
    copy = malloc(record->stored);
    if (!copy)
        return error_no_memory(error, "memory frames");
    memcpy(copy, snapshot->frame + RECORD_SIZE, record->stored);
    section->kept[section->nr_frames] = copy;
    snapshot->kept += record->stored;
    return 0;
}

/* The pages that the frame speaks of, each run of them in one piece. */
static int sink_frame(struct vgic5_snapshot *snapshot, struct section *section,
                      const struct frame_record *record, const char *where,
                      struct vgic5_error *error)
{
    uint64_t base = (uint64_t)record->number * FRAME_BYTES;
    const char *fault =
        frame_decode(snapshot->decoder, record, snapshot->frame + RECORD_SIZE, snapshot->pages);
    int ret = 0;

    if (fault)
        return error_damaged(error, "%s: frame %" PRIu32 ": %s", where, record->number, fault);
    for (size_t page = 0, end; page < PAGES_PER_FRAME && ret == 0; page = end) {
        for (end = page; end < PAGES_PER_FRAME && ((record->data | record->zero) >> end & 1); end++)
            ;
        if (end > page)
            ret = snapshot->sink.pages(
                snapshot->sink.opaque, snapshot, &section->public, base + page * PAGE_BYTES,
                snapshot->pages + page * PAGE_BYTES, (end - page) * PAGE_BYTES);
        else
            end = page + 1;
    }
    if (ret != 0)
        return error_set(error, VGIC5_CAUSE_ENVIRONMENT, ret,
                         "%s: cannot put memory at guest address 0x%" PRIx64 ": %s", where,
                         section->head.base + base, strerror(-ret));
    return 0;
}

static int stream_frame(struct vgic5_snapshot *snapshot, struct section *section,
                        const struct frame_record *record, const char *where,
                        struct vgic5_error *error)
{
    uint64_t offset = snapshot->input.offset - RECORD_SIZE;
    int ret = check_record(section, record, offset, where, error);

    if (ret == 0)
        ret = input_read(&snapshot->input, snapshot->frame + RECORD_SIZE, record->stored, where,
                         error);
    if (ret != 0)
        return ret;
    if (!frame_hash_is_right(record, snapshot->frame + RECORD_SIZE))
        return error_damaged(error,
                             "%s: frame %" PRIu32 " at offset 0x%" PRIx64
                             " (guest address 0x%" PRIx64 ") does not match its hash",
                             where, record->number, offset,
                             section->head.base + (uint64_t)record->number * FRAME_BYTES);
    if (make_room(section, snapshot->frames_go == FRAMES_KEPT) != 0)
        return error_no_memory(error, "the index of memory frames");
    if (snapshot->frames_go == FRAMES_KEPT)
        ret = keep_frame(snapshot, section, record, error);
    else if (snapshot->frames_go == FRAMES_TO_SINK)
        ret = sink_frame(snapshot, section, record, where, error);
    if (ret != 0)
        return ret;
    memcpy(section->index + (size_t)section->nr_frames * RECORD_SIZE, snapshot->frame, RECORD_SIZE);
    section->frame_offsets[section->nr_frames++] = offset;
    return 0;
}

/* The index repeats the records that have been read. `raw` is the record in front of it. */
static int stream_index(struct vgic5_snapshot *snapshot, const struct section *section,
                        const uint8_t raw[RECORD_SIZE], const char *where,
                        struct vgic5_error *error)
{
    size_t size = (size_t)section->nr_frames * RECORD_SIZE;
    uint64_t offset = snapshot->input.offset - RECORD_SIZE;
    uint8_t right[RECORD_SIZE];

    index_record_encode(section->index, section->nr_frames, right);
    if (memcmp(raw, right, sizeof(right)) != 0)
        return error_damaged(error,
                             "%s: the record of its index at offset 0x%" PRIx64
                             " does not match the %" PRIu32 " frames before it",
                             where, offset, section->nr_frames);
    for (size_t done = 0, piece; done < size; done += piece) {
        int ret;

        piece = size - done < FRAME_BYTES ? size - done : FRAME_BYTES;
        offset = snapshot->input.offset;
        ret = input_read(&snapshot->input, snapshot->frame, piece, where, error);
        if (ret != 0)
            return ret;
        if (memcmp(snapshot->frame, section->index + done, piece) != 0)
            return error_damaged(
                error, "%s: its index at offset 0x%" PRIx64 " differs from the frames before it",
                where, offset);
    }
    return 0;
}

int reader_stream_memory(struct vgic5_snapshot *snapshot, struct section *section,
                         const char *where, struct vgic5_error *error)
{
    uint8_t raw[RECORD_SIZE];
    struct frame_record record;
    int ret = reader_make_space(snapshot, snapshot->frames_go == FRAMES_TO_SINK, error);

    while (ret == 0) {
        ret = input_read(&snapshot->input, snapshot->frame, RECORD_SIZE, where, error);
        if (ret != 0)
            break;
        frame_record_decode(snapshot->frame, &record);
        if (record.number == RECORD_INDEX)
            break;
        ret = stream_frame(snapshot, section, &record, where, error);
    }
    if (ret != 0)
        return ret;
    memcpy(raw, snapshot->frame, sizeof(raw));
    return stream_index(snapshot, section, raw, where, error);
}

/* ---- By the index ---------------------------------------------------------------------------- */

/* How many frames the footer says there are; that many fit the section and its memory. */
static int read_nr_frames(struct vgic5_snapshot *snapshot, const struct section *section,
                          uint64_t total, const char *where, uint32_t *nr_frames,
                          struct vgic5_error *error)
{
    uint64_t least = SECTION_HEADER_SIZE + RECORD_SIZE + SECTION_FOOTER_SIZE;
    uint8_t raw[SECTION_FOOTER_SIZE];
    struct section_foot foot;
    int ret;

    if (total < least)
        return error_damaged(error, "%s: 0x%" PRIx64 " bytes are too few for a memory section",
                             where, total);
    ret = input_seek(&snapshot->input, section->entry.offset + total - sizeof(raw), error);
    if (ret == 0)
        ret = input_read(&snapshot->input, raw, sizeof(raw), where, error);
    if (ret != 0)
        return ret;
    if (!section_foot_decode(raw, &foot) ||
        (uint64_t)foot.nr_frames * RECORD_SIZE > total - least ||
        foot.nr_frames > (section->head.size + FRAME_BYTES - 1) / FRAME_BYTES)
        return error_damaged(error, "%s: no section footer, or a wrong one, at offset 0x%" PRIx64,
                             where, snapshot->input.offset - sizeof(raw));
    *nr_frames = foot.nr_frames;
    return 0;
}

static int read_index(struct vgic5_snapshot *snapshot, struct section *section, uint32_t nr_frames,
                      const char *where, struct vgic5_error *error)
{
    uint64_t offset = snapshot->input.offset;
    uint8_t raw[RECORD_SIZE], right[RECORD_SIZE];
    int ret = input_read(&snapshot->input, raw, sizeof(raw), where, error);

    if (ret == 0)
        ret = input_read_new(&snapshot->input, &section->index, (uint64_t)nr_frames * RECORD_SIZE,
                             where, error);
    if (ret != 0)
        return ret;
    index_record_encode(section->index, nr_frames, right);
    if (memcmp(raw, right, sizeof(right)) != 0)
        return error_damaged(
            error, "%s: its index at offset 0x%" PRIx64 " does not match the record in front of it",
            where, offset);
    return 0;
}

/* The records in order, the frames without a gap from the section's header to the index at `end`.
 */
static int place_frames(struct section *section, uint32_t nr_frames, uint64_t end,
                        const char *where, struct vgic5_error *error)
{
    uint64_t offset = section->entry.offset + SECTION_HEADER_SIZE;

    for (section->nr_frames = 0; section->nr_frames < nr_frames; section->nr_frames++) {
        struct frame_record record;
        int ret;

        frame_record_decode(section->index + (size_t)section->nr_frames * RECORD_SIZE, &record);
        ret = check_record(section, &record, offset, where, error);
        if (ret != 0)
            return ret;
        section->frame_offsets[section->nr_frames] = offset;
        offset += RECORD_SIZE + record.stored;
    }
    if (offset != end)
        return error_damaged(error,
                             "%s: the frames of its index end at offset 0x%" PRIx64
                             ", the index is at 0x%" PRIx64,
                             where, offset, end);
    return 0;
}

int reader_index_memory(struct vgic5_snapshot *snapshot, struct section *section, uint64_t total,
                        const char *where, struct vgic5_error *error)
{
    uint64_t index_offset;
    uint32_t nr_frames = 0;
    int ret = read_nr_frames(snapshot, section, total, where, &nr_frames, error);

    if (ret != 0)
        return ret;
    index_offset = section->entry.offset + total - SECTION_FOOTER_SIZE - RECORD_SIZE -
                   (uint64_t)nr_frames * RECORD_SIZE;
    ret = input_seek(&snapshot->input, index_offset, error);
    if (ret == 0)
        ret = read_index(snapshot, section, nr_frames, where, error);
    if (ret != 0)
        return ret;
    section->frame_offsets = calloc((size_t)nr_frames + 1, sizeof(*section->frame_offsets));
    if (!section->frame_offsets)
        return error_no_memory(error, "the index of memory frames");
    return place_frames(section, nr_frames, index_offset, where, error);
}
