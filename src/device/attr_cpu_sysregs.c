/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * GRP_CPU_SYSREGS: the 26 registers of one vCPU's CPU interface, raw. An unknown register is ENOENT
 * where KVM's document says ENXIO: the code is followed.
 */
#include "device/contract.h"

static int sysregs_get(struct access *access)
{
    uint64_t value = gicv5_cpu_get(access->vcpu->pe, access->sysreg);

    return caller_write(access->device, access->addr, &value, sizeof(value));
}

static int sysregs_set(struct access *access)
{
    gicv5_cpu_put(access->vcpu->pe, access->sysreg, access->payload.u64);
    gicv5_settle_pe(access->vcpu->pe);
    return 0;
}

const struct attribute_group attribute_cpu_sysregs = {
    .group = VGIC5_GRP_CPU_SYSREGS,
    .get = sysregs_get,
    .set = sysregs_set,
};
