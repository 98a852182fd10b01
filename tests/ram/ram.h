/* SPDX-License-Identifier: BSD-3-Clause */
/* RAM to be watched. */
#ifndef TESTS_RAM_RAM_H
#define TESTS_RAM_RAM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ram/log.h"

#define NR_FRAMES 64u
#define RAM_SIZE (NR_FRAMES * RAM_FRAME)
#define NR_PAGES (RAM_SIZE / RAM_PAGE)

uint8_t *ram_new(void);
/* All of it, as one range. */
struct ram_range ram_whole(uint8_t *ram);
void ram_free(uint8_t *ram);
/* A store that the compiler does not see through. */
void ram_store(uint8_t *ram, uint64_t page, uint8_t value);
/* Reproducible noise (xorshift64*); the seed must not be 0. */
uint64_t ram_noise(uint64_t *seed);
/* Lines of /proc/self/maps that the RAM has. */
unsigned ram_mappings(const uint8_t *ram);

/* Noted so far, without beginning anew. */
static inline const uint16_t *ram_written(const struct ram_watch *watch)
{
    return watch->open;
}

static inline bool has_page(const uint16_t *pages, uint64_t page)
{
    return pages[page / RAM_PAGES_PER_FRAME] >> page % RAM_PAGES_PER_FRAME & 1;
}

#endif
