/* SPDX-License-Identifier: BSD-3-Clause */
/* A stopped machine to a snapshot file, and a snapshot file to a machine. */
#ifndef CLI_SAVE_H
#define CLI_SAVE_H

#include <vgic5/migration.h>
#include <vgic5/snapshot.h>

#include "machine/machine.h"

/* The file appears whole or not at all; the machine can go on whatever the outcome. */
int save_snapshot(struct machine *machine, const struct machine_config *config, const char *path,
                  struct vgic5_error *error);

/* A snapshot file, opened, and everything in it but memory decoded and checked. */
struct loaded {
    struct vgic5_snapshot *snapshot;
    struct machine_config config; /* vcpu_ids point into the snapshot */
    struct vgic5_state *state;
    const struct vgic5_section *memory;
};

int load_open(const char *path, struct loaded *loaded, struct vgic5_error *error);
void load_close(struct loaded *loaded);

/* Fill a machine that was created with loaded->config (console and all). Nothing runs. */
int load_into(const struct loaded *loaded, struct machine *machine, struct vgic5_error *error);

#endif
