/* SPDX-License-Identifier: BSD-3-Clause */
/* Incremental snapshots, and memory that is handed over frame by frame (FORMAT.md, "Memory"). */
#include "craft.h"
#include "snapshot/frame.h"
#include "support.h"

#include <errno.h>

#define SIZE (3 * 65536u + 5 * 4096u)
#define PAGES (SIZE / 4096u)

/* Memory, and which of its pages are handed over. */
struct offer {
    const uint8_t *memory;
    const uint8_t *changed; /* of each page; NULL: all */
    uint64_t next;          /* frames come in order, once */
};

static int offer_frame(void *opaque, uint64_t offset, uint32_t size, const void **memory,
                       uint16_t *pages)
{
    struct offer *offer = opaque;

    assert_int_equal(offset, offer->next);
    assert_int_equal(*pages, 0);
    offer->next += size;
    *memory = offer->memory + offset;
    for (uint32_t page = 0; page < size / 4096; page++)
        *pages |= (uint16_t)((!offer->changed || offer->changed[offset / 4096 + page]) << page);
    return 0;
}

static void write_one(struct buffer *file, const uint8_t *root, const uint8_t *memory,
                      const uint8_t *changed, unsigned threads)
{
    struct offer offer = {memory, changed, 0};
    const struct vgic5_memory_from from = {sizeof(from), threads, offer_frame, &offer};
    struct vgic5_snapshot_writer *writer;

    if (root)
        assert_int_equal(vgic5_snapshot_begin_on(buffer_sink(file), "t", root, "b", &writer, NULL),
                         0);
    else
        assert_int_equal(vgic5_snapshot_begin(buffer_sink(file), "t", &writer, NULL), 0);
    assert_int_equal(vgic5_snapshot_put_memory_from(writer, 0x1000, SIZE, &from, NULL), 0);
    assert_int_equal(vgic5_snapshot_end(writer, NULL), 0);
}

/* A third of the pages zero, a third of noise, a third that compresses. */
static void fill(uint8_t *memory, struct random *random, const uint8_t *which)
{
    for (unsigned page = 0; page < PAGES; page++) {
        uint64_t kind = random_below(random, 3);

        for (unsigned n = 0; (!which || which[page]) && n < 4096; n++)
            memory[page * 4096 + n] = kind == 0   ? 0
                                      : kind == 1 ? (uint8_t)random_next(random)
                                                  : (uint8_t)page;
    }
}

struct pair {
    struct buffer base, on_top;
    uint8_t before[SIZE], after[SIZE], changed[PAGES];
};

static struct pair *pair_new(uint64_t seed)
{
    struct pair *pair = calloc(1, sizeof(*pair));
    struct random random = {seed};
    struct vgic5_snapshot *snapshot;
    struct reading reading;

    fill(pair->before, &random, NULL);
    memcpy(pair->after, pair->before, SIZE);
    for (unsigned page = 0; page < PAGES; page++)
        pair->changed[page] = random_below(&random, 4) == 0;
    fill(pair->after, &random, pair->changed);
    write_one(&pair->base, NULL, pair->before, NULL, 0);
    snapshot = open_good(file_like(&reading, &pair->base));
    write_one(&pair->on_top, vgic5_snapshot_root(snapshot), pair->after, pair->changed, 0);
    vgic5_snapshot_close(snapshot);
    return pair;
}

static void pair_free(struct pair *pair)
{
    buffer_free(&pair->base);
    buffer_free(&pair->on_top);
    free(pair);
}

static void load(const struct buffer *file, uint8_t *to)
{
    struct reading reading;
    struct vgic5_snapshot *snapshot = open_good(file_like(&reading, file));
    const struct vgic5_section *memory = vgic5_snapshot_find(snapshot, "memory", 0x1000);

    assert_int_equal(vgic5_snapshot_load_memory(snapshot, memory, to, NULL), 0);
    vgic5_snapshot_close(snapshot);
}

static void test_base_and_what_is_on_top_give_the_memory(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct pair *pair = pair_new(seed);
        uint8_t *memory = calloc(1, SIZE);

        load(&pair->base, memory);
        assert_memory_equal(memory, pair->before, SIZE);
        load(&pair->on_top, memory);
        assert_memory_equal(memory, pair->after, SIZE);
        assert_true(pair->on_top.size < pair->base.size);
        free(memory);
        pair_free(pair);
    }
}

static void test_it_names_its_base(void **state)
{
    struct pair *pair = pair_new(1);
    struct reading reading, other;
    struct vgic5_snapshot *base = open_good(file_like(&reading, &pair->base));
    struct vgic5_snapshot *on_top = open_good(file_like(&other, &pair->on_top));
    const char *name;

    (void)state;
    assert_null(vgic5_snapshot_base(base, &name));
    assert_null(name);
    assert_memory_equal(vgic5_snapshot_base(on_top, &name), vgic5_snapshot_root(base), 16);
    assert_string_equal(name, "b");
    assert_int_equal(vgic5_snapshot_header(base)->minor, 0);
    assert_int_equal(vgic5_snapshot_header(on_top)->minor, 1);
    assert_int_equal(vgic5_snapshot_header(on_top)->incompatible, 1);
    vgic5_snapshot_close(on_top);
    vgic5_snapshot_close(base);
    pair_free(pair);
}

static int apply(void *opaque, const struct vgic5_snapshot *snapshot,
                 const struct vgic5_section *memory, uint64_t offset, const void *bytes,
                 size_t size)
{
    (void)snapshot;
    (void)memory;
    memcpy((uint8_t *)opaque + offset, bytes, size);
    return 0;
}

/* What a reader will call the file is known to its writer. */
static void test_the_writer_tells_the_root(void **state)
{
    struct buffer file = {0};
    struct vgic5_snapshot_writer *writer;
    struct vgic5_snapshot *snapshot;
    struct reading reading;
    uint8_t root[VGIC5_SNAPSHOT_ROOT_SIZE] = {0};

    (void)state;
    assert_int_equal(vgic5_snapshot_begin(buffer_sink(&file), "t", &writer, NULL), 0);
    assert_int_equal(vgic5_snapshot_end_root(writer, root, NULL), 0);
    snapshot = open_good(file_like(&reading, &file));
    assert_memory_equal(root, vgic5_snapshot_root(snapshot), sizeof(root));
    vgic5_snapshot_close(snapshot);
    buffer_free(&file);
}

static void test_from_a_pipe(void **state)
{
    struct pair *pair = pair_new(7);
    const struct vgic5_memory_sink sink = {sizeof(sink), apply, pair->before};
    const struct vgic5_open_options options = {.size = sizeof(options), .memory_sink = &sink};
    struct vgic5_snapshot *snapshot;
    struct reading reading;

    (void)state;
    assert_int_equal(
        vgic5_snapshot_open_source(pipe_like(&reading, &pair->on_top), &options, &snapshot, NULL),
        0);
    assert_memory_equal(pair->before, pair->after, SIZE);
    vgic5_snapshot_close(snapshot);
    pair_free(pair);
}

static void test_threads_make_the_same_bytes(void **state)
{
    static const unsigned threads[] = {1, 2, 3, 64, 1000};
    struct pair *pair = pair_new(3);

    (void)state;
    for (size_t n = 0; n < sizeof(threads) / sizeof(threads[0]); n++) {
        struct buffer file = {0};

        write_one(&file, NULL, pair->before, NULL, threads[n]);
        assert_int_equal(file.size, pair->base.size);
        assert_memory_equal(file.bytes, pair->base.bytes, file.size);
        buffer_free(&file);
    }
    pair_free(pair);
}

static int refuse_frame(void *opaque, uint64_t offset, uint32_t size, const void **memory,
                        uint16_t *pages)
{
    (void)memory;
    (void)pages;
    return offset + size < *(uint64_t *)opaque ? 0 : -ECANCELED;
}

/* A source that gives up ends the snapshot: no trailer may follow. */
static void test_a_source_that_gives_up(void **state)
{
    uint64_t last = 2 * 65536;
    const struct vgic5_memory_from from = {sizeof(from), 2, refuse_frame, &last};
    struct vgic5_snapshot_writer *writer;
    struct vgic5_error error = {0};
    struct buffer file = {0};

    (void)state;
    assert_int_equal(vgic5_snapshot_begin(buffer_sink(&file), "t", &writer, NULL), 0);
    assert_int_equal(vgic5_snapshot_put_memory_from(writer, 0, SIZE, &from, &error), -ECANCELED);
    assert_true(error.cause == VGIC5_CAUSE_ENVIRONMENT && strstr(error.message, "offset 0x10000"));
    assert_int_equal(vgic5_snapshot_end(writer, &error), -ECANCELED);
    buffer_free(&file);
}

/* Every bit of an incremental snapshot flipped: refused, whether it is read or streamed. */
static void test_every_bit(void **state)
{
    struct pair *pair = pair_new(5);

    (void)state;
    for (size_t bit = 0; bit < pair->on_top.size * 8; bit += 1 + bit % 61) {
        struct vgic5_error error = {0};
        struct reading reading;

        pair->on_top.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_true(read_whole(file_like(&reading, &pair->on_top), &error) < 0);
        assert_true(error.cause == VGIC5_CAUSE_DAMAGED || error.cause == VGIC5_CAUSE_UNFIT);
        assert_true(error.message[0] != '\0');
        pair->on_top.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    pair_free(pair);
}

/* Records that only an incremental snapshot may have, and that none may have, in a full one. */
static void test_records_of_a_full_snapshot(void **state)
{
    static const struct frame_record records[] = {
        {.data = 0, .zero = 1, .stored = 0, .encoding = FRAME_RAW},
        {.data = 1, .zero = 2, .stored = 4096, .encoding = FRAME_RAW},
    };
    const struct section_head head = {
        .type = "m", .kind = 2, .length = LENGTH_FRAMED, .size = FRAME_BYTES};
    uint8_t stored[4096] = {1};

    (void)state;
    for (size_t n = 0; n < sizeof(records) / sizeof(records[0]); n++) {
        struct frame_record record = records[n];
        struct vgic5_error error = {0};
        struct reading reading;
        struct craft craft;

        craft_begin(&craft);
        craft_memory(&craft, &head, &record, 1, stored);
        craft_end(&craft);
        assert_int_equal(read_whole(file_like(&reading, &craft.file), &error), -EBADMSG);
        assert_non_null(strstr(error.message, "no page to store"));
        craft_free(&craft);
    }
}

static void test_records_of_an_incremental_one(void **state)
{
    static const struct {
        struct frame_record record;
        const char *fault;
    } cases[] = {
        {{.data = 0, .zero = 1}, NULL},
        {{.data = 1, .zero = 2, .stored = 4096}, NULL},
        {{.data = 0, .zero = 0}, "no page to store"},
        {{.data = 3, .zero = 2, .stored = 8192}, "both stored and zero"},
        {{.data = 0, .zero = 1, .stored = 1}, "length does not fit"},
        {{.data = 0, .zero = 1, .stored = 0, .encoding = FRAME_ZSTD}, "length does not fit"},
        {{.number = 3, .data = 0, .zero = 0x20}, "behind the section's memory"},
    };

    (void)state;
    for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
        const char *fault = frame_record_fault(&cases[n].record, SIZE, true);

        assert_int_equal(!fault, !cases[n].fault);
        assert_true(!fault || strstr(fault, cases[n].fault));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base_and_what_is_on_top_give_the_memory),
        cmocka_unit_test(test_it_names_its_base),
        cmocka_unit_test(test_the_writer_tells_the_root),
        cmocka_unit_test(test_from_a_pipe),
        cmocka_unit_test(test_threads_make_the_same_bytes),
        cmocka_unit_test(test_a_source_that_gives_up),
        cmocka_unit_test(test_every_bit),
        cmocka_unit_test(test_records_of_a_full_snapshot),
        cmocka_unit_test(test_records_of_an_incremental_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
