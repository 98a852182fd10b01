/* SPDX-License-Identifier: BSD-3-Clause */
/* What a region of a process's memory is mapped to. */
#ifndef SHIM_MAPPING_H
#define SHIM_MAPPING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct mapping {
    uint64_t start, end, offset;
    dev_t device;
    uint64_t inode;
    bool is_shared, is_readable;
};

/* The mappings of a region. */
struct region {
    struct mapping whole; /* the one that holds all of it */
    bool is_one;
    bool is_anonymous; /* private anonymous mappings, without a gap */
    bool is_readable;
};

/* `path` is /proc/PID/maps. */
void mapping_look_up(const char *path, uint64_t at, uint64_t size, struct region *region);
/* Is this descriptor, open for both, the file of the mapping? */
bool mapping_is_file(const struct mapping *mapping, int fd);

#endif
