/* SPDX-License-Identifier: BSD-3-Clause */
#include "craft.h"

#include "snapshot/bytes.h"

static void append(struct buffer *buffer, const void *bytes, size_t size)
{
    const struct vgic5_sink *sink = buffer_sink(buffer);

    assert_int_equal(sink->write(sink->opaque, bytes, size), 0);
}

/* ---- Files ----------------------------------------------------------------------------------- */

void craft_begin(struct craft *craft)
{
    uint8_t raw[HEADER_SIZE];

    memset(craft, 0, sizeof(*craft));
    header_encode("craft", false, raw);
    append(&craft->file, raw, sizeof(raw));
}

static void finish(struct craft *craft, const uint8_t *raw_head, uint64_t start,
                   const struct hash_part *payload, uint32_t count)
{
    struct section_foot foot = {.nr_frames = count,
                                .total = craft->file.size - start + SECTION_FOOTER_SIZE};
    struct table_entry entry = {.offset = start, .total = foot.total};
    uint8_t raw_foot[SECTION_FOOTER_SIZE], raw_entry[TABLE_ENTRY_SIZE];

    section_hash(raw_head, payload, &foot);
    section_foot_encode(&foot, raw_foot);
    append(&craft->file, raw_foot, sizeof(raw_foot));
    memcpy(entry.hash, foot.hash, sizeof(entry.hash));
    table_entry_encode(raw_head, &entry, raw_entry);
    append(&craft->table, raw_entry, sizeof(raw_entry));
}

void craft_payload(struct craft *craft, const struct section_head *head, const void *payload)
{
    const struct hash_part part = {payload, head->length};
    uint64_t start = craft->file.size;
    uint8_t raw[SECTION_HEADER_SIZE];

    section_head_encode(head, raw);
    append(&craft->file, raw, sizeof(raw));
    append(&craft->file, payload, head->length);
    finish(craft, raw, start, &part, 0);
}

void craft_memory(struct craft *craft, const struct section_head *head,
                  const struct frame_record *records, uint32_t count, const uint8_t *stored)
{
    uint64_t start = craft->file.size;
    uint8_t raw[SECTION_HEADER_SIZE], record[RECORD_SIZE];
    struct buffer index = {0};
    struct hash_part part;

    section_head_encode(head, raw);
    append(&craft->file, raw, sizeof(raw));
    for (uint32_t i = 0; i < count; i++) {
        struct frame_record sealed = records[i];
        const struct hash_part parts[] = {{record, RECORD_HASHED}, {stored, sealed.stored}};

        frame_record_encode(&sealed, record);
        hash_128(parts, 2, sealed.hash);
        frame_record_encode(&sealed, record);
        append(&index, record, sizeof(record));
        append(&craft->file, record, sizeof(record));
        append(&craft->file, stored, sealed.stored);
    }
    index_record_encode(index.bytes, count, record);
    append(&craft->file, record, sizeof(record));
    append(&craft->file, index.bytes, index.size);
    part = (struct hash_part){index.bytes, index.size};
    finish(craft, raw, start, &part, count);
    buffer_free(&index);
}

void craft_end(struct craft *craft)
{
    struct file_end end = {.table_offset = craft->file.size};
    const struct hash_part entries = {craft->table.bytes, craft->table.size};
    uint8_t head[SECTION_HEADER_SIZE], raw[END_SIZE];

    table_head_encode(craft->table.size / TABLE_ENTRY_SIZE, head);
    root_hash(&(struct hash_part){craft->file.bytes, HEADER_SIZE}, head, &entries, end.root);
    append(&craft->file, head, sizeof(head));
    append(&craft->file, craft->table.bytes, craft->table.size);
    end.file_size = craft->file.size + END_SIZE;
    file_end_encode(&end, raw);
    append(&craft->file, raw, sizeof(raw));
}

void craft_free(struct craft *craft)
{
    buffer_free(&craft->file);
    buffer_free(&craft->table);
}

/* ---- Making hashes right --------------------------------------------------------------------- */

void map_file(struct map *map, const struct buffer *file)
{
    struct reading reading;
    struct vgic5_snapshot *snapshot = open_good(file_like(&reading, file));

    map->nr_sections = vgic5_snapshot_nr_sections(snapshot);
    map->sections = calloc(map->nr_sections, sizeof(*map->sections));
    map->table = HEADER_SIZE;
    for (size_t i = 0; i < map->nr_sections; i++) {
        const struct vgic5_section *section = vgic5_snapshot_section(snapshot, i);
        struct map_section *to = &map->sections[i];

        *to = (struct map_section){.offset = section->offset,
                                   .total = section->size,
                                   .is_memory = section->kind == VGIC5_SECTION_MEMORY,
                                   .nr_frames = (uint32_t)vgic5_snapshot_nr_frames(section)};
        to->frames = calloc(to->nr_frames + 1, sizeof(*to->frames));
        for (uint32_t n = 0; n < to->nr_frames; n++) {
            struct vgic5_frame frame;

            vgic5_snapshot_frame(section, n, &frame);
            to->frames[n] = frame.file_offset;
        }
        map->table = section->offset + section->size;
        to->frames[to->nr_frames] =
            map->table - SECTION_FOOTER_SIZE - RECORD_SIZE * (1ull + to->nr_frames);
    }
    vgic5_snapshot_close(snapshot);
}

void map_free(struct map *map)
{
    for (size_t i = 0; i < map->nr_sections; i++)
        free(map->sections[i].frames);
    free(map->sections);
}

static void seal_hash(uint8_t *hash, const void *first, size_t first_size, const void *then,
                      size_t then_size)
{
    const struct hash_part parts[] = {{first, first_size}, {then, then_size}};

    hash_128(parts, 2, hash);
}

static void reseal_memory(const struct map_section *at, uint8_t *bytes)
{
    uint8_t *index = bytes + at->frames[at->nr_frames];

    for (uint32_t n = 0; n < at->nr_frames; n++) {
        uint8_t *record = bytes + at->frames[n];

        seal_hash(record + RECORD_HASHED, record, RECORD_HASHED, record + RECORD_SIZE,
                  at->frames[n + 1] - at->frames[n] - RECORD_SIZE);
        memcpy(index + (n + 1) * RECORD_SIZE, record, RECORD_SIZE);
    }
    seal_hash(index + RECORD_HASHED, index, RECORD_HASHED, index + RECORD_SIZE,
              (size_t)at->nr_frames * RECORD_SIZE);
}

void reseal(const struct map *map, struct buffer *file)
{
    uint8_t *table = file->bytes + map->table;
    uint8_t *end = file->bytes + file->size - END_SIZE;
    size_t table_size = file->size - END_SIZE - map->table;

    put_u64(file->bytes + 120, hash_64(file->bytes, 120));
    for (size_t i = 0; i < map->nr_sections; i++) {
        const struct map_section *at = &map->sections[i];
        uint8_t *head = file->bytes + at->offset;
        uint8_t *foot = head + at->total - SECTION_FOOTER_SIZE;
        uint8_t *entry = table + SECTION_HEADER_SIZE + i * TABLE_ENTRY_SIZE;
        size_t payload = at->total - SECTION_FOOTER_SIZE - SECTION_HEADER_SIZE;
        struct hash_part parts[3] = {{head, SECTION_HEADER_SIZE},
                                     {head + SECTION_HEADER_SIZE, payload},
                                     {foot, FOOT_HASHED}};

        put_u64(head + 88, hash_64(head, 88));
        if (at->is_memory) {
            reseal_memory(at, file->bytes);
            parts[1] = (struct hash_part){file->bytes + at->frames[at->nr_frames] + RECORD_SIZE,
                                          (size_t)at->nr_frames * RECORD_SIZE};
        }
        hash_128(parts, 3, foot + FOOT_HASHED);
        memcpy(entry, head, SECTION_HEADER_SIZE);
        memcpy(entry + 112, foot + FOOT_HASHED, SNAPSHOT_HASH_SIZE);
    }
    put_u64(table + 88, hash_64(table, 88));
    seal_hash(end + 24, file->bytes, HEADER_SIZE, table, table_size);
    put_u64(end + 40, hash_64(end, 40));
}
