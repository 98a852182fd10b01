/* SPDX-License-Identifier: BSD-3-Clause */
#include "snapshot/layout.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "snapshot/bytes.h"
#include "facts/error.h"

/* The first byte is not text, CR LF shows a text-mode transfer, as in PNG. */
const uint8_t header_magic[8] = {0x89, 'V', 'G', 'I', 'C', '5', '\r', '\n'};
static const uint8_t end_magic[8] = {0x89, 'V', '5', 'E', 'N', 'D', '\r', '\n'};
static const uint8_t section_magic[4] = {'S', 'E', 'C', 'T'};
static const uint8_t table_magic[4] = {'T', 'A', 'B', 'L'};
static const uint8_t foot_magic[4] = {'E', 'N', 'D', 'S'};

#define KNOWN_INCOMPATIBLE INCOMPATIBLE_INCREMENTAL
#define SECTION_REQUIRED 1u

/* ---- File header ----------------------------------------------------------------------------- */

bool producer_is_valid(const char *producer)
{
    size_t length = strnlen(producer, MAX_PRODUCER + 1);

    for (size_t i = 0; i < length; i++) {
        if (producer[i] < 0x20 || producer[i] > 0x7e)
            return false;
    }
    return length <= MAX_PRODUCER;
}

void header_encode(const char *producer, bool incremental, uint8_t to[HEADER_SIZE])
{
    memset(to, 0, HEADER_SIZE);
    memcpy(to, header_magic, sizeof(header_magic));
    put_u16(to + 8, FORMAT_MAJOR);
    put_u16(to + 10, incremental ? FORMAT_MINOR : 0);
    put_u32(to + 12, HEADER_SIZE);
    put_u64(to + 16, incremental ? INCOMPATIBLE_INCREMENTAL : 0);
    memcpy(to + 40, producer, strnlen(producer, MAX_PRODUCER));
    put_u64(to + 120, hash_64(to, 120));
}

int header_decode(const uint8_t from[HEADER_SIZE], struct vgic5_snapshot_header *header,
                  struct vgic5_error *error)
{
    if (memcmp(from, header_magic, sizeof(header_magic)) != 0)
        return error_damaged(error, "file header at offset 0x0: not a vgic5 snapshot (its first "
                                    "8 bytes are not the magic)");
    if (get_u64(from + 120) != hash_64(from, 120))
        return error_damaged(error,
                             "file header at offset 0x0: checksum 0x%016" PRIx64
                             ", its content gives 0x%016" PRIx64,
                             get_u64(from + 120), hash_64(from, 120));
    *header = (struct vgic5_snapshot_header){
        .major = get_u16(from + 8),
        .minor = get_u16(from + 10),
        .header_size = get_u32(from + 12),
        .incompatible = get_u64(from + 16),
        .compatible = get_u64(from + 24),
        .autoclear = get_u64(from + 32),
    };
    memcpy(header->producer, from + 40, MAX_PRODUCER);
    if (!producer_is_valid(header->producer) ||
        !bytes_all_zero(from + 40 + strlen(header->producer), 64 - strlen(header->producer)))
        return error_damaged(error, "file header at offset 0x28: producer is not text");
    return 0;
}

int header_check_version(const struct vgic5_snapshot_header *header, struct vgic5_error *error)
{
    if (header->major != FORMAT_MAJOR)
        return error_unfit(error,
                           "file header: format %u.%u, written by \"%s\"; this program "
                           "reads %u.x",
                           header->major, header->minor, header->producer, FORMAT_MAJOR);
    if (header->incompatible & ~KNOWN_INCOMPATIBLE)
        return error_unfit(error,
                           "file header: incompatible features 0x%" PRIx64
                           " are unknown to this program (format %u.%u, written by "
                           "\"%s\")",
                           header->incompatible & ~KNOWN_INCOMPATIBLE, header->major, header->minor,
                           header->producer);
    if (header->header_size < HEADER_SIZE || header->header_size > MAX_HEADER_SIZE ||
        header->header_size % 8)
        return error_damaged(
            error, "file header at offset 0xc: header size %" PRIu32 ", %u..%u by eights expected",
            header->header_size, HEADER_SIZE, MAX_HEADER_SIZE);
    return 0;
}

/* ---- Section header and footer --------------------------------------------------------------- */

void section_head_encode(const struct section_head *head, uint8_t to[SECTION_HEADER_SIZE])
{
    memset(to, 0, SECTION_HEADER_SIZE);
    memcpy(to, head->kind == SECTION_TABLE ? table_magic : section_magic, 4);
    put_u32(to + 4, head->kind);
    memcpy(to + 8, head->type, strnlen(head->type, MAX_TYPE_NAME));
    put_u64(to + 40, head->instance);
    put_u32(to + 48, head->version);
    put_u32(to + 52, head->required ? SECTION_REQUIRED : 0);
    put_u64(to + 56, head->length);
    put_u64(to + 64, head->base);
    put_u64(to + 72, head->size);
    put_u64(to + 88, hash_64(to, 88));
}

bool section_type_is_valid(const char *type)
{
    size_t length = strnlen(type, MAX_TYPE_NAME + 1);

    for (size_t i = 0; i < length; i++) {
        if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789_-.", type[i]))
            return false;
    }
    return length >= 1 && length <= MAX_TYPE_NAME;
}

static int memory_head_check(const struct section_head *head, struct vgic5_error *error)
{
    if (head->length != LENGTH_FRAMED)
        return error_damaged(error, "a memory section has no length in its header");
    if (head->base % PAGE_BYTES || head->size % PAGE_BYTES || !head->size)
        return error_damaged(error,
                             "memory 0x%" PRIx64 "+0x%" PRIx64 " does not consist of 4 KiB pages",
                             head->base, head->size);
    if (head->size > MAX_MEMORY_IN_ALL || head->base > MAX_ADDRESS - head->size)
        return error_damaged(error,
                             "memory 0x%" PRIx64 "+0x%" PRIx64
                             " is above the limits (2^40 bytes, addresses below 2^56)",
                             head->base, head->size);
    return 0;
}

int section_head_check(const struct section_head *head, struct vgic5_error *error)
{
    if (!section_type_is_valid(head->type))
        return error_damaged(error, "type is not a name of 1..%u of a-z 0-9 _ - .", MAX_TYPE_NAME);
    if (head->kind == SECTION_MEMORY)
        return memory_head_check(head, error);
    if (head->length > MAX_PAYLOAD)
        return error_damaged(error, "payload of 0x%" PRIx64 " bytes, at most 0x%llx", head->length,
                             MAX_PAYLOAD);
    if (head->base || head->size)
        return error_damaged(error, "addresses in a section that is not memory");
    return 0;
}

int section_head_decode(const uint8_t from[SECTION_HEADER_SIZE], uint64_t offset,
                        struct section_head *head, struct vgic5_error *error)
{
    bool is_table = memcmp(from, table_magic, 4) == 0;

    if (!is_table && memcmp(from, section_magic, 4) != 0)
        return error_damaged(error, "no section header at offset 0x%" PRIx64, offset);
    if (get_u64(from + 88) != hash_64(from, 88))
        return error_damaged(error,
                             "section header at offset 0x%" PRIx64 ": checksum 0x%016" PRIx64
                             ", its content gives 0x%016" PRIx64,
                             offset, get_u64(from + 88), hash_64(from, 88));
    if (get_u32(from + 52) & ~SECTION_REQUIRED || get_u64(from + 80))
        return error_damaged(
            error, "section header at offset 0x%" PRIx64 ": reserved bits are not zero", offset);
    *head = (struct section_head){
        .kind = get_u32(from + 4),
        .instance = get_u64(from + 40),
        .version = get_u32(from + 48),
        .required = get_u32(from + 52) & SECTION_REQUIRED,
        .length = get_u64(from + 56),
        .base = get_u64(from + 64),
        .size = get_u64(from + 72),
    };
    memcpy(head->type, from + 8, MAX_TYPE_NAME);
    if (!bytes_all_zero(from + 8 + strlen(head->type), 32 - strlen(head->type)) ||
        is_table != (head->kind == SECTION_TABLE))
        return error_damaged(
            error, "section header at offset 0x%" PRIx64 ": type or kind is malformed", offset);
    return 0;
}

bool section_head_same_name(const struct section_head *one, const struct section_head *other)
{
    return one->instance == other->instance && strcmp(one->type, other->type) == 0;
}

bool section_head_overlap(const struct section_head *one, const struct section_head *other)
{
    return one->base < other->base + other->size && other->base < one->base + one->size;
}

void section_foot_encode(const struct section_foot *foot, uint8_t to[SECTION_FOOTER_SIZE])
{
    memcpy(to, foot_magic, 4);
    put_u32(to + 4, foot->nr_frames);
    put_u64(to + 8, foot->total);
    memcpy(to + 16, foot->hash, SNAPSHOT_HASH_SIZE);
}

bool section_foot_decode(const uint8_t from[SECTION_FOOTER_SIZE], struct section_foot *foot)
{
    foot->nr_frames = get_u32(from + 4);
    foot->total = get_u64(from + 8);
    memcpy(foot->hash, from + 16, SNAPSHOT_HASH_SIZE);
    return memcmp(from, foot_magic, 4) == 0;
}

void section_hash(const uint8_t head[SECTION_HEADER_SIZE], const struct hash_part *payload,
                  struct section_foot *foot)
{
    uint8_t raw[SECTION_FOOTER_SIZE];
    const struct hash_part parts[] = {{head, SECTION_HEADER_SIZE}, *payload, {raw, FOOT_HASHED}};

    section_foot_encode(foot, raw);
    hash_128(parts, 3, foot->hash);
}

/* ---- Frame records --------------------------------------------------------------------------- */

void frame_record_encode(const struct frame_record *record, uint8_t to[RECORD_SIZE])
{
    put_u32(to, record->number);
    put_u32(to + 4, record->stored);
    put_u16(to + 8, record->data);
    put_u16(to + 10, record->zero);
    put_u32(to + 12, record->encoding);
    memcpy(to + 16, record->hash, SNAPSHOT_HASH_SIZE);
}

void frame_record_decode(const uint8_t from[RECORD_SIZE], struct frame_record *record)
{
    record->number = get_u32(from);
    record->stored = get_u32(from + 4);
    record->data = get_u16(from + 8);
    record->zero = get_u16(from + 10);
    record->encoding = get_u32(from + 12);
    memcpy(record->hash, from + 16, SNAPSHOT_HASH_SIZE);
}

void index_record_encode(const uint8_t *index, uint32_t count, uint8_t to[RECORD_SIZE])
{
    struct frame_record record = {.number = RECORD_INDEX, .stored = count * RECORD_SIZE};
    const struct hash_part parts[] = {{to, RECORD_HASHED}, {index, record.stored}};

    frame_record_encode(&record, to);
    hash_128(parts, 2, record.hash);
    frame_record_encode(&record, to);
}

/* ---- Section table and end ------------------------------------------------------------------- */

void table_entry_encode(const uint8_t head[SECTION_HEADER_SIZE], const struct table_entry *entry,
                        uint8_t to[TABLE_ENTRY_SIZE])
{
    memcpy(to, head, SECTION_HEADER_SIZE);
    put_u64(to + 96, entry->offset);
    put_u64(to + 104, entry->total);
    memcpy(to + 112, entry->hash, SNAPSHOT_HASH_SIZE);
}

void table_entry_decode(const uint8_t from[TABLE_ENTRY_SIZE], struct table_entry *entry)
{
    entry->offset = get_u64(from + 96);
    entry->total = get_u64(from + 104);
    memcpy(entry->hash, from + 112, SNAPSHOT_HASH_SIZE);
}

void table_head_encode(uint64_t nr_sections, uint8_t to[SECTION_HEADER_SIZE])
{
    const struct section_head head = {
        .kind = SECTION_TABLE,
        .instance = nr_sections,
        .length = nr_sections * TABLE_ENTRY_SIZE,
    };

    section_head_encode(&head, to);
}

void file_end_encode(const struct file_end *end, uint8_t to[END_SIZE])
{
    memcpy(to, end_magic, sizeof(end_magic));
    put_u64(to + 8, end->table_offset);
    put_u64(to + 16, end->file_size);
    memcpy(to + 24, end->root, SNAPSHOT_HASH_SIZE);
    put_u64(to + 40, hash_64(to, 40));
}

bool file_end_decode(const uint8_t from[END_SIZE], struct file_end *end)
{
    end->table_offset = get_u64(from + 8);
    end->file_size = get_u64(from + 16);
    memcpy(end->root, from + 24, SNAPSHOT_HASH_SIZE);
    return memcmp(from, end_magic, sizeof(end_magic)) == 0 &&
           get_u64(from + 40) == hash_64(from, 40);
}

void root_hash(const struct hash_part *header, const uint8_t table_head[SECTION_HEADER_SIZE],
               const struct hash_part *entries, uint8_t root[SNAPSHOT_HASH_SIZE])
{
    const struct hash_part parts[] = {*header, {table_head, SECTION_HEADER_SIZE}, *entries};

    hash_128(parts, 3, root);
}
