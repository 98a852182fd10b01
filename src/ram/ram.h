/* SPDX-License-Identifier: BSD-3-Clause */
/* A RAM: its ranges, what is absent, what was written. */
#ifndef RAM_RAM_H
#define RAM_RAM_H

#include <pthread.h>

#include "ram/log.h"

struct vgic5_ram {
    struct ram_range *ranges;
    size_t nr_ranges;
    uint64_t nr_frames;
    struct ram_watch watch;
    struct vgic5_dirty_source source;
    pthread_mutex_t lock; /* of the log and of `next`; never taken by the handler */
    struct ram_log log;
    struct vgic5_chain *chain; /* that RAM is filled from; NULL: none */
    uint64_t next;             /* frame to fill */
    void (*lost)(void *opaque, const struct vgic5_error *error);
    void *opaque;
};

#endif
