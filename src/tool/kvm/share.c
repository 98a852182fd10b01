/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Guest RAM of a VMM without the shim: what is a shared mapping of a file already is that file;
 * anything else is copied into a memfd, which the VMM's own thread is made to map in its place.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tool/kvm/held.h"

#define PAGE 4096u
#define PART 512u /* pages that are looked at together */

struct vmm_mapping {
    uint64_t start, end, offset, inode;
    dev_t device;
    bool is_shared, is_anonymous;
};

/* The mapping that holds all of the region. */
static bool find_mapping(const struct tracee *tracee, uint64_t at, uint64_t size,
                         struct vmm_mapping *mapping)
{
    char path[48], line[512], permissions[5];
    bool found = false;
    FILE *maps;

    snprintf(path, sizeof(path), "/proc/%d/maps", (int)tracee->process);
    maps = fopen(path, "re");
    while (maps && !found && fgets(line, sizeof(line), maps)) {
        unsigned major, minor;

        if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64, &mapping->start,
                   &mapping->end, permissions, &mapping->offset, &major, &minor,
                   &mapping->inode) != 7)
            continue;
        mapping->device = makedev(major, minor);
        mapping->is_shared = permissions[3] == 's';
        mapping->is_anonymous = mapping->inode == 0;
        found = at >= mapping->start && at < mapping->end && size <= mapping->end - at;
    }
    if (maps)
        fclose(maps);
    return found;
}

static bool is_file_of(int fd, const struct vmm_mapping *mapping)
{
    struct stat status;

    return fstat(fd, &status) == 0 && status.st_ino == mapping->inode &&
           status.st_dev == mapping->device && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR;
}

/* A descriptor of the process's own that is this file. */
static int file_of(const struct tracee *tracee, const struct vmm_mapping *mapping)
{
    struct dirent *entry;
    int found = -ENOENT;
    DIR *directory;
    char path[48];

    snprintf(path, sizeof(path), "/proc/%d/fd", (int)tracee->process);
    directory = opendir(path);
    while (directory && found < 0 && (entry = readdir(directory)) != NULL) {
        int fd = entry->d_name[0] == '.' ? -1 : tracee_descriptor(tracee, atoi(entry->d_name));

        if (fd >= 0 && is_file_of(fd, mapping))
            found = fd;
        else if (fd >= 0)
            close(fd);
    }
    if (directory)
        closedir(directory);
    return found;
}

/* ---- The copy -------------------------------------------------------------------------------- */

/* Of anonymous memory, a page that is neither present nor swapped out is zeros. */
static bool is_used(uint64_t entry)
{
    return entry >> 62 != 0;
}

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

static int copy_used(const struct tracee *tracee, uint64_t at, uint64_t size, uint8_t *to,
                     int pagemap)
{
    uint64_t entries[PART];
    int ret = 0;

    for (uint64_t done = 0; done < size && ret == 0; done += PART * (uint64_t)PAGE) {
        off_t where = (off_t)((at + done) / PAGE * sizeof(*entries));

        if (pagemap < 0 ||
            pread(pagemap, entries, sizeof(entries), where) < (ssize_t)sizeof(*entries))
            memset(entries, 0xff, sizeof(entries));
        for (unsigned n = 0; n < PART && done + n * PAGE < size && ret == 0; n++) {
            if (is_used(entries[n]))
                ret = copy_page(tracee, at + done + n * PAGE, to + done + n * PAGE);
        }
    }
    return ret;
}

static int fill_memfd(const struct tracee *tracee, int fd, uint64_t at, uint64_t size,
                      bool is_anonymous)
{
    int pagemap = -1, ret;
    char path[48];
    void *copy;

    if (ftruncate(fd, (off_t)size) != 0)
        return -errno;
    copy = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
    if (copy == MAP_FAILED)
        return -errno;
    snprintf(path, sizeof(path), "/proc/%d/pagemap", (int)tracee->process);
    if (is_anonymous)
        pagemap = open(path, O_RDONLY | O_CLOEXEC);
    ret = copy_used(tracee, at, size, copy, pagemap);
    if (pagemap >= 0)
        close(pagemap);
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
    struct vmm_mapping mapping;
    bool found = find_mapping(tracee, at, size, &mapping);

    *offset = 0;
    if (found && mapping.is_shared && mapping.inode) {
        int fd = file_of(tracee, &mapping);

        *offset = (int64_t)(mapping.offset + (at - mapping.start));
        if (fd >= 0)
            return fd;
        *offset = 0;
    }
    return move_to_memfd(tracee, at, size, found && mapping.is_anonymous);
}
