/* SPDX-License-Identifier: BSD-3-Clause */
#include "gicv5/services.h"

#include <errno.h>

void *services_alloc(const struct services *services, size_t size)
{
    return services->host->alloc(services->opaque, size);
}

void services_free(const struct services *services, void *block, size_t size)
{
    if (block)
        services->host->free(services->opaque, block, size);
}

int services_read_guest(const struct services *services, uint64_t ipa, void *to, size_t size)
{
    return services->host->read_guest(services->opaque, ipa, to, size) ? -EFAULT : 0;
}

int services_write_guest(const struct services *services, uint64_t ipa, const void *from,
                         size_t size)
{
    return services->host->write_guest(services->opaque, ipa, from, size) ? -EFAULT : 0;
}

void services_complain(struct services *services, const char *message)
{
    if (!services->host->log ||
        __atomic_load_n(&services->complaints, __ATOMIC_RELAXED) >= SERVICES_COMPLAINTS ||
        __atomic_fetch_add(&services->complaints, 1, __ATOMIC_RELAXED) >= SERVICES_COMPLAINTS)
        return;
    services->host->log(services->opaque, message);
}
