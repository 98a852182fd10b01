/* SPDX-License-Identifier: BSD-3-Clause */
/* KVM_RESET_DIRTY_RINGS: what the VMM has harvested is noticed again. */
#include <errno.h>

#include "kvmd/internal.h"

#define PAGE UINT64_C(4096)

/* Where the VMM says the page is, which may be nowhere. */
static void clean(const struct kvmd_slots *slots, const struct kvm_dirty_gfn *entry)
{
    uint32_t id = __atomic_load_n(&entry->slot, __ATOMIC_RELAXED);
    uint64_t page = __atomic_load_n(&entry->offset, __ATOMIC_RELAXED);
    const struct kvmd_slot *slot = slots_of_id(slots, id);

    if (slot && slot->ring_log && page < slot->size / PAGE)
        ring_log_clean(slot->ring_log, page);
}

/* In their order: what is not marked ends it. */
static uint32_t reset(const struct kvmd_slots *slots, struct kvmd_ring *ring)
{
    uint32_t count = 0;

    for (; ring_used(ring) > 0; count++) {
        struct kvm_dirty_gfn *entry = &ring->entries[ring->reset % ring->size];

        if (!(__atomic_load_n(&entry->flags, __ATOMIC_ACQUIRE) & KVM_DIRTY_GFN_F_RESET))
            break;
        __atomic_store_n(&entry->flags, 0, __ATOMIC_RELEASE);
        ring->reset++;
        clean(slots, entry);
    }
    return count;
}

int64_t kvmd_reset_dirty_rings(struct kvmd_call *call)
{
    struct kvmd_vm *vm = call->vm;
    uint32_t count = 0;

    if (!vm->slots.ring_size)
        return -EINVAL;
    for (uint32_t n = 0; n < vm->nr_vcpus; n++) {
        count += reset(&vm->slots, &vm->vcpus[n]->ring);
        ring_take_left_over(vm->vcpus[n]);
    }
    return count;
}
