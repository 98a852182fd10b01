/* SPDX-License-Identifier: BSD-3-Clause */
/* RAM behind the image, and the few string functions that there are. */
#ifndef KIT_MEMORY_H
#define KIT_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed; never given back. `align` is a power of two. */
void *ram_alloc(uint64_t bytes, uint64_t align);

void *memcpy(void *to, const void *from, size_t n);
void *memset(void *at, int byte, size_t n);

size_t string_length(const char *s);
bool string_equal(const char *a, const char *b);
bool string_starts(const char *s, const char *start);

#endif
