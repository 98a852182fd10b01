/* SPDX-License-Identifier: BSD-3-Clause */
#include "shim/touched.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- The kernel's ---------------------------------------------------------------------------- */

#define ENTRY_PRESENT (UINT64_C(1) << 63)
#define ENTRY_SWAPPED (UINT64_C(1) << 62)
#define SCAN_PRESENT (UINT64_C(1) << 3)
#define SCAN_SWAPPED (UINT64_C(1) << 4)

struct scanned {
    uint64_t start, end, categories;
};

struct scan {
    uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
    uint64_t inverted, all_of, any_of, reported;
};

#define SCAN _IOWR('f', 16, struct scan)

/* ---- By a scan ------------------------------------------------------------------------------- */

static int scan_next(const struct touched *touched, uint64_t at, uint64_t end, uint64_t *start,
                     uint64_t *stop)
{
    struct scanned found = {0};
    struct scan scan = {.size = sizeof(scan),
                        .start = at,
                        .end = end,
                        .vec = (uintptr_t)&found,
                        .vec_len = 1,
                        .any_of = SCAN_PRESENT | SCAN_SWAPPED,
                        .reported = SCAN_PRESENT | SCAN_SWAPPED};
    long nr;

    /* The shim's own ioctl is not asked. */
    while ((nr = syscall(SYS_ioctl, touched->pagemap, SCAN, &scan)) == 0 && scan.walk_end > at &&
           scan.walk_end < end)
        scan.start = at = scan.walk_end;
    if (nr < 0)
        return -errno;
    *start = found.start;
    *stop = found.end;
    return nr > 0;
}

/* ---- By entries ------------------------------------------------------------------------------ */

static int read_entries(struct touched *touched, uint64_t page)
{
    ssize_t got = pread(touched->pagemap, touched->entries, sizeof(touched->entries),
                        (off_t)(page * sizeof(touched->entries[0])));

    touched->first = page;
    touched->nr = got > 0 ? (uint64_t)got / sizeof(touched->entries[0]) : 0;
    if (got < 0)
        return -errno;
    return touched->nr > 0 ? 0 : -EIO;
}

/* The first page from `page` on that is touched, or is not; `last`: there is none before it. */
static int find(struct touched *touched, uint64_t page, uint64_t last, bool is_touched,
                uint64_t *found)
{
    for (; page < last; page++) {
        uint64_t n = page - touched->first;
        int ret = page < touched->first || n >= touched->nr ? read_entries(touched, page) : 0;

        if (ret)
            return ret;
        n = page - touched->first;
        if (!!(touched->entries[n] & (ENTRY_PRESENT | ENTRY_SWAPPED)) == is_touched)
            break;
    }
    *found = page;
    return 0;
}

static int entries_next(struct touched *touched, uint64_t at, uint64_t end, uint64_t *start,
                        uint64_t *stop)
{
    uint64_t last = (end + touched->page - 1) / touched->page;
    int ret = find(touched, at / touched->page, last, true, start);

    if (ret == 0)
        ret = find(touched, *start, last, false, stop);
    if (ret)
        return ret;
    *start *= touched->page;
    *stop *= touched->page;
    return *start < *stop;
}

/* ---- Either ---------------------------------------------------------------------------------- */

int touched_next(struct touched *touched, uint64_t at, uint64_t end, uint64_t *start,
                 uint64_t *stop)
{
    int ret;

    if (touched->way == TOUCHED_BY_SCAN)
        ret = scan_next(touched, at, end, start, stop);
    else
        ret = entries_next(touched, at, end, start, stop);
    if (ret <= 0)
        return ret;
    *start = *start < at ? at : *start;
    *stop = *stop > end ? end : *stop;
    return *start < *stop ? 1 : -EIO; /* else nobody would come to an end */
}

#define KNOWN_PAGES 8u
#define KNOWN 0x96u /* bits: those that are touched */

static unsigned pages_found(struct touched *touched, uint64_t base)
{
    uint64_t end = base + KNOWN_PAGES * touched->page, at = base, start, stop;
    unsigned found = 0;

    touched->nr = 0;
    while (at < end && touched_next(touched, at, end, &start, &stop) > 0) {
        for (at = start; at < stop; at += touched->page)
            found |= 1u << (at - base) / touched->page;
    }
    touched->nr = 0; /* they change */
    return found;
}

/* An emulator of user programs may have other addresses than the kernel: pages that are known. */
static bool tells_the_truth(struct touched *touched)
{
    size_t size = KNOWN_PAGES * touched->page;
    uint8_t *known = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    unsigned found;

    if (known == MAP_FAILED)
        return false;
    madvise(known, size, MADV_NOHUGEPAGE);
    for (unsigned n = 0; n < KNOWN_PAGES; n++) {
        if (KNOWN >> n & 1)
            known[n * touched->page] = 1;
    }
    found = pages_found(touched, (uintptr_t)known);
    munmap(known, size);
    return found == KNOWN;
}

bool touched_open(struct touched *touched, enum touched_way way, const char *path)
{
    touched->way = way;
    touched->page = (uint64_t)sysconf(_SC_PAGESIZE);
    touched->nr = 0;
    touched->pagemap = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    return touched->pagemap >= 0;
}

bool touched_begin(struct touched *touched, enum touched_way way)
{
    if (!touched_open(touched, way, "/proc/self/pagemap"))
        return false;
    if (tells_the_truth(touched))
        return true;
    touched_end(touched);
    return false;
}

void touched_end(struct touched *touched)
{
    close(touched->pagemap);
}
