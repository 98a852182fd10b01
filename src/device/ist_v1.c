/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * GRP_IST of the April 2026 posting: the payload is u32[nr_spis], and the LPIs go where the guest
 * put its IST. The guest's pages become dirty during the get, so they are sent after it.
 */
#include "device/contract.h"

int ist_v1_get(struct access *access)
{
    struct vgic5 *device = access->device;
    uint32_t spis[VGIC5_NR_SPIS_MAX];

    if (lpi_ist_exists(device)) {
        int ret = gicv5_lpi_flush(device->gic);

        if (ret)
            return ret;
    }
    ist_spis_collect(device, spis);
    return caller_write(device, access->addr, spis, device->nr_spis * sizeof(spis[0]));
}

/* Everything that can fail comes before the first change: the caller's buffer, which the contract's
 * table has read, then the adoption of the LPIs, which takes all or nothing. */
int ist_v1_set(struct access *access)
{
    struct vgic5 *device = access->device;

    if (lpi_ist_exists(device)) {
        int ret = gicv5_lpi_adopt(device->gic);

        if (ret)
            return ret;
    }
    ist_spis_apply(device, access->payload.spis);
    gicv5_settle(device->gic);
    return 0;
}
