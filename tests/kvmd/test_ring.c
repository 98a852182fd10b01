/* SPDX-License-Identifier: BSD-3-Clause */
/* Dirty rings. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kvmd/internal.h"
#include "vm.h"

#define PAGE 4096u
#define RING 223 /* KVM_CAP_DIRTY_LOG_RING_ACQ_REL */
#define BITMAP 225
#define MANUAL_PROTECT 168
#define RING_AT (64 * PAGE)
#define ENTRIES 256u /* of the smallest ring */
#define BYTES (ENTRIES * (uint32_t)sizeof(struct kvm_dirty_gfn))
#define FULL (ENTRIES - 64)

struct ring {
    struct vm vm;
    char *file; /* of the vCPU */
    volatile struct kvm_dirty_gfn *entries;
    unsigned next; /* to be harvested */
};

static int log_slot(const struct vm *vm, uint32_t flags)
{
    const struct kvm_userspace_memory_region region = {.flags = flags,
                                                       .guest_phys_addr = RAM,
                                                       .memory_size = RAM_SIZE,
                                                       .userspace_addr = (uintptr_t)vm_ram};

    return call(vm, vm->vm, KVM_SET_USER_MEMORY_REGION, &region);
}

static void open_ring(struct ring *ring, bool with_bitmap)
{
    const struct kvm_enable_cap caps[] = {{.cap = RING, .args = {BYTES}}, {.cap = BITMAP}};
    struct vm *vm = &ring->vm;

    open_vm_with(vm, caps, with_bitmap ? 2 : 1);
    ring->file = vm->emulated.calls.map(vm->emulated.calls.opaque, vm->vcpu, RING_AT + BYTES);
    assert_non_null(ring->file);
    ring->entries = (void *)(ring->file + RING_AT);
    ring->next = 0;
    assert_int_equal(log_slot(vm, KVM_MEM_LOG_DIRTY_PAGES), 0);
}

static void close_ring(struct ring *ring)
{
    struct vm *vm = &ring->vm;

    vm->emulated.calls.unmap(vm->emulated.calls.opaque, ring->file, RING_AT + BYTES);
    close_vm(vm);
}

/* Harvests what is dirty: `seen` counts each page. How many entries there were. */
static unsigned harvest(struct ring *ring, uint8_t *seen)
{
    unsigned count = 0;

    for (; count < ENTRIES; count++, ring->next++) {
        volatile struct kvm_dirty_gfn *entry = &ring->entries[ring->next % ENTRIES];

        if (entry->flags != KVM_DIRTY_GFN_F_DIRTY)
            break;
        assert_int_equal(entry->slot, 0);
        assert_true(entry->offset < RAM_SIZE / PAGE);
        seen[entry->offset]++;
        entry->flags = KVM_DIRTY_GFN_F_RESET;
    }
    return count;
}

static int reset(const struct ring *ring)
{
    return call(&ring->vm, ring->vm.vm, KVM_RESET_DIRTY_RINGS, NULL);
}

static void store(const struct ring *ring, unsigned page)
{
    set(&ring->vm, X(21), 1);
    set(&ring->vm, X(22), RAM + page * PAGE);
    assert_int_equal(run_guest(&ring->vm, 7), KVM_EXIT_MMIO);
}

/* `what` of guest.S from this page on; KVM_RUN's exit. */
static uint32_t store_pages(const struct ring *ring, unsigned what, unsigned page, unsigned count)
{
    set(&ring->vm, X(21), 1);
    set(&ring->vm, X(22), RAM + page * PAGE);
    set(&ring->vm, X(23), count);
    return run_guest(&ring->vm, what);
}

/* A page is in the ring once until it has been reset. */
static void pages_come_once(void **state)
{
    uint8_t seen[RAM_SIZE / PAGE] = {0};
    struct ring ring;

    (void)state;
    open_ring(&ring, false);
    assert_int_equal(harvest(&ring, seen), 0);
    store(&ring, 70);
    store(&ring, 71);
    store(&ring, 70);
    assert_int_equal(harvest(&ring, seen), 2);
    assert_int_equal(seen[70] + seen[71] * 10, 11);
    store(&ring, 70); /* harvested is not reset */
    assert_int_equal(harvest(&ring, seen), 0);
    assert_int_equal(reset(&ring), 2);
    assert_int_equal(reset(&ring), 0);
    assert_int_equal(ring.entries[0].flags, 0);
    store(&ring, 70);
    store(&ring, 72);
    assert_int_equal(harvest(&ring, seen), 2);
    assert_int_equal(seen[70] + seen[71] * 10 + seen[72] * 100, 112);
    close_ring(&ring);
}

/* Those that are not marked, and all behind them, stay. */
static void a_reset_is_in_order(void **state)
{
    uint8_t seen[RAM_SIZE / PAGE] = {0};
    struct ring ring;

    (void)state;
    open_ring(&ring, false);
    for (unsigned page = 16; page < 19; page++)
        store(&ring, page);
    assert_int_equal(harvest(&ring, seen), 3);
    ring.entries[1].flags = KVM_DIRTY_GFN_F_DIRTY;
    assert_int_equal(reset(&ring), 1);
    ring.entries[1].flags = KVM_DIRTY_GFN_F_RESET;
    assert_int_equal(reset(&ring), 2);
    close_ring(&ring);
}

/* The vCPU comes back until it is emptied, at the instruction at which it was. */
static void a_full_ring(void **state)
{
    uint8_t seen[RAM_SIZE / PAGE] = {0};
    unsigned count = 0, exits = 0;
    struct ring ring;
    uint32_t exit;

    (void)state;
    open_ring(&ring, false);
    exit = store_pages(&ring, 13, 16, 400);
    assert_int_equal(exit, KVM_EXIT_DIRTY_RING_FULL);
    assert_int_equal(go_on(&ring.vm), KVM_EXIT_DIRTY_RING_FULL);
    for (; exit == KVM_EXIT_DIRTY_RING_FULL; exits++) {
        unsigned now = harvest(&ring, seen);

        assert_true(now >= FULL && now < FULL + 4); /* to the end of a block */
        assert_int_equal(reset(&ring), now);
        count += now;
        exit = go_on(&ring.vm);
    }
    assert_int_equal(exit, KVM_EXIT_MMIO);
    assert_int_equal(exits, 2);
    assert_int_equal(count + harvest(&ring, seen), 400);
    for (unsigned page = 0; page < RAM_SIZE / PAGE; page++) {
        assert_int_equal(seen[page], page >= 16 && page < 416);
        assert_int_equal(vm_ram[page * PAGE] == 1, page >= 16 && page < 416);
    }
    close_ring(&ring);
}

/* A block that writes more pages than there is room for loses none. */
static void what_finds_no_room(void **state)
{
    uint8_t seen[RAM_SIZE / PAGE] = {0};
    unsigned count;
    struct ring ring;

    (void)state;
    open_ring(&ring, false);
    assert_int_equal(store_pages(&ring, 13, 16, FULL - 1), KVM_EXIT_MMIO);
    assert_int_equal(store_pages(&ring, 14, 210, 0), KVM_EXIT_DIRTY_RING_FULL);
    assert_int_equal(harvest(&ring, seen), ENTRIES);
    assert_int_equal(reset(&ring), ENTRIES);
    count = harvest(&ring, seen); /* what waited has come now */
    assert_int_equal(reset(&ring), count);
    assert_true(count > 0);
    assert_int_equal(go_on(&ring.vm), KVM_EXIT_MMIO);
    harvest(&ring, seen);
    for (unsigned page = 0; page < RAM_SIZE / PAGE; page++)
        assert_int_equal(seen[page],
                         (page >= 16 && page < 16 + FULL - 1) || (page >= 210 && page < 460));
    close_ring(&ring);
}

/* The bits of the log; -1: there is none. */
static int logged(const struct ring *ring, unsigned page)
{
    uint64_t bits[RAM_SIZE / PAGE / 64] = {0};
    const struct kvm_dirty_log log = {.slot = 0, .dirty_bitmap = bits};
    int count = 0, ret = call(&ring->vm, ring->vm.vm, KVM_GET_DIRTY_LOG, &log);

    if (ret)
        return ret;
    for (unsigned n = 0; n < RAM_SIZE / PAGE; n++)
        count += bits[n / 64] >> n % 64 & 1;
    assert_int_equal(bits[page / 64] >> page % 64 & 1, count > 0);
    return count;
}

/* What no vCPU writes is in the bitmap; here a thread of the VMM's does, as the VGICv5 in an ioctl.
 */
static void the_bitmap(void **state)
{
    uint8_t seen[RAM_SIZE / PAGE] = {0};
    struct ring ring;

    (void)state;
    open_ring(&ring, true);
    store(&ring, 100);
    assert_int_equal(logged(&ring, 100), 0);
    vm_ram[101 * PAGE] = 1;
    assert_int_equal(logged(&ring, 101), 1);
    assert_int_equal(logged(&ring, 101), 0);
    vm_ram[101 * PAGE] = 2; /* a get begins anew */
    assert_int_equal(logged(&ring, 101), 1);
    assert_int_equal(harvest(&ring, seen), 1);
    assert_int_equal(seen[100], 1);
    close_ring(&ring);
}

/* A device's write counts though a ring has the page, and it can be written. */
static void a_device_writes(void **state)
{
    static uint8_t memory[16 * PAGE] __attribute__((aligned(PAGE)));
    uint64_t written = 0;
    struct kvmd_slot slot = {
        .gpa = RAM, .size = sizeof(memory), .host = memory, .written = &written};
    struct kvmd_slots slots = {.all = &slot, .nr = 1, .ring_size = BYTES, .with_bitmap = true};
    const uint64_t value = 1;

    (void)state;
    assert_int_equal(ring_log_begin(&slots, &slot), 0);
    __atomic_store_n(&memory[5 * PAGE], 1, __ATOMIC_SEQ_CST);
    assert_int_equal(__atomic_load_n(&written, __ATOMIC_SEQ_CST), 1 << 5);
    __atomic_store_n(&written, 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&memory[5 * PAGE], 2, __ATOMIC_SEQ_CST);
    assert_int_equal(__atomic_load_n(&written, __ATOMIC_SEQ_CST), 0);
    assert_int_equal(slots_write(&slots, RAM + 6 * PAGE - 4, &value, sizeof(value)), 0);
    assert_int_equal(__atomic_load_n(&written, __ATOMIC_SEQ_CST), 3 << 5);
    ring_log_end(slot.ring_log);
}

/* KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2: a get leaves the bitmap as it is, a clear begins anew. */
static void a_bitmap_cleared_by_hand(void **state)
{
    uint64_t bits[RAM_SIZE / PAGE / 64];
    const struct kvm_clear_dirty_log log = {.num_pages = RAM_SIZE / PAGE, .dirty_bitmap = bits};
    const struct kvm_enable_cap cap = {.cap = MANUAL_PROTECT, .args = {1}};
    struct ring ring;

    (void)state;
    memset(bits, 0xff, sizeof(bits));
    open_ring(&ring, true);
    assert_int_equal(call(&ring.vm, ring.vm.vm, KVM_ENABLE_CAP, &cap), 0);
    for (uint8_t n = 1; n < 3; n++) {
        vm_ram[101 * PAGE] = n;
        assert_int_equal(logged(&ring, 101), 1);
        assert_int_equal(logged(&ring, 101), 1);
        assert_int_equal(call(&ring.vm, ring.vm.vm, KVM_CLEAR_DIRTY_LOG, &log), 0);
        assert_int_equal(logged(&ring, 101), 0);
    }
    close_ring(&ring);
}

/* Without it, it goes into a ring as well. */
static void without_the_bitmap(void **state)
{
    uint8_t seen[RAM_SIZE / PAGE] = {0};
    struct ring ring;

    (void)state;
    open_ring(&ring, false);
    assert_int_equal(logged(&ring, 0), -ENXIO);
    vm_ram[101 * PAGE] = 1;
    store(&ring, 100);
    assert_int_equal(harvest(&ring, seen), 2);
    assert_int_equal(seen[100] + seen[101], 2);
    close_ring(&ring);
}

static void open_second(const struct ring *first, struct ring *second)
{
    const struct vgic5_kvm_calls *calls = &first->vm.emulated.calls;

    *second = *first;
    second->next = 0;
    open_vcpu(&second->vm, 1);
    second->file = calls->map(calls->opaque, second->vm.vcpu, RING_AT + BYTES);
    assert_non_null(second->file);
    second->entries = (void *)(second->file + RING_AT);
}

/* A page is in the ring of the vCPU that has written it; a reset is of all rings. */
static void each_vcpu_has_its_own(void **state)
{
    uint8_t seen[2][RAM_SIZE / PAGE] = {{0}, {0}};
    struct ring first, second;

    (void)state;
    open_ring(&first, false);
    open_second(&first, &second);
    store(&first, 40);
    store(&second, 41);
    store(&second, 42);
    store(&first, 42);
    assert_int_equal(harvest(&first, seen[0]), 1);
    assert_int_equal(harvest(&second, seen[1]), 2);
    assert_int_equal(seen[0][40] + seen[1][41] + seen[1][42], 3);
    assert_int_equal(reset(&first), 3);
    store(&first, 42);
    assert_int_equal(harvest(&second, seen[1]), 0);
    assert_int_equal(harvest(&first, seen[0]), 1);
    first.vm.emulated.calls.unmap(first.vm.emulated.calls.opaque, second.file, RING_AT + BYTES);
    close_vcpu(&second.vm);
    close_ring(&first);
}

/* What the VMM writes there harms nobody. */
static void a_wild_ring(void **state)
{
    struct ring ring;

    (void)state;
    open_ring(&ring, false);
    for (unsigned page = 16; page < 20; page++)
        store(&ring, page);
    ring.entries[0].slot = UINT32_MAX;
    ring.entries[1].offset = UINT64_MAX;
    ring.entries[2].offset = RAM_SIZE / PAGE;
    for (unsigned n = 0; n < ENTRIES; n++)
        ring.entries[n].flags = UINT32_MAX;
    assert_int_equal(reset(&ring), 4); /* there are no more */
    store(&ring, 19);
    assert_int_equal(ring.entries[4].offset, 19);
    assert_int_equal(ring.entries[4].flags, KVM_DIRTY_GFN_F_DIRTY);
    close_ring(&ring);
}

/* It begins and ends with the slot's flag. */
static void the_flag(void **state)
{
    uint8_t seen[RAM_SIZE / PAGE] = {0};
    struct ring ring;

    (void)state;
    open_ring(&ring, false);
    assert_int_equal(log_slot(&ring.vm, 0), 0);
    store(&ring, 30);
    assert_int_equal(harvest(&ring, seen), 0);
    assert_int_equal(log_slot(&ring.vm, KVM_MEM_LOG_DIRTY_PAGES), 0);
    store(&ring, 30);
    assert_int_equal(harvest(&ring, seen), 1);
    assert_int_equal(log_slot(&ring.vm, 0), 0);
    assert_int_equal(reset(&ring), 1); /* of a slot that is logged no more */
    close_ring(&ring);
}

static int enable(const struct vm *vm, int fd, uint32_t cap, uint64_t argument)
{
    const struct kvm_enable_cap payload = {.cap = cap, .args = {argument}};

    return call(vm, fd, KVM_ENABLE_CAP, &payload);
}

static void errors(void **state)
{
    struct vm vm;
    int second;

    (void)state;
    open_vm(&vm);
    assert_int_equal(call(&vm, vm.vm, KVM_CHECK_EXTENSION, (void *)RING), 65536 * 16);
    assert_int_equal(call(&vm, vm.vm, KVM_CHECK_EXTENSION, (void *)BITMAP), 1);
    assert_int_equal(call(&vm, vm.vm, KVM_CHECK_EXTENSION, (void *)KVM_CAP_DIRTY_LOG_RING), 0);
    assert_int_equal(enable(&vm, vm.vm, RING, BYTES), -EINVAL); /* it has a vCPU */
    assert_int_equal(call(&vm, vm.vm, KVM_RESET_DIRTY_RINGS, NULL), -EINVAL);
    second = call(&vm, vm.kvm, KVM_CREATE_VM, NULL);
    assert_int_equal(enable(&vm, second, BITMAP, 0), -EINVAL);
    assert_int_equal(enable(&vm, second, KVM_CAP_DIRTY_LOG_RING, BYTES), -EINVAL);
    assert_int_equal(enable(&vm, second, RING, 0), -EINVAL);
    assert_int_equal(enable(&vm, second, RING, 2048), -EINVAL);
    assert_int_equal(enable(&vm, second, RING, 3 * PAGE), -EINVAL);
    assert_int_equal(enable(&vm, second, RING, 1 << 21), -E2BIG);
    assert_int_equal(enable(&vm, second, RING, 1 << 20), 0);
    assert_int_equal(enable(&vm, second, RING, 1 << 20), -EINVAL);
    assert_int_equal(enable(&vm, second, BITMAP, 0), 0);
    close_vm(&vm);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_come_once),
        cmocka_unit_test(a_reset_is_in_order),
        cmocka_unit_test(a_full_ring),
        cmocka_unit_test(what_finds_no_room),
        cmocka_unit_test(the_bitmap),
        cmocka_unit_test(without_the_bitmap),
        cmocka_unit_test(a_device_writes),
        cmocka_unit_test(a_bitmap_cleared_by_hand),
        cmocka_unit_test(each_vcpu_has_its_own),
        cmocka_unit_test(a_wild_ring),
        cmocka_unit_test(the_flag),
        cmocka_unit_test(errors),
    };

    if (argc != 2)
        return 2;
    vm_guest(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
