/* SPDX-License-Identifier: BSD-3-Clause */
/* Structs of the public headers that can grow (HACKING.md, Public headers). */
#ifndef FACTS_SIZED_H
#define FACTS_SIZED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The bytes up to and with this member: what the first version of a struct had. */
#define SIZE_WITH(type, member) (offsetof(type, member) + sizeof(((type *)NULL)->member))

/* `own` becomes what the caller's struct, which begins with a uint32_t size, has of it, with 0 for
 * the rest and its own size. False, and `own` is not to be used: it has less than `first` bytes. */
static inline bool sized_take(void *own, uint32_t own_size, const void *given, size_t first)
{
    uint32_t size;

    memset(own, 0, own_size);
    memcpy(&size, given, sizeof(size));
    if (size < first)
        return false;
    memcpy(own, given, size < own_size ? size : own_size);
    memcpy(own, &own_size, sizeof(own_size));
    return true;
}

/* The caller has room for `size` bytes at `to`: what we know of it, and 0 for the rest. */
static inline void sized_give(void *to, size_t size, const void *own, size_t own_size)
{
    memset(to, 0, size);
    memcpy(to, own, size < own_size ? size : own_size);
}

#endif
