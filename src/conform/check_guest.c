/* SPDX-License-Identifier: BSD-3-Clause */
/* What the guest finds: skipped where the port has no guest's door. */
#include "conform/trial.h"

static void open_interface(struct trial *trial, uint32_t vcpu)
{
    irs_set(trial, IRS_CR0_ROW, 1);
    sysreg_set(trial, vcpu, VGIC5_ICC_PCR, 0x1f);
    sysreg_set(trial, vcpu, VGIC5_ICC_CR0, 1);
}

static void restored_is_acknowledged(struct trial *trial)
{
    uint32_t spis[NR_SPIS] = {[7] = VGIC5_ISTE_PENDING | VGIC5_ISTE_ENABLE |
                                    VGIC5_FIELD(ISTE_PRIORITY, 4) | VGIC5_FIELD(ISTE_IAFFID, 17)};

    ist_set(trial, spis, NULL);
    open_interface(trial, 17);
    expect_value(trial, guest(trial, 3, VGIC5_CDIA, false, 0), 0, "CDIA of vCPU 3");
    expect_value(trial, guest(trial, 17, VGIC5_CDIA, false, 0),
                 VGIC5_CDIA_VALID | VGIC5_INTID(VGIC5_SPI, 7u), "CDIA of vCPU 17");
    expect_value(trial, guest(trial, 17, VGIC5_CDIA, false, 0), 0, "CDIA once more");
}

static void lpi_is_acknowledged(struct trial *trial)
{
    uint32_t spis[NR_SPIS] = {0},
             lpis[1 << LPI_BITS] = {[200] = VGIC5_ISTE_PENDING | VGIC5_ISTE_ENABLE |
                                            VGIC5_FIELD(ISTE_IAFFID, 3)};

    if (trial->ops->write_guest)
        trial->ops->write_guest(trial->vm, trial->ops->ram_base, lpis, sizeof(lpis));
    name_ist(trial);
    ist_set(trial, spis, trial->ops->abi == VGIC5_ABI_7_4 ? lpis : NULL);
    open_interface(trial, 3);
    expect_value(trial, guest(trial, 3, VGIC5_CDIA, false, 0),
                 VGIC5_CDIA_VALID | VGIC5_INTID(VGIC5_LPI, 200u), "CDIA of vCPU 3");
}

static void guest_write_is_got(struct trial *trial)
{
    guest_frame(trial, IRS_CR1_ROW, true, 0x4d);
    expect_value(trial, irs_get(trial, IRS_CR1_ROW), 0x4d, "CR1 after the guest's write");
    guest_frame(trial, IRS_SPI_SELR_ROW, true, 12);
    expect_value(trial, irs_get(trial, IRS_SPI_SELR_ROW), 12, "SPI_SELR");
    guest(trial, 17, VGIC5_ICC_PCR, true, 9);
    expect_value(trial, sysreg_get(trial, 17, VGIC5_ICC_PCR), 9, "PCR");
    guest(trial, 17, VGIC5_ICC_PPI_ENABLER(0), true, 1 << VGIC5_PPI_SW);
    expect_value(trial, sysreg_get(trial, 17, VGIC5_ICC_PPI_ENABLER(0)), 1 << VGIC5_PPI_SW,
                 "ENABLER0");
}

static void set_is_read_by_guest(struct trial *trial)
{
    irs_set(trial, IRS_PE_SELR_ROW, 17);
    expect_value(trial, guest_frame(trial, IRS_PE_SELR_ROW, false, 0), 17, "PE_SELR");
    expect_value(trial, guest_frame(trial, IRS_PE_STATUSR_ROW, false, 0), 7, "PE_STATUSR");
    expect_value(trial, guest_frame(trial, IRS_IDR5_ROW, false, 0), NR_SPIS, "IDR5");
    sysreg_set(trial, 3, VGIC5_ICC_PCR, 4);
    expect_value(trial, guest(trial, 3, VGIC5_ICC_PCR, false, 0), 4, "PCR");
}

static void guest_pends_an_spi(struct trial *trial)
{
    uint32_t spis[NR_SPIS] = {0};

    guest(trial, 3, VGIC5_CDEN, true, VGIC5_INTID(VGIC5_SPI, 11u));
    guest(trial, 3, VGIC5_CDPEND, true, VGIC5_CDPEND_PENDING | VGIC5_INTID(VGIC5_SPI, 11u));
    ist_get(trial, spis, NULL);
    expect_value(trial, spis[11], VGIC5_ISTE_PENDING | VGIC5_ISTE_ENABLE, "the entry of SPI 11");
}

static const struct named_check guest_checks[] = {
    {"guest.restored-spi-is-acknowledged", "signalled", EVERY, LIFE_READY,
     restored_is_acknowledged},
    {"guest.restored-lpi-is-acknowledged", "signalled", EVERY, LIFE_READY, lpi_is_acknowledged},
    {"guest.write-is-got", "guest_frame", EVERY, LIFE_HAS_RUN, guest_write_is_got},
    {"guest.set-is-read", "guest_frame", EVERY, LIFE_READY, set_is_read_by_guest},
    {"guest.pending-spi-is-saved", "ist_spis", EVERY, LIFE_HAS_RUN, guest_pends_an_spi},
};

NAMED_FAMILY(family_guest, guest_checks);
