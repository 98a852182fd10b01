/* SPDX-License-Identifier: BSD-3-Clause */
/* Kernel and initrd files, and the plain arm64 Image. */
#include "image_files.h"

#include <errno.h>
#include <string.h>

#define SIZE 5000u

static uint8_t file[8 << 20];

static void expect_loaded(const struct image_bench *b, uint64_t start, uint64_t end)
{
    assert_int_equal(b->image.entry, start);
    assert_int_equal(b->image.start, start);
    assert_int_equal(b->image.end, end);
    assert_memory_equal(b->memory.host + (start - BASE), file, SIZE);
}

static void image_at_the_base(void **state)
{
    struct image_bench *b = *state;

    make_image(file, SIZE, 0, 0x3000, 0xa);
    assert_int_equal(load_kernel(b, file, SIZE), 0);
    expect_loaded(b, BASE, BASE + 0x3000);
}

static void image_at_its_text_offset(void **state)
{
    struct image_bench *b = *state;

    make_image(file, SIZE, 0x80000, 0x3000, 2);
    assert_int_equal(load_kernel(b, file, SIZE), 0);
    expect_loaded(b, BASE + 0x80000, BASE + 0x83000);
}

/* image_size = 0: Linux before 3.17, whose text_offset may be in either byte order. */
static void old_image(void **state)
{
    struct image_bench *b = *state;

    make_image(file, SIZE, UINT64_C(0x0000080000000000), 0, 0);
    assert_int_equal(load_kernel(b, file, SIZE), 0);
    expect_loaded(b, BASE + 0x80000, BASE + 0x80000 + SIZE);
}

/* A file that is longer than its image_size occupies what it is long. */
static void image_size_smaller_than_the_file(void **state)
{
    struct image_bench *b = *state;

    make_image(file, SIZE, 0, 64, 0);
    assert_int_equal(load_kernel(b, file, SIZE), 0);
    expect_loaded(b, BASE, BASE + SIZE);
}

static void image_that_fills_ram(void **state)
{
    struct image_bench *b = *state;

    make_image(file, SIZE, 0x1000, 4 * MIB - 0x1000, 0);
    assert_int_equal(load_kernel(b, file, SIZE), 0);
    expect_loaded(b, BASE + 0x1000, BASE + 4 * MIB);
}

/* RAM that does not begin on 2 MiB: the Image begins on the next boundary. */
static void image_base_is_aligned(void **state)
{
    struct image_bench b = {0};

    (void)state;
    assert_int_equal(memory_create(&b.memory, BASE + 0x1000, 4 * MIB), 0);
    make_image(file, SIZE, 0x10000, 0x3000, 0);
    assert_int_equal(load_kernel(&b, file, SIZE), 0);
    assert_int_equal(b.image.start, BASE + 2 * MIB + 0x10000);
    assert_memory_equal(memory_at(&b.memory, b.image.start, SIZE), file, SIZE);
    memory_destroy(&b.memory);
}

/* … and what lies before the boundary is no room for it. */
static void unaligned_base_leaves_less_room(void **state)
{
    static const struct {
        uint64_t ram, text_offset, image_size;
        int code;
    } rows[] = {
        {4 * MIB, 0, 2 * MIB + 0x1000, 0}, {4 * MIB, 0, 2 * MIB + 0x1001, -ENOSPC},
        {4 * MIB, 0x1000, 2 * MIB, 0},     {4 * MIB, 0x1000, 2 * MIB + 1, -ENOSPC},
        {4 * MIB, 4 * MIB, 64, -ENOSPC},   {2 * MIB, 0, 0x1000 + SIZE, -ENOSPC},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct image_bench b = {0};

        assert_int_equal(memory_create(&b.memory, BASE + 0x1000, rows[i].ram), 0);
        make_image(file, SIZE, rows[i].text_offset, rows[i].image_size, 0);
        assert_int_equal(load_kernel(&b, file, SIZE), rows[i].code);
        memory_destroy(&b.memory);
    }
}

static void hostile_images(void **state)
{
    static const struct {
        uint64_t text_offset, image_size, flags;
        int code;
        const char *words;
    } rows[] = {
        {0, 4 * MIB + 1, 0, -ENOSPC, "does not fit into 0x400000 bytes"},
        {1 * MIB, 3 * MIB + 1, 0, -ENOSPC, "text_offset 0x100000"},
        {4 * MIB, 64, 0, -ENOSPC, "does not fit"},
        {4 * MIB - 4096, 64, 0, -ENOSPC, "Image of 0x1388 bytes"},
        {UINT64_MAX - 3, 0x3000, 0, -ENOSPC, "does not fit"},
        {UINT64_MAX - 0x2fff, 0x3000, 0, -ENOSPC, "does not fit"},
        {0, UINT64_MAX, 0, -ENOSPC, "0xffffffffffffffff bytes"},
        {0x1000, UINT64_MAX - 0xfff, 0, -ENOSPC, "does not fit"},
        {UINT64_C(1) << 63, UINT64_C(1) << 63, 0, -ENOSPC, "does not fit"},
        {2, 0x3000, 0, -ENOEXEC, "text_offset is 0x2"},
        {0, 0x3000, 1, -ENOEXEC, "big-endian"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        make_image(file, SIZE, rows[i].text_offset, rows[i].image_size, rows[i].flags);
        expect_refused(*state, file, SIZE, rows[i].code, rows[i].words);
    }
}

static void truncated_and_unknown(void **state)
{
    make_image(file, SIZE, 0, 0x3000, 0);
    for (size_t size = 0; size < 64; size++)
        expect_refused(*state, file, size, -ENOEXEC, "is no kernel that we know");
    memset(file, 'x', SIZE);
    expect_refused(*state, file, SIZE, -ENOEXEC, "is no kernel that we know");
}

static void file_larger_than_ram(void **state)
{
    make_image(file, 4 * MIB + 1, 0, 0x3000, 0);
    expect_refused(*state, file, 4 * MIB + 1, -ENOSPC, "does not fit");
}

/* ---- Files ----------------------------------------------------------------------------------- */

static void files_that_cannot_be_read(void **state)
{
    static const struct {
        const char *path;
        int code;
    } rows[] = {
        {"/nonexistent/kernel", -ENOENT},
        {"/proc/self", -EISDIR},
        {"/dev/null/kernel", -ENOTDIR},
    };
    struct image_bench *b = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        memset(&b->error, 0, sizeof(b->error));
        assert_int_equal(image_load_kernel(&b->memory, rows[i].path, &b->image, &b->error),
                         rows[i].code);
        assert_int_equal(b->error.cause, VGIC5_CAUSE_ENVIRONMENT);
        assert_non_null(strstr(b->error.message, rows[i].path));
        assert_non_null(strstr(b->error.message, strerror(-rows[i].code)));
        assert_int_equal(image_load_initrd(&b->memory, rows[i].path, BASE, &b->image, &b->error),
                         rows[i].code);
        assert_int_equal(image_load_kernel(&b->memory, rows[i].path, &b->image, NULL),
                         rows[i].code);
    }
}

/* A file without an end is read no further than what could fit. */
static void endless_file(void **state)
{
    struct image_bench *b = *state;

    assert_int_equal(image_load_initrd(&b->memory, "/dev/zero", BASE, &b->image, &b->error),
                     -EFBIG);
    assert_non_null(strstr(b->error.message, "0x400000"));
}

static void long_path_is_cut(void **state)
{
    struct image_bench *b = *state;
    char path[2000];

    memset(path, 'p', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    assert_int_equal(image_load_kernel(&b->memory, path, &b->image, &b->error), -ENAMETOOLONG);
    assert_int_equal(strlen(b->error.message), sizeof(b->error.message) - 1);
}

static void initrd(void **state)
{
    struct image_bench *b = *state;

    make_image(file, SIZE, 0, 0, 0);
    assert_int_equal(load_initrd(b, file, SIZE, BASE + 4 * MIB - SIZE), 0);
    expect_loaded(b, BASE + 4 * MIB - SIZE, BASE + 4 * MIB);
}

static void initrd_that_does_not_fit(void **state)
{
    static const uint64_t at[] = {BASE + 4 * MIB - SIZE + 1, BASE - 1, 0, UINT64_MAX,
                                  UINT64_MAX - SIZE + 1};
    struct image_bench *b = *state;

    make_image(file, SIZE, 0, 0, 0);
    for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
        assert_int_equal(load_initrd(b, file, SIZE, at[i]), -ENOSPC);
        assert_int_equal(b->error.cause, VGIC5_CAUSE_ENVIRONMENT);
        assert_non_null(strstr(b->error.message, "do not fit at 0x"));
        assert_int_equal(b->image.end, 0);
    }
    assert_int_equal(load_initrd(b, file, 0, BASE), -ENOEXEC);
    assert_non_null(strstr(b->error.message, "is empty"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, image_setup, image_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(image_at_the_base),
        TEST(image_at_its_text_offset),
        TEST(old_image),
        TEST(image_size_smaller_than_the_file),
        TEST(image_that_fills_ram),
        TEST(image_base_is_aligned),
        TEST(unaligned_base_leaves_less_room),
        TEST(hostile_images),
        TEST(truncated_and_unknown),
        TEST(file_larger_than_ram),
        TEST(files_that_cannot_be_read),
        TEST(endless_file),
        TEST(long_path_is_cut),
        TEST(initrd),
        TEST(initrd_that_does_not_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
