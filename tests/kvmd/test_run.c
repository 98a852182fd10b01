/* SPDX-License-Identifier: BSD-3-Clause */
/* KVM_RUN: what comes back, with what, and what it takes to go on. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <linux/kvm.h>

#include "vm.h"

#define SYSTEM_EVENT_SHUTDOWN 1

/* A store, a load that is extended, a store of the sum; PC is at the access until it is completed.
 */
static void accesses_come_back(void **state)
{
    struct vm vm;

    (void)state;
    open_vm(&vm);
    set(&vm, X(19), 3);
    set(&vm, X(21), 0x1234);
    assert_int_equal(call(&vm, vm.vcpu, KVM_RUN, NULL), 0);
    assert_int_equal(vm.run->exit_reason, KVM_EXIT_MMIO);
    assert_int_equal(vm.run->mmio.phys_addr, DOORBELL + 2);
    assert_int_equal(vm.run->mmio.len, 2);
    assert_true(vm.run->mmio.is_write);
    assert_memory_equal(vm.run->mmio.data, "\x34\x12\0\0\0\0\0\0", 8);
    assert_int_equal(call(&vm, vm.vcpu, KVM_RUN, NULL), 0);
    assert_int_equal(vm.run->mmio.phys_addr, DOORBELL + 8);
    assert_false(vm.run->mmio.is_write);
    assert_int_equal(get(&vm, X(4)), 0);
    vm.run->mmio.data[0] = 0x80;
    assert_int_equal(call(&vm, vm.vcpu, KVM_RUN, NULL), 0);
    assert_int_equal(vm.run->mmio.phys_addr, DOORBELL + 16);
    assert_int_equal(get(&vm, X(4)), 0x1234 - 0x80);
    close_vm(&vm);
}

/* A store of another vCPU ends an exclusive, though the value is the same again. */
static void exclusives(void **state)
{
    struct vm vm, other;

    (void)state;
    open_vm(&vm);
    other = vm;
    open_vcpu(&other, 1);
    for (unsigned stores = 0; stores < 2; stores++) {
        set(&vm, X(21), 0);
        set(&vm, X(22), RAM + 0x10000);
        assert_int_equal(run_guest(&vm, 12), KVM_EXIT_MMIO);
        if (stores) {
            set(&other, X(21), 0);
            set(&other, X(22), RAM + 0x10000);
            assert_int_equal(run_guest(&other, 7), KVM_EXIT_MMIO);
        }
        assert_int_equal(go_on(&vm), KVM_EXIT_MMIO);
        assert_int_equal(vm.run->mmio.data[0], stores);
    }
    close_vcpu(&other);
    close_vm(&vm);
}

/* immediate_exit completes the access, and leaves exit_reason and mmio as they are. */
static void immediate_exit(void **state)
{
    struct vm vm;
    uint64_t pc;

    (void)state;
    open_vm(&vm);
    set(&vm, X(19), 3);
    assert_int_equal(call(&vm, vm.vcpu, KVM_RUN, NULL), 0);
    pc = get(&vm, PC);
    vm.run->immediate_exit = 1;
    assert_int_equal(call(&vm, vm.vcpu, KVM_RUN, NULL), -EINTR);
    assert_int_equal(vm.run->exit_reason, KVM_EXIT_MMIO);
    assert_int_equal(vm.run->mmio.phys_addr, DOORBELL + 2);
    assert_int_equal(get(&vm, PC), pc + 4);
    close_vm(&vm);
}

/* Registers may be set while an access is pending: a restore of them wins over its answer. */
static void a_new_pc_wins(void **state)
{
    struct vm vm;

    (void)state;
    open_vm(&vm);
    set(&vm, X(19), 3);
    assert_int_equal(call(&vm, vm.vcpu, KVM_RUN, NULL), 0);
    vm.run->immediate_exit = 1;
    assert_int_equal(call(&vm, vm.vcpu, KVM_RUN, NULL), -EINTR);
    vm.run->immediate_exit = 0;
    set(&vm, X(19), 4);
    set(&vm, PC, RAM);
    assert_int_equal(call(&vm, vm.vcpu, KVM_RUN, NULL), 0);
    assert_int_equal(vm.run->exit_reason, KVM_EXIT_SYSTEM_EVENT);
    assert_int_equal(vm.run->system_event.type, SYSTEM_EVENT_SHUTDOWN);
    close_vm(&vm);
}

static void raise_irq(struct vm *vm)
{
    const struct kvm_irq_level line = {.irq = 0, .level = 1}; /* of vCPU 0 itself: no GIC is here */

    assert_int_equal(call(vm, vm->vm, KVM_IRQ_LINE, &line), 0);
}

/* Another thread reads registers, sets a line and asks for an end while the guest runs. */
static void from_another_thread(void **state)
{
    struct vm vm;
    uint64_t counted;

    (void)state;
    open_vm(&vm);
    set(&vm, X(19), 1);
    assert_int_equal(run_while(&vm, ask_to_exit), -EINTR);
    counted = get(&vm, X(20));
    assert_true(counted > 1000);
    vm.run->immediate_exit = 0;
    assert_int_equal(run_while(&vm, ask_to_exit), -EINTR);
    assert_true(get(&vm, X(20)) > counted);

    vm.run->immediate_exit = 0;
    set(&vm, X(19), 2);
    set(&vm, PC, RAM);
    assert_int_equal(run_while(&vm, raise_irq), 0);
    assert_int_equal(vm.run->exit_reason, KVM_EXIT_MMIO);
    assert_int_equal(vm.run->mmio.data[0], 2);
    close_vm(&vm);
}

#define TIMER_CTL SYSREG(3, 3, 14, 3, 1)
#define TIMER_COUNT SYSREG(3, 3, 14, 3, 2) /* in KVM's ABI these two are exchanged */
#define TIMER_COMPARE SYSREG(3, 3, 14, 0, 2)
#define VIRTUAL_TIMER 1u

static uint64_t device_irq_level(const struct vm *vm)
{
    return *(const uint64_t *)(const void *)vm->run->s.padding;
}

/* Without an interrupt controller in the kernel a timer ends WFI for the VMM alone, which makes a
 * line of it; and KVM_RUN comes back once for each change. */
static void timers_of_the_vmm(void **state)
{
    struct vm vm;

    (void)state;
    open_vm(&vm);
    set(&vm, X(19), 2);
    set(&vm, TIMER_COMPARE, get(&vm, TIMER_COUNT) + 625000); /* 10 ms */
    set(&vm, TIMER_CTL, 1);
    assert_int_equal(device_irq_level(&vm), 0);
    assert_int_equal(call(&vm, vm.vcpu, KVM_RUN, NULL), -EINTR);
    assert_int_equal(vm.run->exit_reason, KVM_EXIT_INTR);
    assert_int_equal(device_irq_level(&vm), VIRTUAL_TIMER);
    raise_irq(&vm);
    for (int n = 0; n < 2; n++) {
        assert_int_equal(call(&vm, vm.vcpu, KVM_RUN, NULL), 0);
        assert_int_equal(vm.run->exit_reason, KVM_EXIT_MMIO);
        assert_int_equal(device_irq_level(&vm), VIRTUAL_TIMER);
    }
    set(&vm, TIMER_CTL, 3); /* masked */
    assert_int_equal(call(&vm, vm.vcpu, KVM_RUN, NULL), -EINTR);
    assert_int_equal(device_irq_level(&vm), 0);
    assert_int_equal(call(&vm, vm.vcpu, KVM_RUN, NULL), 0);
    close_vm(&vm);
}

/* PSCI's CPU_SUSPEND is to wait for an interrupt, by either convention; then it is SUCCESS. */
static void cpu_suspend(void **state)
{
    static const uint32_t functions[] = {0x84000001, 0xc4000001};
    static const struct kvm_irq_level low = {.irq = 0, .level = 0};

    (void)state;
    for (size_t n = 0; n < sizeof(functions) / sizeof(functions[0]); n++) {
        const uint64_t success = 0;
        struct vm vm;

        open_vm(&vm);
        set(&vm, X(19), 5);
        set(&vm, X(21), functions[n]);
        set(&vm, X(22), 0x10000); /* what it calls a power-down state */
        assert_int_equal(run_while(&vm, raise_irq), 0);
        assert_int_equal(vm.run->exit_reason, KVM_EXIT_MMIO);
        assert_memory_equal(vm.run->mmio.data, &success, sizeof(success));
        assert_int_equal(call(&vm, vm.vm, KVM_IRQ_LINE, &low), 0);
        assert_int_equal(run_while(&vm, raise_irq), 0); /* and again */
        assert_int_equal(vm.run->exit_reason, KVM_EXIT_MMIO);
        close_vm(&vm);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exclusives),          cmocka_unit_test(accesses_come_back),
        cmocka_unit_test(immediate_exit),      cmocka_unit_test(a_new_pc_wins),
        cmocka_unit_test(from_another_thread), cmocka_unit_test(timers_of_the_vmm),
        cmocka_unit_test(cpu_suspend),
    };

    if (argc != 2)
        return 2;
    vm_guest(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
