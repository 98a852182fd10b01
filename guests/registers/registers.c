/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads and writes every system register that EL1 may name. Each access must come to an end, and a
 * register that keeps what was written must be one that a snapshot carries: part of a vCPU's state
 * (vcpu_registers.def), the GIC's, or a timer's.
 */
#include "kit.h"

#define MSR 0xd5000000u
#define READ 0x00200000u
#define RET 0xd65f03c0u
#define ENCODING(op0, op1, crn, crm, op2) \
    ((op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))
#define FIRST_OP0_2 ENCODING(2u, 0, 0, 0, 0)
#define END_OP0_2 ENCODING(2u, 0, 2, 0, 0) /* behind: nothing but the trace unit's */
#define FIRST_OP0_3 ENCODING(3u, 0, 0, 0, 0)
#define END 0x10000u

static uint32_t failures, executed, existing;
static uint32_t code[2] __attribute__((aligned(64)));

static const uint16_t vcpu_state[] = {
#define VCPU_SYSREG(name, op0, op1, crn, crm, op2) ENCODING(op0, op1, crn, crm, op2),
#include "../../src/vcpu/registers.def"
#undef VCPU_SYSREG
};

/* Written by this program, it would lose the ground it stands on. */
static bool is_vcpu_state(uint32_t encoding)
{
    /* SP_EL0; SPSel, PAN, UAO; NZCV, DAIF, DIT, SSBS, TCO, FPCR, FPSR */
    if (encoding == ENCODING(3, 0, 4, 1, 0) || encoding >> 3 == ENCODING(3, 0, 4, 2, 0) >> 3 ||
        encoding >> 7 == ENCODING(3, 3, 4, 0, 0) >> 7)
        return true;
    for (size_t i = 0; i < sizeof(vcpu_state) / sizeof(*vcpu_state); i++)
        if (vcpu_state[i] == encoding)
            return true;
    return false;
}

static bool is_gic_or_timer(uint32_t encoding)
{
    return (encoding >> 7 & 0x1ef) == ENCODING(3, 0, 12, 0, 0) >> 7 ||
           encoding >> 7 == ENCODING(3, 3, 14, 0, 0) >> 7;
}

static uint64_t execute(uint32_t word, uint64_t *x)
{
    register uint64_t x0 __asm__("x0") = *x;
    uint64_t esr;

    code[0] = word;
    code[1] = RET;
    __asm__ volatile("dsb sy\n\tic iallu\n\tdsb sy\n\tisb" : : : "memory");
    fault_begin();
    __asm__ volatile("blr %1" : "+r"(x0) : "r"(code) : "x30", "memory");
    *x = x0;
    esr = fault_end();
    executed++;
    return esr;
}

static void try(uint32_t encoding)
{
    uint32_t word = MSR | encoding << 5;
    uint64_t before = 0, other, after = 0;
    bool readable;

    if (is_vcpu_state(encoding))
        return;
    readable = execute(word | READ, &before) == NO_FAULT;
    other = ~before;
    if (execute(word, &other) != NO_FAULT || !readable) {
        existing += readable;
        return;
    }
    existing++;
    execute(word | READ, &after);
    execute(word, &before);
    if (after == before || is_gic_or_timer(encoding))
        return;
    failures++;
    print("registers: encoding %x keeps %lx, before it was %lx\n", encoding, after, before);
}

int guest_main(void)
{
    uint32_t end = bootargs_have("all") ? FIRST_OP0_3 : END_OP0_2;

    for (uint32_t encoding = FIRST_OP0_2; encoding < end; encoding++)
        try(encoding);
    for (uint32_t encoding = FIRST_OP0_3; encoding < END; encoding++)
        try(encoding);
    print("registers: %u accesses, %u registers exist\n", executed, existing);
    print("registers: %s\n", failures ? "FAIL" : "PASS");
    return failures != 0;
}
