/* SPDX-License-Identifier: BSD-3-Clause */
/* A round by exception with nothing but the interrupt: no register is saved, no memory written. */

        .section .text.bare, "ax"
        .balign 2048
        .global bare_vectors
bare_vectors:
        .balign 128
        .space  5 * 128
/* IRQ of the current EL with SP_EL1: CDIA, CDEOI, CDDI; x2 counts. */
        sysl    x1, #0, c12, c3, #0
        sys     #0, c12, c1, #7, xzr
        sys     #0, c12, c2, #0, x1
        add     x2, x2, #1
        eret
        .balign 2048

/* uint64_t bare_round(uint64_t xt): CDPEND with this operand, and wait; interrupts are unmasked.
 * Returns what CDIA gave. */
        .text
        .global bare_round
bare_round:
        mov     x2, #0
        sys     #0, c12, c1, #4, x0
1:      cbz     x2, 1b
        mov     x0, x1
        ret
