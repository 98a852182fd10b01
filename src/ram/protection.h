/* SPDX-License-Identifier: BSD-3-Clause */
/* The state of a page, which is also its protection: PROT_NONE, PROT_READ or both. Under the lock
 * of the watch, all of it; how many mappings the host needs for it is counted along. */
#ifndef RAM_PROTECTION_H
#define RAM_PROTECTION_H

#include <sys/mman.h>

#include "ram/watch.h"

#define RAM_READ_WRITE (PROT_READ | PROT_WRITE)

const struct ram_range *ram_range_of(const struct ram_watch *watch, uint64_t frame);

int protection_of(const struct ram_watch *watch, const struct ram_range *range, uint64_t page);
/* Would the host have the mappings for one more stretch? */
bool protection_has_room(const struct ram_watch *watch);
/* Pages, or those of a frame, that are there from now on, if the host can do it. */
bool protection_set(struct ram_watch *watch, const struct ram_range *range, uint64_t first,
                    uint64_t end, int to);
bool protection_set_frame(struct ram_watch *watch, const struct ram_range *range, uint64_t frame,
                          int to);
/* Frames of a range that are there, clean from now on. Where all are that is one call. */
bool protection_clean(struct ram_watch *watch, const struct ram_range *range);
/* All of a range is there and open: its pages have that protection already. */
void protection_opened(struct ram_watch *watch, const struct ram_range *range);

#endif
