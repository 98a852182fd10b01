/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RAM of a restored guest that is filled when it is first touched: a frame is absent (ram_watch.h)
 * until it has been read from the snapshot, checked and decompressed.
 */
#ifndef TOOL_LAZY_RAM_H
#define TOOL_LAZY_RAM_H

#include "snapshot/pages.h"
#include "ram/watch.h"

/* `pager` is open on the machine's RAM, and must live until ram_watch_end. A frame that cannot be
 * read any more (the file was changed under the running guest) ends the process with the exit code
 * of a damaged snapshot. */
int lazy_ram_begin(struct ram_watch *watch, struct pager *pager, struct vgic5_error *error);
/* Fill `most` frames, or more if they are zero; false: nothing is left to fill. */
bool lazy_ram_fill(struct ram_watch *watch, uint64_t most);
/* What is absent, for a save: the same snapshot in memory of its own, of which another thread may
 * read while the guest runs. */
int lazy_ram_open(const struct ram_watch *watch, struct pager *pager, struct vgic5_error *error);

#endif
