/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Executes every system instruction and register access with CRn = 12 that could be the GIC's, in
 * both directions: which exist is the list below, and all others are UNDEFINED at EL1.
 */
#include "kit.h"

#define SYS 0xd5080000u /* Op0 = 1; MSR has Op0 = 3 */
#define REG 0xd5180000u
#define READ 0x00200000u /* SYSL, MRS */
#define RET 0xd65f03c0u
#define WORD(op0, op1, crm, op2) ((op0) | (op1) << 16 | 12u << 12 | (crm) << 8 | (op2) << 5)

/* Places with `n` consecutive CRm:Op2; direction W, R, or both. */
enum { W = 1, R = 2 };
static const struct {
    uint32_t word;
    uint32_t n;
    uint32_t directions;
} exist[] = {
    {WORD(SYS, 0, 0, 0), 2, W},       /* GSB SYS, GSB ACK */
    {WORD(SYS, 0, 1, 0), 6, W},       /* GIC CDDIS … CDRCFG */
    {WORD(SYS, 0, 1, 7), 3, W},       /* GIC CDEOI, CDDI, CDHM */
    {WORD(SYS, 0, 3, 0), 2, R},       /* GICR CDIA, CDNMIA */
    {WORD(REG, 0, 10, 0), 4, R},      /* ICC_PPI_HMR<n>, ICC_IDR0, ICC_HPPIR */
    {WORD(REG, 0, 10, 4), 1, W | R},  /* ICC_ICSR */
    {WORD(REG, 0, 10, 5), 1, R},      /* ICC_IAFFIDR */
    {WORD(REG, 0, 10, 6), 2, W | R},  /* ICC_PPI_ENABLER<n> */
    {WORD(REG, 0, 13, 0), 24, W | R}, /* ICC_PPI_{C,S}ACTIVER, {C,S}PENDR, PRIORITYR<n> */
    {WORD(REG, 1, 0, 0), 3, W | R},   /* ICC_APR, ICC_CR0, ICC_PCR */
};

static uint32_t failures, executed, undefined;
static uint32_t code[2] __attribute__((aligned(64)));

static bool exists(uint32_t word)
{
    uint32_t direction = word & READ ? R : W, place = word & ~READ;

    for (size_t i = 0; i < sizeof(exist) / sizeof(*exist); i++) {
        uint32_t first = exist[i].word;

        if (place >= first && place < first + (exist[i].n << 5) &&
            (exist[i].directions & direction))
            return true;
    }
    return false;
}

static uint64_t execute(uint32_t word)
{
    code[0] = word;
    code[1] = RET;
    __asm__ volatile("dsb sy\n\tic iallu\n\tdsb sy\n\tisb" : : : "memory");
    return FAULTS(__asm__ volatile("mov x0, xzr\n\tblr %0" : : "r"(code) : "x0", "x30", "memory"));
}

static void try(uint32_t word)
{
    uint64_t esr = execute(word);
    bool is_undefined = esr != NO_FAULT && ESR_EC(esr) == EC_UNKNOWN;

    executed++;
    undefined += is_undefined;
    if (exists(word) ? esr == NO_FAULT : is_undefined)
        return;
    if (failures++ < 20)
        print("encodings: word %x: ESR %lx, it %s\n", word, esr,
              exists(word) ? "exists" : "does not exist");
}

static void try_block(uint32_t op0, uint32_t op1, uint32_t first_crm, uint32_t last_crm)
{
    for (uint32_t crm = first_crm; crm <= last_crm; crm++) {
        for (uint32_t op2 = 0; op2 < 8; op2++) {
            try(WORD(op0, op1, crm, op2));
            try(WORD(op0, op1, crm, op2) | READ);
        }
    }
}

int guest_main(void)
{
    for (uint32_t op1 = 0; op1 < 8; op1++)
        try_block(SYS, op1, 0, 15);
    try_block(REG, 0, 8, 15); /* below: VBAR, ISR, DISR */
    for (uint32_t op1 = 1; op1 < 8; op1++)
        try_block(REG, op1, 0, 15);
    try(0xd5184600); /* ICC_PMR_EL1, of GICv3 */
    try(0xd5184600 | READ);
    print("encodings: %u executed, %u UNDEFINED, %u wrong\n", executed, undefined, failures);
    print("encodings: %s\n", failures ? "FAIL" : "PASS");
    return failures != 0;
}
