/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A RAM, page by page: absent (inaccessible: nothing has been put there yet), clean (read-only) or
 * open. The first touch of what is absent and the first write to a clean page are faults, whoever
 * causes them, the guest or the host on its behalf; here they are turned into "fill it in" and "it
 * was written". What the kernel itself would write (a read() into RAM) fails with EFAULT instead.
 *
 * Any thread may touch the memory at any time. `lock` protects states and protection, which change
 * together; a frame is loaded outside of it, in the state FILLING, for which others wait. Its
 * content is put behind the protection (behind.h): nobody sees a part of it.
 */
#ifndef RAM_WATCH_H
#define RAM_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include <vgic5/ram.h>

#include "ram/spin.h"

#define RAM_PAGE VGIC5_PAGE_SIZE
#define RAM_FRAME VGIC5_FRAME_SIZE /* what is filled in at once: a frame of a snapshot */
#define RAM_PAGES_PER_FRAME (RAM_FRAME / RAM_PAGE)

/* Frames are numbered through all ranges, as those of a chain are. */
struct ram_range {
    uint64_t base, size;
    uint8_t *host, *alias;
    uint64_t first, nr_frames;
};

enum ram_state {
    RAM_THERE,
    RAM_ABSENT,
    RAM_FILLING, /* a thread is loading it */
    RAM_HIDDEN,  /* whole, and still inaccessible */
};

/* Puts a frame into `content`, which is zero. */
typedef int ram_load(void *opaque, uint64_t frame, void *content, struct vgic5_error *error);

struct ram_watch {
    const struct ram_range *ranges; /* NULL: not watched */
    size_t nr_ranges;
    uint64_t nr_frames;
    struct spin lock;
    uint16_t *open; /* of each frame: the pages that may be written, bit 0 first */
    uint8_t *state; /* of each frame */
    uint64_t nr_absent;
    bool tracks;    /* what is filled in is clean, not open */
    unsigned unit;  /* pages that are opened together */
    uint64_t edges; /* places where the protection changes: the host's mappings, nearly */
    uint64_t most_edges;
    struct spin loading; /* `content` belongs to one thread */
    uint8_t *content;
    int memory; /* /proc/self/mem, or -1 */
    ram_load *load;
    void *opaque;
    void (*lost)(void *opaque, const struct vgic5_error *error);
    void *lost_opaque;
    /* A clean page of this range becomes open: see ram_watch_hear. */
    void (*opened)(void *opaque, const struct ram_range *range, uint64_t page);
    void *opened_opaque;
};

/* How frames are numbered. */
uint64_t ram_number_frames(struct ram_range *ranges, size_t nr_ranges);
/* Bytes of a frame of a range; the last one may have less than the others. */
static inline uint32_t ram_frame_size(const struct ram_range *range, uint64_t frame)
{
    uint64_t left = range->size - (frame - range->first) * RAM_FRAME;

    return left < RAM_FRAME ? (uint32_t)left : RAM_FRAME;
}

/* The pages that it has. */
static inline uint16_t ram_frame_pages(const struct ram_range *range, uint64_t frame)
{
    return (uint16_t)((1u << ram_frame_size(range, frame) / RAM_PAGE) - 1);
}

/* Everything is there and open. The ranges stay until the end. `lost`: see struct
 * vgic5_ram_options. 0 or a negative errno. */
int ram_watch_begin(struct ram_watch *watch, const struct ram_range *ranges, size_t nr_ranges,
                    void (*lost)(void *opaque, const struct vgic5_error *error), void *opaque);
/* Everything is absent, and zero. -ENOTSUP: nothing could be put behind the protection; all is as
 * it was. */
int ram_watch_empty(struct ram_watch *watch, ram_load *load, void *opaque);
/* As if somebody had touched the frame. */
int ram_watch_fill(struct ram_watch *watch, uint64_t frame, struct vgic5_error *error);
/* The same for frames of one range, from `first` to before `end`, into which there is nothing to
 * put; those that are not absent stay as they are. */
int ram_watch_fill_zero(struct ram_watch *watch, uint64_t first, uint64_t end,
                        struct vgic5_error *error);
/* Sets the bits of the pages of a range written since the last time, and perhaps of some more; all
 * its pages are clean from now on, or absent. An error: what is there is open, and counts as
 * written. `pages` may be NULL. */
int ram_watch_take(struct ram_watch *watch, size_t range, uint64_t *pages);
/* From now on `opened` is called for each clean page that becomes open, which is once until it is
 * clean again: for who cannot search all pages to learn that nothing was written. On the thread
 * that writes, inside of the SIGSEGV handler and under the lock: it calls nothing of this watch. */
void ram_watch_hear(struct ram_watch *watch,
                    void (*opened)(void *opaque, const struct ram_range *range, uint64_t page),
                    void *opaque);
/* Pages of a range, from `first` to before `end`, which are there, are clean from now on; perhaps
 * some more are. -ENOMEM: all are open, and count as written. */
int ram_watch_clean(struct ram_watch *watch, size_t range, uint64_t first, uint64_t end);
/* Is it absent, or is a thread just filling it? */
bool ram_watch_is_absent(struct ram_watch *watch, uint64_t frame);
/* The same of all frames, a byte each. */
void ram_watch_absent(struct ram_watch *watch, uint8_t *absent);
uint64_t ram_watch_nr_absent(struct ram_watch *watch);
/* RAM is plain memory again; what is absent stays zero. Safe to call at any time. */
void ram_watch_end(struct ram_watch *watch);

#endif
