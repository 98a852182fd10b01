/* SPDX-License-Identifier: BSD-3-Clause */
/* The vector table: IRQ of the current EL with SP_EL1, synchronous exceptions, and nothing else. */

/* x0-x18, x29, x30, ELR, SPSR: what C may change and what a nested exception overwrites. */
#define FRAME 192

        .macro  save
        sub     sp, sp, #FRAME
        stp     x0, x1, [sp, #0]
        stp     x2, x3, [sp, #16]
        stp     x4, x5, [sp, #32]
        stp     x6, x7, [sp, #48]
        stp     x8, x9, [sp, #64]
        stp     x10, x11, [sp, #80]
        stp     x12, x13, [sp, #96]
        stp     x14, x15, [sp, #112]
        stp     x16, x17, [sp, #128]
        stp     x18, x29, [sp, #144]
        mrs     x0, elr_el1
        stp     x30, x0, [sp, #160]
        mrs     x1, spsr_el1
        str     x1, [sp, #176]
        .endm

        .macro  restore_and_return
        ldr     x1, [sp, #176]
        msr     spsr_el1, x1
        ldp     x30, x0, [sp, #160]
        msr     elr_el1, x0
        ldp     x18, x29, [sp, #144]
        ldp     x16, x17, [sp, #128]
        ldp     x14, x15, [sp, #112]
        ldp     x12, x13, [sp, #96]
        ldp     x10, x11, [sp, #80]
        ldp     x8, x9, [sp, #64]
        ldp     x6, x7, [sp, #48]
        ldp     x4, x5, [sp, #32]
        ldp     x2, x3, [sp, #16]
        ldp     x0, x1, [sp, #0]
        add     sp, sp, #FRAME
        eret
        .endm

        .macro  unexpected kind
        .balign 128
        save
        mov     x0, #\kind
        mov     x1, sp
        bl      exception_unexpected
1:      b       1b
        .endm

        .section .text.vectors, "ax"
        .global vectors
        .balign 2048
vectors:
        unexpected 0
        unexpected 1
        unexpected 2
        unexpected 3

        .balign 128
        b       synchronous
        .balign 128
        b       irq
        unexpected 6
        unexpected 7

        unexpected 8
        unexpected 9
        unexpected 10
        unexpected 11

        unexpected 12
        unexpected 13
        unexpected 14
        unexpected 15

irq:
        save
        bl      irq_taken
        restore_and_return

synchronous:
        save
        mov     x0, sp
        bl      exception_synchronous
        restore_and_return
