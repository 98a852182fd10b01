/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot/error.h"
#include "snapshot/fields.h"
#include "snapshot/frame.h"
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
    struct frame_encoder *encoder;
};

/* ---- Output ---------------------------------------------------------------------------------- */

static int emit(struct vgic5_snapshot_writer *writer, const void *bytes, size_t size,
                struct vgic5_error *error)
{
    int result = size ? writer->sink.write(writer->sink.opaque, bytes, size) : 0;

    if (result != 0) {
        writer->failed = result;
        return snapshot_fail(error, SNAPSHOT_EXIT_ENVIRONMENT, -result,
                             "cannot write the snapshot at offset 0x%" PRIx64 ": %s",
                             writer->offset, strerror(-result));
    }
    writer->offset += size;
    return 0;
}

int vgic5_snapshot_begin(struct vgic5_sink sink, const char *producer,
                         struct vgic5_snapshot_writer **writer, struct vgic5_error *error)
{
    struct vgic5_snapshot_writer *fresh;
    int result;

    *writer = NULL;
    if (!producer_is_valid(producer))
        return snapshot_misuse(error, "the producer's name is not 0..%u printable characters",
                               MAX_PRODUCER);
    fresh = calloc(1, sizeof(*fresh));
    if (fresh)
        fresh->encoder = frame_encoder_new();
    if (!fresh || !fresh->encoder) {
        vgic5_snapshot_abort(fresh);
        return snapshot_no_memory(error, "the snapshot writer");
    }
    fresh->sink = sink;
    header_encode(producer, fresh->header);
    result = emit(fresh, fresh->header, HEADER_SIZE, error);
    if (result != 0)
        vgic5_snapshot_abort(fresh);
    else
        *writer = fresh;
    return result;
}

void vgic5_snapshot_abort(struct vgic5_snapshot_writer *writer)
{
    if (!writer)
        return;
    frame_encoder_free(writer->encoder);
    free(writer->table);
    free(writer);
}

/* ---- Sections -------------------------------------------------------------------------------- */

/* A refusal of section_head_check is a damaged file to a reader; to a writer it is misuse. */
static int misuse_of_head(const struct section_head *head, struct vgic5_error *error)
{
    struct vgic5_error reason = {0};

    if (section_head_check(head, &reason) == 0)
        return 0;
    return snapshot_misuse(error, "section %.31s[0x%" PRIx64 "]: %s", head->type, head->instance,
                           reason.message);
}

static int check_against_others(const struct vgic5_snapshot_writer *writer,
                                const struct section_head *head, struct vgic5_error *error)
{
    for (size_t i = 0; i < writer->nr_sections; i++) {
        struct section_head other;

        section_head_decode(writer->table + i * TABLE_ENTRY_SIZE, 0, &other, NULL);
        if (section_head_same_name(head, &other))
            return snapshot_misuse(error, "section %s[0x%" PRIx64 "] is there already", head->type,
                                   head->instance);
        if (section_head_overlap(head, &other))
            return snapshot_misuse(
                error, "memory 0x%" PRIx64 "+0x%" PRIx64 " overlaps with 0x%" PRIx64 "+0x%" PRIx64,
                head->base, head->size, other.base, other.size);
    }
    return 0;
}

static int make_room(struct vgic5_snapshot_writer *writer, struct vgic5_error *error)
{
    size_t capacity = writer->capacity ? 2 * writer->capacity : 16;
    uint8_t *table;

    if (writer->nr_sections < writer->capacity)
        return 0;
    table = reallocarray(writer->table, capacity, TABLE_ENTRY_SIZE);
    if (!table)
        return snapshot_no_memory(error, "the section table");
    writer->table = table;
    writer->capacity = capacity;
    return 0;
}

/* Everything that can be refused, before the first byte of the section is written. */
static int check_section(struct vgic5_snapshot_writer *writer, const struct section_head *head,
                         struct vgic5_error *error)
{
    bool is_memory = head->kind == SECTION_MEMORY;
    int result;

    if (writer->failed)
        return snapshot_fail(error, SNAPSHOT_EXIT_ENVIRONMENT, -writer->failed,
                             "an earlier write of this snapshot failed: %s",
                             strerror(-writer->failed));
    result = misuse_of_head(head, error);
    if (result == 0)
        result = check_against_others(writer, head, error);
    if (result != 0)
        return result;
    if (writer->nr_sections == MAX_SECTIONS ||
        (is_memory && writer->nr_memory == MAX_MEMORY_SECTIONS) ||
        (is_memory && head->size > MAX_MEMORY_IN_ALL - writer->memory) ||
        (!is_memory && head->length > MAX_PAYLOAD_IN_ALL - writer->payload))
        return snapshot_misuse(error, "section %s[0x%" PRIx64 "] is above the limits of the format",
                               head->type, head->instance);
    return make_room(writer, error);
}

/* Write the footer, and enter the section that began at `start` in the table. */
static int finish_section(struct vgic5_snapshot_writer *writer, const struct section_head *head,
                          uint64_t start, const struct hash_part *payload, uint32_t nr_frames,
                          struct vgic5_error *error)
{
    uint8_t raw_head[SECTION_HEADER_SIZE], raw_foot[SECTION_FOOTER_SIZE];
    struct section_foot foot = {.nr_frames = nr_frames,
                                .total = writer->offset - start + SECTION_FOOTER_SIZE};
    struct table_entry entry = {.offset = start, .total = foot.total};
    int result;

    section_head_encode(head, raw_head);
    section_hash(raw_head, payload, &foot);
    section_foot_encode(&foot, raw_foot);
    result = emit(writer, raw_foot, sizeof(raw_foot), error);
    if (result != 0)
        return result;
    memcpy(entry.hash, foot.hash, sizeof(entry.hash));
    table_entry_encode(raw_head, &entry, writer->table + writer->nr_sections * TABLE_ENTRY_SIZE);
    writer->nr_sections++;
    return 0;
}

static int emit_head(struct vgic5_snapshot_writer *writer, const struct section_head *head,
                     struct vgic5_error *error)
{
    uint8_t raw[SECTION_HEADER_SIZE];

    section_head_encode(head, raw);
    return emit(writer, raw, sizeof(raw), error);
}

static void set_type(struct section_head *head, const char *type)
{
    /* A longer name keeps one character too many, for section_head_check to refuse. */
    memcpy(head->type, type, strnlen(type, sizeof(head->type)));
}

static int put_payload(struct vgic5_snapshot_writer *writer, const struct section_head *head,
                       const void *payload, struct vgic5_error *error)
{
    const struct hash_part part = {payload, head->length};
    uint64_t start = writer->offset;
    int result = emit_head(writer, head, error);

    if (result == 0)
        result = emit(writer, payload, head->length, error);
    if (result == 0)
        result = finish_section(writer, head, start, &part, 0, error);
    if (result == 0)
        writer->payload += head->length;
    return result;
}

int vgic5_snapshot_put_raw(struct vgic5_snapshot_writer *writer, uint32_t kind, const char *type,
                           uint64_t instance, uint32_t version, bool required, const void *raw,
                           size_t size, struct vgic5_error *error)
{
    struct section_head head = {.instance = instance,
                                .version = version,
                                .kind = kind,
                                .required = required,
                                .length = size};
    int result;

    if (kind <= SECTION_MEMORY)
        return snapshot_misuse(error, "section kind %" PRIu32 " is not a foreign one", kind);
    set_type(&head, type);
    result = check_section(writer, &head, error);
    return result == 0 ? put_payload(writer, &head, raw, error) : result;
}

int vgic5_snapshot_put_fields(struct vgic5_snapshot_writer *writer, const char *type,
                              uint64_t instance, uint32_t version, bool required,
                              const struct vgic5_fields *fields, struct vgic5_error *error)
{
    struct section_head head = {.instance = instance,
                                .version = version,
                                .kind = SECTION_FIELDS,
                                .required = required,
                                .length = fields_encoded_size(fields)};
    uint8_t *payload;
    int result;

    set_type(&head, type);
    if (vgic5_fields_error(fields))
        return snapshot_misuse(error,
                               "section %.31s[0x%" PRIx64 "]: the list of fields had an "
                               "error: %s",
                               head.type, instance, strerror(-vgic5_fields_error(fields)));
    result = check_section(writer, &head, error);
    if (result == 0 && vgic5_fields_count(fields) > MAX_FIELDS_IN_ALL - writer->nr_fields)
        result = snapshot_misuse(error, "section %s[0x%" PRIx64 "]: too many fields in all",
                                 head.type, instance);
    if (result != 0)
        return result;
    payload = malloc(head.length + 1);
    if (!payload)
        return snapshot_no_memory(error, "a section");
    fields_encode(fields, payload);
    result = put_payload(writer, &head, payload, error);
    free(payload);
    if (result == 0)
        writer->nr_fields += vgic5_fields_count(fields);
    return result;
}

/* ---- Memory ---------------------------------------------------------------------------------- */

/* The records of the frames written so far: what becomes the index. */
struct index {
    uint8_t *records;
    uint32_t count;
    size_t capacity;
};

static int index_add(struct index *index, const uint8_t record[RECORD_SIZE],
                     struct vgic5_error *error)
{
    if (index->count == index->capacity) {
        size_t capacity = index->capacity ? 2 * index->capacity : 256;
        uint8_t *records = reallocarray(index->records, capacity, RECORD_SIZE);

        if (!records)
            return snapshot_no_memory(error, "the index of memory frames");
        index->records = records;
        index->capacity = capacity;
    }
    memcpy(index->records + (size_t)index->count++ * RECORD_SIZE, record, RECORD_SIZE);
    return 0;
}

static int emit_frames(struct vgic5_snapshot_writer *writer, const uint8_t *memory, uint64_t size,
                       struct index *index, struct vgic5_error *error)
{
    int result = 0;

    for (uint64_t done = 0; done < size && result == 0; done += FRAME_BYTES) {
        uint32_t number = (uint32_t)(done / FRAME_BYTES);
        const uint8_t *frame;
        size_t length;

        if (frame_encode(writer->encoder, number, memory + done, frame_size(size, number), &frame,
                         &length) != 0)
            return snapshot_no_memory(error, "compression");
        if (length == 0)
            continue;
        result = index_add(index, frame, error);
        if (result == 0)
            result = emit(writer, frame, length, error);
    }
    return result;
}

static int emit_index(struct vgic5_snapshot_writer *writer, const struct index *index,
                      struct vgic5_error *error)
{
    uint8_t raw[RECORD_SIZE];
    int result;

    index_record_encode(index->records, index->count, raw);
    result = emit(writer, raw, sizeof(raw), error);
    if (result == 0)
        result = emit(writer, index->records, (size_t)index->count * RECORD_SIZE, error);
    return result;
}

int vgic5_snapshot_put_memory(struct vgic5_snapshot_writer *writer, uint64_t base,
                              const void *memory, uint64_t size, struct vgic5_error *error)
{
    const struct section_head head = {.type = "memory",
                                      .instance = base,
                                      .version = 1,
                                      .kind = SECTION_MEMORY,
                                      .required = true,
                                      .length = LENGTH_FRAMED,
                                      .base = base,
                                      .size = size};
    struct index index = {0};
    uint64_t start = writer->offset;
    struct hash_part part;
    int result = check_section(writer, &head, error);

    if (result == 0)
        result = emit_head(writer, &head, error);
    if (result == 0)
        result = emit_frames(writer, memory, size, &index, error);
    if (result == 0)
        result = emit_index(writer, &index, error);
    part = (struct hash_part){index.records, (size_t)index.count * RECORD_SIZE};
    if (result == 0)
        result = finish_section(writer, &head, start, &part, index.count, error);
    free(index.records);
    if (result == 0) {
        writer->memory += size;
        writer->nr_memory++;
    } else if (writer->offset != start && !writer->failed) {
        writer->failed = result; /* half a section is out: no trailer may follow */
    }
    return result;
}

/* ---- Trailer --------------------------------------------------------------------------------- */

int vgic5_snapshot_end(struct vgic5_snapshot_writer *writer, struct vgic5_error *error)
{
    size_t table_size = writer->nr_sections * TABLE_ENTRY_SIZE;
    uint8_t table_head[SECTION_HEADER_SIZE], raw[END_SIZE];
    struct file_end end = {.table_offset = writer->offset};
    int result = 0;

    if (writer->failed)
        result = snapshot_fail(error, SNAPSHOT_EXIT_ENVIRONMENT, -writer->failed,
                               "an earlier write of this snapshot failed: %s",
                               strerror(-writer->failed));
    table_head_encode(writer->nr_sections, table_head);
    if (result == 0)
        result = emit(writer, table_head, sizeof(table_head), error);
    if (result == 0)
        result = emit(writer, writer->table, table_size, error);
    end.file_size = writer->offset + END_SIZE;
    root_hash(&(struct hash_part){writer->header, HEADER_SIZE}, table_head,
              &(struct hash_part){writer->table, table_size}, end.root);
    file_end_encode(&end, raw);
    if (result == 0)
        result = emit(writer, raw, sizeof(raw), error);
    vgic5_snapshot_abort(writer);
    return result;
}
