/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * GRP_IRS_REGS: the registers of IRS_CONFIG_FRAME. KVM acts as vCPU 0 here; no register of the
 * frame is banked, so there is nothing to choose.
 * The values are those of kvm-abi §3.
 */
#include "device/contract.h"

static enum irs_row row_of(const struct irs_register *reg)
{
    return (enum irs_row)(reg - irs_registers);
}

/* The selections' V and ONLINE are for the guest; the VMM sees IDLE only (kvm-abi §3). */
static uint64_t user_value(struct gicv5 *gic, enum irs_row row)
{
    if (row == IRS_SPI_STATUSR_ROW || row == IRS_PE_STATUSR_ROW)
        return 1;
    return gicv5_irs_read(gic, row);
}

static int irs_regs_get(struct access *access)
{
    uint64_t value = user_value(access->device->gic, row_of(access->irs));

    return caller_write(access->device, access->addr, &value, sizeof(value));
}

static int set_identity(struct vgic5 *device, enum irs_row row, uint64_t value)
{
    uint32_t adopted;
    int ret = identity_check(device, row, (uint32_t)value, &adopted);

    if (ret)
        return ret;
    gicv5_irs_put(device->gic, row, adopted);
    return 0;
}

static int set_raw(struct vgic5 *device, enum irs_row row, uint64_t value)
{
    if (row == IRS_IST_BASER_ROW)
        return lpi_ist_set_baser(device, value);
    if (row == IRS_IST_CFGR_ROW)
        return lpi_ist_set_cfgr(device, value);
    if (row == IRS_SPI_CFGR_ROW && !device->profile->spi_cfgr_sets_tm)
        return 0; /* accepted and ignored: the mode comes with GRP_IST (kvm-abi §3) */
    gicv5_irs_put(device->gic, row, value);
    if (row == IRS_CR0_ROW)
        gicv5_settle(device->gic); /* IRSEN alone of these decides what is signalled */
    return 0;
}

static int set_guest(struct vgic5 *device, enum irs_row row, uint64_t value)
{
    gicv5_irs_write(device->gic, row, value);
    return 0;
}

static int set_ignored(struct vgic5 *device, enum irs_row row, uint64_t value)
{
    (void)device, (void)row, (void)value;
    return 0;
}

static int (*const setters[])(struct vgic5 *device, enum irs_row row, uint64_t value) = {
    [IRS_SET_IGNORED] = set_ignored,
    [IRS_SET_IDENTITY] = set_identity,
    [IRS_SET_GUEST] = set_guest,
    [IRS_SET_RAW] = set_raw,
};

static int irs_regs_set(struct access *access)
{
    const struct irs_register *reg = access->irs;
    uint64_t value = access->payload.u64;

    if (reg->bytes == 4)
        value = (uint32_t)value; /* the upper half is ignored on set */
    return setters[reg->user_set](access->device, row_of(reg), value);
}

const struct attribute_group attribute_irs_regs = {
    .group = VGIC5_GRP_IRS_REGS,
    .get = irs_regs_get,
    .set = irs_regs_set,
};
