/* SPDX-License-Identifier: BSD-3-Clause */
/* To be preloaded: a Unicorn that aborts when it executes a CRC32X. */
#include <stdint.h>
#include <stdlib.h>

uint64_t helper_crc32_64_aarch64(uint64_t sum, uint64_t value, uint32_t bytes);

uint64_t helper_crc32_64_aarch64(uint64_t sum, uint64_t value, uint32_t bytes)
{
    (void)sum, (void)value, (void)bytes;
    abort();
}
