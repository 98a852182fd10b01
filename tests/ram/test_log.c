/* SPDX-License-Identifier: BSD-3-Clause */
/* What was written since which snapshot, with saves that fail in between. */
#include "ram.h"

#include <string.h>

struct log_bench {
    struct ram_log log;
    struct ram_watch watch;
    struct ram_range range;
    struct vgic5_dirty_source source;
    uint8_t *ram;
    uint16_t written[NR_FRAMES];
};

static void root_of(unsigned number, uint8_t root[VGIC5_SNAPSHOT_ROOT_SIZE])
{
    memset(root, (int)number, VGIC5_SNAPSHOT_ROOT_SIZE);
}

static void saved(struct log_bench *bench, unsigned number)
{
    uint8_t root[VGIC5_SNAPSHOT_ROOT_SIZE];

    root_of(number, root);
    ram_log_keep(&bench->log, root);
}

static void save(struct log_bench *bench, unsigned number)
{
    ram_log_mark(&bench->log);
    saved(bench, number);
}

static bool since(struct log_bench *bench, unsigned number)
{
    uint8_t root[VGIC5_SNAPSHOT_ROOT_SIZE];

    root_of(number, root);
    return ram_log_since(&bench->log, root, bench->written);
}

/* Exactly these pages, up to a page of ~0. */
static void assert_since(struct log_bench *bench, unsigned number, const uint64_t *pages)
{
    uint16_t expected[NR_FRAMES] = {0};

    for (; *pages != UINT64_MAX; pages++)
        expected[*pages / RAM_PAGES_PER_FRAME] |= (uint16_t)(1u << *pages % RAM_PAGES_PER_FRAME);
    assert_true(since(bench, number));
    assert_memory_equal(bench->written, expected, sizeof(expected));
}

#define PAGES(...) ((const uint64_t[]){__VA_ARGS__, UINT64_MAX})

static int begin_watching(void *opaque)
{
    struct log_bench *bench = opaque;

    return bench->watch.ranges ? 0 : ram_watch_begin(&bench->watch, &bench->range, 1, NULL, NULL);
}

static int take(void *opaque, size_t range, uint64_t *pages)
{
    struct log_bench *bench = opaque;

    return ram_watch_take(&bench->watch, range, pages);
}

static void begin(struct log_bench *bench)
{
    memset(bench, 0, sizeof(*bench));
    bench->ram = ram_new();
    bench->range = ram_whole(bench->ram);
    bench->source = (struct vgic5_dirty_source){
        .size = sizeof(bench->source), .begin = begin_watching, .take = take, .opaque = bench};
    bench->log = (struct ram_log){
        .ranges = &bench->range, .nr_ranges = 1, .nr_frames = NR_FRAMES, .source = &bench->source};
}

static void end(struct log_bench *bench)
{
    ram_log_end(&bench->log);
    ram_watch_end(&bench->watch);
    ram_free(bench->ram);
}

static void test_since_a_snapshot(void **state)
{
    struct log_bench bench;

    (void)state;
    begin(&bench);
    assert_false(since(&bench, 1));
    ram_store(bench.ram, 1, 1);
    save(&bench, 1);
    assert_since(&bench, 1, PAGES(UINT64_MAX));
    ram_store(bench.ram, 2, 1);
    assert_since(&bench, 1, PAGES(2));
    assert_false(since(&bench, 2));
    save(&bench, 2);
    ram_store(bench.ram, 500, 1);
    assert_since(&bench, 1, PAGES(2, 500));
    assert_since(&bench, 2, PAGES(500));
    end(&bench);
}

/* The mark of a save under way has no name; what it would have cleared is still known. */
static void test_a_save_that_fails(void **state)
{
    struct log_bench bench;

    (void)state;
    begin(&bench);
    save(&bench, 1);
    ram_store(bench.ram, 2, 1);
    for (unsigned n = 0; n < 3; n++) { /* more than once */
        ram_log_mark(&bench.log);
        ram_store(bench.ram, 10 + n, 1); /* the guest goes on meanwhile */
        assert_false(since(&bench, 0));
        ram_log_drop(&bench.log);
    }
    assert_since(&bench, 1, PAGES(2, 10, 11, 12));
    save(&bench, 2);
    assert_since(&bench, 1, PAGES(2, 10, 11, 12));
    assert_since(&bench, 2, PAGES(UINT64_MAX));
    end(&bench);
}

static void test_written_while_a_save_is_under_way(void **state)
{
    struct log_bench bench;

    (void)state;
    begin(&bench);
    save(&bench, 1);
    ram_store(bench.ram, 2, 1);
    ram_log_mark(&bench.log);
    ram_store(bench.ram, 2, 2);
    ram_store(bench.ram, 3, 2);
    saved(&bench, 2);
    assert_since(&bench, 2, PAGES(2, 3));
    assert_since(&bench, 1, PAGES(2, 3));
    end(&bench);
}

/* keep and drop concern the last mark, and only until it has a name. */
static void test_keep_and_drop_without_a_mark(void **state)
{
    struct log_bench bench;

    (void)state;
    begin(&bench);
    saved(&bench, 1);
    ram_log_drop(&bench.log);
    assert_false(since(&bench, 1));
    save(&bench, 1);
    saved(&bench, 2);
    ram_log_drop(&bench.log);
    assert_false(since(&bench, 2));
    assert_true(since(&bench, 1));
    end(&bench);
}

/* When a new one is safe, and not when the new one fails. What was built on has been used. */
static void test_the_least_used_is_forgotten(void **state)
{
    struct log_bench bench;

    (void)state;
    begin(&bench);
    for (unsigned n = 1; n <= RAM_LOG_MARKS; n++) {
        save(&bench, n);
        ram_store(bench.ram, n, 1);
    }
    ram_log_mark(&bench.log);
    ram_log_drop(&bench.log);
    assert_since(&bench, 1, PAGES(1, 2, 3, 4, 5, 6, 7, 8));
    save(&bench, 9);
    assert_false(since(&bench, 2));
    assert_since(&bench, 1, PAGES(1, 2, 3, 4, 5, 6, 7, 8));
    assert_since(&bench, 4, PAGES(4, 5, 6, 7, 8));
    assert_since(&bench, 9, PAGES(UINT64_MAX));
    save(&bench, 10);
    assert_false(since(&bench, 3));
    end(&bench);
}

/* Two snapshots of the same state are the same file. */
static void test_the_same_root_twice(void **state)
{
    struct log_bench bench;

    (void)state;
    begin(&bench);
    save(&bench, 1);
    save(&bench, 1);
    ram_store(bench.ram, 9, 1);
    assert_since(&bench, 1, PAGES(9)); /* of any of the two */
    end(&bench);
}

/* ---- Against copies of RAM ------------------------------------------------------------------- */

#define NR_COPIES 14u

struct copies {
    uint8_t *of[NR_COPIES];
    unsigned next; /* the number of the next snapshot */
};

static void nothing_is_lost(struct log_bench *bench, const struct copies *copies)
{
    for (unsigned n = 0; n < copies->next && n < NR_COPIES; n++) {
        unsigned number = copies->next - 1 - n;
        const uint8_t *then = copies->of[number % NR_COPIES];

        if (!since(bench, number + 1)) {
            assert_true(n > 0); /* the last one is known */
            continue;
        }
        for (uint64_t page = 0; page < NR_PAGES; page++)
            assert_true(has_page(bench->written, page) ||
                        memcmp(then + page * RAM_PAGE, bench->ram + page * RAM_PAGE, RAM_PAGE) ==
                            0);
    }
}

static void write_some(struct log_bench *bench, uint64_t *seed)
{
    for (uint64_t n = ram_noise(seed) % 20; n > 0; n--)
        ram_store(bench->ram, ram_noise(seed) % NR_PAGES, (uint8_t)ram_noise(seed));
}

static int fill_nothing(void *opaque, uint64_t frame, void *content, struct vgic5_error *error)
{
    (void)opaque, (void)frame, (void)content, (void)error;
    return 0;
}

static void play(uint64_t seed, uint64_t most_edges, bool absent)
{
    struct copies copies = {.next = 0};
    struct log_bench bench;

    begin(&bench);
    for (unsigned n = 0; n < NR_COPIES; n++)
        copies.of[n] = ram_new();
    if (absent) {
        assert_int_equal(begin_watching(&bench), 0);
        assert_int_equal(ram_watch_empty(&bench.watch, fill_nothing, NULL), 0);
    }
    for (unsigned step = 0; step < 100; step++) {
        uint8_t *copy = copies.of[copies.next % NR_COPIES];

        write_some(&bench, &seed);
        if (ram_noise(&seed) % 4 == 0)
            memcpy(copy, bench.ram, RAM_SIZE); /* and so fill all of it */
        ram_log_mark(&bench.log);
        bench.watch.most_edges = most_edges;
        memcpy(copy, bench.ram, RAM_SIZE);
        write_some(&bench, &seed);
        if (ram_noise(&seed) % 2)
            saved(&bench, ++copies.next);
        else
            ram_log_drop(&bench.log);
        write_some(&bench, &seed);
        nothing_is_lost(&bench, &copies);
    }
    for (unsigned n = 0; n < NR_COPIES; n++)
        ram_free(copies.of[n]);
    end(&bench);
}

static void test_nothing_is_lost(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        play(seed, 2 * NR_PAGES, false);
        play(seed, 2 * NR_PAGES, true);
        play(seed, 20, true);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_since_a_snapshot),
        cmocka_unit_test(test_a_save_that_fails),
        cmocka_unit_test(test_written_while_a_save_is_under_way),
        cmocka_unit_test(test_keep_and_drop_without_a_mark),
        cmocka_unit_test(test_the_least_used_is_forgotten),
        cmocka_unit_test(test_the_same_root_twice),
        cmocka_unit_test(test_nothing_is_lost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
