/* SPDX-License-Identifier: BSD-3-Clause */
/* The ID registers: what they report, and what an IRS adopts from another one's. */
#include "facts/fields.h"
#include "gicv5/irs_access.h"

#define INT_DOM_NON_SECURE 1u
#define PRIORITY_BITS 5u
#define ALL_PRIORITY_BITS 0x1fu

/* Implementer 0 is no company's JEP106 code: nobody's hardware identifies itself like this. */
#define IIDR_IMPLEMENTER 0x000u
#define IIDR_PRODUCT_ID 0x005u
#define IIDR_VARIANT 0u
#define IIDR_REVISION 0u

#define DEVARCH_VALUE 0x47705A19u /* Arm, present, revision 0, IRS */
#define PIDR2_JEDEC 0x8u

struct constant {
    uint8_t row;
    uint32_t value;
};

/* AIDR 0: an IRS of v5.0. The PIDRs repeat IIDR. */
static const struct constant constants[] = {
    {IRS_IIDR_ROW, IIDR_PRODUCT_ID << IRS_IIDR_PRODUCT_ID_SHIFT |
                       IIDR_VARIANT << IRS_IIDR_VARIANT_SHIFT |
                       IIDR_REVISION << IRS_IIDR_REVISION_SHIFT | IIDR_IMPLEMENTER},
    {IRS_AIDR_ROW, 0},
    {DEVARCH_ROW, DEVARCH_VALUE},
    {PIDR4_ROW, IIDR_IMPLEMENTER >> 8},
    {PIDR0_ROW, IIDR_PRODUCT_ID & 0xff},
    {PIDR1_ROW, (IIDR_IMPLEMENTER & 0xf) << 4 | IIDR_PRODUCT_ID >> 8},
    {PIDR2_ROW, IIDR_REVISION << 4 | PIDR2_JEDEC | (IIDR_IMPLEMENTER >> 4 & 0x7)},
    {PIDR3_ROW, IIDR_VARIANT << 4},
    {CIDR0_ROW, 0x0d},
    {CIDR1_ROW, 0xf0},
    {CIDR2_ROW, 0x05},
    {CIDR3_ROW, 0xb1},
};

static void derive_priority_mask(struct gicv5 *gic)
{
    uint32_t bits = FIELD_GET(IRS_IDR1_PRI_BITS, gic->identity[IRS_IDR1_ROW]) + 1;
    gic->priority_mask = bits >= PRIORITY_BITS
                             ? ALL_PRIORITY_BITS
                             : ALL_PRIORITY_BITS << (PRIORITY_BITS - bits) & ALL_PRIORITY_BITS;
}

static uint32_t idr2_of(const struct gicv5_config *config)
{
    return (uint32_t)(FIELD_PREP(IRS_IDR2_ID_BITS, config->lpi_id_bits) | FIELD_MASK(IRS_IDR2_LPI) |
                      FIELD_PREP(IRS_IDR2_MIN_LPI_ID_BITS, config->min_lpi_id_bits) |
                      FIELD_PREP(IRS_IDR2_IST_LEVELS, config->ist_l2sz != 0) |
                      FIELD_PREP(IRS_IDR2_IST_L2SZ, config->ist_l2sz) |
                      FIELD_PREP(IRS_IDR2_ISTMD, config->istmd) |
                      FIELD_PREP(IRS_IDR2_ISTMD_SZ, config->istmd_sz));
}

void irs_identify(struct gicv5 *gic)
{
    const struct gicv5_config *config = &gic->config;
    uint32_t *identity = gic->identity;
    for (size_t i = 0; i < sizeof(constants) / sizeof(constants[0]); i++)
        identity[constants[i].row] = constants[i].value;
    identity[IRS_IDR0_ROW] = (uint32_t)(FIELD_PREP(IRS_IDR0_INT_DOM, INT_DOM_NON_SECURE) |
                                        FIELD_PREP(IRS_IDR0_PA_RANGE, config->pa_range));
    identity[IRS_IDR1_ROW] = (uint32_t)(FIELD_PREP(IRS_IDR1_PE_CNT, gic->nr_pes) |
                                        FIELD_PREP(IRS_IDR1_IAFFID_BITS, config->iaffid_bits - 1u) |
                                        FIELD_PREP(IRS_IDR1_PRI_BITS, config->priority_bits - 1u));
    identity[IRS_IDR2_ROW] = idr2_of(config);
    identity[IRS_IDR5_ROW] = config->nr_spis;
    identity[IRS_IDR6_ROW] = config->nr_spis;
    identity[IRS_IDR7_ROW] = 0;
    derive_priority_mask(gic);
}

/* The bits of each ID register that another IRS may differ in; the caller has checked how. */
static uint64_t adoptable(enum irs_row row)
{
    switch (row) {
    case IRS_IDR0_ROW:
        return FIELD_MASK(IRS_IDR0_PA_RANGE) | FIELD_MASK(IRS_IDR0_IRSID);
    case IRS_IDR1_ROW:
        return FIELD_MASK(IRS_IDR1_PRI_BITS);
    case IRS_IDR2_ROW:
        return FIELD_MASK(IRS_IDR2_ID_BITS) | FIELD_MASK(IRS_IDR2_MIN_LPI_ID_BITS) |
               FIELD_MASK(IRS_IDR2_IST_LEVELS) | FIELD_MASK(IRS_IDR2_IST_L2SZ) |
               FIELD_MASK(IRS_IDR2_ISTMD) | FIELD_MASK(IRS_IDR2_ISTMD_SZ);
    default:
        return 0;
    }
}

void irs_put_identity(struct gicv5 *gic, enum irs_row row, uint64_t value)
{
    uint32_t mask = (uint32_t)adoptable(row);
    gic->identity[row] = (gic->identity[row] & ~mask) | ((uint32_t)value & mask);
    derive_priority_mask(gic);
}
