/* SPDX-License-Identifier: BSD-3-Clause */
/* The VMM's door. `flags` carries nothing and is not looked at, as in KVM. */
#include <errno.h>

#include "device/contract.h"

/* The contract's table first; what passes it is done. */
static int call_alone(struct vgic5 *device, const struct vgic5_attr *attr, enum contract_call what)
{
    const struct attribute_group *group = attribute_group_of(attr->group);
    struct access access;
    int ret;

    if (!group)
        return -ENXIO;
    access_open(&access, device, attr->group, what, attr->attr, attr->addr);
    ret = contract_check(&access);
    if (ret || what == CONTRACT_HAS)
        return ret;
    return what == CONTRACT_GET ? group->get(&access) : group->set(&access);
}

/* CTRL_INIT makes the GIC whose locks these are; nobody else is inside before it has returned. */
static int call(struct vgic5 *device, const struct vgic5_attr *attr, enum contract_call what)
{
    bool initialised = device->gic;
    int ret;

    if (initialised)
        device_lock(device);
    ret = call_alone(device, attr, what);
    if (initialised)
        device_unlock(device);
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
