/* SPDX-License-Identifier: BSD-3-Clause */
/* The system's functions behind struct vgic5_kvm_calls, and a small VM made with them. */
#ifndef KVM_CALLS_H
#define KVM_CALLS_H

#include <vgic5/kvm.h>

#include "facts/map.h"

/* `given` with every NULL filled in; `given` may be NULL. */
void kvm_calls_fill(struct vgic5_kvm_calls *calls, const struct vgic5_kvm_calls *given);
/* The ioctl's result, or a negative errno. */
int kvm_ioctl(const struct vgic5_kvm_calls *calls, int fd, unsigned long request, const void *of);

#define KVM_VM_VCPUS 4u
#define KVM_VM_RAM_BASE ((uint64_t)MAP_RAM_BASE)
#define KVM_VM_RAM_SIZE UINT64_C(0x100000)

/* A VM with a VGICv5, 1 MiB of RAM and a few vCPUs that never execute an instruction. */
struct kvm_vm {
    struct vgic5_kvm_calls calls;
    int kvm, vm, device;
    int vcpus[KVM_VM_VCPUS];
    uint32_t ids[KVM_VM_VCPUS];
    uint32_t nr_vcpus;
    int run_size;
    void *ram;
};

/* 0, or a negative errno and *where the call that failed ("KVM_CREATE_VM"). Close it either way. */
int kvm_vm_open(struct kvm_vm *vm, const struct vgic5_kvm_calls *calls, const char **where);
void kvm_vm_close(struct kvm_vm *vm);
int kvm_vm_add_vcpu(struct kvm_vm *vm, uint32_t id);
/* KVM_RUN that leaves at once. */
int kvm_vm_run(struct kvm_vm *vm, uint32_t id);
int kvm_vm_attr(const struct kvm_vm *vm, unsigned long request, const struct vgic5_attr *attr);

#endif
