/* SPDX-License-Identifier: BSD-3-Clause */
/* A save under way: begun while the guest stands still (save_start.c), written by a thread
 * (save_write.c). */
#ifndef RAM_SAVER_H
#define RAM_SAVER_H

#include <pthread.h>
#include <stdatomic.h>

#include "ram/image.h"
#include "ram/ram.h"
#include "snapshot/output.h"

struct vgic5_saver {
    struct vgic5_ram *ram;
    struct ram_image *images;  /* of each range */
    struct vgic5_chain *base;  /* of an incremental snapshot; NULL: a full one */
    uint8_t *frame;            /* of the base, to compare with */
    uint16_t *among;           /* of each frame: the pages taken while the guest stood still */
    bool knows_written;        /* since the base: no others can have changed */
    uint8_t *is_absent;        /* of each frame, when the guest stood still; NULL: none */
    struct vgic5_pages *pages; /* what is absent */
    char *path;

    int (*prove)(void *opaque, const struct vgic5_snapshot *state, struct vgic5_saver *saver,
                 struct vgic5_error *error); /* may be NULL */
    void *opaque;
    struct vgic5_pages *pages_of_base; /* while it is proved */

    struct vgic5_snapshot_writer *writer;
    struct output output;
    bool is_open; /* the output; until then bytes are collected here, for the thread */
    uint8_t *collected;
    size_t nr_collected, room;

    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t ended;
    bool is_done;
    atomic_bool cancelled;
    atomic_uint percent;

    int ret;
    uint8_t root[VGIC5_SNAPSHOT_ROOT_SIZE];
    struct vgic5_error error;
    struct vgic5_save_result result;
};

/* Where the writer's bytes go; opaque is the saver. */
int saver_put(void *opaque, const void *bytes, size_t size);
/* On the thread, before memory is written: can what is being saved be restored? 0, or as the
 * saver's error says. */
int saver_prove(struct vgic5_saver *saver);
/* The thread; opaque is the saver. */
void *saver_run(void *opaque);

#endif
