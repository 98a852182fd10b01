/* SPDX-License-Identifier: BSD-3-Clause */
/* The thread of a save: memory is compared, compressed and written while the guest goes on. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "facts/error.h"
#include "ram/saver.h"
#include "snapshot/chain.h"

#define MAX_THREADS 8

/* ---- The sink -------------------------------------------------------------------------------- */

static int collect(struct vgic5_saver *saver, const void *bytes, size_t size)
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
    const struct vgic5_saver *saver = opaque;

    return atomic_load(&saver->cancelled);
}

int saver_put(void *opaque, const void *bytes, size_t size)
{
    struct vgic5_saver *saver = opaque;
    const struct vgic5_sink *to;

    if (is_cancelled(saver))
        return -ECANCELED;
    if (!saver->is_open)
        return collect(saver, bytes, size);
    to = output_sink(&saver->output);
    return to->write(to->opaque, bytes, size);
}

/* ---- Memory ---------------------------------------------------------------------------------- */

/* The pages whose content is not that of the base. What was written may be what was there. */
static int changed_pages(struct vgic5_saver *saver, uint64_t frame, uint32_t size,
                         const uint8_t *memory, uint16_t there, uint16_t *changed)
{
    uint16_t among = saver->knows_written ? saver->among[frame] : UINT16_MAX;
    int ret;

    if (among == 0 || (there == 0 && !vgic5_chain_has_frame(saver->base, frame)))
        return 0;
    memset(saver->frame, 0, VGIC5_FRAME_SIZE);
    ret = vgic5_chain_load_frame(saver->base, frame, saver->frame, &saver->error);
    for (uint32_t page = 0; page < size / RAM_PAGE && ret == 0; page++)
        if (among >> page & 1 &&
            memcmp(saver->frame + page * RAM_PAGE, memory + page * RAM_PAGE, RAM_PAGE) != 0)
            *changed |= (uint16_t)(1u << page);
    return ret;
}

/* It had not been filled in when the guest was stopped, and so is what it was in the snapshot. */
static int absent_frame(struct vgic5_saver *saver, uint64_t frame, uint32_t size,
                        const void **memory, uint16_t *there)
{
    int ret = vgic5_pages_frame(saver->pages, frame, memory);

    if (ret != 0)
        saver->error = *vgic5_pages_error(saver->pages);
    *there = vgic5_chain_has_frame(saver->ram->chain, frame)
                 ? (uint16_t)((1u << size / RAM_PAGE) - 1)
                 : 0;
    return ret;
}

struct range_of_save {
    struct vgic5_saver *saver;
    size_t n;
};

static int next_frame(void *opaque, uint64_t offset, uint32_t size, const void **memory,
                      uint16_t *pages)
{
    const struct range_of_save *range = opaque;
    struct vgic5_saver *saver = range->saver;
    const struct ram_image *image = &saver->images[range->n];
    uint64_t frame = saver->ram->ranges[range->n].first + offset / VGIC5_FRAME_SIZE;
    uint16_t there = image->pages[offset / VGIC5_FRAME_SIZE];
    int ret = 0;

    if (is_cancelled(saver))
        return -ECANCELED;
    atomic_store(&saver->percent, (unsigned)(frame * 100 / saver->ram->nr_frames));
    *memory = image->ram + offset;
    if (saver->is_absent && saver->is_absent[frame])
        ret = absent_frame(saver, frame, size, memory, &there);
    if (ret == 0 && saver->base)
        return changed_pages(saver, frame, size, *memory, there, pages);
    *pages = there;
    return ret;
}

static unsigned nr_threads(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);

    return n < 1 ? 1 : n > MAX_THREADS ? MAX_THREADS : (unsigned)n;
}

/* ---- The thread ------------------------------------------------------------------------------ */

static int put_memory(struct vgic5_saver *saver)
{
    int ret = 0;

    for (size_t n = 0; n < saver->ram->nr_ranges && ret == 0; n++) {
        struct range_of_save range = {saver, n};
        const struct vgic5_memory_from from = {
            .size = sizeof(from), .threads = nr_threads(), .frame = next_frame, .opaque = &range};

        ret = vgic5_snapshot_put_memory_from(saver->writer, saver->images[n].base,
                                             saver->images[n].size, &from, &saver->error);
    }
    return ret;
}

static int write_all(struct vgic5_saver *saver)
{
    int ret = saver_put(saver, saver->collected, saver->nr_collected);

    if (ret != 0)
        return error_set(&saver->error, VGIC5_CAUSE_ENVIRONMENT, ret, "cannot write %.300s: %s",
                         saver->path, strerror(-ret));
    ret = put_memory(saver);
    if (ret != 0)
        return ret;
    ret = vgic5_snapshot_end_root(saver->writer, saver->root, &saver->error);
    saver->writer = NULL;
    return ret;
}

/* What the sections' writer says of a sink that fails does not know where it leads. */
static void name_file(struct vgic5_saver *saver)
{
    struct vgic5_error why = saver->error;

    if (why.cause == VGIC5_CAUSE_ENVIRONMENT && !strstr(why.message, saver->path))
        error_set(&saver->error, why.cause, -EIO, "%.300s: %.200s", saver->path, why.message);
}

static int write_output(struct vgic5_saver *saver)
{
    int ret = output_open(saver->path, is_cancelled, saver, &saver->output, &saver->error);

    if (ret != 0)
        return ret;
    ret = saver_prove(saver);
    if (ret == 0) {
        saver->is_open = true;
        ret = write_all(saver);
        if (ret != 0)
            name_file(saver);
    }
    return output_close(&saver->output, ret, &saver->error);
}

void *saver_run(void *opaque)
{
    struct vgic5_saver *saver = opaque;
    int ret = write_output(saver);

    if (ret != 0 && is_cancelled(saver))
        error_set(&saver->error, VGIC5_CAUSE_GIVEN_UP, ret, "the save to %.300s was given up",
                  saver->path);
    pthread_mutex_lock(&saver->lock);
    saver->ret = ret;
    saver->is_done = true;
    pthread_cond_signal(&saver->ended);
    pthread_mutex_unlock(&saver->lock);
    return NULL;
}
