/* SPDX-License-Identifier: BSD-3-Clause */
/* A save while the guest stands still: its state is collected and its pages are copied. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "facts/error.h"
#include "facts/sized.h"
#include "ram/saver.h"
#include "snapshot/chain.h"
#include "snapshot/pipes.h"

static uint64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* Signals are for the thread that runs the guest. */
static int start_thread(struct vgic5_saver *saver)
{
    sigset_t asynchronous, before;
    int ret;

    asynchronous_signals(&asynchronous);
    pthread_sigmask(SIG_BLOCK, &asynchronous, &before);
    ret = pthread_create(&saver->thread, NULL, saver_run, saver);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return -ret;
}

/* ---- The base -------------------------------------------------------------------------------- */

/* As FORMAT.md wants it: relative to the directory of the new file where they share it. */
static bool name_of_base(const char *path, const char *base, char to[PATH_MAX])
{
    const char *slash = strrchr(path, '/'), *base_slash = strrchr(base, '/');
    size_t directory = slash ? (size_t)(slash - path) + 1 : 0;
    size_t base_directory = base_slash ? (size_t)(base_slash - base) + 1 : 0;

    if (directory != base_directory || memcmp(path, base, directory) != 0)
        return realpath(base, to);
    return snprintf(to, PATH_MAX, "%s", base + base_directory) < PATH_MAX;
}

static bool has_this_memory(const struct vgic5_chain *base, const struct vgic5_ram *ram)
{
    bool same = base->nr_ranges == ram->nr_ranges;

    for (size_t n = 0; n < ram->nr_ranges && same; n++)
        same = base->ranges[n].base == ram->ranges[n].base &&
               base->ranges[n].size == ram->ranges[n].size;
    return same;
}

static int open_base(struct vgic5_saver *saver, const struct vgic5_save_request *request,
                     struct vgic5_error *error)
{
    int ret;

    if (pipe_is(request->base)) /* it would also keep the guest waiting */
        return error_set(error, VGIC5_CAUSE_REQUEST, -EINVAL,
                         "%.300s is a pipe: the new snapshot could not be read "
                         "with it",
                         request->base);
    ret = vgic5_chain_open(request->base, NULL, &saver->base, error);
    if (ret != 0)
        return ret;
    if (vgic5_chain_nr_levels(saver->base) == VGIC5_CHAIN_MAX)
        return error_unfit(error, "%.300s builds on %u others already: flatten it", request->base,
                           VGIC5_CHAIN_MAX - 1);
    if (vgic5_chain_has_file(saver->base, request->path))
        return error_set(error, VGIC5_CAUSE_REQUEST, -EINVAL,
                         "%.300s cannot be written over: the new snapshot "
                         "would build on it",
                         request->path);
    saver->frame = malloc(VGIC5_FRAME_SIZE);
    if (!saver->frame)
        return error_no_memory(error, "the base");
    if (!has_this_memory(saver->base, saver->ram))
        return error_unfit(error, "%.300s has other memory than this guest", request->base);
    return 0;
}

static int begin(struct vgic5_saver *saver, const struct vgic5_save_request *request,
                 struct vgic5_error *error)
{
    const struct vgic5_sink sink = {sizeof(sink), saver_put, saver};
    char name[PATH_MAX];
    int ret;

    if (!request->base)
        return vgic5_snapshot_begin(&sink, request->producer, &saver->writer, error);
    ret = open_base(saver, request, error);
    if (ret != 0)
        return ret;
    if (!name_of_base(request->path, request->base, name))
        return error_set(error, VGIC5_CAUSE_ENVIRONMENT, -EINVAL, "%.300s: %s", request->base,
                         strerror(errno));
    return vgic5_snapshot_begin_on(&sink, request->producer,
                                   vgic5_snapshot_root(chain_top(saver->base)), name,
                                   &saver->writer, error);
}

/* ---- The pages ------------------------------------------------------------------------------- */

/* What has not been filled in yet is left to the thread. */
static int leave_absent(struct vgic5_saver *saver)
{
    struct vgic5_ram *ram = saver->ram;

    memset(saver->among, 0xff, ram->nr_frames * sizeof(*saver->among));
    if (!ram->watch.ranges || ram_watch_nr_absent(&ram->watch) == 0)
        return 0;
    saver->is_absent = malloc(ram->nr_frames * sizeof(*saver->is_absent));
    if (!saver->is_absent)
        return -ENOMEM;
    ram_watch_absent(&ram->watch, saver->is_absent);
    for (uint64_t frame = 0; frame < ram->nr_frames; frame++)
        if (saver->is_absent[frame])
            saver->among[frame] = 0;
    return vgic5_pages_open(ram->chain, &saver->pages, NULL);
}

static bool written_since_base(const struct vgic5_saver *saver)
{
    bool known;

    pthread_mutex_lock(&saver->ram->lock);
    known =
        ram_log_since(&saver->ram->log, vgic5_snapshot_root(chain_top(saver->base)), saver->among);
    pthread_mutex_unlock(&saver->ram->lock);
    return known;
}

/* What was written since the base, if that is known, else all that is there. */
static int choose_pages(struct vgic5_saver *saver)
{
    saver->among = calloc(saver->ram->nr_frames, sizeof(*saver->among));
    if (!saver->among)
        return -ENOMEM;
    saver->knows_written = saver->base && written_since_base(saver);
    saver->result.compared = saver->base && !saver->knows_written;
    return saver->knows_written ? 0 : leave_absent(saver);
}

static int take_images(struct vgic5_saver *saver, bool copy)
{
    struct vgic5_ram *ram = saver->ram;
    int ret = 0;

    saver->images = calloc(ram->nr_ranges, sizeof(*saver->images));
    if (!saver->images)
        return -ENOMEM;
    for (size_t n = 0; n < ram->nr_ranges && ret == 0; n++) {
        ret = ram_image_take(&ram->ranges[n], copy, saver->among + ram->ranges[n].first,
                             &saver->images[n]);
        saver->result.pages += saver->images[n].nr_pages;
    }
    return ret;
}

static int take_ram(struct vgic5_saver *saver, const struct vgic5_save_request *request)
{
    int ret = choose_pages(saver);

    if (ret == 0)
        ret = take_images(saver, !request->guest_waits);
    if (ret == 0 && request->followed)
        vgic5_ram_mark(saver->ram);
    if (ret == 0)
        ret = start_thread(saver);
    if (ret != 0)
        vgic5_ram_drop(saver->ram);
    return ret;
}

static int take(struct vgic5_saver *saver, const struct vgic5_save_request *request,
                struct vgic5_error *error)
{
    int ret = begin(saver, request, error);

    if (ret == 0 && request->collect)
        ret = request->collect(request->opaque, saver->writer, error);
    if (ret != 0)
        return ret;
    ret = take_ram(saver, request);
    return ret == 0 ? 0 : error_no_memory(error, "the save");
}

/* ---- Life ------------------------------------------------------------------------------------ */

static void saver_free(struct vgic5_saver *saver)
{
    vgic5_snapshot_abort(saver->writer);
    for (size_t n = 0; saver->images && n < saver->ram->nr_ranges; n++)
        ram_image_free(&saver->images[n]);
    vgic5_chain_close(saver->base);
    vgic5_pages_close(saver->pages);
    vgic5_pages_close(saver->pages_of_base);
    pthread_cond_destroy(&saver->ended);
    pthread_mutex_destroy(&saver->lock);
    free(saver->images);
    free(saver->collected);
    free(saver->frame);
    free(saver->is_absent);
    free(saver->among);
    free(saver->path);
    free(saver);
}

static struct vgic5_saver *saver_new(struct vgic5_ram *ram,
                                     const struct vgic5_save_request *request)
{
    struct vgic5_saver *saver = calloc(1, sizeof(*saver));
    pthread_condattr_t clock;

    if (!saver)
        return NULL;
    pthread_mutex_init(&saver->lock, NULL);
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&saver->ended, &clock);
    pthread_condattr_destroy(&clock);
    saver->ram = ram;
    saver->path = strdup(request->path);
    saver->prove = request->prove;
    saver->opaque = request->opaque;
    if (saver->path)
        return saver;
    saver_free(saver);
    return NULL;
}

int vgic5_saver_start(struct vgic5_ram *ram, const struct vgic5_save_request *given,
                      struct vgic5_saver **saver, struct vgic5_error *error)
{
    uint64_t started = now_us();
    struct vgic5_save_request request;
    struct vgic5_saver *fresh;
    int ret;

    if (!ram || !given || !saver)
        return error_absent(error, !ram ? "RAM" : !given ? "request" : "place for the save");
    *saver = NULL;
    if (!sized_take(&request, sizeof(request), given, SIZE_WITH(struct vgic5_save_request, opaque)))
        return error_misuse(error, "struct vgic5_save_request has %u bytes", given->size);
    if (!request.path || !request.producer)
        return error_absent(error, !request.path ? "path" : "producer");
    fresh = saver_new(ram, &request);
    if (!fresh)
        return error_no_memory(error, "the save");
    ret = take(fresh, &request, error);
    if (ret != 0) {
        saver_free(fresh);
        return ret;
    }
    fresh->result.still_us = now_us() - started;
    *saver = fresh;
    return 0;
}

/* ---- Afterwards ------------------------------------------------------------------------------ */

bool vgic5_saver_is_done(struct vgic5_saver *saver, unsigned milliseconds)
{
    uint64_t until = now_us() + (uint64_t)milliseconds * 1000;
    struct timespec end = {(time_t)(until / 1000000), (long)(until % 1000000) * 1000};
    bool done;

    if (!saver)
        return false;
    pthread_mutex_lock(&saver->lock);
    while (!saver->is_done && milliseconds != 0 &&
           pthread_cond_timedwait(&saver->ended, &saver->lock, &end) == 0)
        ;
    done = saver->is_done;
    pthread_mutex_unlock(&saver->lock);
    return done;
}

unsigned vgic5_saver_percent(struct vgic5_saver *saver)
{
    return saver ? atomic_load(&saver->percent) : 0;
}

void vgic5_saver_cancel(struct vgic5_saver *saver)
{
    if (saver)
        atomic_store(&saver->cancelled, true);
}

/* As much of it as the caller knows. */
static void hand_out(const struct vgic5_saver *saver, struct vgic5_save_result *to)
{
    struct vgic5_save_result result = saver->result;

    result.size = to->size;
    result.bytes = saver->output.bytes;
    memcpy(to, &result, to->size < sizeof(result) ? to->size : sizeof(result));
}

int vgic5_saver_finish(struct vgic5_saver *saver, struct vgic5_save_result *result,
                       struct vgic5_error *error)
{
    int ret;

    if (!saver)
        return error_absent(error, "save");
    pthread_join(saver->thread, NULL);
    ret = saver->ret;
    if (result)
        hand_out(saver, result);
    if (ret == 0)
        vgic5_ram_keep(saver->ram, saver->root);
    else
        vgic5_ram_drop(saver->ram);
    if (ret != 0)
        error_set(error, saver->error.cause, ret, "%s", saver->error.message);
    saver_free(saver);
    return ret;
}
