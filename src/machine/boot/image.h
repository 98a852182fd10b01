/* SPDX-License-Identifier: BSD-3-Clause */
/* Kernel images: arm64 Image (plain, gzip, EFI zboot) and AArch64 ELF executables; initrd. */
#ifndef MACHINE_BOOT_IMAGE_H
#define MACHINE_BOOT_IMAGE_H

#include <stdint.h>

#include "vcpu/memory.h"

#include <vgic5/snapshot.h>

struct loaded_image {
    uint64_t entry;      /* guest physical address of the first instruction */
    uint64_t start, end; /* what the image occupies, BSS included */
};

/* Both check every size against RAM before they write. error: ENVIRONMENT (cannot read the file, or
 * it is no image that we know, or it does not fit). 0 or a negative errno. */
int image_load_kernel(struct memory *memory, const char *path, struct loaded_image *image,
                      struct vgic5_error *error);
int image_load_initrd(struct memory *memory, const char *path, uint64_t at,
                      struct loaded_image *image, struct vgic5_error *error);

#endif
