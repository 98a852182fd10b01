/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Entry at EL1 with the MMU off, x0 = device tree; secondary vCPUs enter through PSCI CPU_ON with
 * x0 = their index. Both get a stack, the vectors and an identity map, and go on in C.
 */
#include "layout.h"

#define MAIR_DEVICE_0_NORMAL_1 0xff00
/* 39-bit addresses, 4 KiB granule, Write-Back Inner Shareable walks, no TTBR1, 32-bit output. */
#define TCR (25 | 1 << 8 | 1 << 10 | 3 << 12 | 1 << 23)
/* RES1 bits, nTWE, nTWI, I, C, M. */
#define SCTLR (0x30d00800 | 1 << 18 | 1 << 16 | 1 << 12 | 1 << 2 | 1 << 0)

        .macro  constant reg, value
        movz    \reg, #((\value) & 0xffff)
        movk    \reg, #((\value) >> 16 & 0xffff), lsl #16
        .endm

        .section .text.start, "ax"
        .global _start, secondary_start
_start:
        mov     x20, x0
        mov     x21, #0
        bl      mmu_on
        adrp    x0, __bss_start
        add     x0, x0, :lo12:__bss_start
        adrp    x1, __bss_end
        add     x1, x1, :lo12:__bss_end
1:      cmp     x0, x1
        b.hs    enter
        stp     xzr, xzr, [x0], #16
        b       1b

secondary_start:
        mov     x20, #0
        mov     x21, x0
        bl      mmu_on
enter:
        adrp    x0, stacks
        add     x0, x0, :lo12:stacks
        add     x1, x21, #1
        mov     x2, #STACK_SIZE
        madd    x0, x1, x2, x0
        mov     sp, x0
        adr     x0, vectors
        msr     vbar_el1, x0
        isb
        mov     x0, x21
        mov     x1, x20
        mov     x29, xzr
        bl      kit_enter
1:      wfi
        b       1b

/* Exclusives need Normal memory: RAM is Write-Back, everything below it is Device-nGnRnE. */
mmu_on:
        constant x0, MAIR_DEVICE_0_NORMAL_1
        msr     mair_el1, x0
        constant x0, TCR
        msr     tcr_el1, x0
        adrp    x0, identity_map
        msr     ttbr0_el1, x0
        isb
        tlbi    vmalle1
        ic      iallu
        dsb     nsh
        isb
        constant x0, SCTLR
        msr     sctlr_el1, x0
        isb
        ret

        .section .data.identity_map, "aw"
        .balign 4096
identity_map:
        .quad   0x0 | 3 << 53 | 1 << 10 | 0 << 2 | 1                 /* 0..1 GiB: Device, XN */
        .quad   0x40000000 | 1 << 10 | 3 << 8 | 1 << 2 | 1           /* 1..2 GiB: RAM */
        .fill   510, 8, 0

        .section .stacks, "aw", %nobits
        .balign 16
stacks:
        .skip   MAX_CPUS * STACK_SIZE
