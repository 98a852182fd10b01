/* SPDX-License-Identifier: BSD-3-Clause */
/* What a state carries of the registers, by their rows. */
#include "migration/internal.h"

bool migration_irs_is_global(enum irs_row row)
{
    uint8_t carried = irs_registers[row].carried;

    return carried != IRS_CARRIED_NO && carried != IRS_CARRIED_PE && carried != IRS_CARRIED_SPI;
}

#define CR0_BITS (FIELD_MASK(ICC_CR0_EN) | FIELD_MASK(ICC_CR0_LINK) | FIELD_MASK(ICC_CR0_LINK_IDLE))

/* The bits of a register that are not RES0, and how many of the row's registers have any: 64 PPIs
 * fill the first bank of the bitmaps and half of the PRIORITYRs (kvm-abi §6). Rows without an entry
 * are bitmaps. */
static const struct {
    uint64_t bits;
    uint8_t used;
} shapes[CPU_NR_ROWS] = {
    [ICC_ICSR_ROW] = {ICC_ICSR_FIELDS, 1},
    [ICC_PPI_PRIORITYR_ROW] = {UINT64_C(0x1f1f1f1f1f1f1f1f), 8},
    [ICC_APR_ROW] = {FIELD_MASK(ICC_APR_P), 1},
    [ICC_CR0_ROW] = {CR0_BITS, 1},
    [ICC_PCR_ROW] = {FIELD_MASK(ICC_PCR_PRIORITY), 1},
};

static uint64_t bits_of(const struct cpu_register *reg)
{
    if (shapes[reg->row].used)
        return reg->index < shapes[reg->row].used ? shapes[reg->row].bits : 0;
    return reg->index == 0 ? UINT64_MAX : 0;
}

struct sysreg migration_sysreg(unsigned n)
{
    const struct cpu_register *reg = cpu_register_carried(n);

    return (struct sysreg){.name = reg->name, .encoding = reg->encoding, .bits = bits_of(reg)};
}
