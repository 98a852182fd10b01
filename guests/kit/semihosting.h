/* SPDX-License-Identifier: BSD-3-Clause */
/* The way out with a status: SYS_EXIT, reason ADP_Stopped_ApplicationExit. */
#ifndef KIT_SEMIHOSTING_H
#define KIT_SEMIHOSTING_H

#include <stdint.h>

#define SYS_EXIT 0x18u
#define APPLICATION_EXIT 0x20026u

static inline void semihosting_exit(uint64_t status)
{
    const uint64_t block[2] = {APPLICATION_EXIT, status};
    register uint64_t x0 __asm__("x0") = SYS_EXIT;
    register const uint64_t *x1 __asm__("x1") = block;

    __asm__ volatile("hlt #0xf000" : "+r"(x0) : "r"(x1) : "memory");
}

#endif
