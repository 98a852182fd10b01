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
#include "facts/irs_registers.def"
#undef IRS_REG
};

bool migration_irs_is_global(enum irs_row row)
{
    uint8_t carried = migration_irs[row].carried;

    return carried != IRS_CARRIED_NO && carried != IRS_CARRIED_PE && carried != IRS_CARRIED_SPI;
}

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
#include "facts/cpu_registers.def"
#undef CPU_REG
};

/* Index into rows[]. */
enum sysreg_row {
#define CPU_REG(reg, op0, op1, crn, crm, op2, n, access, direction, carry) reg##_ROW,
#include "facts/cpu_registers.def"
#undef CPU_REG
    NR_SYSREG_ROWS
};

/* The bits of a register that are not RES0, and how many of the row's registers have any: 64 PPIs
 * fill the first bank of the bitmaps and half of the PRIORITYRs (kvm-abi §6). Rows without an entry
 * are bitmaps. */
static const struct {
    uint64_t bits;
    uint8_t used;
} shapes[NR_SYSREG_ROWS] = {
    [ICC_ICSR_ROW] = {ICC_ICSR_FIELDS, 1},
    [ICC_PPI_PRIORITYR_ROW] = {UINT64_C(0x1f1f1f1f1f1f1f1f), 8},
    [ICC_APR_ROW] = {FIELD_MASK(ICC_APR_P), 1},
    [ICC_CR0_ROW] = {CR0_BITS, 1},
    [ICC_PCR_ROW] = {FIELD_MASK(ICC_PCR_PRIORITY), 1},
};

static uint64_t bits_of(size_t row, unsigned index)
{
    if (shapes[row].used)
        return index < shapes[row].used ? shapes[row].bits : 0;
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
        reg.bits = bits_of(row, n);
        break;
    }
    return reg;
}
