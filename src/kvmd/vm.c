/* SPDX-License-Identifier: BSD-3-Clause */
/* VMs, and the vCPUs and the device that are made in them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kvmd/engine.h"
#include "kvmd/psci.h"

/* KVM_CREATE_VM's type: the size of a guest physical address, 0 for 40 bits. */
#define TYPE_IPA_MASK 0xffu
#define IPA_DEFAULT 40u
#define IPA_LEAST 32u
#define IPA_MOST KVMD_IPA_BITS

/* The next size that IRS_IDR0.PA_RANGE can say. */
static uint8_t pa_range(uint64_t bits)
{
    static const uint8_t sizes[] = {32, 36, 40, 42, 44, 48};
    size_t n = 0;

    while (sizes[n] < bits)
        n++;
    return sizes[n];
}

static void vm_destroy(struct kvmd_vm *vm)
{
    irqfds_destroy(&vm->wires);
    ioeventfds_destroy(&vm->wires);
    wires_destroy(&vm->wires);
    for (uint32_t n = 0; n < vm->nr_vcpus; n++)
        vcpu_free(vm->vcpus[n]);
    free(vm->vcpus);
    engine_destroy(vm);
    vgic5_destroy(vm->gic);
    slots_destroy(&vm->slots);
    free(vm->zones.all);
    turn_lock_destroy(&vm->lock);
    free(vm);
}

static struct kvmd_vm *vm_create(struct kvmd *kvmd, uint64_t ipa_bits)
{
    struct kvmd_vm *vm = calloc(1, sizeof(*vm));

    if (!vm)
        return NULL;
    if (turn_lock_init(&vm->lock)) {
        free(vm);
        return NULL;
    }
    vm->kvmd = kvmd;
    vm->end = vm_destroy;
    vm->number = __atomic_add_fetch(&kvmd->nr_vms, 1, __ATOMIC_RELAXED);
    vm->ipa_bits = (uint8_t)ipa_bits;
    vm->irs_base = UINT64_MAX;
    vm->psci_version = PSCI_NEWEST;
    identification_of_vm(vm);
    vm_set_counter(vm, 0);
    vm->wires.epoll = vm->wires.quit = -1;
    return vm;
}

static void adopt(struct kvmd_call *call, struct kvmd_object *object, struct kvmd_vm *vm)
{
    object->vm = vm;
    __atomic_add_fetch(&vm->objects, 1, __ATOMIC_RELAXED);
    call->reply->made = object;
}

int64_t kvmd_create_vm(struct kvmd_call *call)
{
    struct kvmd *kvmd = call->object->kvmd;
    uint64_t bits = call->argument ? call->argument : IPA_DEFAULT;
    struct kvmd_object *object;
    struct kvmd_vm *vm;
    int ret = 0;

    if (call->argument & ~(uint64_t)TYPE_IPA_MASK || bits < IPA_LEAST || bits > IPA_MOST)
        return -EINVAL;
    object = object_create(KVMD_VM, kvmd, 0, &ret);
    if (!object)
        return ret;
    vm = vm_create(kvmd, bits);
    if (!vm) {
        object_put(object);
        return -ENOMEM;
    }
    adopt(call, object, vm);
    return 0;
}

/* ---- vCPUs ----------------------------------------------------------------------------------- */

static struct kvmd_vcpu *vcpu_of_id(const struct kvmd_vm *vm, uint64_t id)
{
    for (uint32_t n = 0; n < vm->nr_vcpus; n++) {
        if (vm->vcpus[n]->id == id)
            return vm->vcpus[n];
    }
    return NULL;
}

static int make_room(struct kvmd_vm *vm)
{
    struct kvmd_vcpu **more = reallocarray(vm->vcpus, (size_t)vm->nr_vcpus + 1, sizeof(*vm->vcpus));

    if (!more)
        return -ENOMEM;
    vm->vcpus = more;
    return 0;
}

static int add_to_gic(struct kvmd_vm *vm, struct kvmd_vcpu *vcpu)
{
    int ret = vgic5_add_vcpu(vm->gic, vcpu->id);

    vcpu->pe.gic = ret == 0 ? vgic5_vcpu(vm->gic, vcpu->id) : NULL;
    return ret;
}

static int add_vcpu(struct kvmd_vm *vm, struct kvmd_object *object, uint32_t id)
{
    struct kvmd_vcpu *vcpu;
    int ret = make_room(vm);

    if (ret == 0)
        ret = vcpu_make(vm, id, object->fd, &vcpu);
    if (ret)
        return ret;
    if (vm->gic)
        ret = add_to_gic(vm, vcpu);
    if (ret) {
        vcpu_free(vcpu);
        return ret;
    }
    vm->vcpus[vm->nr_vcpus++] = vcpu;
    object->vcpu = vcpu;
    return 0;
}

int64_t kvmd_create_vcpu(struct kvmd_call *call)
{
    struct kvmd_vm *vm = call->vm;
    const uint32_t ring = vm->slots.ring_size;
    struct kvmd_object *object;
    int ret = 0;

    if (call->argument >= KVMD_MAX_VCPUS || vm->nr_vcpus >= KVMD_MAX_VCPUS)
        return -EINVAL;
    if (vcpu_of_id(vm, call->argument))
        return -EEXIST;
    object = object_create(KVMD_VCPU, vm->kvmd, ring ? (size_t)KVMD_RING_AT + ring : KVMD_RUN_SIZE,
                           &ret);
    if (!object)
        return ret;
    ret = add_vcpu(vm, object, (uint32_t)call->argument);
    if (ret)
        object_put(object);
    else
        adopt(call, object, vm);
    return ret;
}

/* ---- The device ------------------------------------------------------------------------------ */

static int make_gic(struct kvmd_vm *vm)
{
    int ret = device_create(vm, pa_range(vm->ipa_bits), &vm->gic);

    for (uint32_t n = 0; n < vm->nr_vcpus && ret == 0; n++)
        ret = add_to_gic(vm, vm->vcpus[n]);
    for (uint32_t n = 0; n < vm->nr_vcpus && ret; n++)
        vm->vcpus[n]->pe.gic = NULL;
    if (ret) {
        vgic5_destroy(vm->gic);
        vm->gic = NULL;
    }
    return ret;
}

int64_t kvmd_create_device(struct kvmd_call *call)
{
    struct kvm_create_device device;
    struct kvmd_object *object;
    int ret = call_read(call, &device, sizeof(device));

    if (ret)
        return ret;
    if (device.type != VGIC5_DEV_TYPE)
        return -ENODEV;
    if (device.flags & KVM_CREATE_DEVICE_TEST)
        return 0;
    if (call->vm->gic)
        return -EEXIST;
    if (call->vm->identification.frozen) /* a vCPU has run without it */
        return -EBUSY;
    object = object_create(KVMD_DEVICE, call->vm->kvmd, 0, &ret);
    if (!object)
        return ret;
    ret = make_gic(call->vm);
    if (ret) {
        object_put(object);
        return ret;
    }
    adopt(call, object, call->vm);
    call->reply->made_at = call->argument + offsetof(struct kvm_create_device, fd);
    return 0;
}

/* A GICv2 or GICv3 of the old kind. */
int64_t kvmd_create_irqchip(struct kvmd_call *call)
{
    (void)call;
    return -ENODEV;
}

int64_t kvmd_preferred_target(struct kvmd_call *call)
{
    const struct kvmd_vcpu_init init = {.target = KVMD_TARGET_GENERIC_V8};

    return call_write(call, &init, sizeof(init));
}

static int manual_protect(struct kvmd_vm *vm, uint64_t argument)
{
    const bool enable = argument & KVMD_DIRTY_LOG_MANUAL_PROTECT;
    const bool initially_set = argument & KVMD_DIRTY_LOG_INITIALLY_SET;

    if (argument & ~(uint64_t)KVMD_DIRTY_LOG_MODES || (initially_set && !enable))
        return -EINVAL;
    vm->slots.manual_protect = enable;
    vm->slots.initially_set = initially_set;
    return 0;
}

static int system_suspend(struct kvmd_vm *vm, uint64_t argument)
{
    (void)argument;
    vm->system_suspend = true;
    return 0;
}

static int nisv_to_user(struct kvmd_vm *vm, uint64_t argument)
{
    (void)argument;
    vm->nisv_to_user = true;
    return 0;
}

static int dirty_ring(struct kvmd_vm *vm, uint64_t argument)
{
    return ring_enable(&vm->slots, (uint32_t)argument, vm->nr_vcpus != 0);
}

/* Before the first slot, so that each has a bitmap. */
static int ring_with_bitmap(struct kvmd_vm *vm, uint64_t argument)
{
    (void)argument;
    if (!vm->slots.ring_size || vm->slots.nr)
        return -EINVAL;
    vm->slots.with_bitmap = true;
    return 0;
}

/* Before the first vCPU, as in KVM. */
static int writable_implementation(struct kvmd_vm *vm, uint64_t argument)
{
    (void)argument;
    if (vm->nr_vcpus)
        return -EINVAL;
    vm->identification.implementation_writable = true;
    return 0;
}

static const struct {
    uint32_t number;
    int (*enable)(struct kvmd_vm *vm, uint64_t argument);
} to_enable[] = {
    {KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2, manual_protect},
    {KVM_CAP_ARM_NISV_TO_USER, nisv_to_user},
    {KVMD_CAP_ARM_SYSTEM_SUSPEND, system_suspend},
    {KVMD_CAP_DIRTY_LOG_RING_ACQ_REL, dirty_ring},
    {KVMD_CAP_DIRTY_LOG_RING_WITH_BITMAP, ring_with_bitmap},
    {KVMD_CAP_ARM_WRITABLE_IMP_ID_REGS, writable_implementation},
};

int64_t kvmd_enable_cap(struct kvmd_call *call)
{
    struct kvm_enable_cap cap;
    int ret = call_read(call, &cap, sizeof(cap));

    if (ret)
        return ret;
    for (size_t n = 0; n < sizeof(to_enable) / sizeof(to_enable[0]); n++) {
        if (to_enable[n].number == cap.cap)
            return cap.flags ? -EINVAL : to_enable[n].enable(call->vm, cap.args[0]);
    }
    return -EINVAL;
}

/* The SMCCC filter alone is an attribute of a VM, and this one has none. */
int64_t kvmd_no_attribute(struct kvmd_call *call)
{
    (void)call;
    return -ENXIO;
}
