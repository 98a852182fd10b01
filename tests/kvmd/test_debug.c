/* SPDX-License-Identifier: BSD-3-Clause */
/* KVM_SET_GUEST_DEBUG. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "vm.h"

#define SET_GUEST_DEBUG 0x4208ae9b
#define BRK_0x123 0xd4202460u
#define ESR_BRK 0xf2000123u
#define ESR_STEP 0xcb000022u
#define DEVICE (DOORBELL + 0x40)

static int debug(const struct vm *vm, uint32_t control)
{
    const struct {
        uint32_t control, pad;
        uint64_t registers[64];
    } argument = {.control = control};

    return call(vm, vm->vcpu, SET_GUEST_DEBUG, &argument);
}

/* Where guest.S has its BRK. */
static uint64_t find_break(void)
{
    uint64_t at = 0;

    while (at < RAM_SIZE && *(uint32_t *)(vm_ram + at) != BRK_0x123)
        at += 4;
    assert_true(at < RAM_SIZE);
    return RAM + at;
}

static void comes_back(const struct vm *vm, uint32_t esr, uint64_t pc)
{
    struct {
        uint32_t hsr, high;
        uint64_t far;
    } at;

    assert_int_equal(go_on(vm), KVM_EXIT_DEBUG);
    memcpy(&at, &vm->run->debug, sizeof(at));
    assert_int_equal(at.hsr, esr);
    assert_int_equal(at.high, 0);
    assert_int_equal(get(vm, PC), pc);
}

/* A BRK is the VMM's, until it says otherwise: then the guest takes it. */
static void breakpoints(void **state)
{
    struct vm vm;
    uint64_t brk;

    (void)state;
    open_vm(&vm);
    brk = find_break();
    set(&vm, X(19), 11);
    assert_int_equal(debug(&vm, KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_SW_BP), 0);
    comes_back(&vm, ESR_BRK, brk);
    comes_back(&vm, ESR_BRK, brk);
    assert_int_equal(get(&vm, X(20)), 2);
    assert_int_equal(debug(&vm, KVM_GUESTDBG_USE_SW_BP), 0); /* without ENABLE: none */
    set(&vm, SYSREG(3, 0, 12, 0, 0), RAM + 0x10000);         /* VBAR_EL1, and its code: */
    memcpy(vm_ram + 0x10200, &(uint32_t){0xb9000041}, 4);    /* str w1, [x2] */
    set(&vm, X(2), DOORBELL);
    assert_int_equal(go_on(&vm), KVM_EXIT_MMIO);
    assert_int_equal(get(&vm, PC), RAM + 0x10200);
    assert_int_equal(get(&vm, SYSREG(3, 0, 5, 2, 0)), ESR_BRK);
    close_vm(&vm);
}

/* One instruction at a time, whatever it is: also one that leaves, calls, or waits. */
static void single_steps(void **state)
{
    const uint32_t both = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP | KVM_GUESTDBG_USE_SW_BP;
    const struct kvm_irq_level line = {.irq = 0, .level = 1};
    struct vm vm;
    uint64_t brk;

    (void)state;
    open_vm(&vm);
    brk = find_break();
    assert_int_equal(debug(&vm, both), 0);
    set(&vm, PC, brk - 8);
    set(&vm, X(22), DEVICE);
    comes_back(&vm, ESR_STEP, brk - 4);
    assert_int_equal(get(&vm, X(20)), 1);
    comes_back(&vm, ESR_STEP, brk);
    assert_int_equal(get(&vm, X(20)), 2);
    comes_back(&vm, ESR_BRK, brk);
    set(&vm, PC, brk + 4);
    assert_int_equal(go_on(&vm), KVM_EXIT_MMIO);
    assert_int_equal(vm.run->mmio.phys_addr, DEVICE);
    vm.run->mmio.data[0] = 9;
    comes_back(&vm, ESR_STEP, brk + 8);
    assert_int_equal(get(&vm, X(5)), 9);
    comes_back(&vm, ESR_STEP, brk + 12);
    comes_back(&vm, ESR_STEP, brk + 16);
    assert_int_equal(get(&vm, X(0)), 0x10003); /* PSCI 1.3 */
    assert_int_equal(call(&vm, vm.vm, KVM_IRQ_LINE, &line), 0);
    comes_back(&vm, ESR_STEP, brk + 20);
    comes_back(&vm, ESR_STEP, brk - 8);
    assert_int_equal(debug(&vm, KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_SW_BP), 0);
    comes_back(&vm, ESR_BRK, brk);
    assert_int_equal(get(&vm, X(20)), 4);
    close_vm(&vm);
}

static void errors(void **state)
{
    struct vm vm;

    (void)state;
    open_vm(&vm);
    assert_int_equal(call(&vm, vm.vm, KVM_CHECK_EXTENSION, (void *)KVM_CAP_SET_GUEST_DEBUG), 1);
    assert_int_equal(debug(&vm, KVM_GUESTDBG_ENABLE | 4), -EINVAL);
    assert_int_equal(debug(&vm, KVM_GUESTDBG_ENABLE | 0x20000), -EINVAL); /* USE_HW */
    assert_int_equal(call(&vm, vm.vcpu, SET_GUEST_DEBUG, (void *)1), -EFAULT);
    close_vm(&vm);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(breakpoints),
        cmocka_unit_test(single_steps),
        cmocka_unit_test(errors),
    };

    if (argc != 2)
        return 2;
    vm_guest(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
