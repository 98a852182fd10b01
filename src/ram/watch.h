/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The guest's RAM, page by page: absent (inaccessible: nothing has been put there yet), clean
 * (read-only) or open. The first touch of what is absent and the first write to a clean page are
 * faults, whoever causes them, the guest or the host on its behalf; here they are turned into
 * "fill it in" and "it was written". What the kernel itself would write (a read() into RAM) fails
 * with EFAULT instead: nobody may do that.
 *
 * There is one watched RAM in a process, since a signal handler has no other way to find it, and
 * one thread that touches it while it is watched.
 */
#ifndef RAM_WATCH_H
#define RAM_WATCH_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include <vgic5/snapshot.h>

#define RAM_PAGE VGIC5_PAGE_SIZE
#define RAM_FRAME VGIC5_FRAME_SIZE /* what is filled in at once: a frame of a snapshot */
#define RAM_PAGES_PER_FRAME (RAM_FRAME / RAM_PAGE)

struct ram_watch {
    uint8_t *host; /* NULL: not watched */
    uint64_t size, nr_frames;
    uint16_t *open; /* of each frame: the pages that may be written, bit 0 first */
    bool *absent;   /* of each frame */
    uint64_t nr_absent;
    bool tracks;    /* what is filled in is clean, not open */
    unsigned unit;  /* pages that are opened together */
    uint64_t edges; /* places where the protection changes: the host's mappings, nearly */
    uint64_t most_edges;
    void (*fill)(void *opaque, uint64_t frame);
    void *opaque;
    struct sigaction before; /* of SIGSEGV */
};

/* Everything is there and open. `size` is a multiple of RAM_FRAME. 0 or a negative errno. */
int ram_watch_begin(struct ram_watch *watch, void *host, uint64_t size);
/* Everything is absent. `fill` puts a frame into RAM, which is zero there. */
int ram_watch_empty(struct ram_watch *watch, void (*fill)(void *opaque, uint64_t frame),
                    void *opaque);
/* As if somebody had touched the frame. */
void ram_watch_fill(struct ram_watch *watch, uint64_t frame);
/* The same for frames from `first` to before `end`, all absent, into which there is nothing to put.
 */
void ram_watch_fill_zero(struct ram_watch *watch, uint64_t first, uint64_t end);
/* All pages are clean from now on, or absent. An error: what is there is open, and counts as
 * written. */
int ram_watch_clean(struct ram_watch *watch);
/* Of each frame the pages written since ram_watch_clean, and perhaps some more. */
const uint16_t *ram_watch_written(const struct ram_watch *watch);
/* RAM is plain memory again; what is absent stays zero. Safe to call at any time. */
void ram_watch_end(struct ram_watch *watch);

#endif
