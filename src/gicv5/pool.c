/* SPDX-License-Identifier: BSD-3-Clause */
#include "gicv5/pool.h"

#include <string.h>

#define CHUNK_BLOCKS 32u

struct pool_chunk {
    struct pool_chunk *older;
    uint32_t used;
    struct block block[CHUNK_BLOCKS];
};

struct block *pool_new(struct pool *pool, const struct services *services)
{
    struct pool_chunk *chunk = pool->newest;
    if (!chunk || chunk->used == CHUNK_BLOCKS) {
        chunk = services_alloc(services, sizeof(*chunk));
        if (!chunk)
            return NULL;
        chunk->older = pool->newest;
        pool->newest = chunk;
    }
    return &chunk->block[chunk->used++];
}

void pool_take_back(struct pool *pool, struct block *block)
{
    memset(block, 0, sizeof(*block));
    pool->newest->used--;
}

void pool_clear(struct pool *pool, const struct services *services)
{
    while (pool->newest) {
        struct pool_chunk *chunk = pool->newest;
        pool->newest = chunk->older;
        services_free(services, chunk, sizeof(*chunk));
    }
}
