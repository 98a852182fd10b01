/* SPDX-License-Identifier: BSD-3-Clause */
/* Little-endian numbers at any address, on any host. */
#ifndef SNAPSHOT_BYTES_H
#define SNAPSHOT_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline uint64_t bytes_get(const void *from, size_t width)
{
    const uint8_t *bytes = from;
    uint64_t value = 0;

    for (size_t i = 0; i < width; i++)
        value |= (uint64_t)bytes[i] << (8 * i);
    return value;
}

static inline void bytes_put(void *to, size_t width, uint64_t value)
{
    uint8_t *bytes = to;

    for (size_t i = 0; i < width; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
}

#define get_u16(from) ((uint16_t)bytes_get(from, 2))
#define get_u32(from) ((uint32_t)bytes_get(from, 4))
#define get_u64(from) bytes_get(from, 8)
#define put_u16(to, value) bytes_put(to, 2, value)
#define put_u32(to, value) bytes_put(to, 4, value)
#define put_u64(to, value) bytes_put(to, 8, value)

static inline bool bytes_all_zero(const void *from, size_t size)
{
    const uint8_t *bytes = from;

    for (size_t i = 0; i < size; i++) {
        if (bytes[i])
            return false;
    }
    return true;
}

#endif
