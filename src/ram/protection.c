/* SPDX-License-Identifier: BSD-3-Clause */
#include "ram/protection.h"

const struct ram_range *ram_range_of(const struct ram_watch *watch, uint64_t frame)
{
    const struct ram_range *range = watch->ranges;

    while (frame - range->first >= range->nr_frames)
        range++;
    return range;
}

int protection_of(const struct ram_watch *watch, const struct ram_range *range, uint64_t page)
{
    uint64_t frame = range->first + page / RAM_PAGES_PER_FRAME;

    if (watch->state[frame] != RAM_THERE)
        return PROT_NONE;
    return watch->open[frame] >> page % RAM_PAGES_PER_FRAME & 1 ? RAM_READ_WRITE : PROT_READ;
}

/* All that is opened is: by this, who listens misses none. */
static void open_pages(const struct ram_watch *watch, const struct ram_range *range, uint64_t frame,
                       uint16_t pages)
{
    uint16_t fresh = pages & (uint16_t)~watch->open[frame];

    watch->open[frame] |= pages;
    for (unsigned n = 0; watch->opened && n < RAM_PAGES_PER_FRAME; n++) {
        if (fresh >> n & 1)
            watch->opened(watch->opened_opaque, range,
                          (frame - range->first) * RAM_PAGES_PER_FRAME + n);
    }
}

static void set_state(struct ram_watch *watch, const struct ram_range *range, uint64_t page, int to)
{
    uint64_t frame = range->first + page / RAM_PAGES_PER_FRAME;
    uint16_t bit = (uint16_t)(1u << page % RAM_PAGES_PER_FRAME);

    watch->state[frame] = RAM_THERE;
    if (to == RAM_READ_WRITE)
        open_pages(watch, range, frame, bit);
    else
        watch->open[frame] &= (uint16_t)~bit;
}

/* Between the pages of a range and to those beside it. */
static uint64_t count_edges(const struct ram_watch *watch, const struct ram_range *range,
                            uint64_t first, uint64_t end)
{
    uint64_t nr_pages = range->size / RAM_PAGE, n = 0;

    for (uint64_t page = first > 0 ? first : 1; page <= end && page < nr_pages; page++)
        n += protection_of(watch, range, page - 1) != protection_of(watch, range, page);
    return n;
}

bool protection_set(struct ram_watch *watch, const struct ram_range *range, uint64_t first,
                    uint64_t end, int to)
{
    if (mprotect(range->host + first * RAM_PAGE, (end - first) * RAM_PAGE, to) != 0)
        return false;
    watch->edges -= count_edges(watch, range, first, end);
    for (uint64_t page = first; page < end; page++)
        set_state(watch, range, page, to);
    watch->edges += count_edges(watch, range, first, end);
    return true;
}

bool protection_set_frame(struct ram_watch *watch, const struct ram_range *range, uint64_t frame,
                          int to)
{
    uint64_t first = (frame - range->first) * RAM_PAGES_PER_FRAME;

    return protection_set(watch, range, first, first + ram_frame_size(range, frame) / RAM_PAGE, to);
}

bool protection_has_room(const struct ram_watch *watch)
{
    return watch->edges + 2 <= watch->most_edges;
}

void protection_opened(struct ram_watch *watch, const struct ram_range *range)
{
    for (uint64_t n = 0; n < range->nr_frames; n++) {
        watch->state[range->first + n] = RAM_THERE;
        open_pages(watch, range, range->first + n, ram_frame_pages(range, range->first + n));
    }
}

/* Of a whole range, a frame at a time: a save does this while the guest stands still. */
static uint64_t count_all_edges(const struct ram_watch *watch, const struct ram_range *range)
{
    uint64_t n = 0;
    int last = protection_of(watch, range, 0);

    for (uint64_t frame = range->first; frame < range->first + range->nr_frames; frame++) {
        uint64_t page = (frame - range->first) * RAM_PAGES_PER_FRAME;
        unsigned inside = ram_frame_pages(range, frame) >> 1, open = watch->open[frame];

        n += last != protection_of(watch, range, page);
        if (watch->state[frame] == RAM_THERE)
            n += (unsigned)__builtin_popcount((open ^ open >> 1) & inside);
        last = protection_of(watch, range, page + ram_frame_size(range, frame) / RAM_PAGE - 1);
    }
    return n;
}

bool protection_clean(struct ram_watch *watch, const struct ram_range *range)
{
    uint64_t end = range->first + range->nr_frames, frame = range->first, first;
    bool good = true;

    watch->edges -= count_all_edges(watch, range);
    while (frame < end && good) {
        while (frame < end && watch->state[frame] != RAM_THERE)
            frame++;
        for (first = frame; frame < end && watch->state[frame] == RAM_THERE; frame++)
            watch->open[frame] = 0;
        if (first < frame) {
            uint64_t offset = (first - range->first) * RAM_FRAME;
            uint64_t size = (frame - first) * RAM_FRAME;

            size = size < range->size - offset ? size : range->size - offset;
            good = mprotect(range->host + offset, size, PROT_READ) == 0;
        }
    }
    watch->edges += count_all_edges(watch, range);
    return good;
}
