/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which pages of RAM were written since a snapshot. A snapshot has a mark here, from the moment of
 * its save on; the mark gets its name, which is the snapshot's root hash, once the file is safe on
 * disk. Every write counts for all marks that are there, so that the mark of a save that failed is
 * simply taken away: those before it have lost nothing.
 *
 * A snapshot that has no mark can still be built on, by comparing all of RAM with it.
 */
#ifndef RAM_LOG_H
#define RAM_LOG_H

#include "ram/watch.h"

#define RAM_LOG_MARKS 8u /* those that were saved or built on last */

struct ram_mark {
    uint8_t root[VGIC5_SNAPSHOT_ROOT_SIZE];
    bool is_safe;      /* the snapshot is on disk; else it is the last mark, and has no name yet */
    uint64_t used;     /* when it was last saved or built on */
    uint16_t *written; /* since then, of each frame; without what the source has not yet said */
};

struct ram_log {
    const struct ram_range *ranges;
    size_t nr_ranges;
    uint64_t nr_frames;
    const struct vgic5_dirty_source *source;
    bool has_begun;
    struct ram_mark marks[RAM_LOG_MARKS + 1];
    unsigned nr_marks;
    uint64_t clock; /* counts uses */
};

/* RAM is being saved as it is now. If it cannot be noted then later saves compare. */
void ram_log_mark(struct ram_log *log);
/* The file is safe, and this is its name. */
void ram_log_keep(struct ram_log *log, const uint8_t *root);
/* There is no file. */
void ram_log_drop(struct ram_log *log);
/* Of each frame the pages that may differ from the snapshot `root`; all others are as they were.
 * `written` may be NULL. False: not known. */
bool ram_log_since(struct ram_log *log, const uint8_t *root, uint16_t *written);
void ram_log_end(struct ram_log *log);

#endif
