/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/saver.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <vgic5/migration.h>

#include "tool/run/host_time.h"
#include "tool/lazy_ram.h"
#include "snapshot/pipes.h"
#include "ram/image.h"
#include "ram/log.h"
#include "tool/report.h"

#define MAX_THREADS 8

struct saver {
    struct ram_image image;
    struct chain base; /* of an incremental snapshot; nr_levels 0: a full one */
    uint8_t *frame;    /* of the base, to compare with */
    struct ram_log *log;
    uint16_t *among;    /* of each frame: the pages taken while the guest stood still */
    bool knows_written; /* since the base: no others can have changed */
    bool *is_absent;    /* of each frame, when the guest stood still; NULL: none */
    struct pager absent;
    char *path;

    struct vgic5_snapshot_writer *writer;
    struct vgic5_atomic_file *file; /* NULL: bytes are collected below, for the thread … */
    int pipe;                       /* … unless this is one (else -1) */
    uint8_t *collected;
    size_t nr_collected, room;
    uint64_t bytes;

    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t ended;
    bool is_done;
    atomic_bool cancelled;
    atomic_uint percent;

    int status;
    uint8_t root[VGIC5_SNAPSHOT_ROOT_SIZE];
    struct vgic5_error error;
    struct saver_result result;
};

/* ---- The sink -------------------------------------------------------------------------------- */

static int collect(struct saver *saver, const void *bytes, size_t size)
{
    if (size > saver->room - saver->nr_collected) {
        size_t room = 2 * (saver->nr_collected + size);
        uint8_t *grown = realloc(saver->collected, room);

        if (!grown)
            return -ENOMEM;
        saver->collected = grown;
        saver->room = room;
    }
    memcpy(saver->collected + saver->nr_collected, bytes, size);
    saver->nr_collected += size;
    return 0;
}

static bool is_cancelled(void *opaque)
{
    const struct saver *saver = opaque;

    return atomic_load(&saver->cancelled);
}

static int sink_write(void *opaque, const void *bytes, size_t size)
{
    struct saver *saver = opaque;
    struct vgic5_sink to;

    if (atomic_load(&saver->cancelled))
        return -ECANCELED;
    if (!saver->file && saver->pipe < 0)
        return collect(saver, bytes, size);
    if (!saver->file) {
        saver->bytes += size;
        return pipe_write(saver->pipe, bytes, size, is_cancelled, saver);
    }
    to = vgic5_atomic_file_sink(saver->file);
    saver->bytes += size;
    return to.write(to.opaque, bytes, size);
}

/* ---- Memory ---------------------------------------------------------------------------------- */

/* The pages whose content is not that of the base. What was written may be what was there. */
static int changed_pages(struct saver *saver, uint64_t frame, const uint8_t *memory, uint16_t there,
                         uint16_t *changed)
{
    uint16_t among = saver->knows_written ? saver->among[frame] : UINT16_MAX;
    uint64_t offset = frame * VGIC5_FRAME_SIZE;
    int status;

    if (among == 0 || (there == 0 && !chain_has_frame(&saver->base, frame)))
        return 0;
    memset(saver->frame, 0, VGIC5_FRAME_SIZE);
    status = chain_load_frame(&saver->base, frame, (void *)((uintptr_t)saver->frame - offset),
                              &saver->error);
    for (uint32_t page = 0; page < RAM_PAGES_PER_FRAME && status == 0; page++)
        if (among >> page & 1 &&
            memcmp(saver->frame + page * RAM_PAGE, memory + page * RAM_PAGE, RAM_PAGE) != 0)
            *changed |= (uint16_t)(1u << page);
    return status;
}

/* It had not been filled in when the guest was stopped, and so is what it was in the snapshot. */
static int absent_frame(struct saver *saver, uint64_t frame, const uint8_t **memory,
                        uint16_t *there)
{
    int status = pager_need(&saver->absent, frame);

    *memory = saver->absent.host + frame * VGIC5_FRAME_SIZE;
    *there = chain_has_frame(saver->absent.chain, frame) ? UINT16_MAX : 0;
    if (status != 0)
        saver->error = saver->absent.error;
    return status;
}

static int next_frame(void *opaque, uint64_t offset, uint32_t size, const void **memory,
                      uint16_t *pages)
{
    struct saver *saver = opaque;
    uint64_t frame = offset / VGIC5_FRAME_SIZE;
    const uint8_t *from = saver->image.ram + offset;
    uint16_t there = saver->image.pages[frame];
    int status = 0;

    (void)size; /* RAM has whole frames */
    if (atomic_load(&saver->cancelled))
        return -ECANCELED;
    atomic_store(&saver->percent, (unsigned)(offset * 100 / saver->image.size));
    if (saver->is_absent && saver->is_absent[frame])
        status = absent_frame(saver, frame, &from, &there);
    *memory = from;
    if (status == 0 && saver->base.nr_levels > 0)
        return changed_pages(saver, frame, from, there, pages);
    *pages = there;
    return status;
}

static unsigned nr_threads(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);

    return n < 1 ? 1 : n > MAX_THREADS ? MAX_THREADS : (unsigned)n;
}

/* ---- The thread ------------------------------------------------------------------------------ */

static int write_rest(struct saver *saver)
{
    const struct vgic5_memory_from from = {
        .size = sizeof(from), .threads = nr_threads(), .frame = next_frame, .opaque = saver};
    int status = sink_write(saver, saver->collected, saver->nr_collected);

    if (status != 0)
        error_set(&saver->error, VGIC5_CAUSE_ENVIRONMENT, -EINVAL, "cannot write %.300s: %s",
                  saver->path, strerror(-status));
    else
        status = vgic5_snapshot_put_memory_from(saver->writer, saver->image.base, saver->image.size,
                                                &from, &saver->error);
    if (status != 0)
        return status;
    status = vgic5_snapshot_end_root(saver->writer, saver->root, &saver->error);
    saver->writer = NULL;
    return status;
}

/* What is lost of it is the reader's to notice: without its end it is no snapshot. */
static int write_to_pipe(struct saver *saver)
{
    int status = pipe_open(saver->path, &saver->pipe, &saver->error);

    if (status != 0)
        return status;
    status = write_rest(saver);
    close(saver->pipe);
    return status;
}

static int write_file(struct saver *saver)
{
    int status = vgic5_atomic_file_create(saver->path, NULL, &saver->file, &saver->error);

    if (status != 0)
        return status;
    status = write_rest(saver);
    if (status == 0 && atomic_load(&saver->cancelled))
        status = -ECANCELED;
    if (status == 0)
        return vgic5_atomic_file_commit(saver->file, &saver->error);
    vgic5_atomic_file_abandon(saver->file);
    return status;
}

static void *run(void *opaque)
{
    struct saver *saver = opaque;
    int status = pipe_is(saver->path) ? write_to_pipe(saver) : write_file(saver);

    if (status != 0 && atomic_load(&saver->cancelled))
        error_set(&saver->error, VGIC5_CAUSE_GIVEN_UP, -EINVAL, "the save to %.300s was given up",
                  saver->path);
    pthread_mutex_lock(&saver->lock);
    saver->status = status;
    saver->is_done = true;
    pthread_cond_signal(&saver->ended);
    pthread_mutex_unlock(&saver->lock);
    return NULL;
}

/* Signals are for the thread that runs the guest. */
static int start_thread(struct saver *saver)
{
    sigset_t all, before;
    int status;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    status = pthread_create(&saver->thread, NULL, run, saver);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return -status;
}

/* ---- While the guest stands still ------------------------------------------------------------ */

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

static int open_base(struct saver *saver, const struct saver_request *request,
                     struct vgic5_error *error)
{
    const struct vgic5_section *memory;
    int status;

    if (pipe_is(request->base)) /* it would also keep the guest waiting */
        return error_set(error, VGIC5_CAUSE_REQUEST, -EINVAL,
                         "%.300s is a pipe: the new snapshot could not be read "
                         "with it",
                         request->base);
    status = chain_open(request->base, NULL, &saver->base, error);
    if (status != 0)
        return status;
    if (saver->base.nr_levels == CHAIN_MAX)
        return error_set(error, VGIC5_CAUSE_UNFIT, -EINVAL,
                         "%.300s builds on %u others already: flatten it", request->base,
                         CHAIN_MAX - 1);
    if (chain_has_file(&saver->base, request->path))
        return error_set(error, VGIC5_CAUSE_REQUEST, -EINVAL,
                         "%.300s cannot be written over: the new snapshot "
                         "would build on it",
                         request->path);
    memory = chain_memory(&saver->base);
    saver->frame = malloc(VGIC5_FRAME_SIZE);
    if (!saver->frame)
        return error_set(error, VGIC5_CAUSE_ENVIRONMENT, -EINVAL, "no memory for the base");
    if (memory->memory_base != saver->image.base || memory->memory_size != saver->image.size)
        return error_set(error, VGIC5_CAUSE_UNFIT, -EINVAL,
                         "%.300s has other memory than this guest", request->base);
    return 0;
}

static int begin(struct saver *saver, const struct saver_request *request,
                 struct vgic5_error *error)
{
    struct vgic5_sink sink = {sink_write, saver};
    char name[PATH_MAX];
    int status;

    if (!request->base)
        return vgic5_snapshot_begin(sink, vgic5_version(), &saver->writer, error);
    status = open_base(saver, request, error);
    if (status != 0)
        return status;
    if (!name_of_base(request->path, request->base, name))
        return error_set(error, VGIC5_CAUSE_ENVIRONMENT, -EINVAL, "%.300s: %s", request->base,
                         strerror(errno));
    return vgic5_snapshot_begin_on(sink, vgic5_version(),
                                   vgic5_snapshot_root(chain_top(&saver->base)), name,
                                   &saver->writer, error);
}

/* The VGICv5 first, memory last: saving the device writes the LPI IST into memory (kvm-abi §5). */
static int collect_state(struct saver *saver, struct machine *machine,
                         const struct machine_config *config, struct vgic5_error *error)
{
    struct vgic5_port port;
    struct vgic5_state *state;
    int status;

    vgic5_port_model(machine_gic(machine), &port);
    status = vgic5_save(&port, &report_warnings, &state, error);
    if (status != 0)
        return status;
    status = machine_config_save(machine, config, saver->writer, error);
    if (status == 0)
        status = vgic5_state_to_snapshot(state, saver->writer, error);
    if (status == 0)
        status = machine_save(machine, saver->writer, error);
    vgic5_state_free(state);
    return status;
}

/* What has not been filled in yet (lazy_ram.h) is left to the thread. */
static int leave_absent(struct saver *saver)
{
    const struct ram_watch *watch = &saver->log->watch;
    uint64_t nr_frames = saver->image.size / RAM_FRAME;

    memset(saver->among, 0xff, nr_frames * sizeof(*saver->among));
    if (!watch->host || watch->nr_absent == 0)
        return 0;
    saver->is_absent = malloc(nr_frames * sizeof(*saver->is_absent));
    if (!saver->is_absent)
        return -ENOMEM;
    memcpy(saver->is_absent, watch->absent, nr_frames * sizeof(*saver->is_absent));
    for (uint64_t frame = 0; frame < nr_frames; frame++)
        if (saver->is_absent[frame])
            saver->among[frame] = 0;
    return lazy_ram_open(watch, &saver->absent, NULL);
}

/* What was written since the base, if that is known, else all that is there. */
static int choose_pages(struct saver *saver)
{
    bool incremental = saver->base.nr_levels > 0;

    saver->among = calloc(saver->image.size / RAM_FRAME, sizeof(*saver->among));
    if (!saver->among)
        return -ENOMEM;
    saver->knows_written =
        incremental &&
        ram_log_since(saver->log, vgic5_snapshot_root(chain_top(&saver->base)), saver->among);
    saver->result.compared = incremental && !saver->knows_written;
    return saver->knows_written ? 0 : leave_absent(saver);
}

static int take_ram(struct saver *saver, void *ram, const struct saver_request *request)
{
    struct ram_image *image = &saver->image;
    int status = choose_pages(saver);

    if (status == 0)
        status = ram_image_take(ram, image->base, image->size, !request->guest_waits, saver->among,
                                image);
    if (status == 0 && request->followed)
        ram_log_mark(saver->log, ram, image->size);
    if (status == 0)
        status = start_thread(saver);
    if (status != 0)
        ram_log_drop(saver->log);
    return status;
}

static int take(struct saver *saver, struct machine *machine, const struct machine_config *config,
                const struct saver_request *request, struct vgic5_error *error)
{
    void *ram = machine_ram(machine, &saver->image.base, &saver->image.size);
    int status = begin(saver, request, error);

    if (status == 0)
        status = collect_state(saver, machine, config, error);
    if (status != 0)
        return status;
    status = take_ram(saver, ram, request);
    return status == 0
               ? 0
               : error_set(error, VGIC5_CAUSE_ENVIRONMENT, -EINVAL, "no memory for the save");
}

static void saver_free(struct saver *saver)
{
    vgic5_snapshot_abort(saver->writer);
    ram_image_free(&saver->image);
    chain_close(&saver->base);
    pthread_cond_destroy(&saver->ended);
    pthread_mutex_destroy(&saver->lock);
    free(saver->collected);
    free(saver->frame);
    pager_close(&saver->absent);
    free(saver->is_absent);
    free(saver->among);
    free(saver->path);
    free(saver);
}

static struct saver *saver_new(const char *path)
{
    struct saver *saver = calloc(1, sizeof(*saver));
    pthread_condattr_t clock;

    if (!saver)
        return NULL;
    pthread_mutex_init(&saver->lock, NULL);
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&saver->ended, &clock);
    pthread_condattr_destroy(&clock);
    saver->pipe = -1;
    saver->path = strdup(path);
    if (saver->path)
        return saver;
    saver_free(saver);
    return NULL;
}

int saver_start(struct machine *machine, const struct machine_config *config,
                const struct saver_request *request, struct saver **saver,
                struct vgic5_error *error)
{
    uint64_t started = now_us();
    struct saver *fresh = saver_new(request->path);
    int status;

    *saver = NULL;
    if (!fresh)
        return error_set(error, VGIC5_CAUSE_ENVIRONMENT, -EINVAL, "no memory for the save");
    fresh->log = request->log;
    status = take(fresh, machine, config, request, error);
    if (status != 0) {
        saver_free(fresh);
        return status;
    }
    fresh->result.pages = fresh->image.nr_pages;
    fresh->result.instructions = machine_instructions(machine);
    fresh->result.still_us = now_us() - started;
    *saver = fresh;
    return 0;
}

/* ---- Afterwards ------------------------------------------------------------------------------ */

bool saver_is_done(struct saver *saver, unsigned milliseconds)
{
    uint64_t until = now_us() + (uint64_t)milliseconds * 1000;
    struct timespec end = {(time_t)(until / 1000000), (long)(until % 1000000) * 1000};
    bool done;

    pthread_mutex_lock(&saver->lock);
    while (!saver->is_done && milliseconds != 0 &&
           pthread_cond_timedwait(&saver->ended, &saver->lock, &end) == 0)
        ;
    done = saver->is_done;
    pthread_mutex_unlock(&saver->lock);
    return done;
}

unsigned saver_percent(struct saver *saver)
{
    return atomic_load(&saver->percent);
}

void saver_cancel(struct saver *saver)
{
    atomic_store(&saver->cancelled, true);
}

int saver_finish(struct saver *saver, struct saver_result *result, struct vgic5_error *error)
{
    int status;

    pthread_join(saver->thread, NULL);
    status = saver->status;
    saver->result.bytes = saver->bytes;
    *result = saver->result;
    if (status == 0) {
        ram_log_keep(saver->log, saver->root);
    } else {
        ram_log_drop(saver->log);
        *error = saver->error;
    }
    saver_free(saver);
    return status;
}
