/* SPDX-License-Identifier: BSD-3-Clause */
/* The host's services. All but `line`, `log` and `spi_deactivated` are there: src/device has filled
 * them in. */
#ifndef GICV5_SERVICES_H
#define GICV5_SERVICES_H

#include <stddef.h>
#include <stdint.h>

#include <vgic5/device.h>

struct services {
    const struct vgic5_host *host;
    void *opaque;
    uint32_t complaints; /* that have been made; see services_complain */
};

/* Zeroed, and aligned to a cache line if it is as large as one; or NULL. */
void *services_alloc(const struct services *services, size_t size);
void services_free(const struct services *services, void *block, size_t size);

/* Guest physical memory: 0 or -EFAULT. */
int services_read_guest(const struct services *services, uint64_t ipa, void *to, size_t size);
int services_write_guest(const struct services *services, uint64_t ipa, const void *from,
                         size_t size);

/* A line for the host's log. A guest can cause these at will, so only the first ones of a device's
 * life are passed on. */
#define SERVICES_COMPLAINTS 64u
void services_complain(struct services *services, const char *message);

#endif
