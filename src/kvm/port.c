/* SPDX-License-Identifier: BSD-3-Clause */
/* The port to a VGICv5 that a VMM has made with /dev/kvm. */
#include <string.h>

#include "kvm/calls.h"
#include "kvm/numbers.h"

static int device_ioctl(void *opaque, unsigned long request, const struct vgic5_attr *attr)
{
    const struct vgic5_kvm *kvm = opaque;
    struct vgic5_kvm_calls calls;

    kvm_calls_fill(&calls, kvm->calls);
    return kvm_ioctl(&calls, kvm->device, request, attr);
}

static int kvm_has(void *opaque, const struct vgic5_attr *attr)
{
    return device_ioctl(opaque, KVM_HAS_DEVICE_ATTR, attr);
}

static int kvm_get(void *opaque, const struct vgic5_attr *attr)
{
    return device_ioctl(opaque, KVM_GET_DEVICE_ATTR, attr);
}

static int kvm_set(void *opaque, const struct vgic5_attr *attr)
{
    return device_ioctl(opaque, KVM_SET_DEVICE_ATTR, attr);
}

static int kvm_vcpus(void *opaque, uint32_t *ids, size_t max)
{
    const struct vgic5_kvm *kvm = opaque;

    for (uint32_t n = 0; n < kvm->nr_vcpus && n < max; n++)
        ids[n] = kvm->vcpu_ids[n];
    return (int)kvm->nr_vcpus;
}

static int kvm_irq_line(void *opaque, uint32_t irq, bool level)
{
    const struct vgic5_kvm *kvm = opaque;
    struct kvm_irq_level line = {.irq = irq, .level = level};
    struct vgic5_kvm_calls calls;

    kvm_calls_fill(&calls, kvm->calls);
    return kvm_ioctl(&calls, kvm->vm, KVM_IRQ_LINE, &line);
}

static int kvm_read_guest(void *opaque, uint64_t ipa, void *to, size_t size)
{
    const struct vgic5_kvm *kvm = opaque;

    return kvm->read_guest(kvm->opaque, ipa, to, size);
}

static int kvm_write_guest(void *opaque, uint64_t ipa, const void *from, size_t size)
{
    const struct vgic5_kvm *kvm = opaque;

    return kvm->write_guest(kvm->opaque, ipa, from, size);
}

void vgic5_port_kvm_sized(const struct vgic5_kvm *kvm, struct vgic5_port *port, uint32_t size)
{
    if (!kvm || !port)
        return;

    const struct vgic5_port filled = {
        .size = size < sizeof(filled) ? size : sizeof(filled),
        .abi = kvm->abi,
        .opaque = (void *)(uintptr_t)kvm,
        .has_attr = kvm_has,
        .get_attr = kvm_get,
        .set_attr = kvm_set,
        .vcpus = kvm_vcpus,
        .irq_line = kvm_irq_line,
        .read_guest = kvm->read_guest ? kvm_read_guest : NULL,
        .write_guest = kvm->write_guest ? kvm_write_guest : NULL,
        .reads_back = true,
    };

    memset(port, 0, size);
    memcpy(port, &filled, filled.size);
}
