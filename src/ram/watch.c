/* SPDX-License-Identifier: BSD-3-Clause */
#include "ram/watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "facts/error.h"
#include "ram/behind.h"
#include "ram/fault.h"

#define READ_WRITE (PROT_READ | PROT_WRITE)
/* Protecting all of RAM anew takes about a microsecond for each. */
#define MOST_EDGES 16384u

uint64_t ram_number_frames(struct ram_range *ranges, size_t nr_ranges)
{
    uint64_t n = 0;

    for (size_t i = 0; i < nr_ranges; i++) {
        ranges[i].first = n;
        ranges[i].nr_frames = (ranges[i].size + RAM_FRAME - 1) / RAM_FRAME;
        n += ranges[i].nr_frames;
    }
    return n;
}

static const struct ram_range *range_of(const struct ram_watch *watch, uint64_t frame)
{
    const struct ram_range *range = watch->ranges;

    while (frame - range->first >= range->nr_frames)
        range++;
    return range;
}

/* ---- The state of a page, which is also its protection; under the lock ----------------------- */

static int state(const struct ram_watch *watch, const struct ram_range *range, uint64_t page)
{
    uint64_t frame = range->first + page / RAM_PAGES_PER_FRAME;

    if (watch->state[frame] != RAM_THERE)
        return PROT_NONE;
    return watch->open[frame] >> page % RAM_PAGES_PER_FRAME & 1 ? READ_WRITE : PROT_READ;
}

static void set_state(struct ram_watch *watch, const struct ram_range *range, uint64_t page, int to)
{
    uint64_t frame = range->first + page / RAM_PAGES_PER_FRAME;
    uint16_t bit = (uint16_t)(1u << page % RAM_PAGES_PER_FRAME);

    watch->state[frame] = RAM_THERE;
    if (to == READ_WRITE)
        watch->open[frame] |= bit;
    else
        watch->open[frame] &= (uint16_t)~bit;
}

/* Between the pages of a range and to those beside it. */
static uint64_t count_edges(const struct ram_watch *watch, const struct ram_range *range,
                            uint64_t first, uint64_t end)
{
    uint64_t nr_pages = range->size / RAM_PAGE, n = 0;

    for (uint64_t page = first > 0 ? first : 1; page <= end && page < nr_pages; page++)
        n += state(watch, range, page - 1) != state(watch, range, page);
    return n;
}

/* Pages that are there from now on, if the host can do it. */
static bool protect(struct ram_watch *watch, const struct ram_range *range, uint64_t first,
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

static bool protect_frame(struct ram_watch *watch, const struct ram_range *range, uint64_t frame,
                          int to)
{
    uint64_t first = (frame - range->first) * RAM_PAGES_PER_FRAME;

    return protect(watch, range, first, first + ram_frame_size(range, frame) / RAM_PAGE, to);
}

static bool has_room(const struct ram_watch *watch)
{
    return watch->edges + 2 <= watch->most_edges;
}

/* ---- Loading a frame ------------------------------------------------------------------------- */

static int load_behind(struct ram_watch *watch, uint64_t frame, struct vgic5_error *error)
{
    int ret;

    spin_take(&watch->loading);
    memset(watch->content, 0, RAM_FRAME);
    ret = watch->load(watch->opaque, frame, watch->content, error);
    if (ret == 0) {
        ret = behind_put(watch->memory, range_of(watch, frame), frame, watch->content);
        if (ret != 0)
            error_set(error, VGIC5_CAUSE_ENVIRONMENT, ret, "guest memory cannot be written: %s",
                      strerror(-ret));
    }
    spin_release(&watch->loading);
    return ret;
}

/* The frame is hidden, or there, after it. With the lock on entry and on return. */
static int bring(struct ram_watch *watch, uint64_t frame, struct vgic5_error *error)
{
    int ret;

    for (unsigned n = 0; watch->state[frame] == RAM_FILLING; n++) {
        spin_release(&watch->lock);
        spin_pause(n);
        spin_take(&watch->lock);
    }
    if (watch->state[frame] != RAM_ABSENT)
        return 0;
    watch->state[frame] = RAM_FILLING;
    spin_release(&watch->lock);
    ret = load_behind(watch, frame, error);
    spin_take(&watch->lock);
    watch->state[frame] = ret == 0 ? RAM_HIDDEN : RAM_ABSENT;
    watch->nr_absent -= ret == 0;
    return ret;
}

/* ---- When the host has no more mappings ------------------------------------------------------ */

static void open_range(struct ram_watch *watch, const struct ram_range *range)
{
    for (uint64_t n = 0; n < range->nr_frames; n++) {
        watch->state[range->first + n] = RAM_THERE;
        watch->open[range->first + n] = ram_frame_pages(range, range->first + n);
    }
}

/* The last resort: one mapping for each range, after all frames have been filled in. It counts as
 * written, all of it. With the lock on entry and on return. */
static int open_all(struct ram_watch *watch, struct vgic5_error *error)
{
    for (uint64_t frame = 0; frame < watch->nr_frames; frame++) {
        int ret = bring(watch, frame, error);

        if (ret != 0)
            return ret;
    }
    for (size_t n = 0; n < watch->nr_ranges; n++)
        if (mprotect(watch->ranges[n].host, watch->ranges[n].size, READ_WRITE) != 0)
            return error_set(error, VGIC5_CAUSE_ENVIRONMENT, -errno,
                             "guest memory cannot be reached: %s", strerror(errno));
    for (size_t n = 0; n < watch->nr_ranges; n++)
        open_range(watch, &watch->ranges[n]);
    watch->edges = 0;
    return 0;
}

/* From now on whole frames are opened, and those that were opened in part are so too. */
static bool open_wider(struct ram_watch *watch)
{
    if (watch->unit == RAM_PAGES_PER_FRAME)
        return false;
    watch->unit = RAM_PAGES_PER_FRAME;
    for (size_t n = 0; n < watch->nr_ranges; n++) {
        const struct ram_range *range = &watch->ranges[n];

        for (uint64_t frame = range->first; frame < range->first + range->nr_frames; frame++)
            if (watch->open[frame] != 0 && watch->open[frame] != ram_frame_pages(range, frame) &&
                !protect_frame(watch, range, frame, READ_WRITE))
                return false;
    }
    return true;
}

/* ---- Faults ---------------------------------------------------------------------------------- */

/* The frame is there after it; under the lock. */
static int fill(struct ram_watch *watch, uint64_t frame, struct vgic5_error *error)
{
    const struct ram_range *range = range_of(watch, frame);
    int ret = bring(watch, frame, error);

    if (ret != 0 || watch->state[frame] == RAM_THERE)
        return ret;
    if (has_room(watch) &&
        protect_frame(watch, range, frame, watch->tracks ? PROT_READ : READ_WRITE))
        return 0;
    return open_all(watch, error);
}

static int open_page(struct ram_watch *watch, const struct ram_range *range, uint64_t page,
                     struct vgic5_error *error)
{
    uint64_t first, end;

    while (!has_room(watch) && state(watch, range, page) != READ_WRITE)
        if (!open_wider(watch))
            return open_all(watch, error);
    first = page / watch->unit * watch->unit;
    end =
        first + watch->unit < range->size / RAM_PAGE ? first + watch->unit : range->size / RAM_PAGE;
    if (state(watch, range, page) == READ_WRITE || protect(watch, range, first, end, READ_WRITE))
        return 0;
    return open_all(watch, error);
}

/* Another thread has been here meanwhile, and all is well; or somebody else has taken the memory
 * away, which is no fault of ours, and shall not be one for ever. */
static int assert_again(const struct ram_watch *watch, const struct ram_range *range, uint64_t page)
{
    uint64_t first = page / watch->unit * watch->unit;

    return mprotect(range->host + first * RAM_PAGE, RAM_PAGE, state(watch, range, page)) == 0
               ? 0
               : -EFAULT;
}

static int serve(struct ram_watch *watch, const struct ram_range *range, uint64_t page,
                 bool is_read, struct vgic5_error *error)
{
    int ret, now;

    spin_take(&watch->lock);
    now = state(watch, range, page);
    if (now == PROT_NONE)
        ret = fill(watch, range->first + page / RAM_PAGES_PER_FRAME, error);
    else if (now == READ_WRITE || is_read)
        ret = assert_again(watch, range, page);
    else
        ret = open_page(watch, range, page, error);
    spin_release(&watch->lock);
    return ret;
}

static int on_fault(struct ram_watch *watch, const void *address, bool is_read,
                    struct vgic5_error *error)
{
    for (size_t n = 0; n < watch->nr_ranges; n++) {
        const struct ram_range *range = &watch->ranges[n];
        uint64_t offset = (uintptr_t)address - (uintptr_t)range->host;

        if (offset < range->size)
            return serve(watch, range, offset / RAM_PAGE, is_read, error);
    }
    return -EFAULT;
}

/* ---- Asked for by others: no signal may come in between -------------------------------------- */

static void lock(struct ram_watch *watch, sigset_t *before)
{
    sigset_t set;

    asynchronous_signals(&set);
    pthread_sigmask(SIG_BLOCK, &set, before);
    spin_take(&watch->lock);
}

static void unlock(struct ram_watch *watch, const sigset_t *before)
{
    spin_release(&watch->lock);
    pthread_sigmask(SIG_SETMASK, before, NULL);
}

int ram_watch_fill(struct ram_watch *watch, uint64_t frame, struct vgic5_error *error)
{
    sigset_t before;
    int ret;

    lock(watch, &before);
    ret = fill(watch, frame, error);
    unlock(watch, &before);
    return ret;
}

/* From `first` on frames in the same state, absent or not. */
static uint64_t same_state(const struct ram_watch *watch, uint64_t first, uint64_t end)
{
    uint64_t n = first;

    while (n < end && (watch->state[n] == RAM_ABSENT) == (watch->state[first] == RAM_ABSENT))
        n++;
    return n;
}

static int fill_zero(struct ram_watch *watch, uint64_t first, uint64_t end,
                     struct vgic5_error *error)
{
    const struct ram_range *range = range_of(watch, first);
    uint64_t offset = (first - range->first) * RAM_FRAME;
    uint64_t size = (end - first) * RAM_FRAME;

    if (watch->state[first] != RAM_ABSENT)
        return 0;
    size = size < range->size - offset ? size : range->size - offset;
    if (!has_room(watch) || !protect(watch, range, offset / RAM_PAGE, (offset + size) / RAM_PAGE,
                                     watch->tracks ? PROT_READ : READ_WRITE))
        return open_all(watch, error);
    watch->nr_absent -= end - first;
    return 0;
}

int ram_watch_fill_zero(struct ram_watch *watch, uint64_t first, uint64_t end,
                        struct vgic5_error *error)
{
    sigset_t before;
    int ret = 0;

    lock(watch, &before);
    while (first < end && ret == 0) {
        uint64_t next = same_state(watch, first, end);

        ret = fill_zero(watch, first, next, error);
        first = next;
    }
    unlock(watch, &before);
    return ret;
}

bool ram_watch_is_absent(struct ram_watch *watch, uint64_t frame)
{
    sigset_t before;
    bool is_absent;

    lock(watch, &before);
    is_absent = watch->state[frame] == RAM_ABSENT || watch->state[frame] == RAM_FILLING;
    unlock(watch, &before);
    return is_absent;
}

void ram_watch_absent(struct ram_watch *watch, uint8_t *absent)
{
    sigset_t before;

    lock(watch, &before);
    for (uint64_t n = 0; n < watch->nr_frames; n++)
        absent[n] = watch->state[n] == RAM_ABSENT || watch->state[n] == RAM_FILLING;
    unlock(watch, &before);
}

uint64_t ram_watch_nr_absent(struct ram_watch *watch)
{
    sigset_t before;
    uint64_t n;

    lock(watch, &before);
    n = watch->nr_absent;
    unlock(watch, &before);
    return n;
}

/* ---- What was written ------------------------------------------------------------------------ */

/* Of a whole range, a frame at a time: a save does this while the guest stands still. */
static uint64_t count_all_edges(const struct ram_watch *watch, const struct ram_range *range)
{
    uint64_t n = 0;
    int last = state(watch, range, 0);

    for (uint64_t frame = range->first; frame < range->first + range->nr_frames; frame++) {
        uint64_t page = (frame - range->first) * RAM_PAGES_PER_FRAME;
        unsigned inside = ram_frame_pages(range, frame) >> 1, open = watch->open[frame];

        n += last != state(watch, range, page);
        if (watch->state[frame] == RAM_THERE)
            n += (unsigned)__builtin_popcount((open ^ open >> 1) & inside);
        last = state(watch, range, page + ram_frame_size(range, frame) / RAM_PAGE - 1);
    }
    return n;
}

/* Frames of a range that are there, clean from now on. Where all are that is one call. */
static bool clean(struct ram_watch *watch, const struct ram_range *range)
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

static void copy_open(const struct ram_watch *watch, const struct ram_range *range, uint64_t *pages)
{
    for (uint64_t n = 0; n < range->nr_frames; n++)
        pages[n / 4] |= (uint64_t)watch->open[range->first + n] << n % 4 * RAM_PAGES_PER_FRAME;
}

static unsigned least_unit(void)
{
    long page = sysconf(_SC_PAGESIZE);

    return page <= (long)RAM_PAGE ? 1 : (unsigned)page / RAM_PAGE;
}

int ram_watch_take(struct ram_watch *watch, size_t range, uint64_t *pages)
{
    struct vgic5_error error = {0};
    sigset_t before;
    int ret = 0;

    lock(watch, &before);
    if (pages)
        copy_open(watch, &watch->ranges[range], pages);
    watch->tracks = true;
    watch->unit = least_unit();
    if (!clean(watch, &watch->ranges[range])) {
        open_all(watch, &error);
        ret = -ENOMEM;
    }
    unlock(watch, &before);
    return ret;
}

/* ---- Life ------------------------------------------------------------------------------------ */

/* Half of them are for others: the guest's code, threads, the allocator. */
static uint64_t mappings_of_host(void)
{
    FILE *file = fopen("/proc/sys/vm/max_map_count", "r");
    unsigned long long n = 65530;

    if (!file)
        return n / 2;
    if (fscanf(file, "%llu", &n) != 1)
        n = 65530;
    fclose(file);
    return n / 2;
}

/* Linux joins neighbouring mappings again only if they belonged together when the first page of
 * each was written: so one is, before there are several. */
static void write_one_page(uint8_t *host)
{
    *(volatile uint8_t *)host = *(volatile uint8_t *)host;
}

static void free_all(struct ram_watch *watch)
{
    if (watch->memory >= 0)
        close(watch->memory);
    free(watch->open);
    free(watch->state);
    free(watch->content);
    *watch = (struct ram_watch){0};
}

static void init(struct ram_watch *watch, const struct ram_range *ranges, size_t nr_ranges)
{
    uint64_t mappings = mappings_of_host();

    watch->ranges = ranges;
    watch->nr_ranges = nr_ranges;
    watch->nr_frames = ranges[nr_ranges - 1].first + ranges[nr_ranges - 1].nr_frames;
    watch->unit = least_unit();
    watch->most_edges = mappings < MOST_EDGES ? mappings : MOST_EDGES;
    watch->memory = -1;
    watch->open = malloc(watch->nr_frames * sizeof(*watch->open));
    watch->state = calloc(watch->nr_frames, sizeof(*watch->state));
}

int ram_watch_begin(struct ram_watch *watch, const struct ram_range *ranges, size_t nr_ranges,
                    void (*lost)(void *opaque, const struct vgic5_error *error), void *opaque)
{
    int ret = -ENOMEM;

    if (watch->ranges || least_unit() > RAM_PAGES_PER_FRAME)
        return -EINVAL;
    init(watch, ranges, nr_ranges);
    watch->lost = lost;
    watch->lost_opaque = opaque;
    if (watch->open && watch->state) {
        for (size_t n = 0; n < nr_ranges; n++) {
            open_range(watch, &ranges[n]);
            write_one_page(ranges[n].host);
        }
        ret = fault_add(watch, on_fault);
    }
    if (ret != 0)
        free_all(watch);
    return ret;
}

/* All inaccessible, and it can be written all the same; else all is as it was. */
static int hide(struct ram_watch *watch)
{
    int ret = 0;

    for (size_t n = 0; n < watch->nr_ranges && ret == 0; n++) {
        if (mprotect(watch->ranges[n].host, watch->ranges[n].size, PROT_NONE) != 0)
            ret = -errno;
        else if (!behind_works(watch->memory, &watch->ranges[n]))
            ret = -ENOTSUP;
    }
    for (size_t n = 0; n < watch->nr_ranges && ret != 0; n++)
        mprotect(watch->ranges[n].host, watch->ranges[n].size, READ_WRITE);
    return ret;
}

int ram_watch_empty(struct ram_watch *watch, ram_load *load, void *opaque)
{
    int ret;

    if (watch->memory < 0)
        watch->memory = behind_open();
    if (!watch->content)
        watch->content = malloc(RAM_FRAME);
    ret = watch->content ? hide(watch) : -ENOMEM;
    if (ret != 0)
        return ret;
    memset(watch->state, RAM_ABSENT, watch->nr_frames * sizeof(*watch->state));
    memset(watch->open, 0, watch->nr_frames * sizeof(*watch->open));
    watch->nr_absent = watch->nr_frames;
    watch->edges = 0;
    watch->load = load;
    watch->opaque = opaque;
    return 0;
}

void ram_watch_end(struct ram_watch *watch)
{
    if (!watch->ranges)
        return;
    for (size_t n = 0; n < watch->nr_ranges; n++)
        mprotect(watch->ranges[n].host, watch->ranges[n].size, READ_WRITE);
    fault_remove(watch);
    free_all(watch);
}
