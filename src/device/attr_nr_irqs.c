/* SPDX-License-Identifier: BSD-3-Clause */
/* GRP_NR_IRQS: the number of SPIs, and of SPIs only. `attr` is ignored. */
#include <errno.h>

#include "device/internal.h"

static int nr_irqs_has(struct vgic5 *device, const struct vgic5_attr *attr)
{
    (void)device, (void)attr;
    return 0;
}

static int nr_irqs_get(struct vgic5 *device, const struct vgic5_attr *attr)
{
    return caller_write(device, attr->addr, &device->nr_spis, sizeof(device->nr_spis));
}

/* Precedence: EFAULT, EINVAL, EBUSY. */
static int nr_irqs_set(struct vgic5 *device, const struct vgic5_attr *attr)
{
    uint32_t number;
    int ret = caller_read(device, &number, attr->addr, sizeof(number));

    if (ret)
        return ret;
    if (number < VGIC5_NR_SPIS_MIN || number > VGIC5_NR_SPIS_MAX || number % 32 != 0)
        return -EINVAL;
    if (device->nr_spis != 0) /* set before, or given its default by CTRL_INIT */
        return -EBUSY;
    device->nr_spis = number;
    return 0;
}

const struct attribute_group attribute_nr_irqs = {
    .group = VGIC5_GRP_NR_IRQS,
    .has = nr_irqs_has,
    .get = nr_irqs_get,
    .set = nr_irqs_set,
};
