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
