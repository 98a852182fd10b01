/* SPDX-License-Identifier: BSD-3-Clause */
/* The host's services. All but `line` and `log` are there: src/device has filled them in. */
#ifndef GICV5_MEMORY_H
#define GICV5_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include <vgic5/device.h>

struct memory {
    const struct vgic5_host *host;
    void *opaque;
    uint32_t complaints; /* that have been made; see memory_complain */
};

/* Zeroed, and aligned to a cache line if it is as large as one; or NULL. */
void *memory_alloc(const struct memory *memory, size_t size);
void memory_free(const struct memory *memory, void *block, size_t size);

/* Guest physical memory: 0 or -EFAULT. */
int memory_read_guest(const struct memory *memory, uint64_t ipa, void *to, size_t size);
int memory_write_guest(const struct memory *memory, uint64_t ipa, const void *from, size_t size);

/* A line for the host's log. A guest can cause these at will, so only the first ones of a device's
 * life are passed on. */
#define MEMORY_COMPLAINTS 64u
void memory_complain(struct memory *memory, const char *message);

#endif
