/* SPDX-License-Identifier: BSD-3-Clause */
/* A VM of the kernel of the tests, and the port to it. */
#ifndef TESTS_KVM_PORT_VM_H
#define TESTS_KVM_PORT_VM_H

#include "kernel.h"
#include "kvm/calls.h"

struct port_vm {
    struct kernel kernel; /* with the device, and the guest's memory */
    struct vgic5_kvm_calls calls;
    struct kvm_vm vm;
    struct vgic5_kvm kvm;
    struct vgic5_port port;
    uint32_t says;     /* the generation of the port; whoever wants another changes it, too */
    unsigned warnings; /* heard by port_vm_warn */
    char last[320];
};

/* The kernel; whoever wants it otherwise changes it before the VM is made. */
void port_vm_open(struct port_vm *vm, uint32_t abi);
/* Its vCPUs, and the port; `with_memory`: which can read the guest's. */
void port_vm_make(struct port_vm *vm, const uint32_t *ids, uint32_t nr_ids, bool with_memory);
void port_vm_close(struct port_vm *vm);

/* Of vgic5_migration_options, with the VM as its opaque. */
void port_vm_warn(void *vm, const char *message);

#endif
