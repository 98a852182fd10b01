/* SPDX-License-Identifier: BSD-3-Clause */
/* Process entry, the system call instruction, and threads. */

#define SYS_EXIT 93
#define SYS_CLONE 220
/* CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM */
#define THREAD_FLAGS 0x50f00

    .text
    .global _start
_start:
    mov x29, xzr
    mov x30, xzr
    ldr x0, [sp]            /* argc */
    add x1, sp, #8          /* argv */
    bl  init_main
1:  b   1b

/* long system_call(number, a, b, c, d, e) */
    .global system_call
system_call:
    mov w8, w0
    mov x0, x1
    mov x1, x2
    mov x2, x3
    mov x3, x4
    mov x4, x5
    svc #0
    ret

/* long thread_start(function, argument, stack_top): both wait on the new stack. */
    .global thread_start
thread_start:
    stp x0, x1, [x2, #-16]!
    mov x1, x2
    mov x0, #(THREAD_FLAGS & 0xffff)
    movk x0, #(THREAD_FLAGS >> 16), lsl #16
    mov x2, xzr
    mov x3, xzr
    mov x4, xzr
    mov w8, #SYS_CLONE
    svc #0
    cbz x0, 1f
    ret
1:  mov x29, xzr
    mov x30, xzr
    ldp x1, x0, [sp], #16
    blr x1
    mov x0, xzr
    mov w8, #SYS_EXIT
    svc #0
