/* SPDX-License-Identifier: BSD-3-Clause */
/* Guest RAM: one anonymous mapping at MAP_RAM_BASE, costing what the guest touches. */
#ifndef VCPU_MEMORY_H
#define VCPU_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* RAM is a multiple of this. */
#define MEMORY_BLOCK (UINT64_C(2) << 20)

struct memory {
    uint8_t *host; /* page-aligned */
    uint64_t base; /* guest physical */
    uint64_t size; /* a multiple of 2 MiB */
};

int memory_create(struct memory *memory, uint64_t base, uint64_t size); /* -EINVAL, -ENOMEM */
void memory_destroy(struct memory *memory);
/* The host address of a whole range, or NULL when any byte of it is not RAM. Overflow-safe. */
void *memory_at(const struct memory *memory, uint64_t address, uint64_t size);
/* 0 or -EFAULT. */
int memory_read(const struct memory *memory, uint64_t address, void *to, size_t size);
int memory_write(struct memory *memory, uint64_t address, const void *from, size_t size);

#endif
