/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Guest RAM of a VMM without the shim: what is a shared mapping of a file already is that file;
 * anything else is copied into a memfd, which the VMM's own thread is made to map in its place.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "shim/mapping.h"
#include "shim/touched.h"
#include "tool/kvm/held.h"

#define PAGE 4096u

/* A descriptor of the process's own that is this file. */
static int file_of(const struct tracee *tracee, const struct mapping *mapping)
{
    struct dirent *entry;
    int found = -ENOENT;
    DIR *directory;
    char path[48];

    snprintf(path, sizeof(path), "/proc/%d/fd", (int)tracee->process);
    directory = opendir(path);
    while (directory && found < 0 && (entry = readdir(directory)) != NULL) {
        int fd = entry->d_name[0] == '.' ? -1 : tracee_descriptor(tracee, atoi(entry->d_name));

        if (fd >= 0 && mapping_is_file(mapping, fd))
            found = fd;
        else if (fd >= 0)
            close(fd);
    }
    if (directory)
        closedir(directory);
    return found;
}

/* ---- The copy -------------------------------------------------------------------------------- */

static int copy_page(const struct tracee *tracee, uint64_t at, uint8_t *to)
{
    static const uint8_t zero[PAGE];
    uint8_t page[PAGE];
    struct iovec own = {page, PAGE}, there = {(void *)(uintptr_t)at, PAGE};

    if (process_vm_readv(tracee->tid, &own, 1, &there, 1, 0) != PAGE)
        return -EFAULT;
    if (memcmp(page, zero, PAGE) != 0)
        memcpy(to, page, PAGE);
    return 0;
}

static int copy_pages(const struct tracee *tracee, uint64_t start, uint64_t stop, uint8_t *to)
{
    int ret = 0;

    for (uint64_t at = start; at < stop && ret == 0; at += PAGE)
        ret = copy_page(tracee, at, to + (at - start));
    return ret;
}

/* Of anonymous memory, a page that is neither present nor swapped out is zeros. */
static int copy_touched(const struct tracee *tracee, enum touched_way way, uint64_t from,
                        uint64_t size, uint8_t *to)
{
    uint64_t at = from, start, stop;
    struct touched touched;
    char path[48];
    int ret;

    snprintf(path, sizeof(path), "/proc/%d/pagemap", (int)tracee->process);
    if (!touched_open(&touched, way, path))
        return -errno;
    while ((ret = touched_next(&touched, at, from + size, &start, &stop)) > 0) {
        ret = copy_pages(tracee, start, stop, to + (start - from));
        if (ret)
            break;
        at = stop;
    }
    touched_end(&touched);
    return ret;
}

static int copy_used(const struct tracee *tracee, uint64_t at, uint64_t size, uint8_t *to,
                     bool is_anonymous)
{
    if (is_anonymous && (copy_touched(tracee, TOUCHED_BY_SCAN, at, size, to) == 0 ||
                         copy_touched(tracee, TOUCHED_BY_ENTRIES, at, size, to) == 0))
        return 0;
    return copy_pages(tracee, at, at + size, to);
}

static int fill_memfd(const struct tracee *tracee, int fd, uint64_t at, uint64_t size,
                      bool is_anonymous)
{
    void *copy;
    int ret;

    if (ftruncate(fd, (off_t)size) != 0)
        return -errno;
    copy = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
    if (copy == MAP_FAILED)
        return -errno;
    ret = copy_used(tracee, at, size, copy, is_anonymous);
    munmap(copy, size);
    return ret;
}

/* ---- In its place ---------------------------------------------------------------------------- */

static int map_there(struct tracee *tracee, int fd, uint64_t at, uint64_t size)
{
    int number, ret = held_stop(tracee, fd, &number);
    int64_t mapped;

    if (ret || number < 0)
        return ret ? ret : number;
    mapped =
        held_call(tracee, SYS_mmap,
                  (const uint64_t[6]){at, size, PROT_READ | PROT_WRITE,
                                      MAP_SHARED | MAP_FIXED | MAP_NORESERVE, (uint64_t)number, 0});
    held_call(tracee, SYS_close, (const uint64_t[6]){(uint64_t)number});
    return mapped < 0 && mapped >= -4095 ? (int)mapped : 0;
}

static int move_to_memfd(struct tracee *tracee, uint64_t at, uint64_t size, bool is_anonymous)
{
    int fd = memfd_create("guest-ram", MFD_CLOEXEC), ret;

    if (fd < 0)
        return -errno;
    ret = tracee->stopped ? -EBUSY : fill_memfd(tracee, fd, at, size, is_anonymous);
    if (ret == 0)
        ret = map_there(tracee, fd, at, size);
    if (ret == 0)
        return fd;
    close(fd);
    return ret;
}

int tracee_share(struct tracee *tracee, uint64_t at, uint64_t size, int64_t *offset)
{
    struct region region;
    char path[48];

    *offset = 0;
    snprintf(path, sizeof(path), "/proc/%d/maps", (int)tracee->process);
    mapping_look_up(path, at, size, &region);
    if (region.is_one && region.whole.is_shared && region.whole.inode) {
        int fd = file_of(tracee, &region.whole);

        *offset = (int64_t)(region.whole.offset + (at - region.whole.start));
        if (fd >= 0)
            return fd;
        *offset = 0;
    }
    return move_to_memfd(tracee, at, size, region.is_anonymous);
}
