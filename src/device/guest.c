/* SPDX-License-Identifier: BSD-3-Clause */
/* The guest's door. Before CTRL_INIT there is no GIC behind it. */
#include "device/internal.h"

enum vgic5_access_result vgic5_mmio(struct vgic5 *device, struct vgic5_mmio *access)
{
    if (!device || !access || !device->gic || access->offset >= VGIC5_IRS_REGION_SIZE)
        return VGIC5_UNHANDLED;
    if (access->offset < VGIC5_IRS_FRAME_SIZE)
        gicv5_mmio(device->gic, access);
    else if (!access->is_write)
        access->value = 0; /* the SETLPI frame: reserved, since IDR0.SETLPI is 0 */
    return VGIC5_HANDLED;
}

enum vgic5_access_result vgic5_cpu_access(struct vgic5_vcpu *vcpu, uint16_t encoding, bool is_write,
                                          uint64_t *value)
{
    if (!vcpu || !value || !vcpu->pe)
        return VGIC5_UNHANDLED;
    return gicv5_cpu_access(vcpu->pe, encoding, is_write, value);
}

void vgic5_vcpu_set_nmi(struct vgic5_vcpu *vcpu, bool sctlr_nmi)
{
    if (!vcpu)
        return;
    vcpu->nmi = sctlr_nmi;
    if (vcpu->pe)
        gicv5_set_nmi(vcpu->pe, sctlr_nmi);
}

void vgic5_vcpu_reset(struct vgic5_vcpu *vcpu)
{
    if (!vcpu)
        return;
    vcpu->nmi = false;
    if (vcpu->pe)
        gicv5_reset_interface(vcpu->pe);
}

enum vgic5_line vgic5_vcpu_line(const struct vgic5_vcpu *vcpu)
{
    return vcpu && vcpu->pe ? gicv5_line(vcpu->pe) : VGIC5_LINE_NONE;
}
