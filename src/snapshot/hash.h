/* SPDX-License-Identifier: BSD-3-Clause */
/* The two hashes of the format: XXH3-64 for headers, XXH3-128 (canonical, big-endian) for all else.
 */
#ifndef SNAPSHOT_HASH_H
#define SNAPSHOT_HASH_H

#include <stddef.h>
#include <stdint.h>

#define SNAPSHOT_HASH_SIZE 16u

/* A piece of what is hashed. */
struct hash_part {
    const void *bytes;
    size_t size;
};

uint64_t hash_64(const void *bytes, size_t size);
/* Not of the format: for tables in memory. */
uint64_t hash_64_seeded(const void *bytes, size_t size, uint64_t seed);
/* Of the parts, one after the other. */
void hash_128(const struct hash_part *parts, size_t nr_parts, uint8_t hash[SNAPSHOT_HASH_SIZE]);

#endif
