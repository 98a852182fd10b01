/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sets of the identification registers. A restore offers the identity of the source; what this
 * device can be as well is adopted (fewer LPI id bits, say), anything else is EINVAL (kvm-abi §3).
 * "Own" is what the device was created with, not what an earlier set made of it.
 */
#include <errno.h>
#include <inttypes.h>

#include "device/internal.h"
#include "facts/masks.h"

/* One refusal, one sentence. */
static int refuse(struct vgic5 *device, const char *field, uint64_t found, const char *expected,
                  uint64_t limit)
{
    device_log(device, "%s is 0x%" PRIx64 ", %s 0x%" PRIx64, field, found, expected, limit);
    return -EINVAL;
}

#define NON_SECURE 1u

/* PA_RANGE and IRSID are the source's affair and stored. */
static int check_idr0(struct vgic5 *device, uint32_t value, uint32_t *adopted)
{
    uint64_t domain = FIELD_GET(IRS_IDR0_INT_DOM, value);

    if (domain != NON_SECURE)
        return refuse(device, "IRS_IDR0.INT_DOM", domain, "must be", NON_SECURE);
    if (value & IRS_IDR0_OPTIONS)
        return refuse(device, "IRS_IDR0", value, "must have none of the options", IRS_IDR0_OPTIONS);
    *adopted = (uint32_t)(value & (FIELD_MASK(IRS_IDR0_INT_DOM) | FIELD_MASK(IRS_IDR0_PA_RANGE) |
                                   FIELD_MASK(IRS_IDR0_IRSID)));
    return 0;
}

/* PE_CNT is ignored, not compared. */
static int check_idr1(struct vgic5 *device, uint32_t value, uint32_t *adopted)
{
    uint32_t own = (uint32_t)gicv5_irs_read(device->gic, IRS_IDR1_ROW);
    uint64_t iaffid_bits = FIELD_GET(IRS_IDR1_IAFFID_BITS, value);
    uint64_t pri_bits = FIELD_GET(IRS_IDR1_PRI_BITS, value);

    if (iaffid_bits != FIELD_GET(IRS_IDR1_IAFFID_BITS, own))
        return refuse(device, "IRS_IDR1.IAFFID_BITS", iaffid_bits, "must be",
                      FIELD_GET(IRS_IDR1_IAFFID_BITS, own));
    if (pri_bits >= device->config.priority_bits)
        return refuse(device, "IRS_IDR1.PRI_BITS", pri_bits, "may be up to",
                      device->config.priority_bits - 1u);
    *adopted = (uint32_t)((own & ~FIELD_MASK(IRS_IDR1_PRI_BITS)) |
                          FIELD_PREP(IRS_IDR1_PRI_BITS, pri_bits));
    return 0;
}

static int check_id_bits(struct vgic5 *device, uint32_t value)
{
    const struct vgic5_config *own = &device->config;
    uint64_t bits = FIELD_GET(IRS_IDR2_ID_BITS, value);
    uint64_t min = FIELD_GET(IRS_IDR2_MIN_LPI_ID_BITS, value);

    if (FIELD_GET(IRS_IDR2_LPI, value) != 1)
        return refuse(device, "IRS_IDR2.LPI", 0, "must be", 1);
    if (bits > own->lpi_id_bits)
        return refuse(device, "IRS_IDR2.ID_BITS", bits, "may be up to", own->lpi_id_bits);
    if (min < own->min_lpi_id_bits)
        return refuse(device, "IRS_IDR2.MIN_LPI_ID_BITS", min, "must be at least",
                      own->min_lpi_id_bits);
    if (min > bits)
        return refuse(device, "IRS_IDR2.MIN_LPI_ID_BITS", min, "is above ID_BITS, which is", bits);
    return 0;
}

/* The shape of the table: nothing that this device does not offer. IST_L2SZ says nothing without
 * IST_LEVELS, and ISTMD_SZ nothing without ISTMD. */
static int check_ist_shape(struct vgic5 *device, uint32_t value)
{
    const struct vgic5_config *own = &device->config;
    uint64_t levels = FIELD_GET(IRS_IDR2_IST_LEVELS, value);
    uint64_t l2sz = FIELD_GET(IRS_IDR2_IST_L2SZ, value);
    uint64_t metadata = FIELD_GET(IRS_IDR2_ISTMD, value);
    uint64_t metadata_size = FIELD_GET(IRS_IDR2_ISTMD_SZ, value);

    if (levels && own->ist_l2sz == 0)
        return refuse(device, "IRS_IDR2.IST_LEVELS", levels, "must be", 0);
    if (levels && (l2sz & ~(uint64_t)own->ist_l2sz))
        return refuse(device, "IRS_IDR2.IST_L2SZ", l2sz, "may have of", own->ist_l2sz);
    if (metadata > own->istmd)
        return refuse(device, "IRS_IDR2.ISTMD", metadata, "must be", own->istmd);
    if (metadata_size != own->istmd_sz && (metadata || metadata_size))
        return refuse(device, "IRS_IDR2.ISTMD_SZ", metadata_size, "must be", own->istmd_sz);
    return 0;
}

static int check_idr2(struct vgic5 *device, uint32_t value, uint32_t *adopted)
{
    int ret = check_id_bits(device, value);

    if (ret)
        return ret;
    ret = check_ist_shape(device, value);
    if (ret)
        return ret;
    *adopted = (uint32_t)(value & (FIELD_MASK(IRS_IDR2_ID_BITS) | FIELD_MASK(IRS_IDR2_LPI) |
                                   FIELD_MASK(IRS_IDR2_MIN_LPI_ID_BITS) |
                                   FIELD_MASK(IRS_IDR2_IST_LEVELS) | FIELD_MASK(IRS_IDR2_IST_L2SZ) |
                                   FIELD_MASK(IRS_IDR2_ISTMD) | FIELD_MASK(IRS_IDR2_ISTMD_SZ)));
    return 0;
}

/* IDR5, IDR6, IDR7: nr_spis, nr_spis, 0, which is what they read. */
static int check_equal(struct vgic5 *device, enum irs_row row, uint32_t value, uint32_t *adopted)
{
    *adopted = (uint32_t)gicv5_irs_read(device->gic, row);
    if (value != *adopted)
        return refuse(device, irs_registers[row].name, value, "must be", *adopted);
    return 0;
}

static int check_value(struct vgic5 *device, enum irs_row row, uint32_t value, uint32_t *adopted)
{
    if (row == IRS_IDR0_ROW)
        return check_idr0(device, value, adopted);
    if (row == IRS_IDR1_ROW)
        return check_idr1(device, value, adopted);
    if (row == IRS_IDR2_ROW)
        return check_idr2(device, value, adopted);
    return check_equal(device, row, value, adopted);
}

/* A guest has read its identity, or a table was made by it: from then on it is what it is. Another
 * value would be one that no IRS can have, so it is refused as a value. */
static bool is_frozen(const struct vgic5 *device)
{
    return device->has_run || lpi_ist_exists(device);
}

int identity_check(struct vgic5 *device, enum irs_row row, uint32_t value, uint32_t *adopted)
{
    uint32_t now = (uint32_t)gicv5_irs_read(device->gic, row);
    int ret = check_value(device, row, value, adopted);

    if (ret)
        return ret;
    if (is_frozen(device) && *adopted != now)
        return refuse(device, irs_registers[row].name, value, "cannot change any more, it is", now);
    return 0;
}
