/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A stopped machine to a snapshot file. The guest stands still while its state is collected and its
 * memory copied; a thread of the saver's compresses and writes while the guest goes on.
 */
#ifndef TOOL_SAVER_H
#define TOOL_SAVER_H

#include <vgic5/snapshot.h>

#include "machine/machine.h"
#include "ram/log.h"

struct saver;

struct saver_request {
    const char *path;
    const char *base;    /* of an incremental snapshot, or NULL */
    bool guest_waits;    /* until saver_finish: then nothing needs to be copied */
    struct ram_log *log; /* must live until saver_finish */
    bool followed;       /* perhaps, by an incremental save on top of this one */
};

struct saver_result {
    uint64_t instructions; /* of the moment that was saved */
    uint64_t bytes;        /* of the file */
    uint64_t pages;        /* of RAM that were taken while the guest stood still */
    bool compared;         /* all of RAM with the base: the log does not know it */
    uint64_t still_us;     /* how long saver_start took */
};

/* After it the guest may go on, unless it waits. 0, or a negative errno with `error` filled. */
int saver_start(struct machine *machine, const struct machine_config *config,
                const struct saver_request *request, struct saver **saver,
                struct vgic5_error *error);
/* Has the thread ended? Waits at most `milliseconds` for it. */
bool saver_is_done(struct saver *saver, unsigned milliseconds);
unsigned saver_percent(struct saver *saver);
/* Give up as soon as possible: there will be no file, and an old one stays. */
void saver_cancel(struct saver *saver);
/* Wait for the end, and free. The file is there whole, and safe on disk, if and only if it is 0. */
int saver_finish(struct saver *saver, struct saver_result *result, struct vgic5_error *error);

#endif
