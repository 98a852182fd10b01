/* SPDX-License-Identifier: BSD-3-Clause */
#include "kit.h"

extern char __free_start[]; /* guest.ld */

static uint64_t next_free;

void *ram_alloc(uint64_t bytes, uint64_t align)
{
    uint64_t at = ((next_free ? next_free : (uint64_t)__free_start) + align - 1) & ~(align - 1);
    uint64_t *words = (uint64_t *)at;

    next_free = at + bytes;
    for (uint64_t i = 0; i < bytes / 8; i += 8) {
        for (uint64_t k = 0; k < 8; k++)
            words[i + k] = 0;
    }
    return words;
}

void *memcpy(void *to, const void *from, size_t n)
{
    char *t = to;
    const char *f = from;

    while (n--)
        *t++ = *f++;
    return to;
}

void *memset(void *at, int byte, size_t n)
{
    char *t = at;

    while (n--)
        *t++ = (char)byte;
    return at;
}

size_t string_length(const char *s)
{
    size_t n = 0;

    while (s[n])
        n++;
    return n;
}

bool string_equal(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

bool string_starts(const char *s, const char *start)
{
    while (*start) {
        if (*s++ != *start++)
            return false;
    }
    return true;
}
