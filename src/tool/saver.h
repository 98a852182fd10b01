/* SPDX-License-Identifier: BSD-3-Clause */
/* A stopped machine to a snapshot file; the guest may go on while it is written (vgic5/ram.h). */
#ifndef TOOL_SAVER_H
#define TOOL_SAVER_H

#include <vgic5/ram.h>

#include "machine/machine.h"

struct saver {
    struct vgic5_saver *of;
    uint64_t instructions; /* of the moment that was saved */
};

struct saver_request {
    const char *path;
    const char *base; /* of an incremental snapshot, or NULL */
    bool guest_waits, followed;
};

/* 0, or a negative errno with `error` filled; then saver->of is NULL. */
int saver_start(struct machine *machine, const struct machine_config *config, struct vgic5_ram *ram,
                const struct saver_request *request, struct saver *saver,
                struct vgic5_error *error);

#endif
