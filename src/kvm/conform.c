/* SPDX-License-Identifier: BSD-3-Clause */
/* VMs of /dev/kvm for the conformance suite. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kvm/calls.h"
#include "kvm/numbers.h"

static int vm_create(void *opaque, void **made)
{
    struct kvm_vm *vm = malloc(sizeof(*vm));
    const char *where;
    int ret;

    if (!vm)
        return -ENOMEM;
    ret = kvm_vm_open(vm, opaque, &where);
    if (ret) {
        kvm_vm_close(vm);
        free(vm);
        return ret;
    }
    *made = vm;
    return 0;
}

static void vm_destroy(void *vm)
{
    kvm_vm_close(vm);
    free(vm);
}

static int vm_add_vcpu(void *vm, uint32_t id)
{
    return kvm_vm_add_vcpu(vm, id);
}

static int vm_has(void *vm, const struct vgic5_attr *attr)
{
    return kvm_vm_attr(vm, KVM_HAS_DEVICE_ATTR, attr);
}

static int vm_get(void *vm, const struct vgic5_attr *attr)
{
    return kvm_vm_attr(vm, KVM_GET_DEVICE_ATTR, attr);
}

static int vm_set(void *vm, const struct vgic5_attr *attr)
{
    return kvm_vm_attr(vm, KVM_SET_DEVICE_ATTR, attr);
}

static int vm_enter(void *vm, uint32_t vcpu_id, bool stays)
{
    return stays ? -EOPNOTSUPP : kvm_vm_run(vm, vcpu_id);
}

static void vm_leave(void *vm, uint32_t vcpu_id)
{
    (void)vm, (void)vcpu_id; /* it came back at once */
}

static int vm_irq_line(void *opaque, uint32_t irq, bool level)
{
    struct kvm_irq_level line = {.irq = irq, .level = level};
    struct kvm_vm *vm = opaque;

    return kvm_ioctl(&vm->calls, vm->vm, KVM_IRQ_LINE, &line);
}

static int vm_create_device(void *opaque, uint32_t type)
{
    struct kvm_create_device create = {.type = type};
    struct kvm_vm *vm = opaque;
    int ret = kvm_ioctl(&vm->calls, vm->vm, KVM_CREATE_DEVICE, &create);

    if (ret == 0)
        vm->calls.close(vm->calls.opaque, (int)create.fd);
    return ret;
}

static uint8_t *ram_at(struct kvm_vm *vm, uint64_t ipa, size_t size)
{
    if (ipa < KVM_VM_RAM_BASE || size > KVM_VM_RAM_SIZE ||
        ipa - KVM_VM_RAM_BASE > KVM_VM_RAM_SIZE - size)
        return NULL;
    return (uint8_t *)vm->ram + (ipa - KVM_VM_RAM_BASE);
}

static int vm_read_guest(void *vm, uint64_t ipa, void *to, size_t size)
{
    const uint8_t *from = ram_at(vm, ipa, size);

    if (!from)
        return -EFAULT;
    memcpy(to, from, size);
    return 0;
}

static int vm_write_guest(void *vm, uint64_t ipa, const void *from, size_t size)
{
    uint8_t *to = ram_at(vm, ipa, size);

    if (!to)
        return -EFAULT;
    memcpy(to, from, size);
    return 0;
}

void vgic5_kvm_conform_sized(const struct vgic5_kvm_calls *calls, uint32_t abi,
                             struct vgic5_conform_ops *ops, uint32_t size)
{
    const struct vgic5_conform_ops filled = {
        .size = size < sizeof(filled) ? size : sizeof(filled),
        .abi = abi,
        .opaque = (void *)(uintptr_t)calls,
        .create = vm_create,
        .destroy = vm_destroy,
        .add_vcpu = vm_add_vcpu,
        .has_attr = vm_has,
        .get_attr = vm_get,
        .set_attr = vm_set,
        .enter = vm_enter,
        .leave = vm_leave,
        .irq_line = vm_irq_line,
        .ipa_bits = 40, /* KVM_CREATE_VM's type 0 */
        .read_guest = vm_read_guest,
        .write_guest = vm_write_guest,
        .ram_base = KVM_VM_RAM_BASE,
        .ram_size = KVM_VM_RAM_SIZE,
        .create_device = vm_create_device,
    };

    if (!ops)
        return;
    memset(ops, 0, size);
    memcpy(ops, &filled, filled.size);
}
