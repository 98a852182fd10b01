/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Regions of the VMM's memory that become guest RAM: the server has to map them. What is a shared
 * mapping of a file already is that file; anything else is copied into a memfd, which takes its
 * place.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "shim/shim.h"
#include "shim/touched.h"

#define PAGE 4096u

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

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

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

static void look_up(uint64_t at, uint64_t size, struct region *region)
{
    FILE *maps = fopen("/proc/self/maps", "re");
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

static bool is_file_of(int fd, const struct mapping *mapping)
{
    struct stat status;

    return fstat(fd, &status) == 0 && status.st_ino == mapping->inode &&
           status.st_dev == mapping->device && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR;
}

/* A descriptor of the process's own that is this file. */
static int file_of(const struct mapping *mapping)
{
    DIR *directory = opendir("/proc/self/fd");
    struct dirent *entry;
    int found = -ENOENT;

    while (directory && found < 0 && (entry = readdir(directory)) != NULL) {
        int fd = atoi(entry->d_name);

        if (entry->d_name[0] != '.' && fd != dirfd(directory) && is_file_of(fd, mapping))
            found = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    }
    if (directory)
        closedir(directory);
    return found;
}

/* Pages of zeros cost nothing in the memfd. */
static void copy_used(uint8_t *to, const uint8_t *from, uint64_t size)
{
    static const uint8_t zero[PAGE];

    for (uint64_t at = 0; at < size; at += PAGE) {
        if (memcmp(from + at, zero, PAGE) != 0)
            memcpy(to + at, from + at, PAGE);
    }
}

/* False: nobody says what has been touched. */
static bool copy_touched(uint8_t *to, uint64_t from, uint64_t size)
{
    static struct touched touched; /* the lock is held */
    uint64_t at = from, start, stop;
    int ret;

    if (!touched_begin(&touched, TOUCHED_BY_SCAN) && !touched_begin(&touched, TOUCHED_BY_ENTRIES))
        return false;
    while ((ret = touched_next(&touched, at, from + size, &start, &stop)) > 0) {
        copy_used(to + (start - from), (const uint8_t *)(uintptr_t)start, stop - start);
        at = stop;
    }
    touched_end(&touched);
    return ret == 0;
}

static int fill_memfd(int fd, uint64_t at, uint64_t size, bool is_anonymous)
{
    void *copy;

    if (ftruncate(fd, (off_t)size) != 0)
        return -errno;
    copy = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
    if (copy == MAP_FAILED)
        return -errno;
    if (!is_anonymous || !copy_touched(copy, at, size))
        copy_used(copy, (const uint8_t *)(uintptr_t)at, size);
    munmap(copy, size);
    if (mmap((void *)(uintptr_t)at, size, PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_FIXED | MAP_NORESERVE, fd, 0) == MAP_FAILED)
        return -errno;
    return 0;
}

static int move_to_memfd(uint64_t at, uint64_t size, const struct region *region)
{
    int fd, ret;

    if (!region->is_readable || msync((void *)(uintptr_t)at, size, MS_ASYNC) != 0)
        return -EFAULT; /* there is nothing there, or nothing that may be looked at */
    fd = memfd_create("guest-ram", MFD_CLOEXEC);
    if (fd < 0)
        return -errno;
    ret = fill_memfd(fd, at, size, region->is_anonymous);
    if (ret) {
        close(fd);
        return ret;
    }
    return fd;
}

int shim_share(uint64_t at, uint64_t size, int64_t *offset)
{
    struct region region;
    int fd = -ENOENT;

    *offset = 0;
    pthread_mutex_lock(&lock);
    look_up(at, size, &region);
    if (region.is_one && region.whole.is_shared && region.whole.inode) {
        fd = file_of(&region.whole);
        *offset = (int64_t)(region.whole.offset + (at - region.whole.start));
    }
    if (fd < 0) {
        *offset = 0;
        fd = move_to_memfd(at, size, &region);
    }
    pthread_mutex_unlock(&lock);
    return fd;
}
