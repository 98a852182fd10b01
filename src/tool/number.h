/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers as a person writes them. */
#ifndef TOOL_NUMBER_H
#define TOOL_NUMBER_H

#include <stdint.h>

enum number_kind {
    NUMBER_PLAIN,
    NUMBER_OF_BYTES, /* K, M, G and T (k, m, g and t) may follow, powers of 1024 */
};

/* Decimal, or hexadecimal behind 0x. NULL, with `end` behind the number; else why there is none. */
const char *number_read(const char *text, enum number_kind kind, const char **end, uint64_t *value);

#endif
