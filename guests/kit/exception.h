/* SPDX-License-Identifier: BSD-3-Clause */
/* Synchronous exceptions: fatal, but for one instruction that a guest expects to fault. */
#ifndef KIT_EXCEPTION_H
#define KIT_EXCEPTION_H

#include "cpu.h"

/* Syndrome classes, ESR_EL1[31:26]. */
#define ESR_EC(esr) ((uint32_t)((esr) >> 26) & 63)
#define EC_UNKNOWN 0u
#define EC_DATA_ABORT 0x25u

/*
 * FAULTS(statement): runs it with a fault wanted; the instruction that faults is skipped. The value
 * is ESR_EL1 of the fault, or ~0 when none came.
 */
#define FAULTS(...)    \
    ({                 \
        fault_begin(); \
        __VA_ARGS__;   \
        fault_end();   \
    })

#define NO_FAULT (~0ull)

static inline void fault_begin(void)
{
    struct cpu *cpu = this_cpu();

    cpu->fault_esr = NO_FAULT;
    cpu->fault_wanted = true;
    __asm__ volatile("" : : : "memory");
}

static inline uint64_t fault_end(void)
{
    struct cpu *cpu = this_cpu();

    dsb();
    cpu->fault_wanted = false;
    return cpu->fault_esr;
}

#endif
