/* SPDX-License-Identifier: BSD-3-Clause */
#include "gicv5/irs_access.h"

#include "facts/fields.h"
#include "gicv5/ist.h"
#include "facts/masks.h"
#include "gicv5/select.h"
#include "gicv5/spi.h"

static uint64_t read_zero(const struct gicv5 *gic, enum irs_row row)
{
    (void)gic, (void)row;
    return 0;
}

/* SYNC_STATUSR and IST_STATUSR: bit 0 is IDLE, and everything has been done. */
static uint64_t read_idle(const struct gicv5 *gic, enum irs_row row)
{
    (void)gic, (void)row;
    return FIELD_MASK(IRS_IST_STATUSR_IDLE);
}

/* Without effect: RES0, read-only, or (SYNCR) about events that have all been seen. */
static void write_nothing(struct gicv5 *gic, enum irs_row row, uint64_t value, uint64_t mask)
{
    (void)gic, (void)row, (void)value, (void)mask;
}

/* ---- CR0, CR1 -------------------------------------------------------------------------------- */

static uint64_t read_cr0(const struct gicv5 *gic, enum irs_row row)
{
    (void)row;
    return FIELD_PREP(IRS_CR0_IRSEN, gic->irsen) | FIELD_MASK(IRS_CR0_IDLE);
}

static void put_cr0(struct gicv5 *gic, enum irs_row row, uint64_t value)
{
    (void)row;
    gic->irsen = FIELD_GET(IRS_CR0_IRSEN, value);
    for (uint32_t i = 0; i < gic->nr_pes; i++)
        gic->pes[i]->forwarded = gic->irsen ? UINT32_MAX : 0;
}

/* IRSEN forwards or recalls every candidate HPPI on the write. */
static void write_cr0(struct gicv5 *gic, enum irs_row row, uint64_t value, uint64_t mask)
{
    (void)mask;
    put_cr0(gic, row, value);
    select_update_all_lines(gic);
}

static uint64_t read_cr1(const struct gicv5 *gic, enum irs_row row)
{
    (void)row;
    return gic->cr1;
}

/* 16 bits, of which VMT_WA and VPET_WA stay 0 (kvm-abi §3). */
static void write_cr1(struct gicv5 *gic, enum irs_row row, uint64_t value, uint64_t mask)
{
    (void)mask;
    uint64_t kept_0 = FIELD_MASK(IRS_CR1_VMT_WA) | FIELD_MASK(IRS_CR1_VPET_WA);
    gic->cr1 = (uint32_t)(value & irs_fields(row) & ~kept_0);
}

/* ---- The selected SPI ------------------------------------------------------------------------ */

static bool spi_is_selected(const struct gicv5 *gic)
{
    return gic->spi_selr < gic->config.nr_spis;
}

static uint64_t read_spi_selr(const struct gicv5 *gic, enum irs_row row)
{
    (void)row;
    return gic->spi_selr;
}

static void write_spi_selr(struct gicv5 *gic, enum irs_row row, uint64_t value, uint64_t mask)
{
    (void)row, (void)mask;
    gic->spi_selr = (uint32_t)FIELD_GET(IRS_SPI_SELR_ID, value);
}

/* Non-secure, whatever is selected (kvm-abi §3). */
static uint64_t read_spi_domainr(const struct gicv5 *gic, enum irs_row row)
{
    (void)row;
    uint32_t domain = FIELD_GET(IRS_IDR0_INT_DOM, gic->identity[IRS_IDR0_ROW]);
    return FIELD_PREP(IRS_SPI_DOMAINR_DOMAIN, domain);
}

static void write_spi_resampler(struct gicv5 *gic, enum irs_row row, uint64_t value, uint64_t mask)
{
    (void)row, (void)mask;
    spi_resample(gic, (uint32_t)FIELD_GET(IRS_SPI_RESAMPLER_SPI_ID, value));
}

static uint64_t read_spi_cfgr(const struct gicv5 *gic, enum irs_row row)
{
    (void)row;
    return FIELD_PREP(IRS_SPI_CFGR_TM, spi_is_selected(gic) && gicv5_spi_tm(gic, gic->spi_selr));
}

static void write_spi_cfgr(struct gicv5 *gic, enum irs_row row, uint64_t value, uint64_t mask)
{
    (void)row, (void)mask;
    if (spi_is_selected(gic))
        spi_set_tm(gic, gic->spi_selr, FIELD_GET(IRS_SPI_CFGR_TM, value));
}

static void put_spi_cfgr(struct gicv5 *gic, enum irs_row row, uint64_t value)
{
    (void)row;
    if (spi_is_selected(gic))
        gicv5_spi_tm_put(gic, gic->spi_selr, FIELD_GET(IRS_SPI_CFGR_TM, value));
}

static uint64_t read_spi_statusr(const struct gicv5 *gic, enum irs_row row)
{
    (void)row;
    return FIELD_MASK(IRS_SPI_STATUSR_IDLE) | FIELD_PREP(IRS_SPI_STATUSR_V, spi_is_selected(gic));
}

/* ---- The selected PE ------------------------------------------------------------------------- */

static bool pe_is_selected(const struct gicv5 *gic)
{
    return owner_of(gic, gic->pe_selr) != gic->nowhere;
}

static uint64_t read_pe_selr(const struct gicv5 *gic, enum irs_row row)
{
    (void)row;
    return gic->pe_selr;
}

static void write_pe_selr(struct gicv5 *gic, enum irs_row row, uint64_t value, uint64_t mask)
{
    (void)row, (void)mask;
    gic->pe_selr = (uint32_t)FIELD_GET(IRS_PE_SELR_IAFFID, value);
}

static uint64_t read_pe_statusr(const struct gicv5 *gic, enum irs_row row)
{
    (void)row;
    return FIELD_MASK(IRS_PE_STATUSR_IDLE) | FIELD_PREP(IRS_PE_STATUSR_V, pe_is_selected(gic)) |
           FIELD_PREP(IRS_PE_STATUSR_ONLINE, pe_is_selected(gic));
}

/* Without 1ofN no PE is a candidate for it: DPS reads 1 (kvm-abi §3). */
static uint64_t read_pe_cr0(const struct gicv5 *gic, enum irs_row row)
{
    (void)row;
    return FIELD_PREP(IRS_PE_CR0_DPS, pe_is_selected(gic));
}

/* ---- The LPI IST ----------------------------------------------------------------------------- */

static uint64_t read_ist_cfgr(const struct gicv5 *gic, enum irs_row row)
{
    (void)row;
    return gic->ist_cfgr;
}

static void put_ist_cfgr(struct gicv5 *gic, enum irs_row row, uint64_t value)
{
    gic->ist_cfgr = (uint32_t)(value & irs_fields(row));
}

static bool ist_is_valid(const struct gicv5 *gic)
{
    return FIELD_GET(IRS_IST_BASER_VALID, gic->ist_baser);
}

static void write_ist_cfgr(struct gicv5 *gic, enum irs_row row, uint64_t value, uint64_t mask)
{
    (void)mask;
    if (!ist_is_valid(gic))
        put_ist_cfgr(gic, row, value);
}

static uint64_t read_ist_baser(const struct gicv5 *gic, enum irs_row row)
{
    (void)row;
    return gic->ist_baser;
}

static void put_ist_baser(struct gicv5 *gic, enum irs_row row, uint64_t value)
{
    gic->ist_baser = value & irs_fields(row);
}

/* ADDR is frozen while VALID: only VALID = 0 does something then. */
static void write_valid_ist_baser(struct gicv5 *gic, uint64_t value, uint64_t mask)
{
    if (!(mask & FIELD_MASK(IRS_IST_BASER_VALID)) || FIELD_GET(IRS_IST_BASER_VALID, value))
        return;
    if (gic->ist.live)
        ist_take_down(gic);
    gic->ist_baser &= ~FIELD_MASK(IRS_IST_BASER_VALID);
    select_update_all_lines(gic);
}

/* VALID = 1 with an illegal IST_CFGR is refused: VALID stays 0. */
static void write_ist_baser(struct gicv5 *gic, enum irs_row row, uint64_t value, uint64_t mask)
{
    if (ist_is_valid(gic)) {
        write_valid_ist_baser(gic, value, mask);
        return;
    }
    put_ist_baser(gic, row, (gic->ist_baser & ~mask) | (value & mask));
    if (!ist_is_valid(gic))
        return;
    if (gicv5_ist_cfgr_is_legal(gic, gic->ist_cfgr))
        ist_make_live(gic);
    else
        gic->ist_baser &= ~FIELD_MASK(IRS_IST_BASER_VALID);
}

static void write_map_l2_istr(struct gicv5 *gic, enum irs_row row, uint64_t value, uint64_t mask)
{
    (void)row, (void)mask;
    ist_map_l2(gic, (uint32_t)FIELD_GET(IRS_MAP_L2_ISTR_ID, value));
}

/* ---- The kinds of access --------------------------------------------------------------------- */

static uint64_t read_identity(const struct gicv5 *gic, enum irs_row row)
{
    return gic->identity[row];
}

static const struct irs_access access_RAZ_WI = {.read = read_zero, .write = write_nothing};
static const struct irs_access access_IDR = {
    .read = read_identity,
    .write = write_nothing,
    .put = irs_put_identity,
    .put_reaches_pes = true,
};
static const struct irs_access access_IDLE = {.read = read_idle, .write = write_nothing};
static const struct irs_access access_CR0 = {
    .read = read_cr0,
    .write = write_cr0,
    .put = put_cr0,
    .write_reaches_pes = true,
    .put_reaches_pes = true,
};
static const struct irs_access access_CR1 = {.read = read_cr1, .write = write_cr1};
static const struct irs_access access_SPI_SELR = {.read = read_spi_selr, .write = write_spi_selr};
static const struct irs_access access_SPI_DOMAINR = {.read = read_spi_domainr,
                                                     .write = write_nothing};
static const struct irs_access access_SPI_RESAMPLER = {
    .read = read_zero, .write = write_spi_resampler, .write_reaches_pes = true};
/* Its put makes no event: a bit of a word changes. */
static const struct irs_access access_SPI_CFGR = {
    .read = read_spi_cfgr,
    .write = write_spi_cfgr,
    .put = put_spi_cfgr,
    .write_reaches_pes = true,
};
static const struct irs_access access_SPI_STATUSR = {.read = read_spi_statusr,
                                                     .write = write_nothing};
static const struct irs_access access_PE_SELR = {.read = read_pe_selr, .write = write_pe_selr};
static const struct irs_access access_PE_STATUSR = {.read = read_pe_statusr,
                                                    .write = write_nothing};
static const struct irs_access access_PE_CR0 = {.read = read_pe_cr0, .write = write_nothing};
/* Its put takes no table down, but the VMM's makes one. */
static const struct irs_access access_IST_BASER = {
    .read = read_ist_baser,
    .write = write_ist_baser,
    .put = put_ist_baser,
    .write_reaches_pes = true,
    .put_reaches_pes = true,
};
static const struct irs_access access_IST_CFGR = {
    .read = read_ist_cfgr, .write = write_ist_cfgr, .put = put_ist_cfgr};
static const struct irs_access access_MAP_L2_ISTR = {
    .read = read_zero, .write = write_map_l2_istr, .write_reaches_pes = true};

const struct irs_access *const irs_access_of[IRS_NR_ROWS] = {
#define IRS_REG(name, offset, bytes, access, user_set, carried) [name##_ROW] = &access_##access,
#include "facts/irs_registers.def"
#undef IRS_REG
};
