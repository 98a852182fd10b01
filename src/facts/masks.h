/* SPDX-License-Identifier: BSD-3-Clause */
/* What of a register or an entry is not RES0: all fields that the tables give it. */
#ifndef FACTS_MASKS_H
#define FACTS_MASKS_H

#include "facts/fields.h"
#include "facts/registers.h"

/* A register of the frame. */
static inline uint64_t irs_fields(enum irs_row row)
{
    uint64_t fields = 0;
#define REGISTER_FIELD(reg, field, high, low) \
    fields |= row == reg##_ROW ? FIELD_MASK(reg##_##field) : 0;
#include "facts/irs_fields.def"
#undef REGISTER_FIELD
    return fields;
}

/* Features that this IRS does not have (kvm-abi §3). */
#define IRS_IDR0_OPTIONS                                                                        \
    (FIELD_MASK(IRS_IDR0_VIRT) | FIELD_MASK(IRS_IDR0_ONE_N) | FIELD_MASK(IRS_IDR0_VIRT_ONE_N) | \
     FIELD_MASK(IRS_IDR0_SETLPI) | FIELD_MASK(IRS_IDR0_MEC) | FIELD_MASK(IRS_IDR0_MPAM) |       \
     FIELD_MASK(IRS_IDR0_SWE))

#define ICC_ICSR_FIELDS                                                                     \
    (FIELD_MASK(ICC_ICSR_F) | FIELD_MASK(ICC_ICSR_ENABLED) | FIELD_MASK(ICC_ICSR_PENDING) | \
     FIELD_MASK(ICC_ICSR_IRM) | FIELD_MASK(ICC_ICSR_ACTIVE) | FIELD_MASK(ICC_ICSR_HM) |     \
     FIELD_MASK(ICC_ICSR_PRIORITY) | FIELD_MASK(ICC_ICSR_IAFFID))

/* HWU belongs to the hardware that wrote the word, IRM needs 1ofN, the rest is RES0: none of them
 * is state of this IRS (gicv5.md §3.1). */
#define ISTE_STATE                                                              \
    (FIELD_MASK(ISTE_PENDING) | FIELD_MASK(ISTE_ACTIVE) | FIELD_MASK(ISTE_HM) | \
     FIELD_MASK(ISTE_ENABLE) | FIELD_MASK(ISTE_PRIORITY) | FIELD_MASK(ISTE_IAFFID))

/* The ISTSZ that IDR2 requires of a table with this many id bits (gicv5.md §2.2). */
static inline uint64_t ist_required_istsz(uint64_t idr2, uint64_t id_bits)
{
    if (!FIELD_GET(IRS_IDR2_ISTMD, idr2))
        return 0;
    return id_bits < FIELD_GET(IRS_IDR2_ISTMD_SZ, idr2) ? 1 : 2;
}

/* Does IDR2 offer the STRUCTURE and L2SZ of this IST_CFGR? L2SZ is ignored for a linear table. */
static inline bool ist_structure_is_offered(uint64_t idr2, uint64_t cfgr)
{
    if (!FIELD_GET(IRS_IST_CFGR_STRUCTURE, cfgr))
        return true;
    return FIELD_GET(IRS_IDR2_IST_LEVELS, idr2) &&
           FIELD_GET(IRS_IDR2_IST_L2SZ, idr2) >> FIELD_GET(IRS_IST_CFGR_L2SZ, cfgr) & 1;
}

#endif
