/* SPDX-License-Identifier: BSD-3-Clause */
/* GICv5 from software's side: the GIC instructions, the CPU interface, the IRS and its IST. */
#ifndef KIT_GIC_H
#define KIT_GIC_H

#include <stdbool.h>
#include <stdint.h>

#include "cpu.h"

/* INTID: Type[31:29], ID[23:0] (R_TJPHS). */
#define PPI(id) (1u << 29 | (id))
#define LPI(id) (2u << 29 | (id))
#define SPI(id) (3u << 29 | (id))
#define INTID_TYPE(intid) ((intid) >> 29)
#define INTID_ID(intid) ((intid)&0xffffffu)

#define PPI_SW 3u
#define PPI_CNTV 27u
#define PPI_CNTP 30u

/* ---- GIC instructions. The generic SYS and SYSL forms, for assemblers that know no GICv5. ---- */

#define GIC(crm, op2, value) \
    __asm__ volatile("sys #0, c12, c" #crm ", #" #op2 ", %x0" : : "r"((uint64_t)(value)) : MEMORY)
#define MEMORY "memory"

static inline void gsb_sys(void)
{
    __asm__ volatile("sys #0, c12, c0, #0" : : : "memory");
}

static inline void gsb_ack(void)
{
    __asm__ volatile("sys #0, c12, c0, #1" : : : "memory");
}

static inline void gic_cddis(uint32_t intid)
{
    GIC(1, 0, intid);
}

static inline void gic_cden(uint32_t intid)
{
    GIC(1, 1, intid);
}

static inline void gic_cdpri(uint32_t intid, uint32_t priority)
{
    GIC(1, 2, (uint64_t)priority << 35 | intid);
}

static inline void gic_cdaff(uint32_t intid, uint32_t iaffid)
{
    GIC(1, 3, (uint64_t)iaffid << 32 | intid);
}

static inline void gic_cdpend(uint32_t intid, bool pending)
{
    GIC(1, 4, (uint64_t)pending << 32 | intid);
}

static inline void gic_cdhm(uint32_t intid, bool level)
{
    GIC(2, 1, (uint64_t)level << 32 | intid);
}

static inline void gic_cdeoi(void)
{
    GIC(1, 7, 0);
}

static inline void gic_cddi(uint32_t intid)
{
    GIC(2, 0, intid);
}

/* VALID[32] and the INTID. */
static inline uint64_t gic_cdia(void)
{
    uint64_t value;

    __asm__ volatile("sysl %0, #0, c12, c3, #0" : "=r"(value) : : "memory");
    return value;
}

#define CDIA_VALID (1ull << 32)

/* ICC_ICSR_EL1 */
#define ICSR_F (1u << 0)
#define ICSR_ENABLED (1u << 1)
#define ICSR_PENDING (1u << 2)
#define ICSR_ACTIVE (1u << 4)
#define ICSR_HM (1u << 5)
#define ICSR_PRIORITY(icsr) ((uint32_t)(icsr) >> 11 & 31)
#define ICSR_IAFFID(icsr) ((uint32_t)((icsr) >> 32) & 0xffff)

/* ---- The CPU interface ----------------------------------------------------------------------- */

#define ICC_PPI_HMR0 "S3_0_C12_C10_0"
#define ICC_PPI_HMR1 "S3_0_C12_C10_1"
#define ICC_IDR0 "S3_0_C12_C10_2"
#define ICC_HPPIR "S3_0_C12_C10_3"
#define ICC_ICSR "S3_0_C12_C10_4"
#define ICC_IAFFIDR "S3_0_C12_C10_5"
#define ICC_PPI_ENABLER0 "S3_0_C12_C10_6"
#define ICC_PPI_ENABLER1 "S3_0_C12_C10_7"
#define ICC_PPI_CACTIVER0 "S3_0_C12_C13_0"
#define ICC_PPI_SACTIVER0 "S3_0_C12_C13_2"
#define ICC_PPI_CPENDR0 "S3_0_C12_C13_4"
#define ICC_PPI_SPENDR0 "S3_0_C12_C13_6"
#define ICC_PPI_PRIORITYR0 "S3_0_C12_C14_0"
#define ICC_PPI_PRIORITYR3 "S3_0_C12_C14_3"
#define ICC_APR "S3_1_C12_C0_0"
#define ICC_CR0 "S3_1_C12_C0_1"
#define ICC_PCR "S3_1_C12_C0_2"

/* This vCPU's CPU interface: no PPI enabled, every priority passes, EN = 1. */
void gic_cpu_init(void);

/* Priority and enable of one of this vCPU's PPIs 0..31. */
void gic_ppi_setup(uint32_t ppi, uint32_t priority);
uint32_t gic_ppi_priority(uint32_t ppi);

/* CDRCFG of an SPI or LPI. */
uint64_t gic_read_config(uint32_t intid);

/* ---- The IRS --------------------------------------------------------------------------------- */

#define IRS_BASE 0x08010000ul

enum irs_offset {
    IRS_IDR0 = 0x0000,
    IRS_IDR1 = 0x0004,
    IRS_IDR2 = 0x0008,
    IRS_IDR3 = 0x000c,
    IRS_IDR4 = 0x0010,
    IRS_IDR5 = 0x0014,
    IRS_IDR6 = 0x0018,
    IRS_IDR7 = 0x001c,
    IRS_IIDR = 0x0040,
    IRS_AIDR = 0x0044,
    IRS_CR0 = 0x0080,
    IRS_CR1 = 0x0084,
    IRS_SPI_SELR = 0x0108,
    IRS_SPI_RESAMPLER = 0x0110,
    IRS_SPI_CFGR = 0x0114,
    IRS_SPI_STATUSR = 0x0118,
    IRS_PE_SELR = 0x0140,
    IRS_PE_STATUSR = 0x0144,
    IRS_IST_BASER = 0x0180,
    IRS_IST_CFGR = 0x0190,
    IRS_IST_STATUSR = 0x0194,
    IRS_MAP_L2_ISTR = 0x01c0,
    IRS_DEVARCH = 0xffbc,
    IRS_PIDR4 = 0xffd0,
    IRS_PIDR0 = 0xffe0,
    IRS_CIDR0 = 0xfff0,
};

static inline uint32_t irs_read(uint32_t offset)
{
    return *(volatile uint32_t *)(IRS_BASE + offset);
}

static inline void irs_write(uint32_t offset, uint32_t value)
{
    dsb();
    *(volatile uint32_t *)(IRS_BASE + offset) = value;
}

static inline uint64_t irs_read64(uint32_t offset)
{
    return *(volatile uint64_t *)(IRS_BASE + offset);
}

static inline void irs_write64(uint32_t offset, uint64_t value)
{
    dsb();
    *(volatile uint64_t *)(IRS_BASE + offset) = value;
}

/* What the IST of this boot looks like. */
struct ist {
    bool two_level;
    uint32_t id_bits;
    uint32_t istsz;  /* an entry is 4 << istsz bytes */
    uint32_t l2bits; /* LPIs of one L2 table, as a power of two */
    uint32_t cfgr;
    uint64_t *l1; /* two-level */
    uint64_t base;
    uint32_t l2_tables; /* mapped so far */
};

extern struct ist ist;

/*
 * Enable the IRS and give it an IST of at most `max_id_bits`: two-level where the IRS offers that
 * and the boot arguments do not say "ist=linear".
 */
void gic_irs_init(uint32_t max_id_bits);
/* The two halves of it. */
void gic_irs_enable(void);
void gic_ist_make(uint32_t max_id_bits, bool linear);

uint32_t gic_nr_spis(void);

/* Map the LPI's L2 table if need be; idle, edge, targeted at `iaffid`, enabled. */
void gic_lpi_setup(uint32_t intid, uint32_t priority, uint32_t iaffid);
/* Trigger mode (what a wire does), handling mode alike, idle, targeted, enabled. */
void gic_spi_setup(uint32_t intid, uint32_t priority, uint32_t iaffid, bool level);
void gic_spi_trigger(uint32_t intid, bool level);
bool gic_spi_trigger_is_level(uint32_t intid);

#endif
