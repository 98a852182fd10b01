/* SPDX-License-Identifier: BSD-3-Clause */
#include "kvmd/coalesced.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kvmd/internal.h"

#define MOST_ZONES 1000u /* of one bus */
#define RING_SIZE \
    ((0x1000 - sizeof(struct kvm_coalesced_mmio_ring)) / sizeof(struct kvm_coalesced_mmio))

static bool holds(const struct kvmd_zone *zone, uint64_t address, uint64_t size, bool is_port)
{
    return zone->is_port == is_port && address >= zone->address && address + size >= address &&
           address + size <= zone->address + zone->size;
}

static bool is_in_zone(const struct kvmd_zones *zones, uint64_t address, unsigned size)
{
    for (size_t n = 0; n < zones->nr; n++) {
        if (holds(&zones->all[n], address, size, false))
            return true;
    }
    return false;
}

/* The VMM writes `first`, and could write anything anywhere in it. */
bool coalesced_take(struct kvmd_vcpu *vcpu, uint64_t address, unsigned size, uint64_t value)
{
    struct kvm_coalesced_mmio_ring *ring =
        (void *)((char *)vcpu->run + KVMD_COALESCED_PAGE * 0x1000);
    struct kvm_coalesced_mmio entry = {.phys_addr = address, .len = size};
    uint32_t last;

    if (vcpu->index != 0 || !is_in_zone(&vcpu->vm->zones, address, size))
        return false;
    last = __atomic_load_n(&ring->last, __ATOMIC_RELAXED);
    if (last >= RING_SIZE ||
        (last + 1) % RING_SIZE == __atomic_load_n(&ring->first, __ATOMIC_ACQUIRE))
        return false;
    memcpy(entry.data, &value, sizeof(entry.data));
    ring->coalesced_mmio[last] = entry;
    __atomic_store_n(&ring->last, (uint32_t)((last + 1) % RING_SIZE), __ATOMIC_RELEASE);
    return true;
}

static int read_zone(struct kvmd_call *call, struct kvmd_zone *zone)
{
    struct kvm_coalesced_mmio_zone request;
    int ret = call_read(call, &request, sizeof(request));

    if (ret)
        return ret;
    *zone = (struct kvmd_zone){request.addr, request.size, request.pio};
    return request.pio > 1 ? -EINVAL : 0;
}

int64_t kvmd_register_coalesced_mmio(struct kvmd_call *call)
{
    struct kvmd_zones *zones = &call->vm->zones;
    struct kvmd_zone zone, *more;
    size_t others = 0;
    int ret = read_zone(call, &zone);

    if (ret)
        return ret;
    for (size_t n = 0; n < zones->nr; n++)
        others += zones->all[n].is_port == zone.is_port;
    if (others >= MOST_ZONES)
        return -ENOSPC;
    more = reallocarray(zones->all, zones->nr + 1, sizeof(*more));
    if (!more)
        return -ENOMEM;
    more[zones->nr++] = zone;
    zones->all = more;
    return 0;
}

/* Every zone that holds this one goes; whether there was one, nobody is answered. */
int64_t kvmd_unregister_coalesced_mmio(struct kvmd_call *call)
{
    struct kvmd_zones *zones = &call->vm->zones;
    struct kvmd_zone zone;
    size_t kept = 0;
    int ret = read_zone(call, &zone);

    if (ret)
        return ret;
    for (size_t n = 0; n < zones->nr; n++) {
        if (!holds(&zones->all[n], zone.address, zone.size, zone.is_port))
            zones->all[kept++] = zones->all[n];
    }
    zones->nr = kept;
    return 0;
}
