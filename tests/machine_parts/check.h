/* SPDX-License-Identifier: BSD-3-Clause */
/* cmocka with the headers that it needs before it. */
#ifndef TESTS_MACHINE_PARTS_CHECK_H
#define TESTS_MACHINE_PARTS_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Reproducible noise (xorshift64*); the seed must not be 0. */
static inline uint64_t noise(uint64_t *seed)
{
    *seed ^= *seed >> 12;
    *seed ^= *seed << 25;
    *seed ^= *seed >> 27;
    return *seed * UINT64_C(0x2545f4914f6cdd1d);
}

#endif
