/* SPDX-License-Identifier: BSD-3-Clause */
/* A range of the guest's RAM at the moment of a save: which pages have content, and that content,
 * as a copy when the guest goes on. */
#ifndef RAM_IMAGE_H
#define RAM_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "ram/watch.h"

struct ram_image {
    const uint8_t *ram; /* the RAM itself, or the copy */
    uint64_t base, size, nr_frames;
    uint16_t *pages;   /* of each frame: the pages that are not zero, bit 0 first */
    uint64_t nr_pages; /* all of them */
    void *mapping;     /* that holds the copy; NULL: there is none */
    uint64_t mapped;
};

/* Looks at the pages of `among` (of each frame, bit 0 first) that the host has given to the RAM. 0
 * or -ENOMEM. */
int ram_image_take(const struct ram_range *range, bool copy, const uint16_t *among,
                   struct ram_image *image);
void ram_image_free(struct ram_image *image);

#endif
