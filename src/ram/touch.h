/* SPDX-License-Identifier: BSD-3-Clause */
/* What comes of a touch: a frame is filled in, a page is opened. Under the lock of the watch. */
#ifndef RAM_TOUCH_H
#define RAM_TOUCH_H

#include "ram/watch.h"

/* The frame is there after it. */
int touch_fill(struct ram_watch *watch, uint64_t frame, struct vgic5_error *error);
/* The last resort, when the host has no more mappings: one for each range, after all frames have
 * been filled in. It counts as written, all of it. */
int touch_open_all(struct ram_watch *watch, struct vgic5_error *error);
/* Served by fault.h, which says what it answers. Without the lock. */
int touch_on_fault(struct ram_watch *watch, const void *address, bool is_read,
                   struct vgic5_error *error);

#endif
