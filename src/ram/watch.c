/* SPDX-License-Identifier: BSD-3-Clause */
#include "ram/watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ram/behind.h"
#include "ram/fault.h"
#include "ram/protection.h"
#include "ram/touch.h"

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
    ret = touch_fill(watch, frame, error);
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
    const struct ram_range *range = ram_range_of(watch, first);
    uint64_t offset = (first - range->first) * RAM_FRAME;
    uint64_t size = (end - first) * RAM_FRAME;

    if (watch->state[first] != RAM_ABSENT)
        return 0;
    size = size < range->size - offset ? size : range->size - offset;
    if (!protection_has_room(watch) ||
        !protection_set(watch, range, offset / RAM_PAGE, (offset + size) / RAM_PAGE,
                        watch->tracks ? PROT_READ : RAM_READ_WRITE))
        return touch_open_all(watch, error);
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
    if (!protection_clean(watch, &watch->ranges[range])) {
        touch_open_all(watch, &error);
        ret = -ENOMEM;
    }
    unlock(watch, &before);
    return ret;
}

void ram_watch_hear(struct ram_watch *watch,
                    void (*opened)(void *opaque, const struct ram_range *range, uint64_t page),
                    void *opaque)
{
    sigset_t before;

    lock(watch, &before);
    watch->opened = opened;
    watch->opened_opaque = opaque;
    unlock(watch, &before);
}

int ram_watch_clean(struct ram_watch *watch, size_t range, uint64_t first, uint64_t end)
{
    const struct ram_range *of = &watch->ranges[range];
    sigset_t before;
    bool good;

    lock(watch, &before);
    while (first < end && protection_of(watch, of, first) == PROT_READ)
        first++;
    good = first == end || (watch->tracks && protection_has_room(watch) &&
                            protection_set(watch, of, first, end, PROT_READ));
    unlock(watch, &before);
    return good ? 0 : ram_watch_take(watch, range, NULL);
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
    watch->open = calloc(watch->nr_frames, sizeof(*watch->open));
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
            protection_opened(watch, &ranges[n]);
            write_one_page(ranges[n].host);
        }
        ret = fault_add(watch, touch_on_fault);
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
        mprotect(watch->ranges[n].host, watch->ranges[n].size, RAM_READ_WRITE);
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
        mprotect(watch->ranges[n].host, watch->ranges[n].size, RAM_READ_WRITE);
    fault_remove(watch);
    free_all(watch);
}
