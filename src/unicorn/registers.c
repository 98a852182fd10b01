/* SPDX-License-Identifier: BSD-3-Clause */
#include "unicorn/engine.h"

uint64_t unicorn_get(struct vcpu *vcpu, int reg)
{
    uint64_t value = 0;

    uc_reg_read(vcpu->uc, reg, &value);
    return value;
}

void unicorn_set(struct vcpu *vcpu, int reg, uint64_t value)
{
    uc_reg_write(vcpu->uc, reg, &value);
}

uint32_t unicorn_get_pstate(struct vcpu *vcpu)
{
    return (uint32_t)unicorn_get(vcpu, UC_ARM64_REG_PSTATE);
}

void unicorn_set_pstate(struct vcpu *vcpu, uint32_t pstate)
{
    uc_reg_write(vcpu->uc, UC_ARM64_REG_PSTATE, &pstate);
}

int unicorn_x(unsigned n)
{
    return n < 29 ? UC_ARM64_REG_X0 + (int)n : UC_ARM64_REG_X29 + (int)n - 29;
}

static uc_arm64_cp_reg cp_reg(uint16_t encoding, uint64_t value)
{
    return (uc_arm64_cp_reg){
        .op0 = encoding >> 14,
        .op1 = encoding >> 11 & 7,
        .crn = encoding >> 7 & 15,
        .crm = encoding >> 3 & 15,
        .op2 = encoding & 7,
        .val = value,
    };
}

bool unicorn_get_sysreg(struct vcpu *vcpu, uint16_t encoding, uint64_t *value)
{
    uc_arm64_cp_reg reg = cp_reg(encoding, 0);
    uc_err error = uc_reg_read(vcpu->uc, UC_ARM64_REG_CP_REG, &reg);

    *value = error == UC_ERR_OK ? reg.val : 0;
    return error == UC_ERR_OK;
}

bool unicorn_set_sysreg(struct vcpu *vcpu, uint16_t encoding, uint64_t value)
{
    uc_arm64_cp_reg reg = cp_reg(encoding, value);

    return uc_reg_write(vcpu->uc, UC_ARM64_REG_CP_REG, &reg) == UC_ERR_OK;
}

uint64_t unicorn_native_register(struct vcpu *vcpu, uint16_t encoding)
{
    uint64_t value;

    unicorn_get_sysreg(vcpu, encoding, &value);
    return value;
}

unsigned unicorn_exception_level(struct vcpu *vcpu)
{
    return PSTATE_EL(unicorn_get_pstate(vcpu));
}

uint64_t unicorn_get_x(struct vcpu *vcpu, unsigned n)
{
    return n < 31 ? unicorn_get(vcpu, unicorn_x(n)) : 0;
}

void unicorn_set_x(struct vcpu *vcpu, unsigned n, uint64_t value)
{
    if (n < 31)
        unicorn_set(vcpu, unicorn_x(n), value);
}

void unicorn_set_pc(struct vcpu *vcpu, uint64_t pc)
{
    vcpu->pc = pc;
    vcpu->rest = 0;
    unicorn_set(vcpu, UC_ARM64_REG_PC, pc);
}
