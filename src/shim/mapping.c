/* SPDX-License-Identifier: BSD-3-Clause */
#include "shim/mapping.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static bool read_mapping(const char *line, struct mapping *mapping)
{
    unsigned major, minor;
    char permissions[5];

    if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64, &mapping->start,
               &mapping->end, permissions, &mapping->offset, &major, &minor, &mapping->inode) != 7)
        return false;
    mapping->device = makedev(major, minor);
    mapping->is_shared = permissions[3] == 's';
    mapping->is_readable = permissions[0] == 'r';
    return true;
}

void mapping_look_up(const char *path, uint64_t at, uint64_t size, struct region *region)
{
    FILE *maps = fopen(path, "re");
    uint64_t reached = at, end = at + size;
    struct mapping mapping;
    char line[512];

    *region = (struct region){.is_anonymous = true, .is_readable = true};
    while (maps && fgets(line, sizeof(line), maps)) {
        if (!read_mapping(line, &mapping) || mapping.end <= at || mapping.start >= end)
            continue;
        if (mapping.start <= at && end <= mapping.end) {
            region->whole = mapping;
            region->is_one = true;
        }
        if (mapping.start > reached || mapping.is_shared || mapping.inode)
            region->is_anonymous = false;
        region->is_readable = region->is_readable && mapping.is_readable;
        reached = mapping.end;
    }
    region->is_anonymous = region->is_anonymous && reached >= end;
    if (maps)
        fclose(maps);
}

bool mapping_is_file(const struct mapping *mapping, int fd)
{
    struct stat status;

    return fstat(fd, &status) == 0 && status.st_ino == mapping->inode &&
           status.st_dev == mapping->device && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR;
}
