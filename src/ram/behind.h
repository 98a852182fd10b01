/* SPDX-License-Identifier: BSD-3-Clause */
/* Writing into memory that is inaccessible, so that no thread sees a frame before it is whole:
 * through a second mapping, or through /proc/self/mem, which the protection of a private mapping
 * does not stop. */
#ifndef RAM_BEHIND_H
#define RAM_BEHIND_H

#include "ram/watch.h"

/* A descriptor for the next two, or -1: then only ranges with an alias can be written. */
int behind_open(void);
/* Does it work, for inaccessible memory of this range, whose first page is zero? */
bool behind_works(int memory, const struct ram_range *range);
/* The frame's content; what is zero in it is zero there already. 0 or a negative errno. */
int behind_put(int memory, const struct ram_range *range, uint64_t frame, const uint8_t *content);

#endif
