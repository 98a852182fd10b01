/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The EFI zboot image: a small PE program that carries the compressed Image. Its header says where
 * the payload is, so that a loader without EFI can unpack it: "MZ" at 0, "zimg" at 4, offset at 8,
 * size at 12, the name of the compression at 24.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "machine/boot/image_parts.h"

#define HEADER_SIZE 56u
#define AT_MAGIC 4u
#define AT_OFFSET 8u
#define AT_SIZE 12u
#define AT_TYPE 24u
#define TYPE_ROOM (HEADER_SIZE - AT_TYPE)

static const struct {
    const char *type;
    int (*unpack)(const char *path, struct image_bytes in, uint64_t limit, struct image_bytes *out,
                  struct vgic5_error *error);
} compressions[] = {
    {"gzip", image_gunzip},
    {"zstd", image_unzstd},
};

bool image_is_zboot(struct image_bytes file)
{
    return file.size >= HEADER_SIZE && memcmp(file.data, "MZ", 2) == 0 &&
           memcmp(file.data + AT_MAGIC, "zimg", 4) == 0;
}

/* The name as it may be shown: printable, or "?". */
static void show_type(const char *type, size_t length, char shown[TYPE_ROOM + 1])
{
    for (size_t i = 0; i < length; i++)
        shown[i] = type[i] >= ' ' && type[i] <= '~' ? type[i] : '?';
    shown[length] = '\0';
}

int image_unpack_zboot(const char *path, struct image_bytes file, uint64_t limit,
                       struct image_bytes *out, struct vgic5_error *error)
{
    const char *type = (const char *)file.data + AT_TYPE;
    size_t length = strnlen(type, TYPE_ROOM);
    uint32_t offset = image_le32(file.data + AT_OFFSET);
    uint32_t size = image_le32(file.data + AT_SIZE);
    struct image_bytes payload = {.data = file.data + offset, .size = size};
    char shown[TYPE_ROOM + 1];

    if (offset > file.size || size > file.size - offset)
        return image_fail(error, -ENOEXEC, path,
                          "zboot payload of 0x%" PRIx32 " bytes at 0x%" PRIx32
                          " lies beyond the end of the file (0x%zx bytes)",
                          size, offset, file.size);
    for (size_t i = 0; i < sizeof(compressions) / sizeof(compressions[0]); i++) {
        if (length < TYPE_ROOM && strcmp(type, compressions[i].type) == 0)
            return compressions[i].unpack(path, payload, limit, out, error);
    }
    show_type(type, length, shown);
    return image_fail(error, -ENOEXEC, path,
                      "zboot payload is compressed with '%s', only gzip and zstd are read", shown);
}
