/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sets of IST_CFGR and IST_BASER by the VMM.
 *
 * While an LPI IST is live both are frozen: the value that they have is accepted again (and does
 * nothing), any other is EINVAL. Taking a table down is the guest's business; a restore that wants
 * another one starts from a new VM ("restore is single-shot", kvm-abi §2).
 */
#include <errno.h>
#include <inttypes.h>

#include "device/internal.h"
#include "facts/masks.h"

bool lpi_ist_exists(const struct vgic5 *device)
{
    return gicv5_lpi_id_bits(device->gic) >= 0;
}

bool lpi_ist_is_named(const struct vgic5 *device)
{
    return FIELD_GET(IRS_IST_BASER_VALID, gicv5_irs_read(device->gic, IRS_IST_BASER_ROW));
}

/* 0 when `value` is what the register holds, -EINVAL when it is not. */
static int same_or_refuse(struct vgic5 *device, enum irs_row row, uint64_t value)
{
    uint64_t now = gicv5_irs_read(device->gic, row);

    if (value == now)
        return 0;
    device_log(device, "%s is frozen at 0x%" PRIx64 " while the LPI IST is live, not 0x%" PRIx64,
               irs_registers[row].name, now, value);
    return -EINVAL;
}

int lpi_ist_set_cfgr(struct vgic5 *device, uint64_t value)
{
    value &= irs_fields(IRS_IST_CFGR_ROW);
    if (lpi_ist_exists(device))
        return same_or_refuse(device, IRS_IST_CFGR_ROW, value);
    gicv5_irs_put(device->gic, IRS_IST_CFGR_ROW, value);
    return 0;
}

int lpi_ist_check_cfgr(struct vgic5 *device)
{
    uint32_t cfgr = (uint32_t)gicv5_irs_read(device->gic, IRS_IST_CFGR_ROW);

    if (gicv5_ist_cfgr_is_legal(device->gic, cfgr))
        return 0;
    device_log(device, "IRS_IST_CFGR 0x%" PRIx32 " is not legal for IRS_IDR2 0x%" PRIx64, cfgr,
               gicv5_irs_read(device->gic, IRS_IDR2_ROW));
    return -EINVAL;
}

/* The registers and the table together, or neither. */
static int create_at(struct vgic5 *device, uint64_t baser)
{
    uint64_t before = gicv5_irs_read(device->gic, IRS_IST_BASER_ROW);
    int ret = lpi_ist_check_cfgr(device);

    if (ret)
        return ret;
    gicv5_irs_put(device->gic, IRS_IST_BASER_ROW, baser);
    ret = gicv5_ist_create(device->gic);
    if (ret)
        gicv5_irs_put(device->gic, IRS_IST_BASER_ROW, before);
    return ret;
}

int lpi_ist_set_baser(struct vgic5 *device, uint64_t value)
{
    value &= irs_fields(IRS_IST_BASER_ROW);
    if (lpi_ist_exists(device))
        return same_or_refuse(device, IRS_IST_BASER_ROW, value);
    if (FIELD_GET(IRS_IST_BASER_VALID, value) && device->profile->baser_creates_ist)
        return create_at(device, value);
    gicv5_irs_put(device->gic, IRS_IST_BASER_ROW, value);
    return 0;
}
