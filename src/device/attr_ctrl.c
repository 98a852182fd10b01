/* SPDX-License-Identifier: BSD-3-Clause */
/* GRP_CTRL: CTRL_INIT is only set, USERSPACE_PPIS only got. */
#include "device/contract.h"

static int ctrl_get(struct access *access)
{
    uint64_t mask[2] = {0, 0}; /* before CTRL_INIT: zeros (kvm-abi §2) */

    if (access->device->gic)
        mask[0] = device_userspace_ppis(access->device);
    return caller_write(access->device, access->addr, mask, sizeof(mask));
}

static int ctrl_set(struct access *access)
{
    return device_init(access->device);
}

const struct attribute_group attribute_ctrl = {
    .group = VGIC5_GRP_CTRL,
    .get = ctrl_get,
    .set = ctrl_set,
};
