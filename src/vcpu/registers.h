/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The architectural state of a PE as a table of named registers, whichever engine runs it: X0 …,
 * the system registers, the exclusive monitor, and BLOCK_REST, the instructions that remain of the
 * block in which it was stopped. And the registers that say what the PE is.
 */
#ifndef VCPU_REGISTERS_H
#define VCPU_REGISTERS_H

#include <stddef.h>
#include <stdint.h>

#include <vgic5/device.h>
#include <vgic5/error.h>

/* Where each kind of row begins. */
enum vcpu_row {
    VCPU_ROW_X0 = 0,
    VCPU_ROW_SP_EL0 = 31,
    VCPU_ROW_SP_EL1,
    VCPU_ROW_PC,
    VCPU_ROW_PSTATE,
    VCPU_ROW_SYSREGS,
    VCPU_ROW_SYSREGS_BEFORE_FIRST = VCPU_ROW_SYSREGS - 1,
#define VCPU_SYSREG(name, op0, op1, crn, crm, op2) VCPU_ROW_##name,
#include "vcpu/registers.def"
#undef VCPU_SYSREG
    VCPU_ROW_FPCR,
    VCPU_ROW_FPSR,
    VCPU_ROW_Q0,
    VCPU_ROW_EXCLUSIVE_ADDRESS = VCPU_ROW_Q0 + 32,
    VCPU_ROW_EXCLUSIVE_VALUE,
    VCPU_ROW_EXCLUSIVE_HIGH,
    VCPU_ROW_BLOCK_REST,
    NR_VCPU_ROWS
};

struct vcpu_register {
    const char *name;
    uint16_t encoding; /* of a system register, or 0 */
    uint8_t size;      /* 8, or 16 for Q0 … Q31 */
};
/* NR_VCPU_ROWS of them. */
const struct vcpu_register *vcpu_registers(size_t *n);

struct vcpu_value {
    uint64_t low, high; /* high: of the 16-byte ones */
};
/* Could a vCPU be in this state? -EINVAL with `error` filled (DAMAGED), naming `where`. */
int vcpu_check_state(const struct vcpu_value *values, const char *where, struct vgic5_error *error);

enum {
#define IDENTITY(name, op0, op1, crn, crm, op2) VCPU_IDENTITY_##op0##_##op1##_##crn##_##crm##_##op2,
#include "vcpu/identity.def"
#undef IDENTITY
    NR_VCPU_IDENTITY
};
struct vcpu_identity {
    const char *name;
    uint16_t encoding;
};
/* NR_VCPU_IDENTITY of them (identity.def). */
const struct vcpu_identity *vcpu_identity(size_t *n);

#endif
