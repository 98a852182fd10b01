/* SPDX-License-Identifier: BSD-3-Clause */
/* GRP_ADDR: where the IRS region lies. May be set before or after CTRL_INIT, once. */
#include "device/contract.h"

static int addr_get(struct access *access)
{
    struct vgic5 *device = access->device;

    return caller_write(device, access->addr, &device->addr, sizeof(device->addr));
}

static int addr_set(struct access *access)
{
    access->device->addr = access->payload.u64;
    return 0;
}

const struct attribute_group attribute_addr = {
    .group = VGIC5_GRP_ADDR,
    .get = addr_get,
    .set = addr_set,
};
