/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Regions of the VMM's memory that become guest RAM: the server has to map them. What is a shared
 * mapping of a file already is that file; anything else is copied into a memfd, which takes its
 * place.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "shim/mapping.h"
#include "shim/shim.h"
#include "shim/touched.h"

#define PAGE 4096u

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* A descriptor of the process's own that is this file. */
static int file_of(const struct mapping *mapping)
{
    DIR *directory = opendir("/proc/self/fd");
    struct dirent *entry;
    int found = -ENOENT;

    while (directory && found < 0 && (entry = readdir(directory)) != NULL) {
        int fd = atoi(entry->d_name);

        if (entry->d_name[0] != '.' && fd != dirfd(directory) && mapping_is_file(mapping, fd))
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
    mapping_look_up("/proc/self/maps", at, size, &region);
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
