/* SPDX-License-Identifier: BSD-3-Clause */
/* Between the words of a table and bit planes. */
#ifndef GICV5_PLANES_H
#define GICV5_PLANES_H

#include "block.h"

/* What 64 words say of everything but HM and the IAFFIDs. */
struct word_planes {
    struct planes config;
    uint64_t pending, active;
};

void planes_of_words(struct word_planes *planes, const uint32_t words[BLOCK_SIZE]);

/* Set Pending and Active in the words where they are 1. */
void planes_add_state(uint32_t words[BLOCK_SIZE], uint64_t pending, uint64_t active);

#endif
