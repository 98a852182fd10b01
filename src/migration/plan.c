/* SPDX-License-Identifier: BSD-3-Clause */
/* The sequences for those who want to read them. */
#include <string.h>

#include "migration/engine.h"

struct sequence {
    const struct step *steps;
    size_t length;
};

static struct sequence sequence_of(enum vgic5_direction direction)
{
    return direction == VGIC5_SAVE ? (struct sequence){plan_save, plan_save_length}
                                   : (struct sequence){plan_restore, plan_restore_length};
}

const struct step *plan_step_of(const struct vgic5_step *row)
{
    return (const struct step *)row; /* `row` is its first member */
}

const struct vgic5_step *vgic5_plan_step(uint32_t abi, enum vgic5_direction direction, size_t n)
{
    struct sequence sequence = sequence_of(direction);

    if (!vgic5_abi_name(abi) || (direction != VGIC5_SAVE && direction != VGIC5_RESTORE))
        return NULL;
    for (size_t index = 0; index < sequence.length; index++) {
        if (!(sequence.steps[index].row.profiles & VGIC5_PROFILE(abi)))
            continue;
        if (n-- == 0)
            return &sequence.steps[index].row;
    }
    return NULL;
}

size_t plan_for_port(const struct vgic5_port *port, enum vgic5_direction direction,
                     const struct vgic5_step **order)
{
    const struct vgic5_step *row;
    size_t n = 0;

    for (size_t at = 0; (row = vgic5_plan_step(port->abi, direction, at)) != NULL; at++) {
        const struct step *step = plan_step_of(row);

        if (n < PLAN_MOST && (!step->applies || step->applies(port)))
            order[n++] = row;
    }
    return n;
}

size_t vgic5_plan_length(uint32_t abi, enum vgic5_direction direction)
{
    size_t n = 0;

    while (vgic5_plan_step(abi, direction, n))
        n++;
    return n;
}

bool vgic5_step_needs(uint32_t abi, const struct vgic5_step *step, const struct vgic5_step *other)
{
    const struct step *table;
    uint64_t needs;

    if (!step || !other)
        return false;
    table = sequence_of(step->direction).steps;
    needs = plan_step_of(step)->needs[abi == VGIC5_ABI_7_4];
    return step->direction == other->direction && needs >> (plan_step_of(other) - table) & 1u;
}
