/* SPDX-License-Identifier: BSD-3-Clause */
#include "port_vm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

void port_vm_open(struct port_vm *vm, uint32_t abi)
{
    memset(vm, 0, sizeof(*vm));
    kernel_open(&vm->kernel, abi, &vm->calls);
    vm->says = abi;
}

void port_vm_make(struct port_vm *vm, const uint32_t *ids, uint32_t nr_ids, bool with_memory)
{
    const char *where;

    assert_int_equal(kvm_vm_open(&vm->vm, &vm->calls, &where), 0);
    for (uint32_t n = 0; n < nr_ids; n++)
        assert_int_equal(kvm_vm_add_vcpu(&vm->vm, ids[n]), 0);
    vm->kvm = (struct vgic5_kvm){.size = sizeof(vm->kvm),
                                 .abi = vm->says,
                                 .calls = &vm->calls,
                                 .vm = vm->vm.vm,
                                 .device = vm->vm.device,
                                 .nr_vcpus = nr_ids,
                                 .vcpu_ids = vm->vm.ids,
                                 .read_guest = with_memory ? vmm_read_guest : NULL,
                                 .write_guest = with_memory ? vmm_write_guest : NULL,
                                 .opaque = &vm->kernel.vmm};
    vgic5_port_kvm(&vm->kvm, &vm->port);
}

void port_vm_close(struct port_vm *vm)
{
    kvm_vm_close(&vm->vm);
    kernel_close(&vm->kernel);
}

void port_vm_warn(void *opaque, const char *message)
{
    struct port_vm *vm = opaque;

    vm->warnings++;
    strncpy(vm->last, message, sizeof(vm->last) - 1);
}
