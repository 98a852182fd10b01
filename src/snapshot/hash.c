/* SPDX-License-Identifier: BSD-3-Clause */
#define XXH_STATIC_LINKING_ONLY /* XXH3_state_t on the stack: hashing cannot run out of memory */
#include <xxhash.h>

#include "snapshot/hash.h"

#include <string.h>

uint64_t hash_64(const void *bytes, size_t size)
{
    return XXH3_64bits(bytes, size);
}

uint64_t hash_64_seeded(const void *bytes, size_t size, uint64_t seed)
{
    return XXH3_64bits_withSeed(bytes, size, seed);
}

void hash_128(const struct hash_part *parts, size_t nr_parts, uint8_t hash[SNAPSHOT_HASH_SIZE])
{
    XXH3_state_t state;
    XXH128_canonical_t canonical;

    XXH3_128bits_reset(&state);
    for (size_t i = 0; i < nr_parts; i++) {
        if (parts[i].size)
            XXH3_128bits_update(&state, parts[i].bytes, parts[i].size);
    }
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(&state));
    memcpy(hash, canonical.digest, SNAPSHOT_HASH_SIZE);
}
