/* SPDX-License-Identifier: BSD-3-Clause */
/* The VMM's door: one table of groups. `flags` carries nothing and is not looked at, as in KVM. */
#include <errno.h>

#include "device/internal.h"

static const struct attribute_group *const groups[] = {
    &attribute_addr,        &attribute_nr_irqs,  &attribute_ctrl,
    &attribute_cpu_sysregs, &attribute_irs_regs, &attribute_ist,
};

static const struct attribute_group *group_of(const struct vgic5_attr *attr)
{
    static const struct attribute_group none;

    for (size_t n = 0; n < sizeof(groups) / sizeof(groups[0]); n++) {
        if (groups[n]->group == attr->group)
            return groups[n];
    }
    return &none;
}

/* CTRL_INIT makes the GIC whose locks these are; nobody else is inside before it has returned. */
static int locked(struct vgic5 *device, const struct vgic5_attr *attr,
                  int (*call)(struct vgic5 *device, const struct vgic5_attr *attr))
{
    bool initialised = device->gic;
    int ret;

    if (initialised)
        device_lock(device);
    ret = call(device, attr);
    if (initialised)
        device_unlock(device);
    return ret;
}

int vgic5_has_attr(struct vgic5 *device, const struct vgic5_attr *attr)
{
    const struct attribute_group *group = group_of(attr);

    return group->has ? locked(device, attr, group->has) : -ENXIO;
}

int vgic5_get_attr(struct vgic5 *device, const struct vgic5_attr *attr)
{
    const struct attribute_group *group = group_of(attr);

    return group->get ? locked(device, attr, group->get) : -ENXIO;
}

int vgic5_set_attr(struct vgic5 *device, const struct vgic5_attr *attr)
{
    const struct attribute_group *group = group_of(attr);

    return group->set ? locked(device, attr, group->set) : -ENXIO;
}
