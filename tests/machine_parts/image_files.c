/* SPDX-License-Identifier: BSD-3-Clause */
#include "image_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int image_setup(void **state)
{
    struct image_bench *b = calloc(1, sizeof(*b));

    if (!b || memory_create(&b->memory, BASE, 4 * MIB))
        return -1;
    *state = b;
    return 0;
}

int image_teardown(void **state)
{
    struct image_bench *b = *state;

    memory_destroy(&b->memory);
    free(b);
    return 0;
}

static int open_file(const void *bytes, size_t size, char path[32])
{
    int fd = memfd_create("image", MFD_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), size);
    snprintf(path, 32, "/proc/self/fd/%d", fd);
    return fd;
}

int load_kernel(struct image_bench *b, const void *bytes, size_t size)
{
    char path[32];
    int fd = open_file(bytes, size, path);
    int ret = image_load_kernel(&b->memory, path, &b->image, &b->error);

    close(fd);
    return ret;
}

int load_initrd(struct image_bench *b, const void *bytes, size_t size, uint64_t at)
{
    char path[32];
    int fd = open_file(bytes, size, path);
    int ret = image_load_initrd(&b->memory, path, at, &b->image, &b->error);

    close(fd);
    return ret;
}

static void expect_untouched(const struct image_bench *b)
{
    const uint64_t *words = (const uint64_t *)(const void *)b->memory.host;

    for (size_t i = 0; i < b->memory.size / sizeof(*words); i++) {
        if (words[i] != 0)
            fail_msg("RAM at offset 0x%zx was written", i * sizeof(*words));
    }
    assert_int_equal(b->image.entry | b->image.start | b->image.end, 0);
}

void expect_refused(struct image_bench *b, const void *bytes, size_t size, int code,
                    const char *words)
{
    memset(&b->error, 0, sizeof(b->error));
    assert_int_equal(load_kernel(b, bytes, size), code);
    assert_int_equal(b->error.cause, VGIC5_CAUSE_ENVIRONMENT);
    assert_non_null(strstr(b->error.message, "/proc/self/fd/"));
    if (!strstr(b->error.message, words))
        fail_msg("'%s' does not say '%s'", b->error.message, words);
    expect_untouched(b);
}

void put_le(uint8_t *to, uint64_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        to[i] = (uint8_t)(value >> 8 * i);
}

void make_image(uint8_t *to, size_t size, uint64_t text_offset, uint64_t image_size, uint64_t flags)
{
    for (size_t i = 0; i < size; i++)
        to[i] = (uint8_t)(i * 7 + (i >> 8));
    put_le(to + 8, text_offset, 8);
    put_le(to + 16, image_size, 8);
    put_le(to + 24, flags, 8);
    memcpy(to + 56, "ARM\x64", 4);
}
