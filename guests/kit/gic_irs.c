/* SPDX-License-Identifier: BSD-3-Clause */
/* The IRS: enable, SPI configuration, LPI configuration. */
#include "kit.h"

#define STATUSR_IDLE 1u
#define SPI_STATUSR_V 2u
#define CR0_IRSEN 1u
#define CR0_IDLE 2u
#define CR1_WRITE_BACK_INNER_SHAREABLE 0xf5d7u

static struct spinlock spi_lock; /* IRS_SPI_SELR is one per frame, not per PE */

void gic_irs_enable(void)
{
    irs_write(IRS_CR1, CR1_WRITE_BACK_INNER_SHAREABLE);
    irs_write(IRS_CR0, CR0_IRSEN);
    wait_for_bits(IRS_BASE + IRS_CR0, CR0_IDLE);
}

void gic_irs_init(uint32_t max_id_bits)
{
    gic_ist_make(max_id_bits, bootargs_have("ist=linear"));
    gic_irs_enable();
}

uint32_t gic_nr_spis(void)
{
    return irs_read(IRS_IDR6) & 0x1ffffffu;
}

static uint64_t select_spi(uint32_t intid)
{
    uint64_t daif = spin_lock(&spi_lock);

    irs_write(IRS_SPI_SELR, INTID_ID(intid));
    wait_for_bits(IRS_BASE + IRS_SPI_STATUSR, STATUSR_IDLE | SPI_STATUSR_V);
    return daif;
}

void gic_spi_trigger(uint32_t intid, bool level)
{
    uint64_t daif = select_spi(intid);

    irs_write(IRS_SPI_CFGR, level);
    wait_for_bits(IRS_BASE + IRS_SPI_STATUSR, STATUSR_IDLE);
    spin_unlock(&spi_lock, daif);
}

bool gic_spi_trigger_is_level(uint32_t intid)
{
    uint64_t daif = select_spi(intid);
    bool level = irs_read(IRS_SPI_CFGR) & 1;

    spin_unlock(&spi_lock, daif);
    return level;
}

static void configure(uint32_t intid, uint32_t priority, uint32_t iaffid, bool level)
{
    gic_cdpri(intid, priority);
    gic_cdaff(intid, iaffid);
    gic_cdhm(intid, level);
    gic_cdpend(intid, false);
    gic_cden(intid);
    gsb_sys();
}

void gic_spi_setup(uint32_t intid, uint32_t priority, uint32_t iaffid, bool level)
{
    gic_spi_trigger(intid, level);
    configure(intid, priority, iaffid, level);
}

void gic_lpi_setup(uint32_t intid, uint32_t priority, uint32_t iaffid)
{
    ist_map(INTID_ID(intid));
    configure(intid, priority, iaffid, false);
}
