/* SPDX-License-Identifier: BSD-3-Clause */
#include "gicv5/memory.h"

#include <errno.h>

void *memory_alloc(const struct memory *memory, size_t size)
{
    return memory->host->alloc(memory->opaque, size);
}

void memory_free(const struct memory *memory, void *block, size_t size)
{
    if (block)
        memory->host->free(memory->opaque, block, size);
}

int memory_read_guest(const struct memory *memory, uint64_t ipa, void *to, size_t size)
{
    return memory->host->read_guest(memory->opaque, ipa, to, size) ? -EFAULT : 0;
}

int memory_write_guest(const struct memory *memory, uint64_t ipa, const void *from, size_t size)
{
    return memory->host->write_guest(memory->opaque, ipa, from, size) ? -EFAULT : 0;
}

void memory_complain(struct memory *memory, const char *message)
{
    if (!memory->host->log ||
        __atomic_load_n(&memory->complaints, __ATOMIC_RELAXED) >= MEMORY_COMPLAINTS ||
        __atomic_fetch_add(&memory->complaints, 1, __ATOMIC_RELAXED) >= MEMORY_COMPLAINTS)
        return;
    memory->host->log(memory->opaque, message);
}
