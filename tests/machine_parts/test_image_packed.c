/* SPDX-License-Identifier: BSD-3-Clause */
/* gzip and EFI zboot around an Image. */
#include "image_files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#define SIZE 200000u
#define HEADER 0x200u

static uint8_t plain[8 << 20];
static uint8_t packed[8 << 20];

static size_t gzip(uint8_t *to, const void *from, size_t size)
{
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)from,
                       .avail_in = (uInt)size,
                       .next_out = to,
                       .avail_out = 4 << 20};

    assert_int_equal(deflateInit2(&stream, 1, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY),
                     Z_OK);
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    deflateEnd(&stream);
    return stream.total_out;
}

static size_t zstd(uint8_t *to, const void *from, size_t size)
{
    size_t n = ZSTD_compress(to, 4 << 20, from, size, 1);

    assert_false(ZSTD_isError(n));
    return n;
}

static void put_zboot_header(uint64_t offset, uint64_t size, const char *type)
{
    memset(packed, 0, HEADER);
    memcpy(packed, "MZ\0\0zimg", 8);
    put_le(packed + 8, offset, 4);
    put_le(packed + 12, size, 4);
    memcpy(packed + 24, type, strlen(type) < 40 ? strlen(type) : 40);
    memcpy(packed + 56, "\xcd\x23\x82\x81", 4);
}

static void expect_loaded(const struct image_bench *b)
{
    assert_string_equal(b->error.message, "");
    assert_int_equal(b->image.entry, BASE);
    assert_int_equal(b->image.end, BASE + 0x40000);
    assert_memory_equal(b->memory.host, plain, SIZE);
}

static void gzip_image(void **state)
{
    struct image_bench *b = *state;
    size_t n;

    make_image(plain, SIZE, 0, 0x40000, 0);
    n = gzip(packed, plain, SIZE);
    assert_int_equal(load_kernel(b, packed, n), 0);
    expect_loaded(b);
}

/* RFC 1952: members follow each other; padding of zeros does no harm. */
static void gzip_members_and_padding(void **state)
{
    struct image_bench *b = *state;
    size_t n;

    make_image(plain, SIZE, 0, 0x40000, 0);
    n = gzip(packed, plain, 1000);
    n += gzip(packed + n, plain + 1000, SIZE - 1000);
    memset(packed + n, 0, 512);
    assert_int_equal(load_kernel(b, packed, n + 512), 0);
    expect_loaded(b);
}

static void gzip_second_member_cut_off(void **state)
{
    size_t first, n;

    make_image(plain, SIZE, 0, 0x40000, 0);
    first = gzip(packed, plain, 1000);
    n = gzip(packed + first, plain + 1000, SIZE - 1000);
    expect_refused(*state, packed, first + n / 2, -ENOEXEC, "gzip data are cut off");
    expect_refused(*state, packed, first + n - 1, -ENOEXEC, "gzip data are cut off");
}

static void zboot_gzip(void **state)
{
    struct image_bench *b = *state;
    size_t n;

    make_image(plain, SIZE, 0, 0x40000, 0);
    n = gzip(packed + HEADER, plain, SIZE);
    put_zboot_header(HEADER, n, "gzip");
    memset(packed + HEADER + n, 0xee, 100); /* the program's own sections */
    assert_int_equal(load_kernel(b, packed, HEADER + n + 100), 0);
    expect_loaded(b);
}

static void zboot_zstd(void **state)
{
    struct image_bench *b = *state;
    size_t n;

    make_image(plain, SIZE, 0, 0x40000, 0);
    n = zstd(packed + HEADER, plain, SIZE);
    put_zboot_header(HEADER, n, "zstd");
    assert_int_equal(load_kernel(b, packed, HEADER + n), 0);
    expect_loaded(b);
}

static void an_image_as_large_as_ram(void **state)
{
    struct image_bench *b = *state;
    size_t n;

    make_image(plain, 4 * MIB, 0, 0, 0);
    put_le(plain + 16, 4 * MIB, 8);
    n = gzip(packed, plain, 4 * MIB);
    assert_int_equal(load_kernel(b, packed, n), 0);
    assert_memory_equal(b->memory.host, plain, 4 * MIB);
    n = zstd(packed + HEADER, plain, 4 * MIB);
    put_zboot_header(HEADER, n, "zstd");
    assert_int_equal(load_kernel(b, packed, HEADER + n), 0);
}

/* What would decompress to more than RAM is stopped there. */
static void decompression_is_bounded(void **state)
{
    size_t n;

    make_image(plain, sizeof(plain), 0, 0x40000, 0);
    memset(plain + 64, 0, sizeof(plain) - 64);
    n = gzip(packed, plain, sizeof(plain));
    assert_true(n < 100000);
    expect_refused(*state, packed, n, -ENOSPC, "decompresses to more than the 0x400000 bytes");
    n = zstd(packed + HEADER, plain, sizeof(plain));
    put_zboot_header(HEADER, n, "zstd");
    expect_refused(*state, packed, HEADER + n, -ENOSPC, "decompresses to more than");
}

static void truncated_data(void **state)
{
    size_t n, m;

    make_image(plain, SIZE, 0, 0x40000, 0);
    n = gzip(packed, plain, SIZE);
    for (size_t cut = 2; cut < n; cut = cut < 30 ? cut + 1 : cut + n / 13)
        expect_refused(*state, packed, cut, -ENOEXEC, "gzip data are cut off");
    expect_refused(*state, packed, n - 1, -ENOEXEC, "gzip data are cut off");
    m = zstd(packed + HEADER, plain, SIZE);
    for (size_t cut = 0; cut < m; cut = cut < 30 ? cut + 1 : cut + m / 13) {
        put_zboot_header(HEADER, cut, "zstd");
        expect_refused(*state, packed, HEADER + m, -ENOEXEC, "zstd data are cut off");
    }
}

static void damaged_data(void **state)
{
    size_t n;

    make_image(plain, SIZE, 0, 0x40000, 0);
    n = gzip(packed, plain, SIZE);
    packed[n - 6] ^= 1; /* CRC */
    expect_refused(*state, packed, n, -ENOEXEC, "gzip data are damaged");
    n = gzip(packed, plain, SIZE);
    memset(packed + n, 'j', 10);
    expect_refused(*state, packed, n + 10, -ENOEXEC, "more bytes follow");
    n = zstd(packed + HEADER, plain, SIZE);
    put_zboot_header(HEADER, n + 10, "zstd");
    memset(packed + HEADER + n, 'j', 10);
    expect_refused(*state, packed, HEADER + n + 10, -ENOEXEC, "zstd data are damaged");
}

/* One layer only, so that no file unpacks to a file that unpacks … */
static void wrong_content(void **state)
{
    static uint8_t inner[1 << 20];
    size_t n;

    make_image(plain, SIZE, 0, 0x40000, 0);
    n = gzip(inner, plain, SIZE);
    n = gzip(packed, inner, n);
    expect_refused(*state, packed, n, -ENOEXEC, "holds neither");
    n = gzip(packed, "text", 4);
    expect_refused(*state, packed, n, -ENOEXEC, "holds neither");
    n = gzip(packed, "", 0);
    expect_refused(*state, packed, n, -ENOEXEC, "holds neither");
    make_image(plain, SIZE, 0, UINT64_MAX, 0);
    n = gzip(packed, plain, SIZE);
    expect_refused(*state, packed, n, -ENOSPC, "does not fit");
}

static void hostile_zboot_headers(void **state)
{
    static const struct {
        uint64_t offset, size;
        const char *type, *words;
    } rows[] = {
        {HEADER, 0x10000, "gzip", "beyond the end"},
        {HEADER, 0x1001, "gzip", "0x1001 bytes at 0x200 lies beyond the end"},
        {0xffffffff, 1, "gzip", "beyond the end"},
        {0xffffffff, 0xffffffff, "gzip", "0xffffffff bytes at 0xffffffff"},
        {1, 0xffffffff, "gzip", "beyond the end"},
        {HEADER, 0, "gzip", "cut off"},
        {HEADER, 0, "zstd", "cut off"},
        {0, 1000, "gzip", "damaged"},
        {0, 1000, "zstd", "damaged"},
        {HEADER, 100, "lzma", "compressed with 'lzma', only gzip and zstd are read"},
        {HEADER, 100, "", "compressed with ''"},
        {HEADER, 100, "gzip2", "compressed with 'gzip2'"},
        {HEADER, 100, "gzipgzipgzipgzipgzipgzipgzipgzipgzipgzip",
         "compressed with 'gzipgzipgzipgzipgzipgzipgzipgzip'"},
        {HEADER, 100, "\x1b[31m\n", "compressed with '?[31m?'"},
    };

    make_image(plain, SIZE, 0, 0x40000, 0);
    gzip(packed + HEADER, plain, SIZE);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        put_zboot_header(rows[i].offset, rows[i].size, rows[i].type);
        expect_refused(*state, packed, HEADER + 0x1000, -ENOEXEC, rows[i].words);
    }
    put_zboot_header(HEADER, 100, "gzip");
    for (size_t size = 0; size < 56; size++)
        expect_refused(*state, packed, size, -ENOEXEC, "is no kernel that we know");
}

/* Flipped bytes are refused or load something within RAM; nothing is read or written outside. */
static void noise_in_the_file(void **state)
{
    struct image_bench *b = *state;
    uint64_t seed = 5;
    unsigned refused = 0;

    make_image(plain, 3000, 0, 0x40000, 0);
    for (unsigned i = 0; i < 2000; i++) {
        bool gz = i % 2;
        size_t n = gz ? gzip(packed + HEADER, plain, 3000) : zstd(packed + HEADER, plain, 3000);

        put_zboot_header(HEADER, n, gz ? "gzip" : "zstd");
        for (unsigned flips = 1 + i % 3; flips-- > 0;) {
            uint64_t r = noise(&seed);
            size_t at = r % 3 ? r / 3 % 64 : HEADER + r / 3 % n;

            packed[at] = (uint8_t)(r >> 56);
        }
        if (load_kernel(b, packed, HEADER + n))
            refused++;
        else
            assert_non_null(memory_at(&b->memory, b->image.start, b->image.end - b->image.start));
    }
    assert_true(refused > 500 && refused < 2000);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, image_setup, image_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(gzip_image),
        TEST(gzip_members_and_padding),
        TEST(gzip_second_member_cut_off),
        TEST(zboot_gzip),
        TEST(zboot_zstd),
        TEST(an_image_as_large_as_ram),
        TEST(decompression_is_bounded),
        TEST(truncated_data),
        TEST(damaged_data),
        TEST(wrong_content),
        TEST(hostile_zboot_headers),
        TEST(noise_in_the_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
