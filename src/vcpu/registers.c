/* SPDX-License-Identifier: BSD-3-Clause */
#include "vcpu/registers.h"

#include <errno.h>
#include <inttypes.h>

#include "facts/error.h"

/* clang-format off */
#define X_ROWS(X)                                                                                  \
    X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15) X(16)   \
    X(17) X(18) X(19) X(20) X(21) X(22) X(23) X(24) X(25) X(26) X(27) X(28) X(29) X(30)
/* clang-format on */

static const struct vcpu_register registers[NR_VCPU_ROWS] = {
#define X(n) [VCPU_ROW_X0 + n] = {"X" #n, 0, 8},
    X_ROWS(X)
#undef X
        [VCPU_ROW_SP_EL0] = {"SP_EL0", VGIC5_ENCODING(3, 0, 4, 1, 0), 8},
    [VCPU_ROW_SP_EL1] = {"SP_EL1", VGIC5_ENCODING(3, 4, 4, 1, 0), 8},
    [VCPU_ROW_PC] = {"PC", 0, 8},
    [VCPU_ROW_PSTATE] = {"PSTATE", 0, 8},
#define VCPU_SYSREG(name, op0, op1, crn, crm, op2) \
    [VCPU_ROW_##name] = {#name, VGIC5_ENCODING(op0, op1, crn, crm, op2), 8},
#include "vcpu/registers.def"
#undef VCPU_SYSREG
    [VCPU_ROW_FPCR] = {"FPCR", VGIC5_ENCODING(3, 3, 4, 4, 0), 8},
    [VCPU_ROW_FPSR] = {"FPSR", VGIC5_ENCODING(3, 3, 4, 4, 1), 8},
#define X(n) [VCPU_ROW_Q0 + n] = {"Q" #n, 0, 16},
    X_ROWS(X) X(31)
#undef X
        [VCPU_ROW_EXCLUSIVE_ADDRESS] = {"EXCLUSIVE_ADDRESS", 0, 8},
    [VCPU_ROW_EXCLUSIVE_VALUE] = {"EXCLUSIVE_VALUE", 0, 8},
    [VCPU_ROW_EXCLUSIVE_HIGH] = {"EXCLUSIVE_HIGH", 0, 8},
    [VCPU_ROW_BLOCK_REST] = {"BLOCK_REST", 0, 8},
};

const struct vcpu_register *vcpu_registers(size_t *n)
{
    *n = NR_VCPU_ROWS;
    return registers;
}

static int damaged(struct vgic5_error *error, const char *where, const char *name, uint64_t value,
                   const char *expected)
{
    return error_set(error, VGIC5_CAUSE_DAMAGED, -EINVAL, "%s %s is 0x%" PRIx64 ", %s", where, name,
                     value, expected);
}

int vcpu_check_state(const struct vcpu_value *values, const char *where, struct vgic5_error *error)
{
    uint64_t pstate = values[VCPU_ROW_PSTATE].low;
    uint64_t mode = pstate & 0x1f;
    uint64_t pc = values[VCPU_ROW_PC].low;
    uint64_t rest = values[VCPU_ROW_BLOCK_REST].low;

    if (pstate >> 32 != 0 || (mode != 0 && mode != 4 && mode != 5))
        return damaged(error, where, "PSTATE", pstate, "expected EL0t, EL1t or EL1h");
    if (rest > 0 && (pc & 3 || rest > (4096 - (pc & 4095)) / 4))
        return damaged(error, where, "BLOCK_REST", rest, "expected to end within the page of PC");
    for (unsigned row = VCPU_ROW_FPCR; row <= VCPU_ROW_FPSR; row++)
        if (values[row].low >> 32 != 0)
            return damaged(error, where, registers[row].name, values[row].low,
                           "expected a 32-bit value");
    return 0;
}

const struct vcpu_identity *vcpu_identity(size_t *n)
{
    static const struct vcpu_identity registers_of_identity[NR_VCPU_IDENTITY] = {
#define IDENTITY(name, op0, op1, crn, crm, op2) {name, VGIC5_ENCODING(op0, op1, crn, crm, op2)},
#include "vcpu/identity.def"
#undef IDENTITY
    };

    *n = NR_VCPU_IDENTITY;
    return registers_of_identity;
}
