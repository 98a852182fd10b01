/* SPDX-License-Identifier: BSD-3-Clause */
/* GRP_IST: how an SPI becomes a word, and a word an SPI; the generations share it. */
#include "device/internal.h"
#include "facts/masks.h"

void ist_spis_collect(struct vgic5 *device, uint32_t *words)
{
    for (uint32_t id = 0; id < device->nr_spis; id++) {
        words[id] = gicv5_spi_get(device->gic, id);
        if (device->profile->spi_iste_hm_is_tm)
            words[id] = (uint32_t)((words[id] & ~FIELD_MASK(ISTE_HM)) |
                                   FIELD_PREP(ISTE_HM, gicv5_spi_tm(device->gic, id)));
    }
}

/* A level SPI that is restored Active and not Pending keeps its latch (kvm-abi §4). */
static uint32_t word_of(const struct vgic5 *device, uint32_t id, uint32_t word)
{
    const uint32_t state = FIELD_MASK(ISTE_HM) | FIELD_MASK(ISTE_ACTIVE) | FIELD_MASK(ISTE_PENDING);

    if (device->profile->active_keeps_latch &&
        (word & state) == (FIELD_MASK(ISTE_HM) | FIELD_MASK(ISTE_ACTIVE)))
        word |= gicv5_spi_get(device->gic, id) & FIELD_MASK(ISTE_PENDING);
    return (uint32_t)(word & ISTE_STATE);
}

void ist_spis_apply(struct vgic5 *device, const uint32_t *words)
{
    for (uint32_t id = 0; id < device->nr_spis; id++) {
        gicv5_spi_put(device->gic, id, word_of(device, id, words[id]));
        if (device->profile->spi_iste_hm_is_tm)
            gicv5_spi_tm_put(device->gic, id, FIELD_GET(ISTE_HM, words[id]));
    }
}
