/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "facts/error.h"
#include "facts/sized.h"
#include "snapshot/fields.h"
#include "snapshot/writer.h"

/* ---- Output ---------------------------------------------------------------------------------- */

int writer_emit(struct vgic5_snapshot_writer *writer, const void *bytes, size_t size,
                struct vgic5_error *error)
{
    int ret = size ? writer->sink.write(writer->sink.opaque, bytes, size) : 0;

    if (ret != 0) {
        writer->failed = ret;
        return error_set(error, VGIC5_CAUSE_ENVIRONMENT, ret,
                         "cannot write the snapshot at offset 0x%" PRIx64 ": %s", writer->offset,
                         strerror(-ret));
    }
    writer->offset += size;
    return 0;
}

static int begin(const struct vgic5_sink *sink, const char *producer, bool incremental,
                 struct vgic5_snapshot_writer **writer, struct vgic5_error *error)
{
    struct vgic5_snapshot_writer *fresh;
    int ret;

    if (!sink || !producer || !writer)
        return error_absent(error, !sink       ? "sink"
                                   : !producer ? "producer"
                                               : "place for the writer");
    *writer = NULL;
    if (!producer_is_valid(producer))
        return error_misuse(error, "the producer's name is not 0..%u printable characters",
                            MAX_PRODUCER);
    fresh = calloc(1, sizeof(*fresh));
    if (!fresh)
        return error_no_memory(error, "the snapshot writer");
    if (!sized_take(&fresh->sink, sizeof(fresh->sink), sink,
                    SIZE_WITH(struct vgic5_sink, opaque)) ||
        !fresh->sink.write) {
        free(fresh);
        return error_misuse(error, "the sink's size is %u, or it has no write", sink->size);
    }
    fresh->incremental = incremental;
    header_encode(producer, incremental, fresh->header);
    ret = writer_emit(fresh, fresh->header, HEADER_SIZE, error);
    if (ret != 0)
        vgic5_snapshot_abort(fresh);
    else
        *writer = fresh;
    return ret;
}

int vgic5_snapshot_begin(const struct vgic5_sink *sink, const char *producer,
                         struct vgic5_snapshot_writer **writer, struct vgic5_error *error)
{
    return begin(sink, producer, false, writer, error);
}

int vgic5_snapshot_begin_on(const struct vgic5_sink *sink, const char *producer,
                            const uint8_t *base, const char *name,
                            struct vgic5_snapshot_writer **writer, struct vgic5_error *error)
{
    struct vgic5_fields *fields;
    int ret;

    if (!base || !name || !writer)
        return error_absent(error, !base   ? "base"
                                   : !name ? "name of the base"
                                           : "place for the writer");
    *writer = NULL;
    fields = vgic5_fields_new();
    if (!fields)
        return error_no_memory(error, "the base section");
    vgic5_fields_put_bytes(fields, BASE_ROOT, 0, base, VGIC5_SNAPSHOT_ROOT_SIZE);
    vgic5_fields_put_text(fields, BASE_NAME, 0, name);
    ret = begin(sink, producer, true, writer, error);
    if (ret == 0)
        ret = vgic5_snapshot_put_fields(*writer, SECTION_BASE, 0, 1, true, fields, error);
    vgic5_fields_free(fields);
    if (ret != 0) {
        vgic5_snapshot_abort(*writer);
        *writer = NULL;
    }
    return ret;
}

void vgic5_snapshot_abort(struct vgic5_snapshot_writer *writer)
{
    if (!writer)
        return;
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
    return error_misuse(error, "section %.31s[0x%" PRIx64 "]: %s", head->type, head->instance,
                        reason.message);
}

static int check_against_others(const struct vgic5_snapshot_writer *writer,
                                const struct section_head *head, struct vgic5_error *error)
{
    for (size_t i = 0; i < writer->nr_sections; i++) {
        struct section_head other;

        section_head_decode(writer->table + i * TABLE_ENTRY_SIZE, 0, &other, NULL);
        if (section_head_same_name(head, &other))
            return error_misuse(error, "section %s[0x%" PRIx64 "] is there already", head->type,
                                head->instance);
        if (section_head_overlap(head, &other))
            return error_misuse(
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
        return error_no_memory(error, "the section table");
    writer->table = table;
    writer->capacity = capacity;
    return 0;
}

/* Everything that can be refused, before the first byte of the section is written. */
int writer_check_section(struct vgic5_snapshot_writer *writer, const struct section_head *head,
                         struct vgic5_error *error)
{
    bool is_memory = head->kind == SECTION_MEMORY;
    int ret;

    if (writer->failed)
        return error_set(error, VGIC5_CAUSE_ENVIRONMENT, writer->failed,
                         "an earlier write of this snapshot failed: %s", strerror(-writer->failed));
    ret = misuse_of_head(head, error);
    if (ret == 0)
        ret = check_against_others(writer, head, error);
    if (ret != 0)
        return ret;
    if (writer->nr_sections == MAX_SECTIONS ||
        (is_memory && writer->nr_memory == MAX_MEMORY_SECTIONS) ||
        (is_memory && head->size > MAX_MEMORY_IN_ALL - writer->memory) ||
        (!is_memory && head->length > MAX_PAYLOAD_IN_ALL - writer->payload))
        return error_misuse(error, "section %s[0x%" PRIx64 "] is above the limits of the format",
                            head->type, head->instance);
    return make_room(writer, error);
}

/* Write the footer, and enter the section that began at `start` in the table. */
int writer_finish_section(struct vgic5_snapshot_writer *writer, const struct section_head *head,
                          uint64_t start, const struct hash_part *payload, uint32_t nr_frames,
                          struct vgic5_error *error)
{
    uint8_t raw_head[SECTION_HEADER_SIZE], raw_foot[SECTION_FOOTER_SIZE];
    struct section_foot foot = {.nr_frames = nr_frames,
                                .total = writer->offset - start + SECTION_FOOTER_SIZE};
    struct table_entry entry = {.offset = start, .total = foot.total};
    int ret;

    section_head_encode(head, raw_head);
    section_hash(raw_head, payload, &foot);
    section_foot_encode(&foot, raw_foot);
    ret = writer_emit(writer, raw_foot, sizeof(raw_foot), error);
    if (ret != 0)
        return ret;
    memcpy(entry.hash, foot.hash, sizeof(entry.hash));
    table_entry_encode(raw_head, &entry, writer->table + writer->nr_sections * TABLE_ENTRY_SIZE);
    writer->nr_sections++;
    return 0;
}

int writer_emit_head(struct vgic5_snapshot_writer *writer, const struct section_head *head,
                     struct vgic5_error *error)
{
    uint8_t raw[SECTION_HEADER_SIZE];

    section_head_encode(head, raw);
    return writer_emit(writer, raw, sizeof(raw), error);
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
    int ret = writer_emit_head(writer, head, error);

    if (ret == 0)
        ret = writer_emit(writer, payload, head->length, error);
    if (ret == 0)
        ret = writer_finish_section(writer, head, start, &part, 0, error);
    if (ret == 0)
        writer->payload += head->length;
    return ret;
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
    int ret;

    if (!writer || !type || (!raw && size != 0))
        return error_absent(error, !writer ? "writer" : !type ? "type" : "payload");
    if (kind <= SECTION_MEMORY)
        return error_misuse(error, "section kind %" PRIu32 " is not a foreign one", kind);
    set_type(&head, type);
    ret = writer_check_section(writer, &head, error);
    return ret == 0 ? put_payload(writer, &head, raw, error) : ret;
}

int vgic5_snapshot_put_fields(struct vgic5_snapshot_writer *writer, const char *type,
                              uint64_t instance, uint32_t version, bool required,
                              const struct vgic5_fields *fields, struct vgic5_error *error)
{
    struct section_head head = {
        .instance = instance, .version = version, .kind = SECTION_FIELDS, .required = required};
    uint8_t *payload;
    int ret;

    if (!writer || !type || !fields)
        return error_absent(error, !writer ? "writer" : !type ? "type" : "list of fields");
    head.length = fields_encoded_size(fields);
    set_type(&head, type);
    if (vgic5_fields_error(fields))
        return error_misuse(error,
                            "section %.31s[0x%" PRIx64 "]: the list of fields had an "
                            "error: %s",
                            head.type, instance, strerror(-vgic5_fields_error(fields)));
    ret = writer_check_section(writer, &head, error);
    if (ret == 0 && vgic5_fields_count(fields) > MAX_FIELDS_IN_ALL - writer->nr_fields)
        ret = error_misuse(error, "section %s[0x%" PRIx64 "]: too many fields in all", head.type,
                           instance);
    if (ret != 0)
        return ret;
    payload = malloc(head.length + 1);
    if (!payload)
        return error_no_memory(error, "a section");
    fields_encode(fields, payload);
    ret = put_payload(writer, &head, payload, error);
    free(payload);
    if (ret == 0)
        writer->nr_fields += vgic5_fields_count(fields);
    return ret;
}

/* ---- Trailer --------------------------------------------------------------------------------- */

int vgic5_snapshot_end_root(struct vgic5_snapshot_writer *writer, uint8_t *root,
                            struct vgic5_error *error)
{
    uint8_t table_head[SECTION_HEADER_SIZE], raw[END_SIZE];
    struct file_end end = {0};
    size_t table_size;
    int ret = 0;

    if (!writer || !root)
        return error_absent(error, !writer ? "writer" : "place for the root hash");
    table_size = writer->nr_sections * TABLE_ENTRY_SIZE;
    end.table_offset = writer->offset;
    if (writer->failed)
        ret = error_set(error, VGIC5_CAUSE_ENVIRONMENT, writer->failed,
                        "an earlier write of this snapshot failed: %s", strerror(-writer->failed));
    table_head_encode(writer->nr_sections, table_head);
    if (ret == 0)
        ret = writer_emit(writer, table_head, sizeof(table_head), error);
    if (ret == 0)
        ret = writer_emit(writer, writer->table, table_size, error);
    end.file_size = writer->offset + END_SIZE;
    root_hash(&(struct hash_part){writer->header, HEADER_SIZE}, table_head,
              &(struct hash_part){writer->table, table_size}, end.root);
    file_end_encode(&end, raw);
    if (ret == 0)
        ret = writer_emit(writer, raw, sizeof(raw), error);
    memcpy(root, end.root, sizeof(end.root));
    vgic5_snapshot_abort(writer);
    return ret;
}

int vgic5_snapshot_end(struct vgic5_snapshot_writer *writer, struct vgic5_error *error)
{
    uint8_t root[VGIC5_SNAPSHOT_ROOT_SIZE];

    return vgic5_snapshot_end_root(writer, root, error);
}

int writer_end_here(const struct vgic5_snapshot_writer *writer, const struct vgic5_sink *sink,
                    struct vgic5_error *error)
{
    struct vgic5_snapshot_writer *copy = malloc(sizeof(*copy));

    if (!copy)
        return error_no_memory(error, "a snapshot writer");
    *copy = *writer;
    copy->sink = *sink;
    copy->table = reallocarray(NULL, writer->nr_sections + 1, TABLE_ENTRY_SIZE);
    if (!copy->table) {
        vgic5_snapshot_abort(copy);
        return error_no_memory(error, "the section table");
    }
    if (writer->nr_sections != 0)
        memcpy(copy->table, writer->table, writer->nr_sections * TABLE_ENTRY_SIZE);
    return vgic5_snapshot_end(copy, error);
}
