/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include <vgic5/device.h>

#include "kvm.h"

#define PAGE UINT64_C(4096)
#define FLAGS (KVM_MEM_LOG_DIRTY_PAGES | KVM_MEM_READONLY)
#define GENERIC_V8 5u
#define POWER_OFF 1u
#define PSCI_0_2 4u

/* ---- Making ---------------------------------------------------------------------------------- */

int64_t foretell_vm(uint64_t type)
{
    return type && (type < 32 || type > 44) ? -EINVAL : 0;
}

int64_t foretell_vcpu(const struct model_vm *vm, uint64_t id)
{
    if (id >= NR_IDS)
        return -EINVAL;
    if (vm->vcpus[id])
        return -EEXIST;
    return vm->has_device ? UNKNOWN : 0; /* the device may be complete */
}

int64_t foretell_device(const struct model_vm *vm, const struct kvm_create_device *device)
{
    if (device->type != VGIC5_DEV_TYPE)
        return -ENODEV;
    if (device->flags & KVM_CREATE_DEVICE_TEST)
        return 0;
    if (vm->has_device)
        return -EEXIST;
    return vm->has_run ? -EBUSY : 0;
}

int64_t foretell_init(const struct thing *vcpu, const uint32_t words[8])
{
    if (words[0] != GENERIC_V8)
        return -EINVAL;
    for (unsigned n = 2; n < 8; n++) {
        if (words[n])
            return -ENOENT;
    }
    if (words[1] & ~(POWER_OFF | PSCI_0_2))
        return -EINVAL;
    return vcpu->initialised && (vcpu->features ^ words[1]) & ~POWER_OFF ? -EINVAL : 0;
}

int64_t foretell_run(const struct thing *vcpu)
{
    return vcpu->initialised ? UNKNOWN : -ENOEXEC;
}

/* EIO: with a device the first run completes it, or spoils the VM. */
bool run_may_answer(const struct thing *vcpu, int64_t answer)
{
    return answer != -EIO || vcpu->vm->has_failed;
}

void run_has_ended(const struct thing *vcpu, int64_t answer)
{
    if (answer == 0 || answer == -EINTR)
        vcpu->vm->has_run = true;
    else if (answer != -ENOEXEC && vcpu->vm->has_device)
        vcpu->vm->has_failed = true;
}

/* ---- Slots ----------------------------------------------------------------------------------- */

static bool is_valid(const struct kvm_userspace_memory_region *r)
{
    return !(r->flags & ~FLAGS) && r->slot < NR_SLOTS &&
           (r->memory_size | r->guest_phys_addr | r->userspace_addr) % PAGE == 0 &&
           r->guest_phys_addr + r->memory_size >= r->guest_phys_addr &&
           r->userspace_addr + r->memory_size >= r->userspace_addr &&
           r->memory_size / PAGE < UINT32_C(1) << 31;
}

static bool overlaps(const struct model_vm *vm, const struct kvm_userspace_memory_region *r)
{
    for (uint32_t id = 0; id < NR_SLOTS; id++) {
        const struct model_slot *slot = &vm->slots[id];

        if (slot->used && id != r->slot && r->guest_phys_addr < slot->gpa + slot->size &&
            slot->gpa < r->guest_phys_addr + r->memory_size)
            return true;
    }
    return false;
}

int64_t foretell_region(const struct model_vm *vm, const struct kvm_userspace_memory_region *r)
{
    const struct model_slot *slot = &vm->slots[r->slot % NR_SLOTS];

    if (!is_valid(r))
        return -EINVAL;
    if (r->memory_size && r->guest_phys_addr + r->memory_size > UINT64_C(1) << vm->ipa_bits)
        return -EFAULT;
    if (!r->memory_size)
        return slot->used ? 0 : -EINVAL;
    if (slot->used && (slot->user != r->userspace_addr || slot->size != r->memory_size ||
                       (slot->flags ^ r->flags) & KVM_MEM_READONLY))
        return -EINVAL;
    if (overlaps(vm, r) && (!slot->used || slot->gpa != r->guest_phys_addr))
        return -EEXIST;
    return slot->used ? 0 : UNKNOWN; /* whether the memory is there, the client knows */
}

void region_was_set(struct model_vm *vm, const struct kvm_userspace_memory_region *r)
{
    vm->slots[r->slot] = (struct model_slot){.used = r->memory_size > 0,
                                             .flags = r->flags,
                                             .gpa = r->guest_phys_addr,
                                             .size = r->memory_size,
                                             .user = r->userspace_addr};
}

/* ---- Things ---------------------------------------------------------------------------------- */

struct thing *thing_is_made(struct fuzz_model *model, struct kvmd_object *object,
                            enum thing_kind kind, struct model_vm *vm)
{
    for (unsigned n = 0; n < MOST_THINGS; n++) {
        struct thing *thing = &model->things[n];

        if (thing->object)
            continue;
        *thing = (struct thing){.object = object, .kind = kind, .vm = vm};
        if (vm)
            vm->open++;
        return thing;
    }
    kvmd_close(object); /* the VMM has too many: it goes as it came */
    return NULL;
}

void thing_is_closed(struct thing *thing)
{
    kvmd_close(thing->object);
    if (thing->vm && --thing->vm->open == 0)
        memset(thing->vm, 0, sizeof(*thing->vm));
    memset(thing, 0, sizeof(*thing));
}
