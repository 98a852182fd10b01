/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "conform/trial.h"

const struct irs_register conform_irs[IRS_NR_ROWS] = {
#define IRS_REG(reg, at, size, access, set, carry) \
    [reg##_ROW] = {.name = #reg,                   \
                   .offset = (at),                 \
                   .bytes = (size),                \
                   .user_set = IRS_SET_##set,      \
                   .carried = IRS_CARRIED_##carry},
#include "facts/irs_registers.def"
#undef IRS_REG
};

enum { NO, YES };

static const struct {
    const char *name;
    uint16_t encoding;
    uint8_t count;
    uint8_t carried;
} rows[] = {
#define CPU_REG(reg, op0, op1, crn, crm, op2, n, access, direction, carry) \
    {#reg, VGIC5_ENCODING(op0, op1, crn, crm, op2), n, carry},
#include "facts/cpu_registers.def"
#undef CPU_REG
};

struct conform_sysreg conform_sysreg(unsigned n)
{
    struct conform_sysreg reg = {.name = ""};

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
        break;
    }
    return reg;
}
