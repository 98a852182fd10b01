/* SPDX-License-Identifier: BSD-3-Clause */
#include "ram/log.h"

#include <stdlib.h>
#include <string.h>

static struct ram_mark *unnamed(struct ram_log *log)
{
    struct ram_mark *last = log->nr_marks > 0 ? &log->marks[log->nr_marks - 1] : NULL;

    return last && !last->is_safe ? last : NULL;
}

static bool begin(struct ram_log *log)
{
    const struct vgic5_dirty_source *source = log->source;

    if (!log->has_begun)
        log->has_begun = !source->begin || source->begin(source->opaque) == 0;
    return log->has_begun;
}

/* What the source says of a range counts for all marks. */
static void share_out(struct ram_log *log, const struct ram_range *range, const uint64_t *pages)
{
    for (unsigned n = 0; n < log->nr_marks; n++)
        for (uint64_t frame = 0; frame < range->nr_frames; frame++)
            log->marks[n].written[range->first + frame] |=
                (uint16_t)(pages[frame / 4] >> frame % 4 * RAM_PAGES_PER_FRAME);
}

/* False: something may not have been told, and counts as written. */
static bool collect_range(struct ram_log *log, size_t n)
{
    const struct ram_range *range = &log->ranges[n];
    size_t size = (range->nr_frames / 4 + 1) * sizeof(uint64_t);
    uint64_t *pages = calloc(1, size);
    bool good = pages && log->source->take(log->source->opaque, n, pages) == 0;

    if (pages && !good)
        memset(pages, 0xff, size);
    if (pages)
        share_out(log, range, pages);
    for (unsigned mark = 0; !pages && mark < log->nr_marks; mark++)
        memset(log->marks[mark].written + range->first, 0xff, range->nr_frames * sizeof(uint16_t));
    free(pages);
    return good;
}

static bool collect(struct ram_log *log)
{
    bool good = true;

    for (size_t n = 0; n < log->nr_ranges; n++)
        good = collect_range(log, n) && good;
    return good;
}

void ram_log_mark(struct ram_log *log)
{
    uint16_t *written;
    bool good;

    ram_log_drop(log);
    if (!begin(log))
        return;
    written = calloc(log->nr_frames, sizeof(*written));
    if (!written)
        return;
    good = collect(log);
    if (!good)
        memset(written, 0xff, log->nr_frames * sizeof(*written));
    log->marks[log->nr_marks++] = (struct ram_mark){.written = written};
}

static void forget(struct ram_log *log, unsigned n)
{
    free(log->marks[n].written);
    log->marks[n] = log->marks[--log->nr_marks];
}

/* It is the least likely to be built on. */
static unsigned least_used(const struct ram_log *log)
{
    unsigned least = 0;

    for (unsigned n = 1; n < log->nr_marks; n++)
        if (log->marks[n].used < log->marks[least].used)
            least = n;
    return least;
}

void ram_log_keep(struct ram_log *log, const uint8_t *root)
{
    struct ram_mark *mark = unnamed(log);

    if (!mark)
        return;
    memcpy(mark->root, root, sizeof(mark->root));
    mark->is_safe = true;
    mark->used = ++log->clock;
    if (log->nr_marks > RAM_LOG_MARKS)
        forget(log, least_used(log));
}

void ram_log_drop(struct ram_log *log)
{
    if (unnamed(log))
        forget(log, log->nr_marks - 1);
}

/* Of several with the same root, which have the same content, any will do. */
static struct ram_mark *find(struct ram_log *log, const uint8_t *root)
{
    for (unsigned n = 0; n < log->nr_marks; n++)
        if (log->marks[n].is_safe &&
            memcmp(log->marks[n].root, root, sizeof(log->marks[n].root)) == 0)
            return &log->marks[n];
    return NULL;
}

/* The last frame of a range may have fewer pages than the others. */
static void leave_out_of_range(const struct ram_log *log, uint16_t *written)
{
    for (size_t n = 0; n < log->nr_ranges; n++) {
        const struct ram_range *range = &log->ranges[n];
        uint64_t last = range->first + range->nr_frames - 1;

        written[last] &= ram_frame_pages(range, last);
    }
}

bool ram_log_since(struct ram_log *log, const uint8_t *root, uint16_t *written)
{
    struct ram_mark *mark = find(log, root);

    if (!mark)
        return false;
    mark->used = ++log->clock;
    if (written) {
        collect(log);
        memcpy(written, mark->written, log->nr_frames * sizeof(*written));
        leave_out_of_range(log, written);
    }
    return true;
}

void ram_log_end(struct ram_log *log)
{
    while (log->nr_marks > 0)
        free(log->marks[--log->nr_marks].written);
    if (log->has_begun && log->source->end)
        log->source->end(log->source->opaque);
    log->has_begun = false;
}
