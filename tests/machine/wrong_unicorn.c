/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * To be preloaded: a Unicorn in which the function that makes the writes to a page noticed again
 * does nothing. The engine has to find that out, and to leave Unicorn alone.
 */
#include <stdint.h>

void tlb_reset_dirty_aarch64(void *cpu, uint64_t host, uint64_t size);

void tlb_reset_dirty_aarch64(void *cpu, uint64_t host, uint64_t size)
{
    (void)cpu, (void)host, (void)size;
}
