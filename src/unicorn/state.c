/* SPDX-License-Identifier: BSD-3-Clause */
/* The architectural state: how each row of the table is read and written. */
#include "unicorn/engine.h"

#include <errno.h>
#include <string.h>

static void get_sysregs(struct vcpu *vcpu, struct vcpu_value *values)
{
    size_t n;
    const struct vcpu_register *rows = vcpu_registers(&n);

    for (unsigned row = VCPU_ROW_SYSREGS; row < VCPU_ROW_FPCR; row++)
        unicorn_get_sysreg(vcpu, rows[row].encoding, &values[row].low);
}

/* The SP in use is not in its banked place. */
static void get_stack_pointers(struct vcpu *vcpu, struct vcpu_value *values)
{
    uint64_t pstate = values[VCPU_ROW_PSTATE].low;

    values[VCPU_ROW_SP_EL0].low = unicorn_get(vcpu, UC_ARM64_REG_SP_EL0);
    values[VCPU_ROW_SP_EL1].low = unicorn_get(vcpu, UC_ARM64_REG_SP_EL1);
    values[pstate & PSTATE_SP ? VCPU_ROW_SP_EL1 : VCPU_ROW_SP_EL0].low =
        unicorn_get(vcpu, UC_ARM64_REG_SP);
}

int unicorn_get_state(struct vcpu *vcpu, struct vcpu_value *values)
{
    struct unicorn_monitor monitor;

    if (vcpu->half || unicorn_get_monitor(vcpu, &monitor) != 0)
        return -EIO;
    memset(values, 0, NR_VCPU_ROWS * sizeof(*values));
    for (unsigned n = 0; n < 31; n++)
        values[VCPU_ROW_X0 + n].low = unicorn_get(vcpu, unicorn_x(n));
    values[VCPU_ROW_PC].low = vcpu->pc;
    values[VCPU_ROW_PSTATE].low = unicorn_get_pstate(vcpu);
    get_stack_pointers(vcpu, values);
    get_sysregs(vcpu, values);
    values[VCPU_ROW_FPCR].low = (uint32_t)unicorn_get(vcpu, UC_ARM64_REG_FPCR);
    values[VCPU_ROW_FPSR].low = (uint32_t)unicorn_get(vcpu, UC_ARM64_REG_FPSR);
    for (int n = 0; n < 32; n++)
        uc_reg_read(vcpu->uc, UC_ARM64_REG_Q0 + n, &values[VCPU_ROW_Q0 + n]);
    values[VCPU_ROW_EXCLUSIVE_ADDRESS].low = monitor.address;
    values[VCPU_ROW_EXCLUSIVE_VALUE].low = monitor.value;
    values[VCPU_ROW_EXCLUSIVE_HIGH].low = monitor.high;
    values[VCPU_ROW_BLOCK_REST].low = vcpu->rest;
    return 0;
}

static bool put_sysregs(struct vcpu *vcpu, const struct vcpu_value *values)
{
    size_t n;
    const struct vcpu_register *rows = vcpu_registers(&n);
    bool ok = true;

    for (unsigned row = VCPU_ROW_SYSREGS; row < VCPU_ROW_FPCR; row++)
        ok = unicorn_set_sysreg(vcpu, rows[row].encoding,
                                row == VCPU_ROW_CPACR_EL1 ? values[row].low & ~CPACR_ZEN
                                                          : values[row].low) &&
             ok;
    vcpu->kernel_steps =
        (values[VCPU_ROW_MDSCR_EL1].low & MDSCR_KERNEL_STEPS) == MDSCR_KERNEL_STEPS;
    return ok;
}

static void put_fp(struct vcpu *vcpu, const struct vcpu_value *values)
{
    uint32_t fpcr = (uint32_t)values[VCPU_ROW_FPCR].low;
    uint32_t fpsr = (uint32_t)values[VCPU_ROW_FPSR].low;

    for (int n = 0; n < 32; n++)
        uc_reg_write(vcpu->uc, UC_ARM64_REG_Q0 + n, &values[VCPU_ROW_Q0 + n]);
    uc_reg_write(vcpu->uc, UC_ARM64_REG_FPCR, &fpcr);
    uc_reg_write(vcpu->uc, UC_ARM64_REG_FPSR, &fpsr);
}

static void put_stack_pointers(struct vcpu *vcpu, const struct vcpu_value *values)
{
    uint64_t pstate = values[VCPU_ROW_PSTATE].low;

    unicorn_set(vcpu, UC_ARM64_REG_SP_EL0, values[VCPU_ROW_SP_EL0].low);
    unicorn_set(vcpu, UC_ARM64_REG_SP_EL1, values[VCPU_ROW_SP_EL1].low);
    unicorn_set(vcpu, UC_ARM64_REG_SP,
                values[pstate & PSTATE_SP ? VCPU_ROW_SP_EL1 : VCPU_ROW_SP_EL0].low);
}

int unicorn_put_state(struct vcpu *vcpu, const struct vcpu_value *values)
{
    struct unicorn_monitor monitor = {
        .address = values[VCPU_ROW_EXCLUSIVE_ADDRESS].low,
        .value = values[VCPU_ROW_EXCLUSIVE_VALUE].low,
        .high = values[VCPU_ROW_EXCLUSIVE_HIGH].low,
    };

    /* The flags depend on these registers, and arriving in PSTATE makes the flags. */
    if (!put_sysregs(vcpu, values) ||
        unicorn_eret_to(vcpu, (uint32_t)values[VCPU_ROW_PSTATE].low) != 0)
        return -EIO;
    /* ERET takes some of PSTATE's bits only with their features. */
    unicorn_set_pstate(vcpu, (uint32_t)values[VCPU_ROW_PSTATE].low);
    for (unsigned n = 0; n < 31; n++)
        unicorn_set(vcpu, unicorn_x(n), values[VCPU_ROW_X0 + n].low);
    put_fp(vcpu, values);
    put_stack_pointers(vcpu, values);
    unicorn_set_pc(vcpu, values[VCPU_ROW_PC].low);
    vcpu->rest = (uint32_t)values[VCPU_ROW_BLOCK_REST].low;
    return unicorn_set_monitor(vcpu, &monitor);
}
