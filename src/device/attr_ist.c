/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * GRP_IST: the interrupt state tables, out of the device and into it. What the generations share:
 * who may call when, and how an SPI becomes a word.
 */
#include "device/contract.h"
#include "facts/masks.h"

static int ist_get(struct access *access)
{
    return access->device->profile->ist_get(access);
}

static int ist_set(struct access *access)
{
    return access->device->profile->ist_set(access);
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
    .get = ist_get,
    .set = ist_set,
};
