/* SPDX-License-Identifier: BSD-3-Clause */
#include "forge.h"

#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "snapshot/bytes.h"
#include "snapshot/layout.h"

#define MOST_SECTIONS 8u
#define MOST_FRAMES 6u

/* Some of the input, at most `most`. */
static const uint8_t *take_bytes(struct fuzz_input *input, size_t most, size_t *size)
{
    const uint8_t *bytes = input->bytes;

    *size = most < input->left ? most : input->left;
    input->bytes += *size;
    input->left -= *size;
    return bytes;
}

/* Mostly what is likely to get further. */
static struct section_head take_head(struct fuzz_input *input)
{
    static const char *const types[] = {"memory", "base", "gic", "irs", "spi", "lpi", "icc", "a"};
    uint8_t how = (uint8_t)fuzz_take(input, 1);
    struct section_head head = {
        .kind = how & 1 ? SECTION_MEMORY : SECTION_FIELDS, .version = 1, .required = how >> 1 & 1};

    if ((how & 0xc0) == 0xc0)
        head.kind = (uint32_t)fuzz_take(input, 1) + 1;
    strcpy(head.type, types[how >> 2 & 7]);
    head.instance = fuzz_take(input, how & 0x20 ? 8 : 1);
    if (head.kind != SECTION_MEMORY)
        return head;
    head.length = LENGTH_FRAMED;
    head.base = fuzz_take(input, how & 0x20 ? 8 : 1) << (how & 0x20 ? 0 : 12);
    head.size = fuzz_take(input, how & 0x20 ? 8 : 1) << (how & 0x20 ? 0 : 12);
    return head;
}

static void finish(struct fuzz_file *file, struct fuzz_file *table, const uint8_t *raw_head,
                   uint64_t start, const struct hash_part *payload, uint32_t frames)
{
    struct section_foot foot = {.nr_frames = frames,
                                .total = file->size - start + SECTION_FOOTER_SIZE};
    struct table_entry entry = {.offset = start, .total = foot.total};
    uint8_t raw[SECTION_FOOTER_SIZE], raw_entry[TABLE_ENTRY_SIZE];

    section_hash(raw_head, payload, &foot);
    section_foot_encode(&foot, raw);
    fuzz_append(file, raw, sizeof(raw));
    memcpy(entry.hash, foot.hash, sizeof(entry.hash));
    table_entry_encode(raw_head, &entry, raw_entry);
    fuzz_append(table, raw_entry, sizeof(raw_entry));
}

static void forge_payload(struct fuzz_input *input, struct section_head *head,
                          struct fuzz_file *file, struct fuzz_file *table)
{
    uint8_t raw[SECTION_HEADER_SIZE];
    uint64_t start = file->size;
    struct hash_part part;
    size_t size;
    const uint8_t *payload = take_bytes(input, (size_t)fuzz_take(input, 2), &size);

    head->length = size;
    section_head_encode(head, raw);
    fuzz_append(file, raw, sizeof(raw));
    fuzz_append(file, payload, size);
    part = (struct hash_part){payload, size};
    finish(file, table, raw, start, &part, 0);
}

/* The stored bytes: of the input as they are, or pages made of a few of its bytes, compressed. */
static void forge_frame(struct fuzz_input *input, struct fuzz_file *file, struct fuzz_file *index)
{
    static uint8_t pages[FRAME_BYTES], packed[ZSTD_COMPRESSBOUND(FRAME_BYTES)];
    uint8_t how = (uint8_t)fuzz_take(input, 1), raw[RECORD_SIZE];
    struct frame_record record = {.number = (uint32_t)fuzz_take(input, how & 1 ? 4 : 1),
                                  .data = (uint16_t)fuzz_take(input, 2),
                                  .zero = (uint16_t)fuzz_take(input, how & 2 ? 2 : 0),
                                  .encoding = how & 4 ? FRAME_RAW : FRAME_ZSTD};
    size_t size = (size_t)__builtin_popcount(record.data) * PAGE_BYTES;
    const uint8_t *stored = packed;

    if (how & 8) {
        size_t got;

        stored = take_bytes(input, (size_t)fuzz_take(input, 1), &got);
        record.stored = (uint32_t)got;
    } else {
        memset(pages, (int)fuzz_take(input, 1), sizeof(pages));
        record.stored = (uint32_t)ZSTD_compress(packed, sizeof(packed), pages, size, 1);
        if (record.encoding == FRAME_RAW) {
            stored = pages;
            record.stored = (uint32_t)size;
        }
    }
    frame_record_encode(&record, raw);
    hash_128((const struct hash_part[]){{raw, RECORD_HASHED}, {stored, record.stored}}, 2,
             record.hash);
    frame_record_encode(&record, raw);
    fuzz_append(file, raw, sizeof(raw));
    fuzz_append(file, stored, record.stored);
    fuzz_append(index, raw, sizeof(raw));
}

static void forge_memory(struct fuzz_input *input, const struct section_head *head,
                         struct fuzz_file *file, struct fuzz_file *table)
{
    uint32_t frames = (uint32_t)fuzz_take(input, 1) % MOST_FRAMES;
    uint8_t raw[SECTION_HEADER_SIZE], record[RECORD_SIZE];
    struct fuzz_file index = {0};
    uint64_t start = file->size;
    struct hash_part part;

    section_head_encode(head, raw);
    fuzz_append(file, raw, sizeof(raw));
    for (uint32_t n = 0; n < frames; n++)
        forge_frame(input, file, &index);
    frames = (uint32_t)(index.size / RECORD_SIZE);
    index_record_encode(index.bytes, frames, record);
    fuzz_append(file, record, sizeof(record));
    fuzz_append(file, index.bytes, index.size);
    part = (struct hash_part){index.bytes, index.size};
    finish(file, table, raw, start, &part, frames);
    file->failed |= index.failed;
    free(index.bytes);
}

static void forge_end(struct fuzz_file *file, const struct fuzz_file *table)
{
    struct file_end end = {.table_offset = file->size};
    const struct hash_part entries = {table->bytes, table->size};
    uint8_t head[SECTION_HEADER_SIZE], raw[END_SIZE];

    table_head_encode(table->size / TABLE_ENTRY_SIZE, head);
    root_hash(&(struct hash_part){file->bytes, HEADER_SIZE}, head, &entries, end.root);
    fuzz_append(file, head, sizeof(head));
    fuzz_append(file, table->bytes, table->size);
    end.file_size = file->size + END_SIZE;
    file_end_encode(&end, raw);
    fuzz_append(file, raw, sizeof(raw));
}

void fuzz_forge(struct fuzz_input *input, struct fuzz_file *file)
{
    uint8_t how = (uint8_t)fuzz_take(input, 1), raw[HEADER_SIZE];
    struct fuzz_file table = {0};

    header_encode("forged", how & 1, raw);
    if (how & 2) { /* a bit of a later version */
        raw[8 + fuzz_take(input, 1) % 32] ^= (uint8_t)(1u << (how >> 5));
        put_u64(raw + 120, hash_64(raw, 120));
    }
    fuzz_append(file, raw, sizeof(raw));
    for (unsigned n = 0; n < MOST_SECTIONS && input->left; n++) {
        struct section_head head = take_head(input);

        if (head.kind == SECTION_MEMORY)
            forge_memory(input, &head, file, &table);
        else
            forge_payload(input, &head, file, &table);
    }
    if (!file->failed && !table.failed)
        forge_end(file, &table);
    file->failed |= table.failed;
    free(table.bytes);
}
