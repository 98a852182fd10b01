/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory for blocks: they are made one by one and given back all at once. */
#ifndef GICV5_POOL_H
#define GICV5_POOL_H

#include "gicv5/block.h"
#include "gicv5/services.h"

struct pool_chunk;

struct pool {
    struct pool_chunk *newest;
};

/* Zeroed, or NULL. */
struct block *pool_new(struct pool *pool, const struct services *services);
/* The newest was not needed after all. */
void pool_take_back(struct pool *pool, struct block *block);
void pool_clear(struct pool *pool, const struct services *services);

#endif
