/* SPDX-License-Identifier: BSD-3-Clause */
#include "gicv5/host_table.h"

bool host_table_make(struct host_table *table, const struct services *services, uint32_t nr_pages)
{
    table->page = services_alloc(services, nr_pages * sizeof(*table->page));
    table->nr_pages = table->page ? nr_pages : 0;
    return table->page;
}

void host_table_clear(struct host_table *table, const struct services *services)
{
    for (uint32_t i = 0; i < table->nr_pages; i++)
        services_free(services, table->page[i], PAGE_WORDS * sizeof(uint32_t));
    services_free(services, table->page, table->nr_pages * sizeof(*table->page));
    *table = (struct host_table){0};
}
