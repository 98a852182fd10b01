/* SPDX-License-Identifier: BSD-3-Clause */
#include "ram/touch.h"

#include <errno.h>
#include <string.h>

#include "facts/error.h"
#include "ram/behind.h"
#include "ram/protection.h"

/* ---- Loading a frame ------------------------------------------------------------------------- */

static int load_behind(struct ram_watch *watch, uint64_t frame, struct vgic5_error *error)
{
    int ret;

    spin_take(&watch->loading);
    memset(watch->content, 0, RAM_FRAME);
    ret = watch->load(watch->opaque, frame, watch->content, error);
    if (ret == 0) {
        ret = behind_put(watch->memory, ram_range_of(watch, frame), frame, watch->content);
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

int touch_open_all(struct ram_watch *watch, struct vgic5_error *error)
{
    for (uint64_t frame = 0; frame < watch->nr_frames; frame++) {
        int ret = bring(watch, frame, error);

        if (ret != 0)
            return ret;
    }
    for (size_t n = 0; n < watch->nr_ranges; n++)
        if (mprotect(watch->ranges[n].host, watch->ranges[n].size, RAM_READ_WRITE) != 0)
            return error_set(error, VGIC5_CAUSE_ENVIRONMENT, -errno,
                             "guest memory cannot be reached: %s", strerror(errno));
    for (size_t n = 0; n < watch->nr_ranges; n++)
        protection_opened(watch, &watch->ranges[n]);
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
                !protection_set_frame(watch, range, frame, RAM_READ_WRITE))
                return false;
    }
    return true;
}

/* ---- Faults ---------------------------------------------------------------------------------- */

int touch_fill(struct ram_watch *watch, uint64_t frame, struct vgic5_error *error)
{
    const struct ram_range *range = ram_range_of(watch, frame);
    int ret = bring(watch, frame, error);

    if (ret != 0 || watch->state[frame] == RAM_THERE)
        return ret;
    if (protection_has_room(watch) &&
        protection_set_frame(watch, range, frame, watch->tracks ? PROT_READ : RAM_READ_WRITE))
        return 0;
    return touch_open_all(watch, error);
}

static int open_page(struct ram_watch *watch, const struct ram_range *range, uint64_t page,
                     struct vgic5_error *error)
{
    uint64_t first, end;

    while (!protection_has_room(watch) && protection_of(watch, range, page) != RAM_READ_WRITE)
        if (!open_wider(watch))
            return touch_open_all(watch, error);
    first = page / watch->unit * watch->unit;
    end =
        first + watch->unit < range->size / RAM_PAGE ? first + watch->unit : range->size / RAM_PAGE;
    if (protection_of(watch, range, page) == RAM_READ_WRITE ||
        protection_set(watch, range, first, end, RAM_READ_WRITE))
        return 0;
    return touch_open_all(watch, error);
}

/* Another thread has been here meanwhile, and all is well; or somebody else has taken the memory
 * away, which is no fault of ours, and shall not be one for ever. */
static int assert_again(const struct ram_watch *watch, const struct ram_range *range, uint64_t page)
{
    uint64_t first = page / watch->unit * watch->unit;
    int now = protection_of(watch, range, page);

    return mprotect(range->host + first * RAM_PAGE, RAM_PAGE, now) == 0 ? 0 : -EFAULT;
}

static int serve(struct ram_watch *watch, const struct ram_range *range, uint64_t page,
                 bool is_read, struct vgic5_error *error)
{
    int ret, now;

    spin_take(&watch->lock);
    now = protection_of(watch, range, page);
    if (now == PROT_NONE)
        ret = touch_fill(watch, range->first + page / RAM_PAGES_PER_FRAME, error);
    else if (now == RAM_READ_WRITE || is_read)
        ret = assert_again(watch, range, page);
    else
        ret = open_page(watch, range, page, error);
    spin_release(&watch->lock);
    return ret;
}

int touch_on_fault(struct ram_watch *watch, const void *address, bool is_read,
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
