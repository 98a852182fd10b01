/* SPDX-License-Identifier: BSD-3-Clause */
/* The attribute groups: what is left to do when the contract's table refuses nothing. */
#include "device/contract.h"
#include "facts/masks.h"

/* ---- GRP_ADDR -------------------------------------------------------------------------------- */

/* Where the IRS region lies. May be set before or after CTRL_INIT, once. */

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

/* ---- GRP_NR_IRQS ----------------------------------------------------------------------------- */

/* The number of SPIs, and of SPIs only. `attr` is ignored. */

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

/* ---- GRP_CTRL -------------------------------------------------------------------------------- */

/* CTRL_INIT is only set, USERSPACE_PPIS only got. */

static int ctrl_get(struct access *access)
{
    uint64_t mask[2] = {0, 0}; /* before CTRL_INIT: zeros (kvm-abi §2) */

    if (access->device->gic)
        mask[0] = device_userspace_ppis(access->device);
    return caller_write(access->device, access->addr, mask, sizeof(mask));
}

static int ctrl_set(struct access *access)
{
    return device_init(access->device);
}

/* ---- GRP_CPU_SYSREGS ------------------------------------------------------------------------- */

/*
 * The 26 registers of one vCPU's CPU interface, raw. An unknown register is ENOENT where KVM's
 * document says ENXIO: the code is followed.
 */

static int sysregs_get(struct access *access)
{
    uint64_t value = gicv5_cpu_get(access->vcpu->pe, access->sysreg);

    return caller_write(access->device, access->addr, &value, sizeof(value));
}

static int sysregs_set(struct access *access)
{
    gicv5_cpu_put(access->vcpu->pe, access->sysreg, access->payload.u64);
    gicv5_settle_pe(access->vcpu->pe);
    return 0;
}

/* ---- GRP_IRS_REGS ---------------------------------------------------------------------------- */

/*
 * The registers of IRS_CONFIG_FRAME. KVM acts as vCPU 0 here; no register of the frame is
 * banked, so there is nothing to choose. The values are those of kvm-abi §3.
 */

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

/* ---- GRP_IST --------------------------------------------------------------------------------- */

/*
 * The interrupt state tables, out of the device and into it, as the device's generation does it.
 */

static int ist_get(struct access *access)
{
    return access->device->profile->ist_get(access);
}

static int ist_set(struct access *access)
{
    return access->device->profile->ist_set(access);
}

/* ---- The table ------------------------------------------------------------------------------- */

static const struct attribute_group groups[] = {
    {VGIC5_GRP_ADDR, addr_get, addr_set},
    {VGIC5_GRP_NR_IRQS, nr_irqs_get, nr_irqs_set},
    {VGIC5_GRP_CTRL, ctrl_get, ctrl_set},
    {VGIC5_GRP_CPU_SYSREGS, sysregs_get, sysregs_set},
    {VGIC5_GRP_IRS_REGS, irs_regs_get, irs_regs_set},
    {VGIC5_GRP_IST, ist_get, ist_set},
};

const struct attribute_group *attribute_group_of(uint32_t group)
{
    for (size_t n = 0; n < sizeof(groups) / sizeof(groups[0]); n++) {
        if (groups[n].group == group)
            return &groups[n];
    }
    return NULL;
}
