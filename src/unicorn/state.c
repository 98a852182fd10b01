/* SPDX-License-Identifier: BSD-3-Clause */
/* The architectural state as a table: names, and how each row is read and written. */
#include "unicorn/engine.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* clang-format off */
#define X_ROWS(X)                                                                                  \
    X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15) X(16)   \
    X(17) X(18) X(19) X(20) X(21) X(22) X(23) X(24) X(25) X(26) X(27) X(28) X(29) X(30)
/* clang-format on */

/* Where each kind of row begins. */
enum row {
    ROW_X0 = 0,
    ROW_SP_EL0 = 31,
    ROW_SP_EL1,
    ROW_PC,
    ROW_PSTATE,
    ROW_SYSREGS,
    ROW_SYSREGS_BEFORE_FIRST = ROW_SYSREGS - 1,
#define VCPU_SYSREG(name, op0, op1, crn, crm, op2) ROW_##name,
#include "vcpu/registers.def"
#undef VCPU_SYSREG
    ROW_FPCR,
    ROW_FPSR,
    ROW_Q0,
    ROW_EXCLUSIVE_ADDRESS = ROW_Q0 + 32,
    ROW_EXCLUSIVE_VALUE,
    ROW_EXCLUSIVE_HIGH,
    ROW_BLOCK_REST,
    NR_ROWS
};

static const struct vcpu_register registers[NR_ROWS] = {
#define X(n) [ROW_X0 + n] = {"X" #n, 0, 8},
    X_ROWS(X)
#undef X
        [ROW_SP_EL0] = {"SP_EL0", VGIC5_ENCODING(3, 0, 4, 1, 0), 8},
    [ROW_SP_EL1] = {"SP_EL1", VGIC5_ENCODING(3, 4, 4, 1, 0), 8},
    [ROW_PC] = {"PC", 0, 8},
    [ROW_PSTATE] = {"PSTATE", 0, 8},
#define VCPU_SYSREG(name, op0, op1, crn, crm, op2) \
    [ROW_##name] = {#name, VGIC5_ENCODING(op0, op1, crn, crm, op2), 8},
#include "vcpu/registers.def"
#undef VCPU_SYSREG
    [ROW_FPCR] = {"FPCR", VGIC5_ENCODING(3, 3, 4, 4, 0), 8},
    [ROW_FPSR] = {"FPSR", VGIC5_ENCODING(3, 3, 4, 4, 1), 8},
#define X(n) [ROW_Q0 + n] = {"Q" #n, 0, 16},
    X_ROWS(X) X(31)
#undef X
        [ROW_EXCLUSIVE_ADDRESS] = {"EXCLUSIVE_ADDRESS", 0, 8},
    [ROW_EXCLUSIVE_VALUE] = {"EXCLUSIVE_VALUE", 0, 8},
    [ROW_EXCLUSIVE_HIGH] = {"EXCLUSIVE_HIGH", 0, 8},
    [ROW_BLOCK_REST] = {"BLOCK_REST", 0, 8},
};

_Static_assert(NR_ROWS <= UNICORN_MOST_REGISTERS, "room for a state");

const struct vcpu_register *vcpu_registers(size_t *n)
{
    *n = NR_ROWS;
    return registers;
}

static void get_sysregs(struct vcpu *vcpu, struct vcpu_value *values)
{
    for (unsigned row = ROW_SYSREGS; row < ROW_FPCR; row++)
        unicorn_get_sysreg(vcpu, registers[row].encoding, &values[row].low);
}

/* The SP in use is not in its banked place. */
static void get_stack_pointers(struct vcpu *vcpu, struct vcpu_value *values)
{
    uint64_t pstate = values[ROW_PSTATE].low;

    values[ROW_SP_EL0].low = unicorn_get(vcpu, UC_ARM64_REG_SP_EL0);
    values[ROW_SP_EL1].low = unicorn_get(vcpu, UC_ARM64_REG_SP_EL1);
    values[pstate & PSTATE_SP ? ROW_SP_EL1 : ROW_SP_EL0].low = unicorn_get(vcpu, UC_ARM64_REG_SP);
}

int vcpu_get_state(struct vcpu *vcpu, struct vcpu_value *values)
{
    struct unicorn_monitor monitor;

    if (unicorn_get_monitor(vcpu, &monitor) != 0)
        return -EIO;
    memset(values, 0, NR_ROWS * sizeof(*values));
    for (unsigned n = 0; n < 31; n++)
        values[ROW_X0 + n].low = unicorn_get(vcpu, unicorn_x(n));
    values[ROW_PC].low = vcpu->pc;
    values[ROW_PSTATE].low = unicorn_get_pstate(vcpu);
    get_stack_pointers(vcpu, values);
    get_sysregs(vcpu, values);
    values[ROW_FPCR].low = (uint32_t)unicorn_get(vcpu, UC_ARM64_REG_FPCR);
    values[ROW_FPSR].low = (uint32_t)unicorn_get(vcpu, UC_ARM64_REG_FPSR);
    for (int n = 0; n < 32; n++)
        uc_reg_read(vcpu->uc, UC_ARM64_REG_Q0 + n, &values[ROW_Q0 + n]);
    values[ROW_EXCLUSIVE_ADDRESS].low = monitor.address;
    values[ROW_EXCLUSIVE_VALUE].low = monitor.value;
    values[ROW_EXCLUSIVE_HIGH].low = monitor.high;
    values[ROW_BLOCK_REST].low = vcpu->rest;
    return 0;
}

static int damaged(struct vgic5_error *error, const char *where, const char *name, uint64_t value,
                   const char *expected)
{
    return error_set(error, VGIC5_CAUSE_DAMAGED, -EINVAL, "%s %s is 0x%" PRIx64 ", %s", where, name,
                     value, expected);
}

int vcpu_check_state(const struct vcpu_value *values, const char *where, struct vgic5_error *error)
{
    uint64_t pstate = values[ROW_PSTATE].low;
    uint64_t mode = pstate & 0x1f;
    uint64_t pc = values[ROW_PC].low;
    uint64_t rest = values[ROW_BLOCK_REST].low;

    if (pstate >> 32 != 0 || (mode != 0 && mode != 4 && mode != 5))
        return damaged(error, where, "PSTATE", pstate, "expected EL0t, EL1t or EL1h");
    if (rest > 0 && (pc & 3 || rest * 4 > 4096 - (pc & 4095)))
        return damaged(error, where, "BLOCK_REST", rest, "expected to end within the page of PC");
    for (unsigned row = ROW_FPCR; row <= ROW_FPSR; row++)
        if (values[row].low >> 32 != 0)
            return damaged(error, where, registers[row].name, values[row].low,
                           "expected a 32-bit value");
    return 0;
}

static bool put_sysregs(struct vcpu *vcpu, const struct vcpu_value *values)
{
    bool ok = true;

    for (unsigned row = ROW_SYSREGS; row < ROW_FPCR; row++)
        ok = unicorn_set_sysreg(vcpu, registers[row].encoding, values[row].low) && ok;
    return ok;
}

static void put_fp(struct vcpu *vcpu, const struct vcpu_value *values)
{
    uint32_t fpcr = (uint32_t)values[ROW_FPCR].low;
    uint32_t fpsr = (uint32_t)values[ROW_FPSR].low;

    for (int n = 0; n < 32; n++)
        uc_reg_write(vcpu->uc, UC_ARM64_REG_Q0 + n, &values[ROW_Q0 + n]);
    uc_reg_write(vcpu->uc, UC_ARM64_REG_FPCR, &fpcr);
    uc_reg_write(vcpu->uc, UC_ARM64_REG_FPSR, &fpsr);
}

static void put_stack_pointers(struct vcpu *vcpu, const struct vcpu_value *values)
{
    uint64_t pstate = values[ROW_PSTATE].low;

    unicorn_set(vcpu, UC_ARM64_REG_SP_EL0, values[ROW_SP_EL0].low);
    unicorn_set(vcpu, UC_ARM64_REG_SP_EL1, values[ROW_SP_EL1].low);
    unicorn_set(vcpu, UC_ARM64_REG_SP, values[pstate & PSTATE_SP ? ROW_SP_EL1 : ROW_SP_EL0].low);
}

int vcpu_put_state(struct vcpu *vcpu, const struct vcpu_value *values)
{
    struct unicorn_monitor monitor = {
        .address = values[ROW_EXCLUSIVE_ADDRESS].low,
        .value = values[ROW_EXCLUSIVE_VALUE].low,
        .high = values[ROW_EXCLUSIVE_HIGH].low,
    };

    /* The flags depend on these registers, and arriving in PSTATE makes the flags. */
    if (!put_sysregs(vcpu, values) || unicorn_eret_to(vcpu, (uint32_t)values[ROW_PSTATE].low) != 0)
        return -EIO;
    /* ERET takes some of PSTATE's bits only with their features. */
    unicorn_set_pstate(vcpu, (uint32_t)values[ROW_PSTATE].low);
    for (unsigned n = 0; n < 31; n++)
        unicorn_set(vcpu, unicorn_x(n), values[ROW_X0 + n].low);
    put_fp(vcpu, values);
    put_stack_pointers(vcpu, values);
    vcpu_set_pc(vcpu, values[ROW_PC].low);
    vcpu->rest = (uint32_t)values[ROW_BLOCK_REST].low;
    return unicorn_set_monitor(vcpu, &monitor);
}
