/* SPDX-License-Identifier: BSD-3-Clause */
/* A VMM or a guest that does what it should not: it gets KVM's errno or its end, and no other VM
 * of the same kernel notices. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "kvm/numbers.h"
#include "vm.h"

#define PAGE 4096u
#define ABORTS 0x4e5e2d18u /* Unicorn's decoder asserts that nobody has this word */
#define CRC32X 0x9ac24c20u /* in which the preloaded Unicorn aborts */
#define STORE 0xb9000041u  /* str w1, [x2] */
#define UNDEFINED UINT64_C(0x02000000)
#define VBAR SYSREG(3, 0, 12, 0, 0)
#define CPACR SYSREG(3, 0, 1, 0, 2)
#define ESR SYSREG(3, 0, 5, 2, 0)
#define ELR UINT64_C(0x6030000000100046)

/* ---- A second VM of the same kernel ---------------------------------------------------------- */

static int create(const struct vm *vm, struct vm *other)
{
    const struct vgic5_kvm_calls *calls = &vm->emulated.calls;
    const struct kvm_userspace_memory_region region = {
        .guest_phys_addr = RAM, .memory_size = RAM_SIZE, .userspace_addr = (uintptr_t)vm_ram};
    struct kvm_numbers_vcpu_init init;

    *other = *vm;
    other->vm = call(vm, vm->kvm, KVM_CREATE_VM, NULL);
    other->vcpu = call(vm, other->vm, KVM_CREATE_VCPU, NULL);
    if (other->vcpu < 0)
        return other->vcpu;
    other->run = calls->map(calls->opaque, other->vcpu, 0x10000);
    assert_int_equal(call(vm, other->vm, VGIC5_KVM_ARM_PREFERRED_TARGET, &init), 0);
    assert_int_equal(call(vm, other->vcpu, VGIC5_KVM_ARM_VCPU_INIT, &init), 0);
    return call(vm, other->vm, KVM_SET_USER_MEMORY_REGION, &region);
}

static void close_other(const struct vm *other)
{
    const struct vgic5_kvm_calls *calls = &other->emulated.calls;

    calls->unmap(calls->opaque, other->run, 0x10000);
    calls->close(calls->opaque, other->vcpu);
    calls->close(calls->opaque, other->vm);
}

/* What is pending is over first, and moves PC. */
static void settle(const struct vm *vm)
{
    vm->run->immediate_exit = 1;
    assert_int_equal(call(vm, vm->vcpu, KVM_RUN, NULL), -EINTR);
    vm->run->immediate_exit = 0;
}

/* It stores, which leaves. */
static void still_works(const struct vm *vm)
{
    settle(vm);
    memcpy(vm_ram + 8 * PAGE, &(uint32_t){STORE}, 4);
    set(vm, X(2), DOORBELL + 0x80);
    set(vm, PC, RAM + 8 * PAGE);
    assert_int_equal(go_on(vm), KVM_EXIT_MMIO);
    assert_int_equal(vm->run->mmio.phys_addr, DOORBELL + 0x80);
}

/* ---- Words ----------------------------------------------------------------------------------- */

/* Exceptions end in a store. */
static void execute(const struct vm *vm, uint32_t word)
{
    for (unsigned n = 0; n < 0x800; n += 4)
        memcpy(vm_ram + 16 * PAGE + n, &(uint32_t){STORE}, 4);
    memcpy(vm_ram + 4 * PAGE, &word, 4);
    memcpy(vm_ram + 4 * PAGE + 4, &(uint32_t){STORE}, 4);
    set(vm, VBAR, RAM + 16 * PAGE);
    set(vm, CPACR, 3 << 20);
    set(vm, X(2), DOORBELL);
    settle(vm);
    set(vm, PC, RAM + 4 * PAGE);
}

static void a_word_that_aborts(void **state)
{
    struct vm vm, other;

    (void)state;
    open_vm(&vm);
    assert_int_equal(create(&vm, &other), 0);
    execute(&vm, ABORTS);
    assert_int_equal(go_on(&vm), KVM_EXIT_MMIO);
    assert_int_equal(vm.run->mmio.phys_addr, DOORBELL);
    assert_int_equal(get(&vm, ESR), UNDEFINED);
    assert_int_equal(get(&vm, ELR), RAM + 4 * PAGE);
    assert_int_equal(get(&vm, PC), RAM + 16 * PAGE + 0x200);
    still_works(&other);
    execute(&other, ABORTS); /* the other one has not met it yet */
    assert_int_equal(go_on(&other), KVM_EXIT_MMIO);
    assert_int_equal(get(&other, ESR), UNDEFINED);
    close_other(&other);
    close_vm(&vm);
}

/* Only what cannot be contained ends a VM, and no other; KVM_ARM_VCPU_INIT begins it anew. */
static void an_engine_that_breaks(void **state)
{
    struct kvm_numbers_vcpu_init init;
    struct vm vm, other;
    uint64_t value;

    (void)state;
    if (!getenv("VGIC5_EXPECT_BROKEN"))
        skip();
    open_vm(&vm);
    assert_int_equal(create(&vm, &other), 0);
    execute(&vm, CRC32X);
    for (unsigned n = 0; n < 3; n++) {
        assert_int_equal(go_on(&vm), KVM_EXIT_INTERNAL_ERROR);
        assert_int_equal(vm.run->internal.suberror, 1); /* KVM_INTERNAL_ERROR_EMULATION */
        still_works(&other);
    }
    assert_int_equal(try_get(&vm, PC, &value), -EIO); /* nobody knows it */
    assert_int_equal(call(&vm, vm.vm, VGIC5_KVM_ARM_PREFERRED_TARGET, &init), 0);
    init.features[0] |= 1u << 2;
    assert_int_equal(call(&vm, vm.vcpu, VGIC5_KVM_ARM_VCPU_INIT, &init), 0);
    still_works(&vm);
    close_other(&other);
    close_vm(&vm);
}

/* ---- Objects --------------------------------------------------------------------------------- */

static void a_device_after_a_run(void **state)
{
    struct kvm_create_device device = {.type = VGIC5_DEV_TYPE};
    struct vm vm;

    (void)state;
    open_vm(&vm);
    still_works(&vm);
    assert_int_equal(call(&vm, vm.vm, KVM_CREATE_DEVICE, &device), -EBUSY);
    device.flags = KVM_CREATE_DEVICE_TEST;
    assert_int_equal(call(&vm, vm.vm, KVM_CREATE_DEVICE, &device), 0);
    still_works(&vm);
    close_vm(&vm);
}

static void on_the_wrong_object(void **state)
{
    struct vm vm;

    (void)state;
    open_vm(&vm);
    assert_int_equal(call(&vm, vm.kvm, KVM_CREATE_VCPU, NULL), -ENOTTY);
    assert_int_equal(call(&vm, vm.kvm, KVM_RUN, NULL), -ENOTTY);
    assert_int_equal(call(&vm, vm.vm, KVM_RUN, NULL), -ENOTTY);
    assert_int_equal(call(&vm, vm.vm, KVM_CREATE_VM, NULL), -ENOTTY);
    assert_int_equal(call(&vm, vm.vcpu, KVM_CREATE_VCPU, NULL), -ENOTTY);
    assert_int_equal(call(&vm, vm.vcpu, KVM_GET_API_VERSION, NULL), -ENOTTY);
    assert_int_equal(call(&vm, vm.vm + 1000, KVM_RUN, NULL), -EBADF);
    still_works(&vm);
    close_vm(&vm);
}

/* Whoever wants more than there are hears so; the others go on, and can go on making. */
static void too_many_objects(void **state)
{
    struct vm vm, other;
    int made = 0, last = 0, ret = 0;

    (void)state;
    open_vm(&vm);
    while (made < 100000 && (ret = call(&vm, vm.kvm, KVM_CREATE_VM, NULL)) >= 0) {
        last = ret;
        made++;
    }
    assert_in_range(made, 900, 99999);
    assert_true(ret == -EMFILE || ret == -ENFILE || ret == -ENOMEM);
    still_works(&vm);
    for (int fd = last; made > 0; fd--, made--)
        assert_int_equal(vm.emulated.calls.close(vm.emulated.calls.opaque, fd), 0);
    assert_int_equal(create(&vm, &other), 0);
    still_works(&other);
    close_other(&other);
    close_vm(&vm);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_word_that_aborts),   cmocka_unit_test(an_engine_that_breaks),
        cmocka_unit_test(a_device_after_a_run), cmocka_unit_test(on_the_wrong_object),
        cmocka_unit_test(too_many_objects),
    };

    if (argc != 2)
        return 2;
    vm_guest(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
