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

enum irs_row plan_irs_row(const struct vgic5_step *row)
{
    return (enum irs_row)(irs_register_at(row->attr) - irs_registers); /* a row has one */
}

const struct vgic5_step *vgic5_plan_step(uint32_t abi, enum vgic5_direction direction, size_t n)
{
    struct sequence sequence = sequence_of(direction);

    if (!vgic5_abi_name(abi))
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

/* ---- Names ----------------------------------------------------------------------------------- */

static const struct {
    uint32_t value;
    const char *name;
} groups[] = {
    {VGIC5_GRP_ADDR, "GRP_ADDR"},         {VGIC5_GRP_NR_IRQS, "GRP_NR_IRQS"},
    {VGIC5_GRP_CTRL, "GRP_CTRL"},         {VGIC5_GRP_CPU_SYSREGS, "GRP_CPU_SYSREGS"},
    {VGIC5_GRP_IRS_REGS, "GRP_IRS_REGS"}, {VGIC5_GRP_IST, "GRP_IST"},
    {VGIC5_STEP_NO_GROUP, "-"},
};

const char *vgic5_group_name(uint32_t group)
{
    for (size_t n = 0; n < sizeof(groups) / sizeof(groups[0]); n++) {
        if (groups[n].value == group)
            return groups[n].name;
    }
    return NULL;
}

static const char *const action_names[] = {
    [VGIC5_STEP_GET] = "get",
    [VGIC5_STEP_SET] = "set",
    [VGIC5_STEP_PORT] = "port",
    [VGIC5_STEP_VMM] = "vmm",
};

static const char *const loop_names[] = {
    [VGIC5_LOOP_ONCE] = "once",
    [VGIC5_LOOP_PES] = "each PE",
    [VGIC5_LOOP_SPIS] = "each SPI",
    [VGIC5_LOOP_SYSREGS] = "each vCPU, each register",
    [VGIC5_LOOP_STATUS] = "each status register",
};

static const char *const abi_names[] = {
    [VGIC5_ABI_V1] = "v1",
    [VGIC5_ABI_7_4] = "7.4",
};

static const char *name_in(const char *const *names, size_t count, uint32_t value)
{
    return value < count ? names[value] : NULL;
}

const char *vgic5_step_action_name(enum vgic5_step_action action)
{
    return name_in(action_names, sizeof(action_names) / sizeof(action_names[0]), action);
}

const char *vgic5_step_loop_name(enum vgic5_step_loop loop)
{
    return name_in(loop_names, sizeof(loop_names) / sizeof(loop_names[0]), loop);
}

const char *vgic5_abi_name(uint32_t abi)
{
    return name_in(abi_names, sizeof(abi_names) / sizeof(abi_names[0]), abi);
}
