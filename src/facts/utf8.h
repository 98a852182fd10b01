/* SPDX-License-Identifier: BSD-3-Clause */
/* Characters of UTF-8, in their shortest form, without surrogates. */
#ifndef FACTS_UTF8_H
#define FACTS_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of the character at `text`, of which `left` bytes (at least one) are there, and its
 * `code`; 0 if it is none. NUL is none. */
size_t utf8_character(const uint8_t *text, size_t left, uint32_t *code);

#endif
