/* SPDX-License-Identifier: BSD-3-Clause */
/* Guest RAM: an anonymous mapping costs what the guest touches; and a map of several ranges. */
#ifndef VCPU_MEMORY_H
#define VCPU_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* RAM is a multiple of this. */
#define MEMORY_BLOCK (UINT64_C(2) << 20)

struct memory {
    uint8_t *host; /* page-aligned */
    uint64_t base; /* guest physical */
    uint64_t size; /* a multiple of 4 KiB */
    bool read_only;
};

/* What of a guest's physical addresses is RAM: ranges, ascending, none of which overlap. */
struct memory_map {
    const struct memory *ranges;
    size_t nr;
};

/* The range that holds this address, or NULL. */
const struct memory *memory_map_range(const struct memory_map *map, uint64_t address);
/* As memory_at and memory_read, of one range. */
void *memory_map_at(const struct memory_map *map, uint64_t address, uint64_t size);
int memory_map_read(const struct memory_map *map, uint64_t address, void *to, size_t size);

int memory_create(struct memory *memory, uint64_t base, uint64_t size); /* -EINVAL, -ENOMEM */
void memory_destroy(struct memory *memory);
/* The host address of a whole range, or NULL when any byte of it is not RAM. Overflow-safe. */
void *memory_at(const struct memory *memory, uint64_t address, uint64_t size);
/* 0 or -EFAULT. */
int memory_read(const struct memory *memory, uint64_t address, void *to, size_t size);
int memory_write(struct memory *memory, uint64_t address, const void *from, size_t size);

#endif
