/* SPDX-License-Identifier: BSD-3-Clause */
/* The arm64 Image (Linux: arm64 booting): a 64-byte header at the start of the code. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "machine/boot/image_parts.h"

#define HEADER_SIZE 64u
#define AT_TEXT_OFFSET 8u
#define AT_IMAGE_SIZE 16u
#define AT_FLAGS 24u
#define AT_MAGIC 56u

#define FLAG_BIG_ENDIAN 1u

#define PLACE_ALIGN ((uint64_t)2 << 20)
/* What text_offset was before image_size told of it (image_size = 0, Linux before 3.17). */
#define OLD_TEXT_OFFSET 0x80000u

bool image_is_arm64(struct image_bytes file)
{
    return file.size >= HEADER_SIZE && memcmp(file.data + AT_MAGIC, "ARM\x64", 4) == 0;
}

int image_load_arm64(struct memory *memory, const char *path, struct image_bytes file,
                     struct loaded_image *image, struct vgic5_error *error)
{
    uint64_t text_offset = image_le64(file.data + AT_TEXT_OFFSET);
    uint64_t size = image_le64(file.data + AT_IMAGE_SIZE);
    /* The first 2 MiB boundary of RAM. */
    uint64_t lead = -memory->base % PLACE_ALIGN;
    uint64_t start;

    if (image_le64(file.data + AT_FLAGS) & FLAG_BIG_ENDIAN)
        return image_fail(error, -ENOEXEC, path, "is a big-endian kernel, expected little-endian");
    if (size == 0)
        text_offset = OLD_TEXT_OFFSET;
    if (size < file.size)
        size = file.size;
    if (text_offset % 4 != 0)
        return image_fail(error, -ENOEXEC, path,
                          "Image text_offset is 0x%" PRIx64 ", expected a multiple of 4",
                          text_offset);
    if (lead > memory->size || text_offset > memory->size - lead ||
        size > memory->size - lead - text_offset)
        return image_fail(error, -ENOSPC, path,
                          "Image of 0x%" PRIx64 " bytes at text_offset 0x%" PRIx64
                          " does not fit into 0x%" PRIx64 " bytes of RAM",
                          size, text_offset, memory->size);
    start = memory->base + lead + text_offset;
    memory_write(memory, start, file.data, file.size);
    *image = (struct loaded_image){.entry = start, .start = start, .end = start + size};
    return 0;
}
