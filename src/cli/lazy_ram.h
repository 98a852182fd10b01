/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RAM of a restored guest that is filled when it is first touched: a frame is inaccessible until it
 * has been read from the snapshot, checked and decompressed. There is one RAM in a process, since a
 * signal handler has no other way to find it.
 */
#ifndef CLI_LAZY_RAM_H
#define CLI_LAZY_RAM_H

#include "pager.h"

/* `pager` is open on the machine's RAM, and must live until lazy_ram_end. A frame that cannot be
 * read any more (the file was changed under the running guest) ends the process with the exit code
 * of a damaged snapshot. */
int lazy_ram_begin(struct pager *pager, struct vgic5_error *error);
/* Fill at most `most` frames; false: nothing is left to fill. */
bool lazy_ram_fill(uint64_t most);
/* Nothing is filled any more. Safe to call at any time. */
void lazy_ram_end(void);

#endif
