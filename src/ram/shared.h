/* SPDX-License-Identifier: BSD-3-Clause */
/* Is memory shared with other processes? Then our own page tables do not say what is there. */
#ifndef RAM_SHARED_H
#define RAM_SHARED_H

#include <stdbool.h>
#include <stdint.h>

enum ram_sharing {
    RAM_PRIVATE,
    RAM_SHARED,         /* and what is not in the page cache was never written */
    RAM_SHARED_SWAPPED, /* and may be in swap instead: nothing is known of a page */
};
/* Of the mappings that hold these bytes. */
enum ram_sharing ram_sharing(const void *host, uint64_t size);

#endif
