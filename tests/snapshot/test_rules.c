/* SPDX-License-Identifier: BSD-3-Clause */
/* The rules behind the hashes: files whose every hash is right, and which no writer makes. */
#include "craft.h"

#include <errno.h>

#include "snapshot/bytes.h"
#include "snapshot/frame.h"

static void expect_damaged(const struct buffer *file, const char *words)
{
    struct reading reading;

    for (unsigned int way = 0; way < 2; way++) {
        struct vgic5_error error = {0};
        int result =
            read_whole(way ? pipe_like(&reading, file) : file_like(&reading, file), &error);

        if (result != -EBADMSG || error.cause != VGIC5_CAUSE_DAMAGED ||
            !strstr(error.message, words))
            fail_msg("way %u: %d, exit code %d: \"%s\"; expected: \"%s\"", way, result, error.cause,
                     error.message, words);
    }
}

static void expect_good(const struct buffer *file)
{
    struct vgic5_error error = {0};
    struct reading reading;

    for (unsigned int way = 0; way < 2; way++) {
        if (read_whole(way ? pipe_like(&reading, file) : file_like(&reading, file), &error) != 0)
            fail_msg("way %u: %s", way, error.message);
    }
}

/* ---- Section headers ------------------------------------------------------------------------- */

static void test_section_headers(void **state)
{
    static const struct {
        struct section_head head;
        const char *words; /* NULL: good */
    } cases[] = {
        {{.type = "a", .kind = 1}, NULL},
        {{.type = "a-b_c.9", .kind = 9, .version = UINT32_MAX, .instance = UINT64_MAX}, NULL},
        {{.type = "", .kind = 1}, "section at offset 0x80: type is not a name"},
        {{.type = "A", .kind = 1}, "section at offset 0x80: type is not a name"},
        {{.type = "a\n", .kind = 1}, "section at offset 0x80: type is not a name"},
        {{.type = "a", .kind = 1, .base = 4096}, "section a[0] at offset 0x80: addresses in"},
        {{.type = "a", .kind = 1, .size = 4096}, "addresses in"},
        {{.type = "m", .kind = 2, .base = 0, .size = 4096}, "no length in its header"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct craft craft;

        craft_begin(&craft);
        craft_payload(&craft, &cases[i].head, "");
        craft_end(&craft);
        if (cases[i].words)
            expect_damaged(&craft.file, cases[i].words);
        else
            expect_good(&craft.file);
        craft_free(&craft);
    }
}

/* Bits of the section header that mean nothing yet, in a file that is otherwise right. */
static void test_reserved_bits(void **state)
{
    static const size_t offsets[] = {52, 53, 55, 80, 87};
    static const struct section_head head = {.type = "a", .kind = 1};

    (void)state;
    for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        struct craft craft;
        struct map map;

        craft_begin(&craft);
        craft_payload(&craft, &head, "");
        craft_end(&craft);
        map_file(&map, &craft.file);
        craft.file.bytes[HEADER_SIZE + offsets[i]] |= 2;
        reseal(&map, &craft.file);
        expect_damaged(&craft.file, "section header at offset 0x80: reserved bits");
        map_free(&map);
        craft_free(&craft);
    }
}

static void test_type_has_no_tail(void **state)
{
    static const struct section_head head = {.type = "a", .kind = 1};
    struct craft craft;
    struct map map;

    (void)state;
    craft_begin(&craft);
    craft_payload(&craft, &head, "");
    craft_end(&craft);
    map_file(&map, &craft.file);
    craft.file.bytes[HEADER_SIZE + 8 + 31] = 'x';
    reseal(&map, &craft.file);
    expect_damaged(&craft.file, "type or kind is malformed");
    craft.file.bytes[HEADER_SIZE + 8 + 31] = 0;
    craft.file.bytes[HEADER_SIZE + 4] = 0; /* kind "table" under the magic of a section */
    reseal(&map, &craft.file);
    expect_damaged(&craft.file, "type or kind is malformed");
    map_free(&map);
    craft_free(&craft);
}

static void test_repeated_and_overlapping_sections(void **state)
{
    struct section_head a = {.type = "a", .instance = 5, .kind = 1};
    struct section_head one = {
        .type = "m", .kind = 2, .length = LENGTH_FRAMED, .base = 0x2000, .size = 0x2000};
    struct section_head two = {
        .type = "m", .instance = 1, .kind = 2, .length = LENGTH_FRAMED, .size = 0x1000};
    struct craft craft;

    (void)state;
    craft_begin(&craft);
    craft_payload(&craft, &a, "");
    craft_payload(&craft, &a, "");
    craft_end(&craft);
    expect_damaged(&craft.file, "section a[5] at offset 0x100: the section is there already at "
                                "offset 0x80");
    craft_free(&craft);
    for (two.base = 0; two.base < 0x6000; two.base += 0x1000) {
        craft_begin(&craft);
        craft_memory(&craft, &one, NULL, 0, NULL);
        craft_memory(&craft, &two, NULL, 0, NULL);
        craft_end(&craft);
        if (two.base == 0x2000 || two.base == 0x3000)
            expect_damaged(&craft.file, "section m[1] at offset 0x120: its memory overlaps");
        else
            expect_good(&craft.file);
        craft_free(&craft);
    }
}

static void test_fields_are_checked_behind_the_hash(void **state)
{
    static const struct section_head head = {.type = "vcpu", .instance = 2, .kind = 1, .length = 4};
    struct craft craft;

    (void)state;
    craft_begin(&craft);
    craft_payload(&craft, &head, "\1\1a\x80");
    craft_end(&craft);
    expect_damaged(&craft.file, "section vcpu[2] at offset 0x80: field 0 at offset 0xe0: a number");
    craft_free(&craft);
}

/* A header is not believed before its own checksum: its length is what is read by. */
static void test_header_checksum_comes_first(void **state)
{
    static const struct section_head head = {.type = "a", .kind = 1, .length = 4};
    struct craft craft;

    (void)state;
    craft_begin(&craft);
    craft_payload(&craft, &head, "\1\1a\x80");
    craft_end(&craft);
    craft.file.bytes[HEADER_SIZE + 57] ^= 1;
    for (unsigned int way = 0; way < 2; way++) {
        struct vgic5_error error = {0};
        struct reading reading;

        assert_int_equal(
            read_whole(way ? pipe_like(&reading, &craft.file) : file_like(&reading, &craft.file),
                       &error),
            -EBADMSG);
        assert_non_null(strstr(error.message, way ? "section header at offset 0x80: checksum"
                                                  : "section header at offset 0x80 differs from "
                                                    "entry 0 (a) of the section table"));
    }
    craft_free(&craft);
}

/* ---- Gaps ------------------------------------------------------------------------------------ */

/* Bytes that belong to nothing, in front of the table or between two sections. */
static void test_bytes_between_sections(void **state)
{
    struct section_head head = {.type = "a", .kind = 1};

    (void)state;
    for (unsigned int where = 0; where < 3; where++) {
        const struct vgic5_sink *sink;
        struct craft craft;

        craft_begin(&craft);
        sink = buffer_sink(&craft.file);
        for (head.instance = 0; head.instance < 2; head.instance++) {
            if (where == head.instance)
                sink->write(sink->opaque, "8 bytes", 8);
            craft_payload(&craft, &head, "");
        }
        if (where == 2)
            sink->write(sink->opaque, "8 bytes", 8);
        craft_end(&craft);
        expect_damaged(&craft.file, "");
        craft_free(&craft);
    }
}

/* Bytes behind the last frame of a memory section, in front of its index: footer, index and table
 * know of one frame, the bytes of a second one are there. */
static void test_bytes_between_frames(void **state)
{
    const struct section_head head = {
        .type = "m", .kind = 2, .length = LENGTH_FRAMED, .size = 2 * FRAME_BYTES};
    static const struct frame_record records[2] = {{.stored = 4096, .data = 1},
                                                   {.number = 1, .stored = 4096, .data = 1}};
    static const uint8_t stored[4096] = {1};
    uint8_t record[RECORD_SIZE], index_record[RECORD_SIZE], raw_foot[SECTION_FOOTER_SIZE];
    struct section_foot foot = {.nr_frames = 1};
    struct table_entry entry = {.offset = HEADER_SIZE};
    struct vgic5_error error = {0};
    struct reading reading;
    const struct vgic5_sink *sink;
    struct craft craft;

    (void)state;
    craft_begin(&craft);
    craft_memory(&craft, &head, records, 2, stored);
    craft.file.size -= SECTION_FOOTER_SIZE + 3 * RECORD_SIZE;
    sink = buffer_sink(&craft.file);
    memcpy(record, craft.file.bytes + HEADER_SIZE + SECTION_HEADER_SIZE, RECORD_SIZE);
    index_record_encode(record, 1, index_record);
    sink->write(sink->opaque, index_record, RECORD_SIZE);
    sink->write(sink->opaque, record, RECORD_SIZE);
    foot.total = entry.total = craft.file.size + SECTION_FOOTER_SIZE - HEADER_SIZE;
    section_hash(craft.file.bytes + HEADER_SIZE, &(struct hash_part){record, RECORD_SIZE}, &foot);
    section_foot_encode(&foot, raw_foot);
    sink->write(sink->opaque, raw_foot, sizeof(raw_foot));
    memcpy(entry.hash, foot.hash, sizeof(entry.hash));
    table_entry_encode(craft.file.bytes + HEADER_SIZE, &entry, craft.table.bytes);
    craft_end(&craft);
    assert_int_equal(read_whole(file_like(&reading, &craft.file), &error), -EBADMSG);
    assert_non_null(strstr(error.message, "the frames of its index end at offset 0x1100"));
    assert_int_equal(read_whole(pipe_like(&reading, &craft.file), &error), -EBADMSG);
    craft_free(&craft);
}

/* An end record that is right in itself and wrong about the file. */
static void test_end_record(void **state)
{
    static const struct section_head head = {.type = "a", .kind = 1};

    (void)state;
    for (unsigned int i = 0; i < 3; i++) {
        struct file_end end;
        struct craft craft;
        uint8_t *raw;

        craft_begin(&craft);
        craft_payload(&craft, &head, "");
        craft_end(&craft);
        raw = craft.file.bytes + craft.file.size - END_SIZE;
        assert_true(file_end_decode(raw, &end));
        end.table_offset -= i == 0;
        end.file_size += i == 1;
        end.root[3] ^= i == 2;
        file_end_encode(&end, raw);
        expect_damaged(&craft.file, i == 2 ? "root hash" : "end record at offset 0x1e0");
        craft_free(&craft);
    }
}

/* ---- Memory ---------------------------------------------------------------------------------- */

static void test_memory_ranges(void **state)
{
    static const struct {
        uint64_t base, size;
        const char *words;
    } cases[] = {
        {0, 0x1000, NULL},
        {MAX_ADDRESS - 0x1000, 0x1000, NULL},
        {0, MAX_MEMORY_IN_ALL, NULL},
        {0, 0, "4 KiB pages"},
        {0x800, 0x1000, "4 KiB pages"},
        {0, 0x1800, "4 KiB pages"},
        {0, MAX_MEMORY_IN_ALL + 0x1000, "above the limits"},
        {MAX_ADDRESS, 0x1000, "above the limits"},
        {0xfffffffffffff000, 0x1000, "above the limits"},
        {0x1000, 0xfffffffffffff000, "above the limits"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct section_head head = {.type = "m",
                                          .kind = 2,
                                          .length = LENGTH_FRAMED,
                                          .base = cases[i].base,
                                          .size = cases[i].size};
        struct craft craft;

        craft_begin(&craft);
        craft_memory(&craft, &head, NULL, 0, NULL);
        craft_end(&craft);
        if (cases[i].words)
            expect_damaged(&craft.file, cases[i].words);
        else
            expect_good(&craft.file);
        craft_free(&craft);
    }
}

static void test_frame_records(void **state)
{
    /* 18 pages: frame 0, and two pages of frame 1 */
    const struct section_head head = {
        .type = "m", .kind = 2, .length = LENGTH_FRAMED, .base = 0x8000, .size = 18 * PAGE_BYTES};
    static const struct {
        struct frame_record record;
        const char *words;
    } cases[] = {
        {{.number = 0, .stored = 4096, .data = 0x8000}, NULL},
        {{.number = 1, .stored = 8192, .data = 3}, NULL},
        {{.number = 0, .stored = 65536, .data = 0xffff}, NULL},
        {{.number = 2, .stored = 4096, .data = 1}, "frame lies behind"},
        {{.number = RECORD_INDEX - 1, .stored = 4096, .data = 1}, "frame lies behind"},
        {{.number = 1, .stored = 4096, .data = 4}, "page lies behind"},
        {{.number = 0, .stored = 0, .data = 0}, "no page to store"},
        {{.number = 0, .stored = 4096, .data = 1, .zero = 2}, "no page to store"},
        {{.number = 0, .stored = 4096, .data = 1, .encoding = 2}, "encoding is unknown"},
        {{.number = 0, .stored = 4095, .data = 1}, "length does not fit"},
        {{.number = 0, .stored = 4097, .data = 1}, "length does not fit"},
        {{.number = 0, .stored = 4096, .data = 1, .encoding = 1}, "length does not fit"},
        {{.number = 0, .stored = 0, .data = 1, .encoding = 1}, "length does not fit"},
    };
    uint8_t *stored = calloc(1, FRAME_BYTES);

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct craft craft;

        craft_begin(&craft);
        craft_memory(&craft, &head, &cases[i].record, 1, stored);
        craft_end(&craft);
        if (cases[i].words)
            expect_damaged(&craft.file, cases[i].words);
        else
            expect_good(&craft.file);
        craft_free(&craft);
    }
    free(stored);
}

static void test_frames_ascend(void **state)
{
    const struct section_head head = {
        .type = "m", .kind = 2, .length = LENGTH_FRAMED, .size = 3 * FRAME_BYTES};
    static const uint8_t stored[4096];
    struct frame_record records[2] = {{.stored = 4096, .data = 1}, {.stored = 4096, .data = 2}};

    (void)state;
    for (unsigned int i = 0; i < 9; i++) {
        struct craft craft;

        records[0].number = i / 3;
        records[1].number = i % 3;
        craft_begin(&craft);
        craft_memory(&craft, &head, records, 2, stored);
        craft_end(&craft);
        if (records[0].number < records[1].number)
            expect_good(&craft.file);
        else
            expect_damaged(&craft.file, "does not come after the frame before it");
        craft_free(&craft);
    }
}

/* Bytes that are not one zstd frame of exactly the pages: load refuses, also through the sink. */
static void test_frames_that_do_not_decompress(void **state)
{
    struct frame_encoder *encoder = frame_encoder_new();
    const struct section_head head = {
        .type = "m", .kind = 2, .length = LENGTH_FRAMED, .size = FRAME_BYTES};
    uint8_t *memory = malloc(FRAME_BYTES), stored[4096] = {0};
    const struct frame_pages two = {0, memory, 2 * PAGE_BYTES, 3, false};
    const uint8_t *bytes;
    size_t length;

    (void)state;
    memset(memory, 7, FRAME_BYTES);
    assert_int_equal(frame_encode(encoder, &two, &bytes, &length), 0);
    memcpy(stored, bytes + RECORD_SIZE, length - RECORD_SIZE);
    length -= RECORD_SIZE;
    memcpy(stored + length, "\x50\x2a\x4d\x18\0\0\0\0", 8); /* a skippable frame of zstd */
    for (unsigned int i = 0; i < 7; i++) {
        /* good, one page too many, one too few, a byte behind, a byte short, a second zstd frame
         * behind, not zstd */
        static const uint16_t data[] = {3, 7, 1, 3, 3, 3, 3};
        struct frame_record record = {.data = data[i],
                                      .stored =
                                          (uint32_t)length + (i == 3) - (i == 4) + 8 * (i == 5),
                                      .encoding = FRAME_ZSTD};
        struct vgic5_snapshot *snapshot;
        struct vgic5_error error = {0};
        struct reading reading;
        struct craft craft;
        int ret;

        stored[0] ^= i == 6;
        craft_begin(&craft);
        craft_memory(&craft, &head, &record, 1, stored);
        craft_end(&craft);
        snapshot = open_good(file_like(&reading, &craft.file));
        ret = vgic5_snapshot_load_memory(snapshot, vgic5_snapshot_section(snapshot, 0), memory,
                                         &error);
        assert_int_equal(ret, i == 0 ? 0 : -EBADMSG);
        assert_true(i == 0 || strstr(error.message, "frame 0 at offset 0xe0 (guest address 0x0) "
                                                    "does not decompress"));
        vgic5_snapshot_close(snapshot);
        craft_free(&craft);
    }
    frame_encoder_free(encoder);
    free(memory);
}

/* ---- Limits ---------------------------------------------------------------------------------- */

static void test_number_of_sections(void **state)
{
    struct section_head head = {.type = "a", .kind = 1};

    (void)state;
    for (size_t more = 0; more < 2; more++) {
        struct craft craft;

        craft_begin(&craft);
        for (size_t i = 0; i < MAX_SECTIONS + more; i++) {
            head.instance = i;
            craft_payload(&craft, &head, "");
        }
        craft_end(&craft);
        if (more)
            expect_damaged(&craft.file, "more than 4096 sections");
        else
            expect_good(&craft.file);
        craft_free(&craft);
    }
}

static void test_number_and_size_of_memory_sections(void **state)
{
    struct section_head head = {.type = "m", .kind = 2, .length = LENGTH_FRAMED, .size = 0x1000};
    struct craft craft;

    (void)state;
    for (size_t more = 0; more < 2; more++) {
        craft_begin(&craft);
        for (head.instance = 0; head.instance < MAX_MEMORY_SECTIONS + more; head.instance++) {
            head.base = head.instance << 12;
            craft_memory(&craft, &head, NULL, 0, NULL);
        }
        craft_end(&craft);
        if (more)
            expect_damaged(&craft.file, "more than 64 memory sections");
        else
            expect_good(&craft.file);
        craft_free(&craft);
    }
    craft_begin(&craft);
    head = (struct section_head){
        .type = "m", .kind = 2, .length = LENGTH_FRAMED, .size = MAX_MEMORY_IN_ALL};
    craft_memory(&craft, &head, NULL, 0, NULL);
    head.instance = 1;
    head.base = head.size;
    head.size = 0x1000;
    craft_memory(&craft, &head, NULL, 0, NULL);
    craft_end(&craft);
    expect_damaged(&craft.file, "more than 0x10000000000 bytes of memory");
    craft_free(&craft);
}

/* Random changes under right hashes: no crash; and what is accepted is written back alike. */
static void check_accepted(struct vgic5_snapshot *snapshot, const struct buffer *file)
{
    struct vgic5_error error = {0};

    for (size_t i = 0; i < vgic5_snapshot_nr_sections(snapshot); i++) {
        const struct vgic5_section *section = vgic5_snapshot_section(snapshot, i);

        if (section->kind == VGIC5_SECTION_FIELDS) {
            struct vgic5_snapshot_writer *writer;
            struct buffer again = {0};

            assert_int_equal(vgic5_snapshot_begin(buffer_sink(&again), "", &writer, NULL), 0);
            assert_int_equal(vgic5_snapshot_put_fields(writer, section->type, section->instance,
                                                       section->version, section->required,
                                                       section->fields, &error),
                             0);
            assert_int_equal(again.size, HEADER_SIZE + section->size);
            assert_memory_equal(again.bytes + HEADER_SIZE, file->bytes + section->offset,
                                section->size);
            vgic5_snapshot_abort(writer);
            buffer_free(&again);
        } else if (section->kind == VGIC5_SECTION_MEMORY && section->memory_size <= 1u << 22) {
            void *memory = malloc(section->memory_size);

            (void)vgic5_snapshot_load_memory(snapshot, section, memory, &error);
            free(memory);
        }
    }
}

static void test_random_changes_under_right_hashes(void **state)
{
    enum { ROUNDS = 6000 };
    struct random random = {.state = 20};
    struct sample *sample = sample_new(1);
    struct buffer good = {0}, changed = {0};
    unsigned int accepted = 0;
    struct map map;

    (void)state;
    sample_write(sample, buffer_sink(&good));
    map_file(&map, &good);
    for (unsigned int round = 0; round < ROUNDS; round++) {
        struct vgic5_snapshot *snapshot;
        struct vgic5_error error = {0};
        struct reading reading;
        const struct vgic5_source *source;
        unsigned int changes = 1 + (unsigned int)random_below(&random, 3);

        buffer_copy(&changed, &good);
        while (changes--) {
            /* Two of three in the first 3 KiB, where the structure is. */
            size_t bound = random_below(&random, 3) ? 3072 : changed.size;
            size_t at = HEADER_SIZE + random_below(&random, bound - HEADER_SIZE);

            changed.bytes[at] =
                (uint8_t)(random_below(&random, 2) ? random_next(&random) : changed.bytes[at] ^ 1);
        }
        reseal(&map, &changed);
        source = round % 2 ? pipe_like(&reading, &changed) : file_like(&reading, &changed);
        if (vgic5_snapshot_open_source(source, NULL, &snapshot, &error) != 0) {
            assert_int_equal(error.cause, VGIC5_CAUSE_DAMAGED);
            assert_true(strlen(error.message) > 20);
            continue;
        }
        accepted++;
        check_accepted(snapshot, &changed);
        vgic5_snapshot_close(snapshot);
    }
    assert_in_range(accepted, ROUNDS / 10, ROUNDS * 9 / 10);
    map_free(&map);
    buffer_free(&changed);
    buffer_free(&good);
    free(sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_section_headers),
        cmocka_unit_test(test_reserved_bits),
        cmocka_unit_test(test_type_has_no_tail),
        cmocka_unit_test(test_repeated_and_overlapping_sections),
        cmocka_unit_test(test_fields_are_checked_behind_the_hash),
        cmocka_unit_test(test_header_checksum_comes_first),
        cmocka_unit_test(test_bytes_between_sections),
        cmocka_unit_test(test_bytes_between_frames),
        cmocka_unit_test(test_end_record),
        cmocka_unit_test(test_memory_ranges),
        cmocka_unit_test(test_frame_records),
        cmocka_unit_test(test_frames_ascend),
        cmocka_unit_test(test_frames_that_do_not_decompress),
        cmocka_unit_test(test_number_of_sections),
        cmocka_unit_test(test_number_and_size_of_memory_sections),
        cmocka_unit_test(test_random_changes_under_right_hashes),
    };

    return cmocka_run_group_tests_name("snapshot rules", tests, NULL, NULL);
}
