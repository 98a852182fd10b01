/* SPDX-License-Identifier: BSD-3-Clause */
/* GRP_NR_IRQS: the number of SPIs, and of SPIs only. `attr` is ignored. */
#include "device/contract.h"

static int nr_irqs_get(struct access *access)
{
    struct vgic5 *device = access->device;

    return caller_write(device, access->addr, &device->nr_spis, sizeof(device->nr_spis));
}

static int nr_irqs_set(struct access *access)
{
    access->device->nr_spis = access->payload.u32;
    return 0;
}

const struct attribute_group attribute_nr_irqs = {
    .group = VGIC5_GRP_NR_IRQS,
    .get = nr_irqs_get,
    .set = nr_irqs_set,
};
