/* SPDX-License-Identifier: BSD-3-Clause */
#include "gicv5/host_table.h"

bool host_table_make(struct host_table *table, const struct memory *memory, uint32_t nr_pages)
{
    table->page = memory_alloc(memory, nr_pages * sizeof(*table->page));
    table->nr_pages = table->page ? nr_pages : 0;
    return table->page;
}

void host_table_clear(struct host_table *table, const struct memory *memory)
{
    for (uint32_t i = 0; i < table->nr_pages; i++)
        memory_free(memory, table->page[i], PAGE_WORDS * sizeof(uint32_t));
    memory_free(memory, table->page, table->nr_pages * sizeof(*table->page));
    *table = (struct host_table){0};
}
