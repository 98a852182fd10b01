/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The register tables (irs_registers.def, cpu_registers.def, gic_instructions.def) as data. Only
 * what gives a row its functions expands a table itself: gicv5/irs_access.c, cpuif.c and
 * instructions.c.
 */
#ifndef FACTS_REGISTERS_H
#define FACTS_REGISTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vgic5/arch.h>

/* ---- The registers of the frame -------------------------------------------------------------- */

enum irs_user_set { IRS_SET_IGNORED, IRS_SET_IDENTITY, IRS_SET_GUEST, IRS_SET_RAW };
enum irs_carried {
    IRS_CARRIED_NO,
    IRS_CARRIED_IDENTITY,
    IRS_CARRIED_GLOBAL,
    IRS_CARRIED_IST,
    IRS_CARRIED_SELECTOR,
    IRS_CARRIED_ENABLE,
    IRS_CARRIED_PE,
    IRS_CARRIED_SPI,
    IRS_CARRIED_STATUS,
};

/* Index of each row: IRS_IDR0_ROW, IRS_IDR1_ROW, … */
enum irs_row {
#define IRS_REG(name, offset, bytes, access, user_set, carried) name##_ROW,
#include "facts/irs_registers.def"
#undef IRS_REG
    IRS_NR_ROWS
};

/* Offset of each register, which is its attr of GRP_IRS_REGS: IRS_IDR0_AT, … */
enum irs_offset {
#define IRS_REG(name, offset, bytes, access, user_set, carried) name##_AT = (offset),
#include "facts/irs_registers.def"
#undef IRS_REG
};

struct irs_register {
    const char *name;
    uint32_t offset;
    uint8_t bytes;    /* 4 or 8 */
    uint8_t user_set; /* enum irs_user_set */
    uint8_t carried;  /* enum irs_carried */
};
extern const struct irs_register irs_registers[IRS_NR_ROWS];

/* The register that covers this byte offset, or NULL for a hole. */
const struct irs_register *irs_register_at(uint64_t offset);

/* ---- The registers of a CPU interface -------------------------------------------------------- */

/* The rows of the table: ICC_ICSR_ROW, ICC_PPI_ENABLER_ROW, … */
enum cpu_row {
#define CPU_REG(name, op0, op1, crn, crm, op2, n, access, direction, carried) name##_ROW,
#include "facts/cpu_registers.def"
#undef CPU_REG
    CPU_NR_ROWS
};

struct cpu_register {
    const char *name; /* "ICC_PPI_ENABLER1": with its index where the row has several */
    uint16_t encoding;
    uint8_t row;   /* enum cpu_row */
    uint8_t index; /* within the row */
    bool writable;
    bool carried; /* one of the 26 of GRP_CPU_SYSREGS */
};
/* All registers, in table order with rows of several expanded. */
extern const struct cpu_register cpu_registers[];
extern const size_t nr_cpu_registers;
const struct cpu_register *cpu_register_of(uint16_t encoding); /* or NULL */

#define NR_SYSREGS 26u /* of GRP_CPU_SYSREGS, for each vCPU */
/* The n-th of them, in table order; n below NR_SYSREGS. */
const struct cpu_register *cpu_register_carried(unsigned n);

/* ---- The GIC instructions -------------------------------------------------------------------- */

struct gic_instruction {
    const char *name;
    uint16_t encoding;
    bool is_write; /* SYS, not SYSL */
};
const struct gic_instruction *gic_instruction_of(uint16_t encoding); /* or NULL */

#endif
