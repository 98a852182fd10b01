/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * GRP_IST: the interrupt state tables, out of the device and into it. What the generations share:
 * who may call when, and how an SPI becomes a word.
 * Precedence: ENXIO (attr), EBUSY (the VM's life), EINVAL (NULL), then the payload's own checks.
 */
#include <errno.h>

#include "device/internal.h"
#include "gicv5/masks.h"

static int ist_has(struct vgic5 *device, const struct vgic5_attr *attr)
{
    (void)device;
    return attr->attr == 0 ? 0 : -ENXIO;
}

static int ist_reach(struct vgic5 *device, const struct vgic5_attr *attr, bool is_set)
{
    if (attr->attr != 0)
        return -ENXIO;
    if (!device->gic || device_is_running(device) || (is_set && device->has_run))
        return -EBUSY;
    return attr->addr == 0 ? -EINVAL : 0;
}

/* The VMM may wait there for threads that want to get in. */
static int quiesce(struct vgic5 *device)
{
    int ret;

    device_unlock(device);
    ret = device->host.quiesce(device->opaque);
    device_lock(device);
    return ret;
}

/* State is handed out only from a VM that stands still, and stays so (kvm-abi §4). */
static int ist_get(struct vgic5 *device, const struct vgic5_attr *attr)
{
    int ret = ist_reach(device, attr, false);

    if (ret == 0 && device->host.quiesce) {
        ret = quiesce(device);
        if (ret == 0)
            ret = ist_reach(device, attr, false);
    }
    return ret ? ret : device->profile->ist_get(device, attr->addr);
}

static int ist_set(struct vgic5 *device, const struct vgic5_attr *attr)
{
    int ret = ist_reach(device, attr, true);

    return ret ? ret : device->profile->ist_set(device, attr->addr);
}

void ist_spis_collect(struct vgic5 *device, uint32_t *words)
{
    for (uint32_t id = 0; id < device->nr_spis; id++) {
        words[id] = gicv5_spi_get(device->gic, id);
        if (device->profile->spi_iste_hm_is_tm)
            words[id] = (uint32_t)((words[id] & ~FIELD_MASK(ISTE_HM)) |
                                   FIELD_PREP(ISTE_HM, gicv5_spi_tm(device->gic, id)));
    }
}

void ist_spis_apply(struct vgic5 *device, const uint32_t *words)
{
    for (uint32_t id = 0; id < device->nr_spis; id++) {
        gicv5_spi_put(device->gic, id, (uint32_t)(words[id] & ISTE_STATE));
        if (device->profile->spi_iste_hm_is_tm)
            gicv5_spi_tm_put(device->gic, id, FIELD_GET(ISTE_HM, words[id]));
    }
}

const struct attribute_group attribute_ist = {
    .group = VGIC5_GRP_IST,
    .has = ist_has,
    .get = ist_get,
    .set = ist_set,
};
