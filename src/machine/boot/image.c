/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine/boot/image.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "machine/boot/image_parts.h"

/* A file may be larger than what it loads: an ELF executable with its debug information. */
#define FILE_LIMIT ((uint64_t)256 << 20)

typedef int unpack_function(const char *path, struct image_bytes file, uint64_t limit,
                            struct image_bytes *out, struct vgic5_error *error);
typedef int load_function(struct memory *memory, const char *path, struct image_bytes file,
                          struct loaded_image *image, struct vgic5_error *error);

/* A zboot image is a PE file like an Image with an EFI stub, so it is asked for first. */
static const struct {
    bool (*is)(struct image_bytes file);
    unpack_function *unpack;
} packings[] = {
    {image_is_gzip, image_gunzip},
    {image_is_zboot, image_unpack_zboot},
};

static const struct {
    bool (*is)(struct image_bytes file);
    load_function *load;
} formats[] = {
    {image_is_arm64, image_load_arm64},
    {image_is_elf, image_load_elf},
};

static load_function *find_loader(struct image_bytes file)
{
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        if (formats[i].is(file))
            return formats[i].load;
    }
    return NULL;
}

static unpack_function *find_unpacker(struct image_bytes file)
{
    for (size_t i = 0; i < sizeof(packings) / sizeof(packings[0]); i++) {
        if (packings[i].is(file))
            return packings[i].unpack;
    }
    return NULL;
}

static int load_plain(struct memory *memory, const char *path, struct image_bytes file,
                      struct loaded_image *image, struct vgic5_error *error)
{
    load_function *load = find_loader(file);

    if (!load)
        return image_fail(error, -ENOEXEC, path,
                          "is no kernel that we know: expected an arm64 Image, also gzip or EFI"
                          " zboot, or an AArch64 ELF executable");
    return load(memory, path, file, image, error);
}

/* One layer of packing, no more. */
static int load_packed(struct memory *memory, const char *path, unpack_function *unpack,
                       struct image_bytes file, struct loaded_image *image,
                       struct vgic5_error *error)
{
    struct image_bytes out = {0};
    int ret = unpack(path, file, memory->size, &out, error);

    if (!ret && !find_loader(out))
        ret = image_fail(error, -ENOEXEC, path,
                         "is compressed, but holds neither an arm64 Image nor an AArch64 ELF"
                         " executable");
    if (!ret)
        ret = load_plain(memory, path, out, image, error);
    free(out.data);
    return ret;
}

int image_load_kernel(struct memory *memory, const char *path, struct loaded_image *image,
                      struct vgic5_error *error)
{
    uint64_t limit = memory->size > FILE_LIMIT ? memory->size : FILE_LIMIT;
    struct image_bytes file = {0};
    int ret = image_read_file(path, limit, &file, error);

    if (!ret) {
        unpack_function *unpack = find_unpacker(file);

        ret = unpack ? load_packed(memory, path, unpack, file, image, error)
                     : load_plain(memory, path, file, image, error);
    }
    free(file.data);
    return ret;
}

int image_load_initrd(struct memory *memory, const char *path, uint64_t at,
                      struct loaded_image *image, struct vgic5_error *error)
{
    struct image_bytes file = {0};
    int ret = image_read_file(path, memory->size, &file, error);

    if (!ret && file.size == 0)
        ret = image_fail(error, -ENOEXEC, path, "is empty, expected an initrd");
    if (!ret && memory_write(memory, at, file.data, file.size))
        ret =
            image_fail(error, -ENOSPC, path,
                       "has 0x%zx bytes, which do not fit at 0x%" PRIx64 ": RAM ends at 0x%" PRIx64,
                       file.size, at, memory->base + memory->size);
    if (!ret)
        *image = (struct loaded_image){.entry = at, .start = at, .end = at + file.size};
    free(file.data);
    return ret;
}
