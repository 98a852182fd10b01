/* SPDX-License-Identifier: BSD-3-Clause */
/* The tables of what a state carries, made from the rows that the device itself is made from. */
#include <stdio.h>

#include "migration/internal.h"

const struct irs_register migration_irs[IRS_NR_ROWS] = {
#define IRS_REG(reg, at, size, access, set, carry) \
    [reg##_ROW] = {.name = #reg,                   \
                   .offset = (at),                 \
                   .bytes = (size),                \
                   .user_set = IRS_SET_##set,      \
                   .carried = IRS_CARRIED_##carry},
#include "gicv5/irs_registers.def"
#undef IRS_REG
};

bool migration_irs_is_global(enum irs_row row)
{
    uint8_t carried = migration_irs[row].carried;

    return carried != IRS_CARRIED_NO && carried != IRS_CARRIED_PE && carried != IRS_CARRIED_SPI;
}

/* Bits that are not RES0, of the first register of a row and of the n-th: 64 PPIs fill the first
 * bank of the bitmaps and half of the PRIORITYRs (kvm-abi §6). */
#define ICSR_BITS                                                                           \
    (FIELD_MASK(ICC_ICSR_F) | FIELD_MASK(ICC_ICSR_ENABLED) | FIELD_MASK(ICC_ICSR_PENDING) | \
     FIELD_MASK(ICC_ICSR_IRM) | FIELD_MASK(ICC_ICSR_ACTIVE) | FIELD_MASK(ICC_ICSR_HM) |     \
     FIELD_MASK(ICC_ICSR_PRIORITY) | FIELD_MASK(ICC_ICSR_IAFFID))
#define CR0_BITS (FIELD_MASK(ICC_CR0_EN) | FIELD_MASK(ICC_CR0_LINK) | FIELD_MASK(ICC_CR0_LINK_IDLE))

enum sysreg_carried { NO, YES };

static const struct {
    const char *name;
    uint16_t encoding;
    uint8_t count;
    uint8_t carried; /* enum sysreg_carried */
} rows[] = {
#define CPU_REG(reg, op0, op1, crn, crm, op2, n, access, direction, carry) \
    {#reg, VGIC5_ENCODING(op0, op1, crn, crm, op2), n, carry},
#include "gicv5/cpu_registers.def"
#undef CPU_REG
};

/* By the first encoding of its row. Rows without an entry are bitmaps. */
static const struct {
    uint16_t encoding;
    uint64_t bits;
    uint8_t used; /* of the row's registers; the others are RES0 */
} shapes[] = {
    {VGIC5_ENCODING(3, 0, 12, 10, 4), ICSR_BITS, 1},
    {VGIC5_ENCODING(3, 0, 12, 14, 0), UINT64_C(0x1f1f1f1f1f1f1f1f), 8},
    {VGIC5_ENCODING(3, 1, 12, 0, 0), FIELD_MASK(ICC_APR_P), 1},
    {VGIC5_ENCODING(3, 1, 12, 0, 1), CR0_BITS, 1},
    {VGIC5_ENCODING(3, 1, 12, 0, 2), FIELD_MASK(ICC_PCR_PRIORITY), 1},
};

static uint64_t bits_of(uint16_t first_encoding, unsigned index)
{
    for (size_t n = 0; n < sizeof(shapes) / sizeof(shapes[0]); n++) {
        if (shapes[n].encoding == first_encoding)
            return index < shapes[n].used ? shapes[n].bits : 0;
    }
    return index == 0 ? UINT64_MAX : 0;
}

struct sysreg migration_sysreg(unsigned n)
{
    struct sysreg reg = {.name = ""};

    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        if (rows[row].carried == NO)
            continue;
        if (n >= rows[row].count) {
            n -= rows[row].count;
            continue;
        }
        if (rows[row].count == 1)
            snprintf(reg.name, sizeof(reg.name), "%s", rows[row].name);
        else
            snprintf(reg.name, sizeof(reg.name), "%s%u", rows[row].name, n);
        reg.encoding = (uint16_t)(rows[row].encoding + n);
        reg.bits = bits_of(rows[row].encoding, n);
        break;
    }
    return reg;
}
