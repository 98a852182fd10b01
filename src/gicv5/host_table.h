/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The LPI table of a device whose LPIs live with the host (profile 7.4), as a restore brought it:
 * pages of words, of which those that hold nothing are not kept. It stands where guest memory
 * stands otherwise: a block that is held counts instead.
 */
#ifndef GICV5_HOST_TABLE_H
#define GICV5_HOST_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gicv5/block.h"
#include "gicv5/services.h"

#define PAGE_BLOCKS 64u
#define PAGE_WORDS (PAGE_BLOCKS * BLOCK_SIZE)

struct host_table {
    uint32_t **page; /* NULL: nothing was restored */
    uint32_t nr_pages;
};

/* Room for this many pages. false: no memory. */
bool host_table_make(struct host_table *table, const struct services *services, uint32_t nr_pages);
void host_table_clear(struct host_table *table, const struct services *services);

/* The words of this block, or NULL: they are all 0. */
static inline const uint32_t *host_table_words(const struct host_table *table, uint32_t number)
{
    uint32_t page = number / PAGE_BLOCKS;
    if (page >= table->nr_pages || !table->page[page])
        return NULL;
    return table->page[page] + (size_t)number % PAGE_BLOCKS * BLOCK_SIZE;
}

#endif
