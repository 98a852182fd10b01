/* SPDX-License-Identifier: BSD-3-Clause */
/* A fuzzer's bytes, taken one number after the other. */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include <stddef.h>
#include <stdint.h>

struct fuzz_input {
    const uint8_t *bytes;
    size_t left;
};

/* Big-endian; zeros when nothing is left. */
static inline uint64_t fuzz_take(struct fuzz_input *input, unsigned bytes)
{
    uint64_t value = 0;

    while (bytes-- && input->left) {
        value = value << 8 | *input->bytes++;
        input->left--;
    }
    return value;
}

#endif
