/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/lazy_ram.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tool/report.h"

#define MOST_ZERO 1024u /* frames in which nothing is stored: they take as long as one that is */

/* The guest cannot go on without this memory, and there is no way to give it. */
static void give_up(const struct vgic5_error *error)
{
    fprintf(stderr, "vgic5: the guest's memory cannot be read any more: %s\n", error->message);
    _exit((int)exit_of(error->cause));
}

static void fill(void *opaque, uint64_t frame)
{
    struct pager *pager = opaque;

    if (pager_need(pager, frame) != 0)
        give_up(&pager->error);
}

/* Where nothing is stored memory is zero already. */
static bool all_frames_are_zero(const struct chain *chain)
{
    for (size_t level = 0; level < chain->nr_levels; level++)
        if (vgic5_snapshot_nr_frames(chain->levels[level].memory) != 0)
            return false;
    return true;
}

int lazy_ram_begin(struct ram_watch *watch, struct pager *pager, struct vgic5_error *error)
{
    int status;

    if (all_frames_are_zero(pager->chain))
        return 0;
    status = ram_watch_begin(watch, pager->host, pager->size);
    if (status == 0)
        status = ram_watch_empty(watch, fill, pager);
    return status == 0 ? 0
                       : error_set(error, VGIC5_CAUSE_ENVIRONMENT, -EINVAL,
                                   "RAM cannot be protected: %s", strerror(-status));
}

static bool is_zero(const struct ram_watch *watch, const struct pager *pager, uint64_t frame)
{
    return frame < watch->nr_frames && watch->absent[frame] &&
           !chain_has_frame(pager->chain, frame);
}

static void fill_next(struct ram_watch *watch, struct pager *pager)
{
    uint64_t first = pager->next;

    while (pager->next - first < MOST_ZERO && is_zero(watch, pager, pager->next))
        pager->next++;
    if (pager->next > first)
        ram_watch_fill_zero(watch, first, pager->next);
    else
        ram_watch_fill(watch, pager->next++);
}

bool lazy_ram_fill(struct ram_watch *watch, uint64_t most)
{
    struct pager *pager = watch->opaque;

    for (; watch->nr_absent > 0 && most > 0; most--) {
        while (!watch->absent[pager->next])
            pager->next++;
        fill_next(watch, pager);
    }
    return watch->nr_absent > 0;
}

int lazy_ram_open(const struct ram_watch *watch, struct pager *pager, struct vgic5_error *error)
{
    const struct pager *lazy = watch->opaque;

    return pager_open(lazy->chain, NULL, pager, error);
}
