/* SPDX-License-Identifier: BSD-3-Clause */
/* What the board is made of beside its vCPUs, RAM and the guest's clock: a row each. */
#ifndef MACHINE_PARTS_H
#define MACHINE_PARTS_H

#include <vgic5/snapshot.h>

struct machine;
struct tree;

struct board_part {
    const char *name; /* of its section in a snapshot; instance 0 */
    /* NULL, both: it has no state of its own. */
    int (*save)(struct machine *machine, struct vgic5_fields *fields);
    int (*load)(struct machine *machine, const struct vgic5_fields *fields,
                struct vgic5_error *error);
    void (*node)(struct tree *tree); /* NULL: the device tree does not say it */
};

#define NR_BOARD_PARTS 7u

/* In the order of the nodes, and of the sections. */
extern const struct board_part board_parts[NR_BOARD_PARTS];

#endif
