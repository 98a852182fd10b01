/* SPDX-License-Identifier: BSD-3-Clause */
/* What the numbers of the public headers are called. */
#include <vgic5/migration.h>

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
