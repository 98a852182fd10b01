/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a vCPU is asked to do by X19, at 0x80000000. DOORBELL is nobody's memory.
 *
 *   1: count X20 up for ever
 *   2: wait for an interrupt (PSTATE.I is set), then ring with 2
 *   3: store X21, load it back shifted by what the VMM answers, ring with the sum
 *   4: SYSTEM_OFF
 *   5: make the call X21 with X22 to X24, and ring with its answer
 *   6: ring with MIDR, PFR0, CLIDR, CTR and MPIDR
 *   7: store X21 at X22, and ring
 *   8: take SPI X21, of trigger mode X22, of the IRS at X23: ring with its INTID when it has been
 *      acknowledged, and at 8 with the same when it has been deactivated;
 *      between them wait (X24 != 0), or go round
 *   9: store the pair X21, X21 at X22, and ring
 *  10: load X5 from X22, keep ISR_EL1 in X6 and count X20 up, for ever; X24 != 0: let SErrors in for
 *      a moment each time. An SError rings at 0x10 with ESR, an abort at 0x18 with ESR and at 0x20
 *      with FAR, and is stepped over
 *  11: ADD X20 twice, BRK #0x123, load X5 from X22, HVC (PSCI's VERSION), WFI, and again
 *  12: LDXR from X22, ring, STXR of X21 there, ring with its answer
 *  13: store X21 at X22 and in each of the X23 - 1 pages after it, and ring
 *  14: the same in 250 pages, in a straight line
 */
    .equ DOORBELL, 0x10000000
    .globl _start
_start:
    movz x2, #0x1000, lsl #16
next:
    cmp x19, #1
    b.eq count
    cmp x19, #2
    b.eq wait
    cmp x19, #3
    b.eq devices
    cmp x19, #5
    b.eq call
    cmp x19, #7
    b.eq store
    cmp x19, #6
    b.eq identify
    cmp x19, #8
    b.eq interrupts
    cmp x19, #9
    b.eq pair
    cmp x19, #10
    b.eq errors
    cmp x19, #11
    b.eq steps
    cmp x19, #12
    b.eq exclusive
    cmp x19, #13
    b.eq pages
    cmp x19, #14
    b.eq straight
    movz w0, #8
    movk w0, #0x8400, lsl #16
    hvc #0
    b .
count:
    add x20, x20, #1
    b count
wait:
    wfi
    mov w3, #2
    str w3, [x2]
    b wait
devices:
    strh w21, [x2, #2]
    ldrsb x4, [x2, #8]
    add x4, x4, x21
    str x4, [x2, #16]
    b devices
call:
    mov x5, x2
    mov x0, x21
    mov x1, x22
    mov x2, x23
    mov x3, x24
    hvc #0
    mov x2, x5
    str x0, [x2]
    b call
exclusive:
    ldxr x5, [x22]
    str w5, [x2]
    stxr w3, x21, [x22]
    str w3, [x2]
    b exclusive
identify:
    mrs x3, midr_el1
    str x3, [x2]
    mrs x3, id_aa64pfr0_el1
    str x3, [x2]
    mrs x3, clidr_el1
    str x3, [x2]
    mrs x3, ctr_el0
    str x3, [x2]
    mrs x3, mpidr_el1
    str x3, [x2]
    b identify
store:
    str x21, [x22]
    str x21, [x2]
    b store
pair:
    stp x21, x21, [x22]
    str x21, [x2]
    b pair
pages:
    mov x3, x22
    mov x4, x23
0:  str x21, [x3]
    add x3, x3, #1, lsl #12
    subs x4, x4, #1
    b.ne 0b
    str w21, [x2]
    b pages
    .balign 64
    .globl steps
steps:
    add x20, x20, #1
    add x20, x20, #1
    brk #0x123
    ldr x5, [x22]
    mov w0, #0x84000000
    hvc #0
    wfi
    b steps
errors:
    adr x3, vectors
    msr vbar_el1, x3
0:  ldr x5, [x22]
    mrs x6, isr_el1
    add x20, x20, #1
    cbz x24, 0b
    msr daifclr, #4
    msr daifset, #4
    b 0b
interrupts:
    adr x3, vectors
    msr vbar_el1, x3
    mov w3, #1
    str w3, [x23, #0x80]    // IRS_CR0.IRSEN
    str w21, [x23, #0x108]  // IRS_SPI_SELR
    str w22, [x23, #0x114]  // IRS_SPI_CFGR
    movz x3, #0x6000, lsl #16
    orr x21, x21, x3
    mov x3, #8
    orr x3, x21, x3, lsl #35
    sys #0, c12, c1, #2, x3  // CDPRI
    sys #0, c12, c1, #3, x21 // CDAFF
    sys #0, c12, c1, #1, x21 // CDEN
    mov x3, #31
    msr s3_1_c12_c0_2, x3    // ICC_PCR_EL1
    mov x3, #1
    msr s3_1_c12_c0_1, x3    // ICC_CR0_EL1
    isb
    msr daifclr, #2
0:  cbz x24, 0b
    wfi
    b 0b

    .balign 0x800
vectors:
    .org vectors + 0x200     // synchronous, at EL1h
    mrs x3, esr_el1
    str x3, [x2, #0x18]
    mrs x3, far_el1
    str x3, [x2, #0x20]
    mrs x3, elr_el1
    add x3, x3, #4
    msr elr_el1, x3
    eret
    .org vectors + 0x280     // IRQ
    sysl x3, #0, c12, c3, #0 // CDIA
    str w3, [x2]
    sys #0, c12, c1, #7      // CDEOI
    mov w4, w3
    sys #0, c12, c2, #0, x4  // CDDI
    str w3, [x2, #8]
    eret
    .org vectors + 0x380     // SError
    mrs x3, esr_el1
    str x3, [x2, #0x10]
    eret
    .org vectors + 0x800
straight:
    mov x3, x22
    .rept 250
    str x21, [x3]
    add x3, x3, #1, lsl #12
    .endr
    str w21, [x2]
    b straight
