/* SPDX-License-Identifier: BSD-3-Clause */
/* Allocation, watched and made to fail between the library and libc: link with watch_link_args. */
#ifndef TESTS_SNAPSHOT_WATCH_H
#define TESTS_SNAPSHOT_WATCH_H

#include <stdbool.h>
#include <stddef.h>

extern struct alloc_watch {
    bool on;
    unsigned int calls, fail_at;
    bool for_ever;
    size_t live, peak; /* bytes */
    size_t nr_live;
} watch;

/* The allocation `fail_at` from here fails (0: none), and all after it. The peak begins here. */
void watch_from(unsigned int fail_at, bool for_ever);

#endif
