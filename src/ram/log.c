/* SPDX-License-Identifier: BSD-3-Clause */
#include "ram/log.h"

#include <stdlib.h>
#include <string.h>

static struct ram_mark *unnamed(struct ram_log *log)
{
    struct ram_mark *last = log->nr_marks > 0 ? &log->marks[log->nr_marks - 1] : NULL;

    return last && !last->is_safe ? last : NULL;
}

void ram_log_mark(struct ram_log *log, void *ram, uint64_t size)
{
    struct ram_watch *watch = &log->watch;
    const uint16_t *written;
    uint16_t *none;

    ram_log_drop(log);
    if (!watch->host && ram_watch_begin(watch, ram, size) != 0)
        return;
    none = calloc(watch->nr_frames, sizeof(*none));
    if (!none)
        return;
    written = ram_watch_written(watch);
    for (unsigned n = 0; n < log->nr_marks; n++)
        for (uint64_t frame = 0; frame < watch->nr_frames; frame++)
            log->marks[n].written[frame] |= written[frame];
    log->marks[log->nr_marks++] = (struct ram_mark){.written = none};
    ram_watch_clean(watch); /* if not, everything counts as written: true, though of no use */
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

bool ram_log_since(struct ram_log *log, const uint8_t *root, uint16_t *written)
{
    const uint16_t *lately = ram_watch_written(&log->watch);
    struct ram_mark *mark = find(log, root);

    if (!mark)
        return false;
    mark->used = ++log->clock;
    for (uint64_t frame = 0; written && frame < log->watch.nr_frames; frame++)
        written[frame] = mark->written[frame] | lately[frame];
    return true;
}

void ram_log_end(struct ram_log *log)
{
    ram_watch_end(&log->watch);
    while (log->nr_marks > 0)
        free(log->marks[--log->nr_marks].written);
}
