/* SPDX-License-Identifier: BSD-3-Clause */
/* Which pages of private anonymous memory hold something: the others cost nothing to pass over. */
#ifndef SHIM_TOUCHED_H
#define SHIM_TOUCHED_H

#include <stdbool.h>
#include <stdint.h>

#define TOUCHED_ENTRIES 4096u

enum touched_way {
    TOUCHED_BY_SCAN, /* ioctl PAGEMAP_SCAN, Linux 6.7: passes over page tables that are not there */
    TOUCHED_BY_ENTRIES, /* reads /proc/self/pagemap, 8 bytes for a page */
};

struct touched {
    int pagemap;
    enum touched_way way;
    uint64_t page;      /* bytes of one */
    uint64_t first, nr; /* pages of which the entries are here */
    uint64_t entries[TOUCHED_ENTRIES];
};

/* Of the process whose /proc/PID/pagemap is `path`; what it says is believed. False and errno: it
 * cannot be opened. */
bool touched_open(struct touched *touched, enum touched_way way, const char *path);
/* Of this process. False: it says nothing here, or what is not so. */
bool touched_begin(struct touched *touched, enum touched_way way);
/* The next run of touched pages in [at, end): 1; 0: there is none; or a negative errno. */
int touched_next(struct touched *touched, uint64_t at, uint64_t end, uint64_t *start,
                 uint64_t *stop);
void touched_end(struct touched *touched);

#endif
