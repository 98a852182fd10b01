/* SPDX-License-Identifier: BSD-3-Clause */
/* A snapshot from its header to its end, on the two ways: front to back, and by the section table.
 */
#include "snapshot/reader.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot/bytes.h"
#include "facts/error.h"

int reader_read_header(struct vgic5_snapshot *snapshot, struct vgic5_error *error)
{
    uint8_t fixed[HEADER_SIZE];
    int ret = input_read(&snapshot->input, fixed, sizeof(fixed), "file header", error);

    if (ret == 0)
        ret = header_decode(fixed, &snapshot->header, error);
    if (ret == 0)
        ret = header_check_version(&snapshot->header, error);
    if (ret == 0 && !bytes_all_zero(fixed + 104, 16))
        ret = error_damaged(error, "file header at offset 0x68: reserved bytes are not zero");
    if (ret != 0)
        return ret;
    free(snapshot->raw_header);
    snapshot->raw_header = malloc(snapshot->header.header_size);
    if (!snapshot->raw_header)
        return error_no_memory(error, "the file header");
    memcpy(snapshot->raw_header, fixed, sizeof(fixed));
    return input_read(&snapshot->input, snapshot->raw_header + sizeof(fixed),
                      snapshot->header.header_size - sizeof(fixed), "file header", error);
}

static void section_free(struct section *section)
{
    for (uint32_t i = 0; section->kept && i < section->nr_frames; i++)
        free(section->kept[i]);
    free(section->kept);
    free(section->frame_offsets);
    free(section->index);
    free(section->raw);
    vgic5_fields_free(section->fields);
    free(section);
}

void reader_forget(struct vgic5_snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->nr_sections; i++)
        section_free(snapshot->sections[i]);
    free(snapshot->sections);
    snapshot->sections = NULL;
    snapshot->nr_sections = snapshot->capacity = 0;
    snapshot->nr_memory = 0;
    snapshot->payload = snapshot->memory = snapshot->nr_fields = snapshot->kept = 0;
}

/* ---- Trailer --------------------------------------------------------------------------------- */

struct trailer {
    uint64_t offset; /* of the table's header */
    uint8_t head[SECTION_HEADER_SIZE];
    uint8_t *entries;
    size_t nr_entries;
    struct file_end end;
};

static int read_entries(struct vgic5_snapshot *snapshot, struct trailer *trailer,
                        struct vgic5_error *error)
{
    uint8_t right[SECTION_HEADER_SIZE];
    uint64_t count = get_u64(trailer->head + 40);

    table_head_encode(count, right);
    if (count > MAX_SECTIONS || memcmp(trailer->head, right, sizeof(right)) != 0)
        return error_damaged(error,
                             "section table at offset 0x%" PRIx64 ": its header is malformed",
                             trailer->offset);
    trailer->nr_entries = (size_t)count;
    return input_read_new(&snapshot->input, &trailer->entries, count * TABLE_ENTRY_SIZE,
                          "section table", error);
}

static int read_end(struct vgic5_snapshot *snapshot, struct trailer *trailer,
                    struct vgic5_error *error)
{
    uint64_t offset = snapshot->input.offset;
    uint8_t raw[END_SIZE];
    int ret = input_read(&snapshot->input, raw, sizeof(raw), "end record", error);

    if (ret == 0 && !file_end_decode(raw, &trailer->end))
        ret = error_damaged(error, "end record at offset 0x%" PRIx64 ": magic or checksum is wrong",
                            offset);
    return ret;
}

/* The end record against the rest of the trailer, and against where the file really ends. */
static int check_end(struct vgic5_snapshot *snapshot, const struct trailer *trailer,
                     struct vgic5_error *error)
{
    const struct hash_part header = {snapshot->raw_header, snapshot->header.header_size};
    const struct hash_part entries = {trailer->entries, trailer->nr_entries * TABLE_ENTRY_SIZE};

    if (trailer->end.table_offset != trailer->offset ||
        trailer->end.file_size != snapshot->input.offset)
        return error_damaged(error,
                             "end record at offset 0x%" PRIx64
                             ": it says the table is at 0x%" PRIx64 " and the file has 0x%" PRIx64
                             " bytes, 0x%" PRIx64 " and 0x%" PRIx64 " are right",
                             snapshot->input.offset - END_SIZE, trailer->end.table_offset,
                             trailer->end.file_size, trailer->offset, snapshot->input.offset);
    root_hash(&header, trailer->head, &entries, snapshot->root);
    if (memcmp(snapshot->root, trailer->end.root, sizeof(snapshot->root)) != 0)
        return error_damaged(error,
                             "section table at offset 0x%" PRIx64
                             ": file header and table do not match the root hash",
                             trailer->offset);
    return 0;
}

/* The table against the sections that have been read. */
static int check_entries(const struct vgic5_snapshot *snapshot, const struct trailer *trailer,
                         struct vgic5_error *error)
{
    for (size_t i = 0; i < snapshot->nr_sections && i < trailer->nr_entries; i++) {
        const struct section *section = snapshot->sections[i];
        uint8_t right[TABLE_ENTRY_SIZE];
        char where[WHERE_SIZE];

        table_entry_encode(section->raw_head, &section->entry, right);
        section_where(&section->head, section->entry.offset, where);
        if (memcmp(trailer->entries + i * TABLE_ENTRY_SIZE, right, sizeof(right)) != 0)
            return error_damaged(error,
                                 "section table at offset 0x%" PRIx64 ": entry %zu differs from %s",
                                 trailer->offset, i, where);
    }
    if (snapshot->nr_sections != trailer->nr_entries)
        return error_damaged(error,
                             "section table at offset 0x%" PRIx64
                             ": it has %zu entries, the file %zu sections",
                             trailer->offset, trailer->nr_entries, snapshot->nr_sections);
    return 0;
}

/* ---- Front to back --------------------------------------------------------------------------- */

static int stream_sections(struct vgic5_snapshot *snapshot, struct trailer *trailer,
                           struct vgic5_error *error)
{
    struct section_head head;
    int ret = 0;

    while (ret == 0) {
        trailer->offset = snapshot->input.offset;
        ret = input_read(&snapshot->input, trailer->head, sizeof(trailer->head), "section header",
                         error);
        if (ret == 0)
            ret = section_head_decode(trailer->head, trailer->offset, &head, error);
        if (ret != 0 || head.kind == SECTION_TABLE)
            break;
        ret = reader_read_section(snapshot, trailer->head, 0, error);
    }
    return ret;
}

int reader_front_to_back(struct vgic5_snapshot *snapshot, struct vgic5_error *error)
{
    struct trailer trailer = {0};
    int ret = reader_read_header(snapshot, error);

    if (ret == 0)
        ret = stream_sections(snapshot, &trailer, error);
    if (ret == 0)
        ret = read_entries(snapshot, &trailer, error);
    if (ret == 0)
        ret = check_entries(snapshot, &trailer, error);
    if (ret == 0)
        ret = read_end(snapshot, &trailer, error);
    if (ret == 0)
        ret = check_end(snapshot, &trailer, error);
    if (ret == 0)
        ret = input_check_end(&snapshot->input, error);
    if (ret == 0)
        ret = reader_check_base(snapshot, error);
    free(trailer.entries);
    return ret;
}

/* ---- By the table ---------------------------------------------------------------------------- */

static int find_table(struct vgic5_snapshot *snapshot, struct trailer *trailer,
                      struct vgic5_error *error)
{
    uint64_t size = snapshot->input.source.length;
    int ret;

    if (size < snapshot->header.header_size + SECTION_HEADER_SIZE + END_SIZE)
        return error_damaged(error, "the file is cut off at offset 0x%" PRIx64, size);
    ret = input_seek(&snapshot->input, size - END_SIZE, error);
    if (ret == 0)
        ret = read_end(snapshot, trailer, error);
    if (ret != 0)
        return ret;
    trailer->offset = trailer->end.table_offset;
    if (trailer->offset < snapshot->header.header_size ||
        trailer->offset > size - END_SIZE - SECTION_HEADER_SIZE)
        return error_damaged(
            error, "end record at offset 0x%" PRIx64 ": no room for a section table at 0x%" PRIx64,
            size - END_SIZE, trailer->offset);
    return input_seek(&snapshot->input, trailer->offset, error);
}

static int read_trailer(struct vgic5_snapshot *snapshot, struct trailer *trailer,
                        struct vgic5_error *error)
{
    int ret = find_table(snapshot, trailer, error);

    if (ret == 0)
        ret = input_read(&snapshot->input, trailer->head, sizeof(trailer->head), "section table",
                         error);
    if (ret == 0)
        ret = read_entries(snapshot, trailer, error);
    if (ret != 0)
        return ret;
    if (snapshot->input.offset + END_SIZE != snapshot->input.source.length)
        return error_damaged(error,
                             "section table at offset 0x%" PRIx64 " does not end at the end record",
                             trailer->offset);
    snapshot->input.offset += END_SIZE; /* read already; check_end looks at where the file ends */
    ret = check_end(snapshot, trailer, error);
    snapshot->input.offset -= END_SIZE;
    return ret;
}

static int read_listed(struct vgic5_snapshot *snapshot, const struct trailer *trailer, size_t i,
                       uint64_t offset, struct vgic5_error *error)
{
    const uint8_t *raw_entry = trailer->entries + i * TABLE_ENTRY_SIZE;
    const char *type = (const char *)raw_entry + 8;
    uint8_t raw_head[SECTION_HEADER_SIZE];
    struct table_entry entry;
    int ret;

    table_entry_decode(raw_entry, &entry);
    if (entry.offset != offset || entry.total < sizeof(raw_head) ||
        entry.total > trailer->offset - offset)
        return error_damaged(error,
                             "section table at offset 0x%" PRIx64 ": entry %zu, 0x%" PRIx64
                             " bytes at 0x%" PRIx64 ", leaves a gap or overlaps",
                             trailer->offset, i, entry.total, entry.offset);
    ret = input_seek(&snapshot->input, offset, error);
    if (ret == 0)
        ret = input_read(&snapshot->input, raw_head, sizeof(raw_head), "section header", error);
    if (ret != 0)
        return ret;
    if (memcmp(raw_head, raw_entry, sizeof(raw_head)) != 0)
        return error_damaged(error,
                             "section header at offset 0x%" PRIx64
                             " differs from entry %zu (%s) of the section table",
                             offset, i, section_type_is_valid(type) ? type : "no name");
    ret = reader_read_section(snapshot, raw_head, entry.total, error);
    if (ret == 0 && snapshot->input.offset != offset + entry.total)
        ret =
            error_damaged(error,
                          "section table at offset 0x%" PRIx64 ": entry %zu has 0x%" PRIx64
                          " bytes, the section at offset 0x%" PRIx64 " has 0x%" PRIx64,
                          trailer->offset, i, entry.total, offset, snapshot->input.offset - offset);
    return ret;
}

static int read_all_listed(struct vgic5_snapshot *snapshot, const struct trailer *trailer,
                           struct vgic5_error *error)
{
    uint64_t offset = snapshot->header.header_size;
    int ret = 0;

    for (size_t i = 0; i < trailer->nr_entries && ret == 0; i++) {
        ret = read_listed(snapshot, trailer, i, offset, error);
        offset = snapshot->input.offset;
    }
    if (ret == 0 && offset != trailer->offset)
        ret =
            error_damaged(error, "0x%" PRIx64 " bytes at offset 0x%" PRIx64 " belong to no section",
                          trailer->offset - offset, offset);
    return ret == 0 ? check_entries(snapshot, trailer, error) : ret;
}

/* The trailer is no good: what breaks first on the way to it says more. */
static int diagnose(struct vgic5_snapshot *snapshot, int ret, struct vgic5_error *error)
{
    struct vgic5_error found = {0};
    int again = input_seek(&snapshot->input, 0, &found);

    snapshot->frames_go = FRAMES_DROPPED;
    if (again == 0)
        again = reader_front_to_back(snapshot, &found);
    if (again == -EBADMSG)
        error_copy(error, &found);
    return ret;
}

int reader_by_table(struct vgic5_snapshot *snapshot, struct vgic5_error *error)
{
    struct trailer trailer = {0};
    int ret = reader_read_header(snapshot, error);

    if (ret == 0) {
        ret = read_trailer(snapshot, &trailer, error);
        if (ret == -EBADMSG)
            ret = diagnose(snapshot, ret, error);
    }
    if (ret == 0)
        ret = read_all_listed(snapshot, &trailer, error);
    if (ret == 0)
        ret = reader_check_base(snapshot, error);
    free(trailer.entries);
    return ret;
}
