/* SPDX-License-Identifier: BSD-3-Clause */
/* Words to bit planes: 64 at a time. */
#include "gicv5/planes.h"

#include <string.h>

#include "facts/fields.h"

#if defined(__SSE2__) && !defined(GICV5_PLAIN_C)

#include <emmintrin.h>

#define GROUP 16u

/* The lower halves of 8 words. */
static inline __m128i lower_halves(const uint32_t *words)
{
    __m128i a = _mm_loadu_si128((const __m128i *)(const void *)words);
    __m128i b = _mm_loadu_si128((const __m128i *)(const void *)(words + 4));
    return _mm_packs_epi32(_mm_srai_epi32(_mm_slli_epi32(a, 16), 16),
                           _mm_srai_epi32(_mm_slli_epi32(b, 16), 16));
}

/* The uppermost bits of 16 bytes; then each byte's next bit is its uppermost. */
static inline uint64_t next_plane(__m128i *bytes)
{
    uint64_t plane = (uint32_t)_mm_movemask_epi8(*bytes);
    *bytes = _mm_add_epi8(*bytes, *bytes);
    return plane;
}

/* Bits 15:11 are Priority, 3:0 Enable, HM, Active, Pending. */
static inline void group_to_planes(struct word_planes *planes, const uint32_t *words,
                                   uint32_t shift)
{
    __m128i low = lower_halves(words), high = lower_halves(words + 8);
    __m128i upper = _mm_packus_epi16(_mm_srli_epi16(low, 8), _mm_srli_epi16(high, 8));
    __m128i mask = _mm_set1_epi16(0xf);
    __m128i nibbles = _mm_packus_epi16(_mm_and_si128(low, mask), _mm_and_si128(high, mask));
    nibbles = _mm_slli_epi16(nibbles, 4);
    for (uint32_t b = PRIORITY_PLANES; b-- > 0;)
        planes->config.priority[b] |= next_plane(&upper) << shift;
    planes->config.enable |= next_plane(&nibbles) << shift;
    next_plane(&nibbles); /* HM */
    planes->active |= next_plane(&nibbles) << shift;
    planes->pending |= next_plane(&nibbles) << shift;
}

#else

#define GROUP 1u

static inline void group_to_planes(struct word_planes *planes, const uint32_t *words,
                                   uint32_t shift)
{
    uint32_t word = *words;
    for (uint32_t b = 0; b < PRIORITY_PLANES; b++)
        planes->config.priority[b] |= (FIELD_GET(ISTE_PRIORITY, word) >> b & 1) << shift;
    planes->config.enable |= FIELD_GET(ISTE_ENABLE, word) << shift;
    planes->active |= FIELD_GET(ISTE_ACTIVE, word) << shift;
    planes->pending |= FIELD_GET(ISTE_PENDING, word) << shift;
}

#endif

void planes_of_words(struct word_planes *planes, const uint32_t words[BLOCK_SIZE])
{
    memset(planes, 0, sizeof(*planes));
    for (uint32_t i = 0; i < BLOCK_SIZE; i += GROUP)
        group_to_planes(planes, words + i, i);
}

/* Few bits one by one, many in one go over all words. */
#define FEW 12

void planes_add_state(uint32_t words[BLOCK_SIZE], uint64_t pending, uint64_t active)
{
    if (__builtin_popcountll(pending) + __builtin_popcountll(active) > FEW) {
        for (uint32_t i = 0; i < BLOCK_SIZE; i++)
            words[i] |= (uint32_t)(FIELD_PREP(ISTE_PENDING, pending >> i) |
                                   FIELD_PREP(ISTE_ACTIVE, active >> i));
        return;
    }
    for (; pending; pending &= pending - 1)
        words[__builtin_ctzll(pending)] |= (uint32_t)FIELD_MASK(ISTE_PENDING);
    for (; active; active &= active - 1)
        words[__builtin_ctzll(active)] |= (uint32_t)FIELD_MASK(ISTE_ACTIVE);
}
