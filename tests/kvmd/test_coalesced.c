/* SPDX-License-Identifier: BSD-3-Clause */
/* Coalesced MMIO. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kvm/numbers.h"
#include "vm.h"

#define ZONE (DOORBELL + 0x100)
#define ZONE_SIZE 0x100u
#define MOST ((4096 - sizeof(struct kvm_coalesced_mmio_ring)) / sizeof(struct kvm_coalesced_mmio))

static int zone(const struct vm *vm, unsigned long request, uint64_t at, uint32_t size,
                uint32_t pio)
{
    const struct kvm_coalesced_mmio_zone argument = {.addr = at, .size = size, {.pio = pio}};

    return call(vm, vm->vm, request, &argument);
}

static struct kvm_coalesced_mmio_ring *open_ring(struct vm *vm)
{
    open_vm(vm);
    assert_int_equal(call(vm, vm->vm, KVM_CHECK_EXTENSION, (void *)KVM_CAP_COALESCED_MMIO), 1);
    assert_int_equal(zone(vm, KVM_REGISTER_COALESCED_MMIO, ZONE, ZONE_SIZE, 0), 0);
    return (void *)((char *)vm->run + 4096);
}

/* Does a store of 8 bytes leave? Else the guest rings. */
static bool leaves(const struct vm *vm, uint64_t at, uint64_t value)
{
    set(vm, X(21), value);
    set(vm, X(22), at);
    assert_int_equal(run_guest(vm, 7), KVM_EXIT_MMIO);
    if (vm->run->mmio.phys_addr == at)
        return true;
    assert_int_equal(vm->run->mmio.phys_addr, DOORBELL);
    return false;
}

/* A zone holds all of a store, or it leaves. */
static void stores_wait_in_the_ring(void **state)
{
    const uint8_t data[2][8] = {{0x34, 0x12}, {5}};
    struct kvm_coalesced_mmio_ring *ring;
    struct vm vm;

    (void)state;
    ring = open_ring(&vm);
    assert_false(leaves(&vm, ZONE, 0x1234));
    assert_false(leaves(&vm, ZONE + ZONE_SIZE - 8, 5));
    assert_true(leaves(&vm, ZONE + ZONE_SIZE, 6));
    assert_true(leaves(&vm, ZONE - 8, 6));
    assert_int_equal(ring->first, 0);
    assert_int_equal(ring->last, 2);
    for (unsigned n = 0; n < 2; n++) {
        assert_int_equal(ring->coalesced_mmio[n].phys_addr, n ? ZONE + ZONE_SIZE - 8 : ZONE);
        assert_int_equal(ring->coalesced_mmio[n].len, 8);
        assert_int_equal(ring->coalesced_mmio[n].pio, 0);
        assert_memory_equal(ring->coalesced_mmio[n].data, data[n], 8);
    }
    close_vm(&vm);
}

static void a_full_ring(void **state)
{
    struct kvm_coalesced_mmio_ring *ring;
    struct vm vm;

    (void)state;
    ring = open_ring(&vm);
    ring->last = MOST - 2;
    assert_false(leaves(&vm, ZONE, 1));
    assert_true(leaves(&vm, ZONE, 2));
    assert_int_equal(ring->last, MOST - 1);
    ring->first = 1;
    assert_false(leaves(&vm, ZONE, 3));
    assert_int_equal(ring->last, 0);
    assert_int_equal(ring->coalesced_mmio[MOST - 1].data[0], 3);
    close_vm(&vm);
}

/* What the VMM writes there harms nobody. */
static void a_wild_ring(void **state)
{
    struct kvm_coalesced_mmio_ring *ring;
    struct vm vm;

    (void)state;
    ring = open_ring(&vm);
    ring->last = MOST;
    assert_true(leaves(&vm, ZONE, 1));
    ring->last = UINT32_MAX;
    assert_true(leaves(&vm, ZONE, 1));
    ring->last = 3;
    ring->first = UINT32_MAX;
    assert_false(leaves(&vm, ZONE, 1));
    assert_int_equal(ring->last, 4);
    close_vm(&vm);
}

static void open_second(const struct vm *vm, struct vm *second)
{
    struct kvm_numbers_vcpu_init init;

    *second = *vm;
    second->vcpu = call(vm, vm->vm, KVM_CREATE_VCPU, (void *)1);
    assert_true(second->vcpu > 0);
    second->run = vm->emulated.calls.map(vm->emulated.calls.opaque, second->vcpu, 0x10000);
    assert_non_null(second->run);
    assert_int_equal(call(vm, vm->vm, VGIC5_KVM_ARM_PREFERRED_TARGET, &init), 0);
    init.features[0] |= 1u << 2;
    assert_int_equal(call(vm, second->vcpu, VGIC5_KVM_ARM_VCPU_INIT, &init), 0);
}

/* The ring is the first vCPU's: no other one's store goes where nobody looks. */
static void another_vcpu(void **state)
{
    struct kvm_coalesced_mmio_ring *ring;
    struct vm vm, second;

    (void)state;
    ring = open_ring(&vm);
    open_second(&vm, &second);
    assert_true(leaves(&second, ZONE, 1));
    assert_false(leaves(&vm, ZONE, 1));
    assert_int_equal(ring->last, 1);
    vm.emulated.calls.unmap(vm.emulated.calls.opaque, second.run, 0x10000);
    close_vm(&vm);
}

/* Unregistering takes every zone that holds the range. */
static void zones_come_and_go(void **state)
{
    struct vm vm;

    (void)state;
    open_ring(&vm);
    assert_int_equal(zone(&vm, KVM_UNREGISTER_COALESCED_MMIO, ZONE, ZONE_SIZE + 1, 0), 0);
    assert_int_equal(zone(&vm, KVM_UNREGISTER_COALESCED_MMIO, ZONE, ZONE_SIZE, 1), 0);
    assert_false(leaves(&vm, ZONE, 1));
    assert_int_equal(zone(&vm, KVM_REGISTER_COALESCED_MMIO, ZONE + 8, 8, 0), 0);
    assert_int_equal(zone(&vm, KVM_UNREGISTER_COALESCED_MMIO, ZONE, 8, 0), 0);
    assert_true(leaves(&vm, ZONE, 1));
    assert_false(leaves(&vm, ZONE + 8, 1));
    close_vm(&vm);
}

static void errors(void **state)
{
    struct vm vm;

    (void)state;
    open_vm(&vm);
    assert_int_equal(zone(&vm, KVM_REGISTER_COALESCED_MMIO, ZONE, 8, 2), -EINVAL);
    assert_int_equal(zone(&vm, KVM_UNREGISTER_COALESCED_MMIO, ZONE, 8, 2), -EINVAL);
    assert_int_equal(call(&vm, vm.vm, KVM_REGISTER_COALESCED_MMIO, (void *)1), -EFAULT);
    assert_int_equal(call(&vm, vm.vm, KVM_UNREGISTER_COALESCED_MMIO, (void *)1), -EFAULT);
    for (unsigned n = 0; n < 1000; n++)
        assert_int_equal(zone(&vm, KVM_REGISTER_COALESCED_MMIO, ZONE, 8, 0), 0);
    assert_int_equal(zone(&vm, KVM_REGISTER_COALESCED_MMIO, ZONE, 8, 0), -ENOSPC);
    assert_int_equal(zone(&vm, KVM_REGISTER_COALESCED_MMIO, ZONE, 8, 1), 0); /* another bus */
    close_vm(&vm);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stores_wait_in_the_ring),
        cmocka_unit_test(a_full_ring),
        cmocka_unit_test(a_wild_ring),
        cmocka_unit_test(another_vcpu),
        cmocka_unit_test(zones_come_and_go),
        cmocka_unit_test(errors),
    };

    if (argc != 2)
        return 2;
    vm_guest(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
