/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * GRP_CPU_SYSREGS: the 26 registers of one vCPU's CPU interface, raw.
 * Precedence: EINVAL (mpidr), EBUSY; then set EFAULT, ENOENT and get ENOENT, EFAULT (kvm-abi §2).
 * An unknown register is ENOENT where KVM's document says ENXIO: the code is followed.
 */
#include <errno.h>

#include "device/internal.h"

static struct vgic5_vcpu *vcpu_of(struct vgic5 *device, const struct vgic5_attr *attr)
{
    for (uint32_t n = 0; n < device->nr_vcpus; n++) {
        struct vgic5_vcpu *vcpu = device->vcpus[n];

        if (vgic5_mpidr_to_attr(vgic5_mpidr_of_vcpu(vcpu->id)) >> 32 == attr->attr >> 32)
            return vcpu;
    }
    return NULL;
}

/* Bits 31:16 belong to no encoding: an attribute that has one set names no register. */
static const struct cpu_register *register_of(const struct vgic5_attr *attr)
{
    uint32_t instr = (uint32_t)attr->attr;
    const struct cpu_register *reg = instr <= UINT16_MAX ? cpu_register_of((uint16_t)instr) : NULL;

    return reg && reg->carried ? reg : NULL;
}

static int sysregs_has(struct vgic5 *device, const struct vgic5_attr *attr)
{
    if (!vcpu_of(device, attr))
        return -EINVAL;
    return register_of(attr) ? 0 : -ENXIO;
}

static int sysregs_get(struct vgic5 *device, const struct vgic5_attr *attr)
{
    const struct cpu_register *reg = register_of(attr);
    struct vgic5_vcpu *vcpu = vcpu_of(device, attr);
    uint64_t value;

    if (!vcpu)
        return -EINVAL;
    if (!device->gic || device->nr_running)
        return -EBUSY;
    if (!reg)
        return -ENOENT;
    value = gicv5_cpu_get(vcpu->pe, reg);
    return caller_write(device, attr->addr, &value, sizeof(value));
}

static int sysregs_set(struct vgic5 *device, const struct vgic5_attr *attr)
{
    const struct cpu_register *reg = register_of(attr);
    struct vgic5_vcpu *vcpu = vcpu_of(device, attr);
    uint64_t value;
    int ret;

    if (!vcpu)
        return -EINVAL;
    if (!device->gic || device->nr_running ||
        (device->has_run && device->profile->sysregs_set_needs_never_run))
        return -EBUSY;
    ret = caller_read(device, &value, attr->addr, sizeof(value));
    if (ret)
        return ret;
    if (!reg)
        return -ENOENT;
    gicv5_cpu_put(vcpu->pe, reg, value);
    gicv5_settle_pe(vcpu->pe);
    return 0;
}

const struct attribute_group attribute_cpu_sysregs = {
    .group = VGIC5_GRP_CPU_SYSREGS,
    .has = sysregs_has,
    .get = sysregs_get,
    .set = sysregs_set,
};
