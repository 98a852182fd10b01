/* SPDX-License-Identifier: BSD-3-Clause */
/* The register tables as data, and the way from an offset or an encoding to a row in one step. */
#include "facts/registers.h"

const struct irs_register irs_registers[IRS_NR_ROWS] = {
#define IRS_REG(name, offset, bytes, access, user_set, carried) \
    {#name, offset, bytes, IRS_SET_##user_set, IRS_CARRIED_##carried},
#include "facts/irs_registers.def"
#undef IRS_REG
};

/* Registers are below 0x400 and above 0xff80, and at least a word apart: one slot for each word. */
#define LOW_END 0x400u
#define HIGH_START 0xff80u
#define FRAME_END 0x10000u
#define SLOT(offset) ((offset) < LOW_END ? (offset) / 4 : LOW_END / 4 + ((offset)-HIGH_START) / 4)
#define NR_SLOTS ((LOW_END + FRAME_END - HIGH_START) / 4)

static const uint8_t row_plus_one[NR_SLOTS] = {
#define IRS_REG(name, offset, bytes, access, user_set, carried) [SLOT(offset)] = name##_ROW + 1,
#include "facts/irs_registers.def"
#undef IRS_REG
};

const struct irs_register *irs_register_at(uint64_t offset)
{
    if (offset >= FRAME_END || (offset >= LOW_END && offset < HIGH_START))
        return NULL;
    uint32_t slot = SLOT((uint32_t)offset);
    uint8_t row = row_plus_one[slot];
    if (row)
        return &irs_registers[row - 1];
    row = slot ? row_plus_one[slot - 1] : 0; /* perhaps the high half of a 64-bit register */
    return row && offset - irs_registers[row - 1].offset < irs_registers[row - 1].bytes
               ? &irs_registers[row - 1]
               : NULL;
}

#define DIRECTION_RW true
#define DIRECTION_RO false
#define IS_CARRIED_YES true
#define IS_CARRIED_NO false
#define ROW(name, encoding, row, index, direction, carried) \
    {name, encoding, row, index, DIRECTION_##direction, IS_CARRIED_##carried},
#define ROWS_1(name, e, row, ...) ROW(name, e, row, 0, __VA_ARGS__)
#define ROWS_2(...) NTH_OF(0, __VA_ARGS__) NTH_OF(1, __VA_ARGS__)
#define NTH_OF(n, name, e, row, ...) ROW(name #n, e + n, row, n, __VA_ARGS__)
/* clang-format off */
#define ROWS_16(...)                                                                               \
    ROWS_2(__VA_ARGS__)                                                                            \
    NTH_OF(2, __VA_ARGS__) NTH_OF(3, __VA_ARGS__) NTH_OF(4, __VA_ARGS__) NTH_OF(5, __VA_ARGS__)    \
    NTH_OF(6, __VA_ARGS__) NTH_OF(7, __VA_ARGS__) NTH_OF(8, __VA_ARGS__) NTH_OF(9, __VA_ARGS__)    \
    NTH_OF(10, __VA_ARGS__) NTH_OF(11, __VA_ARGS__) NTH_OF(12, __VA_ARGS__)                        \
    NTH_OF(13, __VA_ARGS__) NTH_OF(14, __VA_ARGS__) NTH_OF(15, __VA_ARGS__)
/* clang-format on */

const struct cpu_register cpu_registers[] = {
#define CPU_REG(name, op0, op1, crn, crm, op2, n, access, direction, carried) \
    ROWS_##n(#name, VGIC5_ENCODING(op0, op1, crn, crm, op2), name##_ROW, direction, carried)
#include "facts/cpu_registers.def"
#undef CPU_REG
};
const size_t nr_cpu_registers = sizeof(cpu_registers) / sizeof(cpu_registers[0]);

/* First and last index of each row in cpu_registers[], and its first encoding. */
enum {
#define CPU_REG(name, op0, op1, crn, crm, op2, n, access, direction, carried) \
    name##_FIRST, name##_LAST = name##_FIRST + (n)-1,
#include "facts/cpu_registers.def"
#undef CPU_REG
};

/* Registers of GRP_CPU_SYSREGS. */
enum {
    NR_CARRIED = 0
#define CPU_REG(name, op0, op1, crn, crm, op2, n, access, direction, carried) \
    +(IS_CARRIED_##carried ? (n) : 0)
#include "facts/cpu_registers.def"
#undef CPU_REG
};

/* Op0, CRn and bits 12 and 13 of every encoding are the same; Op1 is 0 or 1. */
#define CPU_FIXED_BITS 0xf780u
#define CPU_SLOT(encoding) (((encoding)&0x7fu) | ((encoding) >> 4 & 0x80u))

struct cpu_slot {
    uint8_t first_plus_one; /* in cpu_registers[] */
    uint8_t first_slot;
};

static const struct cpu_slot cpu_slots[256] = {
#define CPU_REG(name, op0, op1, crn, crm, op2, n, access, direction, carried) \
    [CPU_SLOT(VGIC5_ENCODING(op0, op1, crn, crm, op2))... CPU_SLOT(           \
         VGIC5_ENCODING(op0, op1, crn, crm, op2)) +                           \
        (n)-1] = {name##_FIRST + 1, CPU_SLOT(VGIC5_ENCODING(op0, op1, crn, crm, op2))},
#include "facts/cpu_registers.def"
#undef CPU_REG
};

const struct cpu_register *cpu_register_of(uint16_t encoding)
{
    if ((encoding & CPU_FIXED_BITS) != VGIC5_ENCODING(3, 0, 12, 0, 0))
        return NULL;
    uint32_t slot = CPU_SLOT(encoding);
    if (!cpu_slots[slot].first_plus_one)
        return NULL;
    return &cpu_registers[cpu_slots[slot].first_plus_one - 1 + slot - cpu_slots[slot].first_slot];
}

const struct cpu_register *cpu_register_carried(unsigned n)
{
    const struct cpu_register *reg = cpu_registers;

    _Static_assert(NR_CARRIED == NR_SYSREGS, "GRP_CPU_SYSREGS has 26 registers (kvm-abi §6)");
    for (; !reg->carried || n > 0; reg++)
        n -= reg->carried;
    return reg;
}

static const struct gic_instruction instructions[] = {
#define DIRECTION_W true
#define DIRECTION_R false
#define GIC_INSTRUCTION(name, crm, op2, direction, fields) \
    {#name, VGIC5_ENCODING(1, 0, 12, crm, op2), DIRECTION_##direction},
#include "facts/gic_instructions.def"
#undef GIC_INSTRUCTION
};

const struct gic_instruction *gic_instruction_of(uint16_t encoding)
{
    for (size_t n = 0; n < sizeof(instructions) / sizeof(instructions[0]); n++) {
        if (instructions[n].encoding == encoding)
            return &instructions[n];
    }
    return NULL;
}
