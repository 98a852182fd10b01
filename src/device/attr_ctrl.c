/* SPDX-License-Identifier: BSD-3-Clause */
/* GRP_CTRL: CTRL_INIT is only set, USERSPACE_PPIS only got. */
#include <errno.h>

#include "device/internal.h"

static int ctrl_has(struct vgic5 *device, const struct vgic5_attr *attr)
{
    (void)device;
    return attr->attr == VGIC5_CTRL_INIT || attr->attr == VGIC5_CTRL_USERSPACE_PPIS ? 0 : -ENXIO;
}

static int ctrl_get(struct vgic5 *device, const struct vgic5_attr *attr)
{
    uint64_t mask[2] = {0, 0}; /* before CTRL_INIT: zeros (kvm-abi §2) */

    if (attr->attr != VGIC5_CTRL_USERSPACE_PPIS)
        return -ENXIO;
    if (device->gic)
        mask[0] = device_userspace_ppis(device);
    return caller_write(device, attr->addr, mask, sizeof(mask));
}

static int ctrl_set(struct vgic5 *device, const struct vgic5_attr *attr)
{
    return attr->attr == VGIC5_CTRL_INIT ? device_init(device) : -ENXIO;
}

const struct attribute_group attribute_ctrl = {
    .group = VGIC5_GRP_CTRL,
    .has = ctrl_has,
    .get = ctrl_get,
    .set = ctrl_set,
};
