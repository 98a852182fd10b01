/* SPDX-License-Identifier: BSD-3-Clause */
#include "vm.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include <vgic5/device.h>

#include "kvm/numbers.h"

uint8_t vm_ram[RAM_SIZE] __attribute__((aligned(4096)));
static const char *guest_path;

void vm_guest(const char *path)
{
    guest_path = path;
}

int call(const struct vm *vm, int fd, unsigned long request, const void *argument)
{
    const struct vgic5_kvm_calls *calls = &vm->emulated.calls;
    int ret = calls->ioctl(calls->opaque, fd, request, (uintptr_t)argument);

    return ret < 0 ? -errno : ret;
}

int try_get(const struct vm *vm, uint64_t id, uint64_t *value)
{
    return call(vm, vm->vcpu, KVM_GET_ONE_REG, &(struct kvm_one_reg){id, (uintptr_t)value});
}

int try_set(const struct vm *vm, uint64_t id, uint64_t value)
{
    return call(vm, vm->vcpu, KVM_SET_ONE_REG, &(struct kvm_one_reg){id, (uintptr_t)&value});
}

uint64_t get(const struct vm *vm, uint64_t id)
{
    uint64_t value = 0;

    assert_int_equal(try_get(vm, id, &value), 0);
    return value;
}

void set(const struct vm *vm, uint64_t id, uint64_t value)
{
    assert_int_equal(try_set(vm, id, value), 0);
}

uint32_t go_on(const struct vm *vm)
{
    assert_int_equal(call(vm, vm->vcpu, KVM_RUN, NULL), 0);
    return vm->run->exit_reason;
}

uint32_t run_guest(const struct vm *vm, uint64_t what)
{
    vm->run->immediate_exit = 1; /* what is pending is over first, and moves PC */
    assert_int_equal(call(vm, vm->vcpu, KVM_RUN, NULL), -EINTR);
    vm->run->immediate_exit = 0;
    set(vm, X(19), what);
    set(vm, PC, RAM);
    return go_on(vm);
}

/* ---- Meanwhile ------------------------------------------------------------------------------- */

struct later {
    struct vm *vm;
    void (*what)(struct vm *vm);
};

static void *soon(void *opaque)
{
    const struct later *later = opaque;

    usleep(50000);
    later->what(later->vm);
    return NULL;
}

void ask_to_exit(struct vm *vm)
{
    __atomic_store_n(&vm->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
}

int run_while(struct vm *vm, void (*what)(struct vm *vm))
{
    struct later later = {vm, what};
    pthread_t thread;
    int ret;

    assert_int_equal(pthread_create(&thread, NULL, soon, &later), 0);
    ret = call(vm, vm->vcpu, KVM_RUN, NULL);
    pthread_join(thread, NULL);
    return ret;
}

/* ---- Life ------------------------------------------------------------------------------------ */

static void load_guest(void)
{
    FILE *file = fopen(guest_path, "rb");

    assert_non_null(file);
    assert_true(fread(vm_ram, 1, sizeof(vm_ram), file) > 0);
    fclose(file);
}

void open_vcpu(struct vm *vm, uint64_t id)
{
    struct kvm_numbers_vcpu_init init;

    vm->vcpu = call(vm, vm->vm, KVM_CREATE_VCPU, (const void *)(uintptr_t)id);
    assert_true(vm->vcpu > 0);
    vm->run = vm->emulated.calls.map(vm->emulated.calls.opaque, vm->vcpu, 0x10000);
    assert_non_null(vm->run);
    assert_int_equal(call(vm, vm->vcpu, KVM_RUN, NULL), -ENOEXEC);
    assert_int_equal(call(vm, vm->vm, VGIC5_KVM_ARM_PREFERRED_TARGET, &init), 0);
    init.features[0] |= 1u << 2;
    assert_int_equal(call(vm, vm->vcpu, VGIC5_KVM_ARM_VCPU_INIT, &init), 0);
}

void close_vcpu(const struct vm *vm)
{
    vm->emulated.calls.unmap(vm->emulated.calls.opaque, vm->run, 0x10000);
}

void open_vm(struct vm *vm)
{
    open_vm_with(vm, NULL, 0);
}

void open_vm_with(struct vm *vm, const struct kvm_enable_cap *caps, size_t nr)
{
    const struct kvm_userspace_memory_region region = {
        .guest_phys_addr = RAM, .memory_size = RAM_SIZE, .userspace_addr = (uintptr_t)vm_ram};

    load_guest();
    emulated_open(&vm->emulated, KVMD_7_4);
    vm->kvm = vm->emulated.calls.open(vm->emulated.calls.opaque, "/dev/kvm", 0);
    vm->vm = call(vm, vm->kvm, KVM_CREATE_VM, NULL);
    for (size_t n = 0; n < nr; n++)
        assert_int_equal(call(vm, vm->vm, KVM_ENABLE_CAP, &caps[n]), 0);
    open_vcpu(vm, 0);
    assert_int_equal(call(vm, vm->vm, KVM_SET_USER_MEMORY_REGION, &region), 0);
    set(vm, PC, RAM);
}

static void set_gic(const struct vm *vm, uint32_t group, uint64_t attr, uint64_t value)
{
    const struct kvm_device_attr payload = {
        .group = group, .attr = attr, .addr = (uintptr_t)&value};

    assert_int_equal(call(vm, vm->device, KVM_SET_DEVICE_ATTR, &payload), 0);
}

void add_gic(struct vm *vm)
{
    struct kvm_create_device device = {.type = VGIC5_DEV_TYPE};

    assert_int_equal(call(vm, vm->vm, KVM_CREATE_DEVICE, &device), 0);
    vm->device = (int)device.fd;
    set_gic(vm, VGIC5_GRP_ADDR, VGIC5_ADDR_TYPE_IRS, IRS);
    set_gic(vm, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, 0);
}

void close_vm(struct vm *vm)
{
    close_vcpu(vm);
    emulated_close(&vm->emulated);
}
