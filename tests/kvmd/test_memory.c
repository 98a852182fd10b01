/* SPDX-License-Identifier: BSD-3-Clause */
/* Slots under a guest that has run: its log, and code that the VMM replaces. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kvm/numbers.h"
#include "vm.h"

#define PAGE 4096u
#define PAGES (RAM_SIZE / PAGE)
#define CAP_MANUAL_PROTECT 168

static int slot(const struct vm *vm, uint64_t at, uint64_t size, uint32_t flags)
{
    const struct kvm_userspace_memory_region region = {.flags = flags,
                                                       .guest_phys_addr = at,
                                                       .memory_size = size,
                                                       .userspace_addr = (uintptr_t)vm_ram};

    return call(vm, vm->vm, KVM_SET_USER_MEMORY_REGION, &region);
}

static void store(const struct vm *vm, uint64_t at)
{
    set(vm, X(21), 1);
    set(vm, X(22), at);
    assert_int_equal(run_guest(vm, 7), KVM_EXIT_MMIO);
}

/* How many pages the log has; `page` is one of them. */
static unsigned logged(const struct vm *vm, unsigned page)
{
    uint64_t bits[PAGES / 64] = {0};
    const struct kvm_dirty_log log = {.slot = 0, .dirty_bitmap = bits};
    unsigned count = 0;

    assert_int_equal(call(vm, vm->vm, KVM_GET_DIRTY_LOG, &log), 0);
    for (unsigned n = 0; n < PAGES; n++)
        count += bits[n / 64] >> n % 64 & 1;
    assert_int_equal(bits[page / 64] >> page % 64 & 1, count > 0);
    return count;
}

static void clear(const struct vm *vm)
{
    uint64_t bits[PAGES / 64];
    const struct kvm_clear_dirty_log log = {.num_pages = PAGES, .dirty_bitmap = bits};

    memset(bits, 0xff, sizeof(bits));
    assert_int_equal(call(vm, vm->vm, KVM_CLEAR_DIRTY_LOG, &log), 0);
}

/* A get takes what it shows; with manual protection a clear does. */
static void the_log(void **state)
{
    struct kvm_enable_cap cap = {.cap = CAP_MANUAL_PROTECT, .args = {1}};
    struct vm vm;

    (void)state;
    open_vm(&vm);
    assert_int_equal(slot(&vm, RAM, RAM_SIZE, KVM_MEM_LOG_DIRTY_PAGES), 0);
    store(&vm, RAM + 70 * PAGE);
    assert_int_equal(logged(&vm, 70), 1);
    assert_int_equal(logged(&vm, 70), 0);
    assert_int_equal(call(&vm, vm.vm, KVM_ENABLE_CAP, &cap), 0);
    store(&vm, RAM + 71 * PAGE);
    assert_int_equal(logged(&vm, 71), 1);
    assert_int_equal(logged(&vm, 71), 1);
    clear(&vm);
    assert_int_equal(logged(&vm, 71), 0);
    close_vm(&vm);
}

/* KVM_DIRTY_LOG_INITIALLY_SET: a log that begins, begins with every page. */
static void initially_set(void **state)
{
    struct kvm_enable_cap cap = {.cap = CAP_MANUAL_PROTECT, .args = {2}};
    struct vm vm;

    (void)state;
    open_vm(&vm);
    assert_int_equal(
        call(&vm, vm.vm, KVM_CHECK_EXTENSION, (const void *)(uintptr_t)CAP_MANUAL_PROTECT), 3);
    assert_int_equal(call(&vm, vm.vm, KVM_ENABLE_CAP, &cap), -EINVAL);
    cap.args[0] = 3;
    assert_int_equal(call(&vm, vm.vm, KVM_ENABLE_CAP, &cap), 0);
    assert_int_equal(slot(&vm, RAM, RAM_SIZE, KVM_MEM_LOG_DIRTY_PAGES), 0);
    assert_int_equal(logged(&vm, 0), PAGES);
    clear(&vm);
    store(&vm, RAM + 3 * PAGE);
    assert_int_equal(logged(&vm, 3), 1);
    close_vm(&vm);
}

/* A slot that moves takes its bytes along; where it was, accesses leave. */
static void a_moved_slot(void **state)
{
    struct vm vm;

    (void)state;
    open_vm(&vm);
    store(&vm, RAM + PAGE);
    assert_int_equal(slot(&vm, RAM + RAM_SIZE, RAM_SIZE, KVM_MEM_LOG_DIRTY_PAGES), 0);
    vm.run->immediate_exit = 1;
    assert_int_equal(call(&vm, vm.vcpu, KVM_RUN, NULL), -EINTR);
    vm.run->immediate_exit = 0;
    set(&vm, X(19), 7);
    set(&vm, X(22), RAM + 5 * PAGE);
    set(&vm, PC, RAM + RAM_SIZE);
    assert_int_equal(go_on(&vm), KVM_EXIT_MMIO);
    assert_int_equal(vm.run->mmio.phys_addr, RAM + 5 * PAGE);
    vm.run->immediate_exit = 1;
    assert_int_equal(call(&vm, vm.vcpu, KVM_RUN, NULL), -EINTR);
    vm.run->immediate_exit = 0;
    set(&vm, X(22), RAM + RAM_SIZE + 6 * PAGE);
    set(&vm, PC, RAM + RAM_SIZE);
    assert_int_equal(go_on(&vm), KVM_EXIT_MMIO);
    assert_int_equal(vm.run->mmio.phys_addr, DOORBELL);
    assert_int_equal(logged(&vm, 6), 1);
    assert_int_equal(vm_ram[6 * PAGE], 1);
    close_vm(&vm);
}

/* ---- What is no memory to write -------------------------------------------------------------- */

#define ROM (RAM + RAM_SIZE)
#define CAP_NISV 177

static int add_rom(const struct vm *vm, uint32_t flags)
{
    const struct kvm_userspace_memory_region region = {.slot = 1,
                                                       .flags = flags,
                                                       .guest_phys_addr = ROM,
                                                       .memory_size = RAM_SIZE,
                                                       .userspace_addr = (uintptr_t)vm_ram};

    return call(vm, vm->vm, KVM_SET_USER_MEMORY_REGION, &region);
}

static void comes_again(const struct vm *vm, uint64_t at, uint64_t iss)
{
    const uint64_t pc = get(vm, PC);

    for (unsigned n = 0; n < 2; n++) {
        assert_int_equal(go_on(vm), KVM_EXIT_ARM_NISV);
        assert_int_equal(vm->run->arm_nisv.fault_ipa, at);
        assert_int_equal(vm->run->arm_nisv.esr_iss, iss);
        assert_int_equal(get(vm, PC), pc);
    }
}

/* An access that no syndrome describes is ENOSYS, or KVM_EXIT_ARM_NISV for who has asked for it;
 * PC stays, and the VMM may step over it. */
static void without_syndrome(void **state)
{
    const struct kvm_enable_cap cap = {.cap = CAP_NISV};
    struct vm vm;

    (void)state;
    open_vm(&vm);
    assert_int_equal(add_rom(&vm, KVM_MEM_READONLY), 0);
    set(&vm, X(19), 9);
    set(&vm, X(22), DOORBELL + 0x40);
    assert_int_equal(call(&vm, vm.vcpu, KVM_RUN, NULL), -ENOSYS);
    assert_int_equal(call(&vm, vm.vcpu, KVM_RUN, NULL), -ENOSYS);
    assert_int_equal(call(&vm, vm.vm, KVM_CHECK_EXTENSION, (void *)CAP_NISV), 1);
    assert_int_equal(call(&vm, vm.vm, KVM_ENABLE_CAP, &cap), 0);
    comes_again(&vm, DOORBELL + 0x40, 0x47); /* WnR, translation fault */
    set(&vm, X(22), ROM + 8);
    comes_again(&vm, ROM + 8, 0x4f); /* WnR, permission fault */
    set(&vm, PC, get(&vm, PC) + 4);
    assert_int_equal(go_on(&vm), KVM_EXIT_MMIO);
    assert_int_equal(vm.run->mmio.phys_addr, DOORBELL);
    close_vm(&vm);
}

/* ---- Code ------------------------------------------------------------------------------------ */

/* The first instruction is another one from now on: with old code the guest would ring. */
static void replace_code(void)
{
    const uint32_t undefined = 0;

    memcpy(vm_ram, &undefined, sizeof(undefined));
}

static uint64_t after_a_step(const struct vm *vm)
{
    set(vm, X(19), 7);
    set(vm, X(22), RAM + PAGE);
    set(vm, SYSREG(3, 0, 12, 0, 0), RAM + 16 * PAGE); /* VBAR_EL1: there it goes round */
    set(vm, PC, RAM);
    vm->run->immediate_exit = 0;
    for (unsigned n = 0; n < 0x800; n += 4)
        memcpy(vm_ram + 16 * PAGE + n, &(uint32_t){0xb9000041}, 4); /* str w1, [x2] */
    set(vm, X(1), 0xbad);
    set(vm, X(2), DOORBELL + 0x40);
    assert_int_equal(go_on(vm), KVM_EXIT_MMIO);
    return vm->run->mmio.phys_addr;
}

static void drain(const struct vm *vm)
{
    vm->run->immediate_exit = 1;
    assert_int_equal(call(vm, vm->vcpu, KVM_RUN, NULL), -EINTR);
    vm->run->immediate_exit = 0;
}

/* What the VMM has written is executed after KVM_ARM_VCPU_INIT, and after a change of slots. */
static void replaced_code(void **state)
{
    for (unsigned by_reset = 0; by_reset < 2; by_reset++) {
        struct kvm_numbers_vcpu_init init;
        struct vm vm;

        (void)state;
        open_vm(&vm);
        assert_int_equal(after_a_step(&vm), DOORBELL);
        drain(&vm);
        replace_code();
        assert_int_equal(call(&vm, vm.vm, VGIC5_KVM_ARM_PREFERRED_TARGET, &init), 0);
        init.features[0] |= 1u << 2;
        if (by_reset) {
            assert_int_equal(call(&vm, vm.vcpu, VGIC5_KVM_ARM_VCPU_INIT, &init), 0);
        } else {
            assert_int_equal(slot(&vm, RAM, 0, 0), 0);
            assert_int_equal(slot(&vm, RAM, RAM_SIZE, 0), 0);
        }
        assert_int_equal(after_a_step(&vm), DOORBELL + 0x40);
        close_vm(&vm);
    }
}

/* A store into a READONLY slot is the VMM's; so it is where the slot was read before. */
static void a_readonly_slot(void **state)
{
    static uint8_t rom[RAM_SIZE] __attribute__((aligned(PAGE)));
    const struct kvm_userspace_memory_region region = {.slot = 1,
                                                       .flags = KVM_MEM_READONLY,
                                                       .guest_phys_addr = RAM + RAM_SIZE,
                                                       .memory_size = RAM_SIZE,
                                                       .userspace_addr = (uintptr_t)rom};
    struct vm vm;

    (void)state;
    open_vm(&vm);
    assert_int_equal(call(&vm, vm.vm, KVM_SET_USER_MEMORY_REGION, &region), 0);
    store(&vm, RAM + RAM_SIZE + 8);
    assert_int_equal(vm.run->mmio.phys_addr, RAM + RAM_SIZE + 8);
    assert_true(vm.run->mmio.is_write);
    assert_int_equal(vm.run->mmio.data[0], 1);
    assert_int_equal(go_on(&vm), KVM_EXIT_MMIO);
    assert_int_equal(vm.run->mmio.phys_addr, DOORBELL);
    assert_int_equal(go_on(&vm), KVM_EXIT_MMIO);
    assert_int_equal(vm.run->mmio.phys_addr, RAM + RAM_SIZE + 8);
    assert_int_equal(rom[8], 0);
    close_vm(&vm);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_log),         cmocka_unit_test(initially_set),
        cmocka_unit_test(a_moved_slot),    cmocka_unit_test(replaced_code),
        cmocka_unit_test(a_readonly_slot), cmocka_unit_test(without_syndrome),
    };

    if (argc != 2)
        return 2;
    vm_guest(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
