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

#define PAGE 4096u

struct mapping {
    uint64_t start, end, offset;
    dev_t device;
    uint64_t inode;
    bool is_shared;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* The mapping that holds all of the region. */
static bool find_mapping(uint64_t at, uint64_t size, struct mapping *mapping)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[512], permissions[5];
    bool found = false;

    while (maps && !found && fgets(line, sizeof(line), maps)) {
        unsigned major, minor;

        if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64, &mapping->start,
                   &mapping->end, permissions, &mapping->offset, &major, &minor,
                   &mapping->inode) != 7)
            continue;
        mapping->device = makedev(major, minor);
        mapping->is_shared = permissions[3] == 's';
        found = at >= mapping->start && at < mapping->end && size <= mapping->end - at;
    }
    if (maps)
        fclose(maps);
    return found;
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

/* Pages of zeros cost nothing in the memfd; to look at one that was never touched costs no page
 * either. */
static void copy_used(uint8_t *to, const uint8_t *from, uint64_t size)
{
    static const uint8_t zero[PAGE];

    for (uint64_t at = 0; at < size; at += PAGE) {
        if (memcmp(from + at, zero, PAGE) != 0)
            memcpy(to + at, from + at, PAGE);
    }
}

static int fill_memfd(int fd, uint64_t at, uint64_t size)
{
    void *copy;

    if (ftruncate(fd, (off_t)size) != 0)
        return -errno;
    copy = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
    if (copy == MAP_FAILED)
        return -errno;
    copy_used(copy, (const uint8_t *)(uintptr_t)at, size);
    munmap(copy, size);
    if (mmap((void *)(uintptr_t)at, size, PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_FIXED | MAP_NORESERVE, fd, 0) == MAP_FAILED)
        return -errno;
    return 0;
}

static int move_to_memfd(uint64_t at, uint64_t size)
{
    int fd = memfd_create("guest-ram", MFD_CLOEXEC);
    int ret;

    if (fd < 0)
        return -errno;
    ret = fill_memfd(fd, at, size);
    if (ret) {
        close(fd);
        return ret;
    }
    return fd;
}

int shim_share(uint64_t at, uint64_t size, int64_t *offset)
{
    struct mapping mapping;
    int fd = -ENOENT;

    *offset = 0;
    pthread_mutex_lock(&lock);
    if (find_mapping(at, size, &mapping) && mapping.is_shared && mapping.inode) {
        fd = file_of(&mapping);
        *offset = (int64_t)(mapping.offset + (at - mapping.start));
    }
    if (fd < 0) {
        *offset = 0;
        fd = move_to_memfd(at, size);
    }
    pthread_mutex_unlock(&lock);
    return fd;
}
