/* SPDX-License-Identifier: BSD-3-Clause */
/* A VM in the middle of its work: something of everything that a save must carry. */
#include <string.h>

#include "vmm.h"

#define LPI_ID_BITS 12u
#define L2_BITS 10u /* 4 KiB tables of 4-byte entries */
#define TWO_LEVEL 0x10000u

struct vgic5_config vmm_busy_config(uint32_t abi)
{
    return (struct vgic5_config){
        .size = sizeof(struct vgic5_config), .abi = abi, .lpi_id_bits = 14, .ist_l2sz = 1};
}

/* ---- The guest's driver ---------------------------------------------------------------------- */

static void map_l2(struct vmm *vmm, uint32_t lpi)
{
    uint64_t index = lpi >> L2_BITS;
    uint64_t table = BUSY_IST + 0x1000 * (index + 1);

    memcpy(vmm->ram + (BUSY_IST - RAM_BASE) + 8 * index, &table, sizeof(table));
    guest_write(vmm, VGIC5_IRS_MAP_L2_ISTR, 4, lpi);
}

static void make_ist(struct vmm *vmm, bool two_level)
{
    guest_write(vmm, VGIC5_IRS_IST_CFGR, 4, LPI_ID_BITS | (two_level ? TWO_LEVEL : 0));
    guest_write(vmm, VGIC5_IRS_IST_BASER, 8, BUSY_IST | 1);
    for (uint32_t lpi = 0; two_level && lpi < 1u << LPI_ID_BITS; lpi += 1u << L2_BITS)
        map_l2(vmm, lpi);
}

/* Enable an interrupt with a priority for a vCPU. */
static void request(struct vmm *vmm, uint32_t intid, uint64_t priority, uint64_t vcpu_id)
{
    guest_msr(vmm, 3, VGIC5_CDPRI, priority << 35 | intid);
    guest_msr(vmm, 3, VGIC5_CDAFF, vcpu_id << 32 | intid);
    guest_msr(vmm, 3, VGIC5_CDEN, intid);
}

static void make_level(struct vmm *vmm, uint32_t spi)
{
    guest_write(vmm, VGIC5_IRS_SPI_SELR, 4, spi);
    guest_write(vmm, VGIC5_IRS_SPI_CFGR, 4, 1);
}

static void open_interface(struct vmm *vmm, uint32_t vcpu_id)
{
    guest_msr(vmm, vcpu_id, VGIC5_ICC_PCR, 0x1f);
    guest_msr(vmm, vcpu_id, VGIC5_ICC_PPI_ENABLER(0),
              UINT64_C(1) << VGIC5_PPI_SW | UINT64_C(1) << 27);
    guest_msr(vmm, vcpu_id, VGIC5_ICC_PPI_PRIORITYR(3), UINT64_C(0x12) << 24);
    guest_msr(vmm, vcpu_id, VGIC5_ICC_CR0, 1);
}

/* ---- The state ------------------------------------------------------------------------------- */

static void pend(struct vmm *vmm, uint32_t intid)
{
    guest_msr(vmm, 3, VGIC5_CDPEND, VGIC5_CDPEND_PENDING | intid);
}

static void set_up_spis(struct vmm *vmm)
{
    for (uint32_t spi = 0; spi < 8; spi++)
        request(vmm, VGIC5_INTID(VGIC5_SPI, spi), 0x18 - spi, spi % 2 ? 17 : 3);
    request(vmm, VGIC5_INTID(VGIC5_SPI, 40), 0x1f, 0x1234 & 0x1f); /* no such vCPU */
    make_level(vmm, 1);
    make_level(vmm, 2);
    make_level(vmm, 33);
}

static void raise_spis(struct vmm *vmm)
{
    vgic5_irq_line(vmm->device, VGIC5_IRQ_SPI(0), true); /* edge, and stays high */
    vgic5_irq_line(vmm->device, VGIC5_IRQ_SPI(1), true); /* level */
    vgic5_irq_line(vmm->device, VGIC5_IRQ_SPI(4), true); /* edge: a latch over a low wire */
    vgic5_irq_line(vmm->device, VGIC5_IRQ_SPI(4), false);
    vgic5_irq_line(vmm->device, VGIC5_IRQ_SPI(33), true); /* level, disabled */
    pend(vmm, VGIC5_INTID(VGIC5_SPI, 40));
    guest_msr(vmm, 3, VGIC5_CDHM,
              UINT64_C(1) << 32 | VGIC5_INTID(VGIC5_SPI, 6)); /* HM without TM */
}

static void use_lpis(struct vmm *vmm)
{
    const uint32_t lpis[] = {0, 1, 63, 64, 1023, 1024, 3000, 4095};

    for (size_t n = 0; n < sizeof(lpis) / sizeof(lpis[0]); n++) {
        uint32_t intid = VGIC5_INTID(VGIC5_LPI, lpis[n]);

        request(vmm, intid, 0x10 + n % 4, n % 2 ? 17 : 3);
        if (n % 3 != 2)
            pend(vmm, intid);
    }
}

/* Nested on vCPU 3, one on vCPU 17; some of them dropped or deactivated. */
static void take_some(struct vmm *vmm)
{
    guest_mrs(vmm, 3, VGIC5_CDIA);
    guest_msr(vmm, 3, VGIC5_CDPRI, UINT64_C(1) << 35 | VGIC5_INTID(VGIC5_SPI, 2));
    pend(vmm, VGIC5_INTID(VGIC5_SPI, 2));
    guest_mrs(vmm, 3, VGIC5_CDIA);
    guest_msr(vmm, 3, VGIC5_CDEOI, 0);
    guest_mrs(vmm, 17, VGIC5_CDIA);
    guest_msr(vmm, 17, VGIC5_CDRCFG, VGIC5_INTID(VGIC5_SPI, 1));
}

/* 7.4 carries one bit for an SPI's trigger mode and its handling mode: here they agree. */
static void agree_on_modes(struct vmm *vmm)
{
    const uint64_t levels = 1 << 1 | 1 << 2 | UINT64_C(1) << 33;

    for (uint64_t spi = 0; spi < NR_SPIS; spi++)
        guest_msr(vmm, 3, VGIC5_CDHM, (levels >> spi & 1u) << 32 | VGIC5_INTID(VGIC5_SPI, spi));
}

void vmm_make_busy(struct vmm *vmm, bool two_level)
{
    struct vgic5_config config = {.size = sizeof(config)};

    guest_write(vmm, VGIC5_IRS_CR1, 4, 0xf5d7 & ~0xa00u);
    guest_write(vmm, VGIC5_IRS_CR0, 4, 1);
    make_ist(vmm, two_level);
    open_interface(vmm, 3);
    open_interface(vmm, 17);
    set_up_spis(vmm);
    use_lpis(vmm);
    raise_spis(vmm);
    take_some(vmm);
    vgic5_get_config(vmm->device, &config);
    if (config.abi == VGIC5_ABI_7_4)
        agree_on_modes(vmm);
    guest_msr(vmm, 3, VGIC5_ICC_PPI_SPENDR(0), UINT64_C(1) << VGIC5_PPI_SW);
    vgic5_ppi_line(vgic5_vcpu(vmm->device, 17), VGIC5_PPI_CNTV, true);
    vgic5_ppi_line(vgic5_vcpu(vmm->device, 3), VGIC5_PPI_PMUIRQ, true);
    guest_write(vmm, VGIC5_IRS_SPI_SELR, 4, 33);
    guest_write(vmm, VGIC5_IRS_PE_SELR, 4, 17);
}
