/* SPDX-License-Identifier: BSD-3-Clause */
#include "vcpu/memory.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE ((uint64_t)4096)

int memory_create(struct memory *memory, uint64_t base, uint64_t size)
{
    void *host;

    if (size == 0 || size % MEMORY_BLOCK != 0 || base % PAGE != 0 || base > UINT64_MAX - size)
        return -EINVAL;
    if (size > PTRDIFF_MAX)
        return -ENOMEM;
    /* NORESERVE: a guest with much RAM costs only the pages that it touches. */
    host = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
                0);
    if (host == MAP_FAILED)
        return -ENOMEM;
    *memory = (struct memory){.host = host, .base = base, .size = size};
    return 0;
}

void memory_destroy(struct memory *memory)
{
    if (memory->host)
        munmap(memory->host, memory->size);
    *memory = (struct memory){0};
}

void *memory_at(const struct memory *memory, uint64_t address, uint64_t size)
{
    uint64_t offset = address - memory->base;

    if (!memory->host || address < memory->base || offset > memory->size ||
        size > memory->size - offset)
        return NULL;
    return memory->host + offset;
}

int memory_read(const struct memory *memory, uint64_t address, void *to, size_t size)
{
    const void *from = memory_at(memory, address, size);

    if (!from)
        return -EFAULT;
    if (size != 0)
        memcpy(to, from, size);
    return 0;
}

int memory_write(struct memory *memory, uint64_t address, const void *from, size_t size)
{
    void *to = memory_at(memory, address, size);

    if (!to)
        return -EFAULT;
    if (size != 0)
        memcpy(to, from, size);
    return 0;
}

const struct memory *memory_map_range(const struct memory_map *map, uint64_t address)
{
    size_t low = 0, high = map->nr;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct memory *range = &map->ranges[middle];

        if (address < range->base)
            high = middle;
        else if (address - range->base >= range->size)
            low = middle + 1;
        else
            return range;
    }
    return NULL;
}

void *memory_map_at(const struct memory_map *map, uint64_t address, uint64_t size)
{
    const struct memory *range = memory_map_range(map, address);

    return range ? memory_at(range, address, size) : NULL;
}

int memory_map_read(const struct memory_map *map, uint64_t address, void *to, size_t size)
{
    const struct memory *range = memory_map_range(map, address);

    return range ? memory_read(range, address, to, size) : -EFAULT;
}
