/* SPDX-License-Identifier: BSD-3-Clause */
/* The system registers of the CPU interface, and the guest's door to them. */
#include "gicv5/gicv5.h"

#include "facts/fields.h"
#include "facts/masks.h"
#include "gicv5/ppi.h"
#include "gicv5/select.h"

#define NARROW_ID_BITS 16u
#define CPUIF_PRIORITY_BITS 5u

/* ---- PPIs ------------------------------------------------------------------------------------ */

static uint64_t read_ppi_hmr(const struct gicv5_pe *pe, uint32_t n)
{
    return pe->gic->config.ppi_hmr[n] & pe->gic->config.ppis[n];
}

static uint64_t read_ppi_enabler(const struct gicv5_pe *pe, uint32_t n)
{
    return pe->ppis.enable[n];
}

static uint64_t read_ppi_active(const struct gicv5_pe *pe, uint32_t n)
{
    return pe->ppis.active[n];
}

static uint64_t read_ppi_pending(const struct gicv5_pe *pe, uint32_t n)
{
    return pe->ppis.pending[n];
}

/* ---- Control --------------------------------------------------------------------------------- */

static uint64_t read_idr0(const struct gicv5_pe *pe, uint32_t n)
{
    (void)n;
    uint32_t id_bits = FIELD_GET(IRS_IDR2_ID_BITS, pe->gic->identity[IRS_IDR2_ROW]);
    return FIELD_PREP(ICC_IDR0_ID_BITS, id_bits > NARROW_ID_BITS) |
           FIELD_PREP(ICC_IDR0_PRI_BITS, CPUIF_PRIORITY_BITS - 1);
}

/* Shown under the same condition as CDIA would take it. */
static uint64_t read_hppir(const struct gicv5_pe *pe, uint32_t n)
{
    struct hppi hppi;
    (void)n;
    if (!select_signalled(pe, &hppi))
        return 0;
    return FIELD_PREP(ICC_HPPIR_TYPE, hppi.type) | FIELD_PREP(ICC_HPPIR_ID, hppi.id) |
           FIELD_MASK(ICC_HPPIR_HPPIV);
}

static uint64_t read_iaffidr(const struct gicv5_pe *pe, uint32_t n)
{
    (void)n;
    return FIELD_PREP(ICC_IAFFIDR_IAFFID, pe->iaffid);
}

static uint64_t read_icsr(const struct gicv5_pe *pe, uint32_t n)
{
    (void)n;
    return pe->icsr;
}

static void write_icsr(struct gicv5_pe *pe, uint32_t n, uint64_t value)
{
    (void)n;
    pe->icsr = value & ICC_ICSR_FIELDS;
}

static uint64_t read_apr(const struct gicv5_pe *pe, uint32_t n)
{
    (void)n;
    return pe->apr;
}

static void write_apr(struct gicv5_pe *pe, uint32_t n, uint64_t value)
{
    (void)n;
    pe->apr = (uint32_t)FIELD_GET(ICC_APR_P, value);
    select_update_threshold(pe);
}

/* Always connected: LINK and LINK_IDLE are read-only 1. */
static uint64_t read_cr0(const struct gicv5_pe *pe, uint32_t n)
{
    (void)n;
    return FIELD_PREP(ICC_CR0_EN, pe->enabled) | FIELD_MASK(ICC_CR0_LINK) |
           FIELD_MASK(ICC_CR0_LINK_IDLE);
}

static void write_cr0(struct gicv5_pe *pe, uint32_t n, uint64_t value)
{
    (void)n;
    pe->enabled = FIELD_GET(ICC_CR0_EN, value);
    select_update_threshold(pe);
}

static uint64_t read_pcr(const struct gicv5_pe *pe, uint32_t n)
{
    (void)n;
    return pe->pcr;
}

static void write_pcr(struct gicv5_pe *pe, uint32_t n, uint64_t value)
{
    (void)n;
    pe->pcr = (uint32_t)FIELD_GET(ICC_PCR_PRIORITY, value);
    select_update_threshold(pe);
}

/* ---- Access ---------------------------------------------------------------------------------- */

/* Writes leave the line to the caller. `put` is the raw write, where it is not the guest's. */
struct accessors {
    uint64_t (*read)(const struct gicv5_pe *pe, uint32_t n);
    void (*write)(struct gicv5_pe *pe, uint32_t n, uint64_t value);
    void (*put)(struct gicv5_pe *pe, uint32_t n, uint64_t value);
};

static const struct accessors access_PPI_HMR = {read_ppi_hmr, NULL, NULL};
static const struct accessors access_IDR0 = {read_idr0, NULL, NULL};
static const struct accessors access_HPPIR = {read_hppir, NULL, NULL};
static const struct accessors access_ICSR = {read_icsr, write_icsr, NULL};
static const struct accessors access_IAFFIDR = {read_iaffidr, NULL, NULL};
static const struct accessors access_PPI_ENABLER = {read_ppi_enabler, ppi_write_enable, NULL};
static const struct accessors access_PPI_CACTIVER = {read_ppi_active, ppi_clear_active, NULL};
static const struct accessors access_PPI_SACTIVER = {read_ppi_active, ppi_set_active,
                                                     ppi_put_active};
static const struct accessors access_PPI_CPENDR = {read_ppi_pending, ppi_clear_pending, NULL};
static const struct accessors access_PPI_SPENDR = {read_ppi_pending, ppi_set_pending,
                                                   ppi_put_pending};
static const struct accessors access_PPI_PRIORITYR = {ppi_read_priorityr, ppi_write_priorityr,
                                                      NULL};
static const struct accessors access_APR = {read_apr, write_apr, NULL};
static const struct accessors access_CR0 = {read_cr0, write_cr0, NULL};
static const struct accessors access_PCR = {read_pcr, write_pcr, NULL};

/* The access behind each of cpu_registers[], and its index within its row of the table. */
struct place {
    const struct accessors *access;
    uint8_t n;
};

#define PLACES_1(access, n) {&(access), n},
#define PLACES_2(access, n) PLACES_1(access, n) PLACES_1(access, (n) + 1)
#define PLACES_4(access, n) PLACES_2(access, n) PLACES_2(access, (n) + 2)
#define PLACES_8(access, n) PLACES_4(access, n) PLACES_4(access, (n) + 4)
#define PLACES_16(access, n) PLACES_8(access, n) PLACES_8(access, (n) + 8)

static const struct place places[] = {
#define CPU_REG(name, op0, op1, crn, crm, op2, n, kind, direction, carried) \
    PLACES_##n(access_##kind, 0)
#include "facts/cpu_registers.def"
#undef CPU_REG
};

static const struct place *place_of(const struct cpu_register *reg)
{
    return &places[reg - cpu_registers];
}

/* GICv5's own space beside the registers in it, and what of GICv3 FEAT_GCIE excludes: CRm 8..15 at
 * Op1 = 0, CRm 0 at Op1 = 1, ICC_PMR_EL1. Not the rest of CRn = 12: VBAR_EL1, ISR_EL1, … */
static bool is_gic_space(uint16_t encoding)
{
    return (encoding & 0xffc0u) == VGIC5_ENCODING(3, 0, 12, 8, 0) ||
           (encoding & 0xfff8u) == VGIC5_ENCODING(3, 1, 12, 0, 0) ||
           encoding == VGIC5_ENCODING(3, 0, 4, 6, 0);
}

enum vgic5_access_result registers_access(struct gicv5_pe *pe, uint16_t encoding, bool is_write,
                                          uint64_t *value)
{
    const struct cpu_register *reg = cpu_register_of(encoding);
    if (!reg)
        return is_gic_space(encoding) ? VGIC5_UNDEFINED : VGIC5_UNHANDLED;
    if (is_write && !reg->writable)
        return VGIC5_UNDEFINED;
    const struct place *place = place_of(reg);
    lock_take(&pe->lock);
    if (is_write) {
        place->access->write(pe, place->n, *value);
        select_update_line(pe);
    } else {
        *value = place->access->read(pe, place->n);
    }
    lock_drop(&pe->lock);
    return VGIC5_HANDLED;
}

uint64_t gicv5_cpu_get(const struct gicv5_pe *pe, const struct cpu_register *reg)
{
    const struct place *place = place_of(reg);
    return place->access->read(pe, place->n);
}

void gicv5_cpu_put(struct gicv5_pe *pe, const struct cpu_register *reg, uint64_t value)
{
    const struct place *place = place_of(reg);
    if (place->access->put)
        place->access->put(pe, place->n, value);
    else if (place->access->write)
        place->access->write(pe, place->n, value);
}

void gicv5_set_nmi(struct gicv5_pe *pe, bool sctlr_nmi)
{
    lock_take(&pe->lock);
    pe->nmi = sctlr_nmi;
    lock_drop(&pe->lock);
}
