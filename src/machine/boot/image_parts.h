/* SPDX-License-Identifier: BSD-3-Clause */
/* Between the parts of the image loader: bytes in host memory, and one loader per format. */
#ifndef MACHINE_BOOT_IMAGE_PARTS_H
#define MACHINE_BOOT_IMAGE_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "machine/boot/image.h"

struct image_bytes {
    uint8_t *data;
    size_t size;
};

static inline uint16_t image_le16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t image_le32(const uint8_t *p)
{
    return image_le16(p) | (uint32_t)image_le16(p + 2) << 16;
}

static inline uint64_t image_le64(const uint8_t *p)
{
    return image_le32(p) | (uint64_t)image_le32(p + 4) << 32;
}

/* Fills `error` (ENVIRONMENT) with "PATH: …" and returns `result`, a negative errno. */
int image_fail(struct vgic5_error *error, int result, const char *path, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The whole file, of at most `limit` bytes. The caller frees bytes->data, also after a failure. */
int image_read_file(const char *path, uint64_t limit, struct image_bytes *bytes,
                    struct vgic5_error *error);

/* Decompress into at most `limit` bytes. The caller frees out->data, also after a failure. */
int image_gunzip(const char *path, struct image_bytes in, uint64_t limit, struct image_bytes *out,
                 struct vgic5_error *error);
int image_unzstd(const char *path, struct image_bytes in, uint64_t limit, struct image_bytes *out,
                 struct vgic5_error *error);

bool image_is_gzip(struct image_bytes file);
bool image_is_zboot(struct image_bytes file);
bool image_is_arm64(struct image_bytes file);
bool image_is_elf(struct image_bytes file);

/* The payload of an EFI zboot image, decompressed, as above. */
int image_unpack_zboot(const char *path, struct image_bytes file, uint64_t limit,
                       struct image_bytes *out, struct vgic5_error *error);

int image_load_arm64(struct memory *memory, const char *path, struct image_bytes file,
                     struct loaded_image *image, struct vgic5_error *error);
int image_load_elf(struct memory *memory, const char *path, struct image_bytes file,
                   struct loaded_image *image, struct vgic5_error *error);

#endif
