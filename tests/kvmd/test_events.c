/* SPDX-License-Identifier: BSD-3-Clause */
/* KVM_SET_VCPU_EVENTS: what the VMM injects, and how the guest takes it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "vm.h"

#define GET_EVENTS 0x8040ae9f
#define SET_EVENTS 0x4040aea0
#define CAP_INJECT_SERROR_ESR ((void *)158)
#define CAP_INJECT_EXT_DABT ((void *)178)
#define PFR0 SYSREG(3, 0, 0, 4, 0)
#define ISR_A 0x100u
#define ESR_SERROR 0xbf000000u /* EC 0x2f, IL, IDS */
#define ESR_ABORT 0x96000010u  /* EC 0x25, IL, external */
#define RINGS_SERROR (DOORBELL + 0x10)
#define RINGS_ABORT (DOORBELL + 0x18)
#define RINGS_FAR (DOORBELL + 0x20)
#define DEVICE (DOORBELL + 0x48)
#define SYNCHRONOUS (RAM + 0x800 + 0x200)

struct events {
    uint8_t serror_pending, serror_has_esr, ext_dabt_pending, pad[5];
    uint64_t serror_esr;
    uint32_t reserved[12];
};

static int inject(const struct vm *vm, struct events events)
{
    return call(vm, vm->vcpu, SET_EVENTS, &events);
}

static const struct events serror = {.serror_pending = 1}, external_abort = {.ext_dabt_pending = 1};

static struct events events_of(const struct vm *vm)
{
    struct events events;

    memset(&events, 0xff, sizeof(events));
    assert_int_equal(call(vm, vm->vcpu, GET_EVENTS, &events), 0);
    return events;
}

static void open_guest(struct vm *vm, uint64_t address, bool unmasks)
{
    open_vm(vm);
    set(vm, X(19), 10);
    set(vm, X(22), address);
    set(vm, X(24), unmasks);
}

static void goes_round(struct vm *vm)
{
    uint64_t before = get(vm, X(20));

    assert_int_equal(run_while(vm, ask_to_exit), -EINTR);
    vm->run->immediate_exit = 0;
    assert_true(get(vm, X(20)) > before);
}

static void rings(const struct vm *vm, uint64_t at, uint64_t value)
{
    assert_int_equal(go_on(vm), KVM_EXIT_MMIO);
    assert_int_equal(vm->run->mmio.phys_addr, at);
    assert_true(*(uint64_t *)vm->run->mmio.data == value);
}

/* Pending for as long as PSTATE.A is 1, which ISR_EL1 shows; taken where it is 0 for one moment,
 * once. */
static void an_serror(void **state)
{
    struct vm vm;

    (void)state;
    open_guest(&vm, RAM, false);
    goes_round(&vm);
    assert_int_equal(get(&vm, X(6)) & ISR_A, 0);
    assert_int_equal(inject(&vm, serror), 0);
    assert_int_equal(events_of(&vm).serror_pending, 1);
    goes_round(&vm);
    assert_int_equal(get(&vm, X(6)) & ISR_A, ISR_A);
    assert_int_equal(inject(&vm, (struct events){0}), 0); /* takes nothing back */
    assert_int_equal(events_of(&vm).serror_pending, 1);
    set(&vm, X(24), 1);
    rings(&vm, RINGS_SERROR, ESR_SERROR);
    assert_int_equal(events_of(&vm).serror_pending, 0);
    goes_round(&vm);
    assert_int_equal(get(&vm, X(6)) & ISR_A, 0);
    close_vm(&vm);
}

/* It ends a WFI, masked or not. */
static void an_serror_wakes(void **state)
{
    struct vm vm;

    (void)state;
    open_vm(&vm);
    set(&vm, X(19), 2);
    assert_int_equal(inject(&vm, serror), 0);
    rings(&vm, DOORBELL, 2);
    close_vm(&vm);
}

/* The access that has left takes it, in the place of its value. */
static void an_abort(void **state)
{
    struct vm vm;

    (void)state;
    open_guest(&vm, DEVICE, false);
    set(&vm, X(5), 0x55);
    assert_int_equal(go_on(&vm), KVM_EXIT_MMIO);
    assert_int_equal(vm.run->mmio.phys_addr, DEVICE);
    vm.run->mmio.data[0] = 0x77;
    assert_int_equal(inject(&vm, external_abort), 0);
    assert_int_equal(events_of(&vm).ext_dabt_pending, 0);
    vm.run->immediate_exit = 1;
    assert_int_equal(call(&vm, vm.vcpu, KVM_RUN, NULL), -EINTR);
    vm.run->immediate_exit = 0;
    assert_int_equal(get(&vm, PC), SYNCHRONOUS);
    rings(&vm, RINGS_ABORT, ESR_ABORT);
    rings(&vm, RINGS_FAR, DEVICE);
    assert_int_equal(get(&vm, X(5)), 0x55);
    assert_int_equal(go_on(&vm), KVM_EXIT_MMIO); /* once: the next access is an access again */
    assert_int_equal(vm.run->mmio.phys_addr, DEVICE);
    assert_int_equal(get(&vm, X(20)), 1);
    close_vm(&vm);
}

static void errors(void **state)
{
    struct vm vm;

    (void)state;
    open_vm(&vm);
    assert_int_equal(call(&vm, vm.vm, KVM_CHECK_EXTENSION, CAP_INJECT_EXT_DABT), 1);
    assert_int_equal(call(&vm, vm.vm, KVM_CHECK_EXTENSION, CAP_INJECT_SERROR_ESR), 0);
    assert_int_equal(get(&vm, PFR0) >> 28 & 15, 0); /* no RAS, and so: */
    assert_int_equal(inject(&vm, (struct events){.serror_pending = 1, .serror_has_esr = 1}),
                     -EINVAL);
    assert_int_equal(events_of(&vm).serror_pending, 0);
    assert_int_equal(events_of(&vm).serror_has_esr, 0);
    assert_int_equal(inject(&vm, (struct events){.serror_has_esr = 1}), 0);
    assert_int_equal(call(&vm, vm.vcpu, SET_EVENTS, (void *)1), -EFAULT);
    assert_int_equal(call(&vm, vm.vcpu, GET_EVENTS, (void *)1), -EFAULT);
    close_vm(&vm);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_serror),
        cmocka_unit_test(an_serror_wakes),
        cmocka_unit_test(an_abort),
        cmocka_unit_test(errors),
    };

    if (argc != 2)
        return 2;
    vm_guest(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
