/* SPDX-License-Identifier: BSD-3-Clause */
/* The VMM's door. `flags` carries nothing and is not looked at, as in KVM. */
#include <errno.h>

#include "device/contract.h"

/* ---- Locks ----------------------------------------------------------------------------------- */

/* Whose lock keeps out what a call could meet. */
enum reach { REACH_NOTHING, REACH_FRAME, REACH_PE, REACH_ALL };

static bool reaches_pes(const struct irs_register *reg)
{
    enum irs_row row = (enum irs_row)(reg - irs_registers);

    if (reg->user_set == IRS_SET_GUEST)
        return gicv5_irs_write_reaches_pes(row);
    return reg->user_set != IRS_SET_IGNORED && gicv5_irs_put_reaches_pes(row);
}

/* What a has asks for does not change after CTRL_INIT. */
static enum reach reach_of(const struct access *access)
{
    if (access->call == CONTRACT_HAS)
        return REACH_NOTHING;
    if (access->group == VGIC5_GRP_IST)
        return REACH_ALL;
    if (access->group == VGIC5_GRP_CPU_SYSREGS && access->vcpu)
        return REACH_PE;
    if (access->call == CONTRACT_SET && access->irs && reaches_pes(access->irs))
        return REACH_ALL;
    return REACH_FRAME;
}

/* Is this refused while a vCPU runs, and could one do so? To find that out takes all locks, once
 * for the many registers of a VM that stands still. */
static bool looks_at_vcpus(const struct access *access)
{
    return (access->group == VGIC5_GRP_CPU_SYSREGS || access->group == VGIC5_GRP_IRS_REGS) &&
           __atomic_load_n(&access->device->moving, __ATOMIC_RELAXED);
}

static enum reach lock(struct access *access)
{
    struct vgic5 *device = access->device;
    enum reach reach = reach_of(access);

    if (reach != REACH_NOTHING && looks_at_vcpus(access))
        reach = REACH_ALL;
    if (reach == REACH_FRAME)
        gicv5_frame_lock(device->gic);
    if (reach == REACH_PE)
        gicv5_pe_lock(access->vcpu->pe);
    if (reach == REACH_ALL) {
        device_lock(device);
        device_note_stillness(device);
    }
    return reach;
}

static void unlock(struct access *access, enum reach reach)
{
    if (reach == REACH_FRAME)
        gicv5_frame_unlock(access->device->gic);
    if (reach == REACH_PE)
        gicv5_pe_unlock(access->vcpu->pe);
    if (reach == REACH_ALL)
        device_unlock(access->device);
}

/* ---- The calls ------------------------------------------------------------------------------- */

/* The contract's table first; what passes it is done. */
static int call_alone(struct access *access, const struct attribute_group *group)
{
    int ret = contract_check(access);

    if (ret || access->call == CONTRACT_HAS)
        return ret;
    return access->call == CONTRACT_GET ? group->get(access) : group->set(access);
}

/* CTRL_INIT makes the GIC whose locks these are; nobody else is inside before it has returned. */
static int call(struct vgic5 *device, const struct vgic5_attr *attr, enum contract_call what)
{
    const struct attribute_group *group;
    enum reach reach = REACH_NOTHING;
    struct access access;
    int ret;

    if (!device || !attr)
        return -EINVAL;
    group = attribute_group_of(attr->group);
    if (!group)
        return -ENXIO;
    access_open(&access, device, attr->group, what, attr->attr, attr->addr);
    if (device->gic)
        reach = lock(&access);
    ret = call_alone(&access, group);
    unlock(&access, reach);
    return ret;
}

int vgic5_has_attr(struct vgic5 *device, const struct vgic5_attr *attr)
{
    return call(device, attr, CONTRACT_HAS);
}

int vgic5_get_attr(struct vgic5 *device, const struct vgic5_attr *attr)
{
    return call(device, attr, CONTRACT_GET);
}

int vgic5_set_attr(struct vgic5 *device, const struct vgic5_attr *attr)
{
    return call(device, attr, CONTRACT_SET);
}
