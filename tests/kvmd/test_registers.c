/* SPDX-License-Identifier: BSD-3-Clause */
/* KVM_GET_REG_LIST and KVM_SET_ONE_REG by KVM's rules, and PSCI as KVM has it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kvm/numbers.h"
#include "vm.h"

#define PFR0 SYSREG(3, 0, 0, 4, 0)
#define PFR2 SYSREG(3, 0, 0, 4, 2)
#define MIDR SYSREG(3, 0, 0, 0, 0)
#define MPIDR SYSREG(3, 0, 0, 0, 5)
#define MMFR0 SYSREG(3, 0, 0, 7, 0)
#define MMFR1 SYSREG(3, 0, 0, 7, 1)
#define DFR0 SYSREG(3, 0, 0, 5, 0)
#define CLIDR SYSREG(3, 1, 0, 0, 1)
#define CTR SYSREG(3, 3, 0, 0, 1)
#define PSCI_VERSION UINT64_C(0x6030000000140000)
#define FIELD(value, low) ((uint64_t)(value) << (low))
#define CAP_SYSTEM_SUSPEND 216
#define CAP_WRITABLE_IMP_ID_REGS 239
#define GET_REG_WRITABLE_MASKS \
    _IOR(                      \
        KVMIO, 0xb6, struct { uint64_t words[8]; })
#define SUSPENDED 10
#define TIMER_CTRL 1

struct list {
    uint64_t n, ids[512];
};

static struct list list_of(const struct vm *vm)
{
    struct list list = {.n = 0};

    assert_int_equal(call(vm, vm->vcpu, KVM_GET_REG_LIST, &list), -E2BIG);
    assert_in_range(list.n, 200, 512);
    assert_int_equal(call(vm, vm->vcpu, KVM_GET_REG_LIST, &list), 0);
    return list;
}

/* Each once, readable, and writable with what was read. */
static void the_list(void **state)
{
    struct list list;
    struct vm vm;

    (void)state;
    open_vm(&vm);
    list = list_of(&vm);
    for (uint64_t n = 0; n < list.n; n++) {
        uint8_t value[16];
        const struct kvm_one_reg reg = {list.ids[n], (uintptr_t)value};

        assert_int_equal(call(&vm, vm.vcpu, KVM_GET_ONE_REG, &reg), 0);
        assert_int_equal(call(&vm, vm.vcpu, KVM_SET_ONE_REG, &reg), 0);
        for (uint64_t i = 0; i < n; i++)
            assert_true(list.ids[i] != list.ids[n]);
    }
    close_vm(&vm);
}

static void is_in(const struct list *list, uint64_t id, bool there)
{
    bool found = false;

    for (uint64_t n = 0; n < list->n; n++)
        found |= list->ids[n] == id;
    assert_int_equal(found, there);
}

/* What a VMM that moves a guest relies on; keys of a feature that is not announced are hidden. */
static void what_is_listed(void **state)
{
    struct list list;
    struct vm vm;
    uint64_t value;

    (void)state;
    open_vm(&vm);
    list = list_of(&vm);
    is_in(&list, SYSREG(3, 3, 14, 3, 2), true); /* CNTV */
    is_in(&list, SYSREG(2, 0, 0, 15, 7), true); /* DBGWCR15 */
    is_in(&list, SYSREG(3, 4, 5, 3, 0), true);  /* FPEXC32 */
    is_in(&list, PSCI_VERSION + 3, true);
    is_in(&list, UINT64_C(0x6030000000160003), true);
    is_in(&list, SYSREG(3, 0, 2, 1, 0), false);
    assert_int_equal(try_get(&vm, SYSREG(3, 0, 2, 1, 0), &value), -ENOENT);
    set(&vm, SYSREG(2, 0, 0, 15, 7), 0x1e5);
    set(&vm, SYSREG(2, 0, 0, 0, 4), 0x80000000);
    assert_int_equal(get(&vm, SYSREG(2, 0, 0, 15, 7)), 0x1e5);
    assert_int_equal(get(&vm, SYSREG(2, 0, 0, 0, 4)), 0x80000000);
    assert_int_equal(try_set(&vm, SYSREG(2, 0, 1, 1, 4), 0), -EINVAL);
    set(&vm, SYSREG(2, 0, 1, 1, 4), 10);
    close_vm(&vm);
}

/* A field may say less, not more; fixed ones stay. */
static void id_fields(void **state)
{
    struct vm vm;
    uint64_t pfr0, mmfr0, mmfr1;

    (void)state;
    open_vm(&vm);
    pfr0 = get(&vm, PFR0);
    mmfr0 = get(&vm, MMFR0);
    mmfr1 = get(&vm, MMFR1);
    assert_int_equal(try_set(&vm, PFR0, pfr0 + FIELD(1, 60)), -EINVAL); /* CSV3 */
    set(&vm, PFR0, pfr0 - FIELD(1, 60));
    set(&vm, PFR0, pfr0);
    assert_int_equal(try_set(&vm, PFR0, pfr0 ^ FIELD(1, 16)), -EINVAL); /* FP: fixed */
    assert_int_equal(try_set(&vm, MMFR0, mmfr0 + 1), -EINVAL);          /* PARange */
    set(&vm, MMFR0, mmfr0 - 1);
    set(&vm, MMFR0, mmfr0 | FIELD(1, 40)); /* TGran4_2: as TGran4, or none */
    assert_int_equal(try_set(&vm, MMFR0, mmfr0 | FIELD(2, 40)), -EINVAL);
    set(&vm, MMFR0, mmfr0 | FIELD(15, 28)); /* TGran4 is signed: none */
    set(&vm, MMFR1, mmfr1 + FIELD(1, 24));  /* SpecSEI: an SError more is nothing new */
    assert_int_equal(try_set(&vm, DFR0, get(&vm, DFR0) + FIELD(1, 20)), -EINVAL); /* WRPs */
    set(&vm, SYSREG(3, 0, 0, 1, 0), UINT64_MAX); /* ID_PFR0 of AArch32: goes nowhere */
    assert_int_equal(get(&vm, SYSREG(3, 0, 0, 1, 0)), 0);
    assert_int_equal(try_set(&vm, SYSREG(3, 0, 0, 3, 3), 1), -EINVAL);
    close_vm(&vm);
}

/* What the guest reads is what was set; then it stays, also across a reset. */
static void id_registers_of_a_guest(void **state)
{
    const uint64_t ids[] = {MIDR, PFR0, CLIDR, CTR, MPIDR};
    struct kvm_numbers_vcpu_init init;
    struct vm vm;
    uint64_t pfr0;

    (void)state;
    open_vm(&vm);
    pfr0 = get(&vm, PFR0);
    assert_int_not_equal(get(&vm, PFR2) & FIELD(15, 12), 0); /* GCIE: it could have a VGICv5 */
    set(&vm, PFR0, pfr0 - FIELD(1, 60));
    set(&vm, CLIDR, get(&vm, CLIDR) | 4 << 6);
    set(&vm, CTR, get(&vm, CTR) - 1);
    set(&vm, MPIDR, get(&vm, MPIDR) + 1);
    assert_int_equal(run_guest(&vm, 6), KVM_EXIT_MMIO);
    for (size_t n = 0; n < sizeof(ids) / sizeof(ids[0]); n++) {
        uint64_t value = get(&vm, ids[n]);

        assert_memory_equal(vm.run->mmio.data, &value, sizeof(value));
        assert_int_equal(go_on(&vm), KVM_EXIT_MMIO);
    }
    assert_int_equal(try_set(&vm, PFR0, pfr0), -EBUSY);
    set(&vm, PFR0, pfr0 - FIELD(1, 60));
    assert_int_equal(get(&vm, PFR2) & FIELD(15, 12), 0);
    assert_int_equal(call(&vm, vm.vm, VGIC5_KVM_ARM_PREFERRED_TARGET, &init), 0);
    init.features[0] |= 1u << 2;
    assert_int_equal(call(&vm, vm.vcpu, VGIC5_KVM_ARM_VCPU_INIT, &init), 0);
    assert_int_equal(get(&vm, PFR0), pfr0 - FIELD(1, 60));
    close_vm(&vm);
}

/* The implementation's own change with a capability alone, which is asked for before the vCPUs. */
static void implementation(void **state)
{
    const struct kvm_enable_cap cap = {.cap = CAP_WRITABLE_IMP_ID_REGS};
    struct kvm_numbers_vcpu_init init;
    struct vm vm, other;

    (void)state;
    open_vm(&vm);
    assert_int_equal(try_set(&vm, MIDR, get(&vm, MIDR) + 1), -EINVAL);
    assert_int_equal(call(&vm, vm.vm, KVM_ENABLE_CAP, &cap), -EINVAL);
    other = vm;
    other.vm = call(&vm, vm.kvm, KVM_CREATE_VM, NULL);
    assert_int_equal(call(&vm, other.vm, KVM_ENABLE_CAP, &cap), 0);
    other.vcpu = call(&vm, other.vm, KVM_CREATE_VCPU, NULL);
    assert_int_equal(call(&vm, other.vm, VGIC5_KVM_ARM_PREFERRED_TARGET, &init), 0);
    assert_int_equal(call(&vm, other.vcpu, VGIC5_KVM_ARM_VCPU_INIT, &init), 0);
    set(&other, MIDR, get(&vm, MIDR) + 1);
    assert_int_equal(get(&other, MIDR), get(&vm, MIDR) + 1);
    close_vm(&vm);
}

static void writable_masks(void **state)
{
    uint64_t masks[3 * 64];
    uint64_t range[8] = {(uintptr_t)masks};
    struct vm vm;

    (void)state;
    open_vm(&vm);
    assert_int_equal(call(&vm, vm.vm, GET_REG_WRITABLE_MASKS, range), 0);
    assert_int_equal(masks[4 << 3] & FIELD(15, 60), FIELD(15, 60));
    assert_int_equal(masks[4 << 3] & FIELD(15, 16), 0);
    assert_int_equal(masks[0], 0); /* MIDR */
    range[7] = 1;
    assert_int_equal(call(&vm, vm.vm, GET_REG_WRITABLE_MASKS, range), -EINVAL);
    close_vm(&vm);
}

/* ---- PSCI ------------------------------------------------------------------------------------ */

/* The answer of a call that comes back. */
static uint64_t psci(const struct vm *vm, uint64_t function, uint64_t x1)
{
    uint64_t value;

    set(vm, X(21), function);
    set(vm, X(22), x1);
    set(vm, X(23), 0);
    assert_int_equal(run_guest(vm, 5), KVM_EXIT_MMIO);
    memcpy(&value, vm->run->mmio.data, sizeof(value));
    return value;
}

static void psci_version(void **state)
{
    struct vm vm;

    (void)state;
    open_vm(&vm);
    assert_int_equal(get(&vm, PSCI_VERSION), 0x10003);
    assert_int_equal(psci(&vm, 0x84000000, 0), 0x10003);
    assert_int_equal(psci(&vm, 0x8400000a, 0xc4000015), 1); /* SYSTEM_OFF2: HIBERNATE_OFF */
    assert_int_equal(psci(&vm, 0x8400000a, 0xc400000e), UINT64_MAX); /* SYSTEM_SUSPEND: no */
    assert_int_equal(try_set(&vm, PSCI_VERSION, 0x20000), -EINVAL);
    set(&vm, PSCI_VERSION, 0x10000);
    assert_int_equal(psci(&vm, 0x84000000, 0), 0x10000);
    assert_int_equal(psci(&vm, 0x8400000a, 0xc4000012), UINT64_MAX); /* SYSTEM_RESET2 is of 1.1 */
    assert_int_equal(psci(&vm, 0xc4000004, 0), 0); /* AFFINITY_INFO of itself: on */
    close_vm(&vm);
}

/* An end of the system stops the vCPUs; one that the VMM starts again reads INTERNAL_FAILURE. */
static void system_events(void **state)
{
    static const struct {
        uint32_t function, argument, type;
        uint64_t flags;
    } rows[] = {{0x84000008, 0, 1, 0},
                {0x84000009, 0, 2, 0},
                {0xc4000015, 1, 1, 1},
                {0xc4000012, 0x80000000, 2, 1}};
    struct kvm_mp_state mp_state;
    uint64_t value;
    struct vm vm;

    (void)state;
    open_vm(&vm);
    for (size_t n = 0; n < sizeof(rows) / sizeof(rows[0]); n++) {
        set(&vm, X(21), rows[n].function);
        set(&vm, X(22), rows[n].argument);
        set(&vm, X(23), 0);
        assert_int_equal(run_guest(&vm, 5), KVM_EXIT_SYSTEM_EVENT);
        assert_int_equal(vm.run->system_event.type, rows[n].type);
        assert_int_equal(vm.run->system_event.data[0], rows[n].flags);
        assert_int_equal(call(&vm, vm.vcpu, KVM_GET_MP_STATE, &mp_state), 0);
        assert_int_equal(mp_state.mp_state, KVM_MP_STATE_STOPPED);
        mp_state.mp_state = KVM_MP_STATE_RUNNABLE;
        assert_int_equal(call(&vm, vm.vcpu, KVM_SET_MP_STATE, &mp_state), 0);
        assert_int_equal(go_on(&vm), KVM_EXIT_MMIO);
        memcpy(&value, vm.run->mmio.data, sizeof(value));
        assert_int_equal(value, (uint64_t)-6);
    }
    close_vm(&vm);
}

/* SYSTEM_SUSPEND is the VMM's: it sleeps in the vCPU, until an interrupt. */
static void suspend(void **state)
{
    const struct kvm_enable_cap cap = {.cap = CAP_SYSTEM_SUSPEND};
    const struct kvm_irq_level line = {.irq = 0, .level = 1};
    const struct kvm_mp_state suspended = {SUSPENDED};
    struct kvm_mp_state mp_state;
    struct vm vm;

    (void)state;
    open_vm(&vm);
    assert_int_equal(call(&vm, vm.vm, KVM_ENABLE_CAP, &cap), 0);
    assert_int_equal(psci(&vm, 0x8400000a, 0xc400000e), 0);
    set(&vm, X(21), 0xc400000e);
    assert_int_equal(run_guest(&vm, 5), KVM_EXIT_SYSTEM_EVENT);
    assert_int_equal(vm.run->system_event.type, 5);
    assert_int_equal(get(&vm, X(0)), 0xc400000e);
    assert_int_equal(call(&vm, vm.vcpu, KVM_SET_MP_STATE, &suspended), 0);
    assert_int_equal(call(&vm, vm.vcpu, KVM_GET_MP_STATE, &mp_state), 0);
    assert_int_equal(mp_state.mp_state, SUSPENDED);
    vm.run->immediate_exit = 1;
    assert_int_equal(call(&vm, vm.vcpu, KVM_RUN, NULL), -EINTR);
    vm.run->immediate_exit = 0;
    assert_int_equal(call(&vm, vm.vm, KVM_IRQ_LINE, &line), 0);
    for (unsigned n = 0; n < 2; n++) { /* until the VMM lets it go on */
        assert_int_equal(go_on(&vm), KVM_EXIT_SYSTEM_EVENT);
        assert_int_equal(vm.run->system_event.type, 4);
        assert_int_equal(call(&vm, vm.vcpu, KVM_GET_MP_STATE, &mp_state), 0);
        assert_int_equal(mp_state.mp_state, SUSPENDED);
    }
    mp_state.mp_state = KVM_MP_STATE_RUNNABLE;
    assert_int_equal(call(&vm, vm.vcpu, KVM_SET_MP_STATE, &mp_state), 0);
    assert_int_equal(go_on(&vm), KVM_EXIT_MMIO);
    mp_state.mp_state = KVM_MP_STATE_HALTED;
    assert_int_equal(call(&vm, vm.vcpu, KVM_SET_MP_STATE, &mp_state), -EINVAL);
    assert_int_equal(call(&vm, vm.vcpu, KVM_SET_MP_STATE, (void *)1), -EFAULT);
    close_vm(&vm);
}

static int attribute(const struct vm *vm, unsigned long request, uint32_t group, uint64_t attr,
                     uint32_t *irq)
{
    const struct kvm_device_attr argument = {.group = group, .attr = attr, .addr = (uintptr_t)irq};

    return call(vm, vm->vcpu, request, &argument);
}

static int set_timer(const struct vm *vm, uint64_t timer, uint32_t irq)
{
    return attribute(vm, KVM_SET_DEVICE_ATTR, TIMER_CTRL, timer, &irq);
}

/* GICv5 says which PPIs the timers have: nothing else can be set, and nothing after a run. */
static void timer_ppis(void **state)
{
    static const uint32_t ppis[] = {27, 30, 28, 26};
    uint32_t irq;
    struct vm vm;

    (void)state;
    open_vm(&vm);
    assert_int_equal(set_timer(&vm, 0, 27), -EINVAL); /* no interrupt controller is here */
    add_gic(&vm);
    for (uint32_t timer = 0; timer < 4; timer++) {
        const uint32_t intid = 1u << 29 | ppis[timer];

        assert_int_equal(attribute(&vm, KVM_HAS_DEVICE_ATTR, TIMER_CTRL, timer, NULL), 0);
        assert_int_equal(attribute(&vm, KVM_GET_DEVICE_ATTR, TIMER_CTRL, timer, &irq), 0);
        assert_int_equal(irq, intid);
        assert_int_equal(set_timer(&vm, timer, irq), 0);
        assert_int_equal(set_timer(&vm, timer, intid ^ 1), -EINVAL);
        assert_int_equal(set_timer(&vm, timer, ppis[timer]), -EINVAL); /* no PPI's INTID */
    }
    assert_int_equal(attribute(&vm, KVM_HAS_DEVICE_ATTR, TIMER_CTRL, 4, NULL), -ENXIO);
    assert_int_equal(attribute(&vm, KVM_GET_DEVICE_ATTR, TIMER_CTRL, 4, &irq), -ENXIO);
    assert_int_equal(set_timer(&vm, 4, 1u << 29 | 27), -ENXIO);
    assert_int_equal(attribute(&vm, KVM_GET_DEVICE_ATTR, TIMER_CTRL, 0, NULL), -EFAULT);
    assert_int_equal(attribute(&vm, KVM_SET_DEVICE_ATTR, TIMER_CTRL, 0, NULL), -EFAULT);
    for (uint32_t group = 0; group < 4; group++) { /* no PMU, no stolen time */
        if (group != TIMER_CTRL)
            assert_int_equal(attribute(&vm, KVM_HAS_DEVICE_ATTR, group, 0, &irq), -ENXIO);
    }
    assert_int_equal(run_guest(&vm, 6), KVM_EXIT_MMIO);
    assert_int_equal(set_timer(&vm, 0, 1u << 29 | 27), -EBUSY);
    close_vm(&vm);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_list),       cmocka_unit_test(what_is_listed),
        cmocka_unit_test(id_fields),      cmocka_unit_test(id_registers_of_a_guest),
        cmocka_unit_test(implementation), cmocka_unit_test(writable_masks),
        cmocka_unit_test(psci_version),   cmocka_unit_test(system_events),
        cmocka_unit_test(suspend),        cmocka_unit_test(timer_ppis),
    };

    if (argc != 2)
        return 2;
    vm_guest(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
