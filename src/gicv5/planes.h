/* SPDX-License-Identifier: BSD-3-Clause */
/* Between the words of a table and bit planes. */
#ifndef GICV5_PLANES_H
#define GICV5_PLANES_H

#include "gicv5/block.h"

/* What 64 words say of everything but HM and the IAFFIDs. */
struct word_planes {
    struct planes config;
    uint64_t pending, active;
};

void planes_of_words(struct word_planes *planes, const uint32_t words[BLOCK_SIZE]);

/* All bits that are 1 in any of the words: a scan of a table spends its time here. */
static inline uint32_t words_any(const uint32_t words[BLOCK_SIZE])
{
    typedef uint64_t four_words __attribute__((vector_size(16), aligned(4), may_alias));
    const four_words *w = (const four_words *)(const void *)words;
    four_words any = ((w[0] | w[1]) | (w[2] | w[3])) | ((w[4] | w[5]) | (w[6] | w[7])) |
                     (((w[8] | w[9]) | (w[10] | w[11])) | ((w[12] | w[13]) | (w[14] | w[15])));
    uint64_t two = any[0] | any[1];
    return (uint32_t)(two | two >> 32);
}

/* Set Pending and Active in the words where they are 1. */
void planes_add_state(uint32_t words[BLOCK_SIZE], uint64_t pending, uint64_t active);

#endif
