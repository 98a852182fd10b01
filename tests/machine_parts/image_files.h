/* SPDX-License-Identifier: BSD-3-Clause */
/* Files that exist only in memory, and RAM to load them into. */
#ifndef TESTS_MACHINE_PARTS_IMAGE_FILES_H
#define TESTS_MACHINE_PARTS_IMAGE_FILES_H

#include "check.h"

#include "machine/boot/image.h"

#define BASE UINT64_C(0x40000000)
#define MIB ((uint64_t)1 << 20)

struct image_bench {
    struct memory memory;
    struct loaded_image image;
    struct vgic5_error error;
};

int image_setup(void **state); /* 4 MiB of RAM at BASE */
int image_teardown(void **state);

int load_kernel(struct image_bench *b, const void *bytes, size_t size);
int load_initrd(struct image_bench *b, const void *bytes, size_t size, uint64_t at);
/* Refused with `code`, exit code 3 and these words; RAM and `image` are as they were. */
void expect_refused(struct image_bench *b, const void *bytes, size_t size, int code,
                    const char *words);

void put_le(uint8_t *to, uint64_t value, unsigned size);
/* An arm64 Image of `size` bytes; what is behind its header counts up. */
void make_image(uint8_t *to, size_t size, uint64_t text_offset, uint64_t image_size,
                uint64_t flags);

#endif
