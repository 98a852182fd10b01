/* SPDX-License-Identifier: BSD-3-Clause */
/* KVM_IRQFD, KVM_IOEVENTFD and KVM_SET_GSI_ROUTING, with a guest that takes the interrupts. */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#include <vgic5/device.h>

#include "vm.h"

#define EDGE 0
#define LEVEL 1
#define CAP_IRQFD_RESAMPLE 82
#define PLACE (DOORBELL + 0x20)

static int event(unsigned count)
{
    int fd = eventfd(count, 0);

    assert_true(fd >= 0);
    return fd;
}

static void signal_event(int fd)
{
    const uint64_t one = 1;

    assert_int_equal(write(fd, &one, sizeof(one)), sizeof(one));
}

/* How often it has been written; none is left then. */
static uint64_t count_of(int fd)
{
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    uint64_t count = 0;

    if (poll(&readable, 1, 0) == 1)
        assert_int_equal(read(fd, &count, sizeof(count)), sizeof(count));
    return count;
}

/* ---- irqfds ---------------------------------------------------------------------------------- */

static int irqfd(const struct vm *vm, int fd, uint32_t gsi, uint32_t flags, int resample)
{
    const struct kvm_irqfd request = {
        .fd = (uint32_t)fd, .gsi = gsi, .flags = flags, .resamplefd = (uint32_t)resample};

    return call(vm, vm->vm, KVM_IRQFD, &request);
}

static void open_guest(struct vm *vm, uint32_t spi, uint32_t mode)
{
    open_vm(vm);
    add_gic(vm);
    set(vm, X(19), 8);
    set(vm, X(21), spi);
    set(vm, X(22), mode);
    set(vm, X(23), IRS);
    set(vm, X(24), 1);
}

/* The guest has rung at this place, with this SPI. */
static void rings(const struct vm *vm, uint64_t offset, uint32_t spi)
{
    assert_int_equal(go_on(vm), KVM_EXIT_MMIO);
    assert_int_equal(vm->run->mmio.phys_addr, DOORBELL + offset);
    assert_int_equal(*(uint32_t *)vm->run->mmio.data, VGIC5_INTID(VGIC5_SPI, spi));
}

static void takes(const struct vm *vm, uint32_t spi)
{
    rings(vm, 0, spi);
    rings(vm, 8, spi);
}

/* It goes round, for no interrupt comes. */
static void waits(struct vm *vm)
{
    set(vm, X(24), 0);
    assert_int_equal(run_while(vm, ask_to_exit), -EINTR);
    vm->run->immediate_exit = 0;
    set(vm, X(24), 1);
}

/* One that has been written before it is assigned counts; after it is deassigned it does not. */
static void an_edge(void **state)
{
    int fd = event(1), other = event(0);
    struct vm vm;

    (void)state;
    open_guest(&vm, 7, EDGE);
    assert_int_equal(irqfd(&vm, fd, 7, 0, -1), 0);
    takes(&vm, 7);
    waits(&vm);
    signal_event(fd);
    takes(&vm, 7);
    assert_int_equal(irqfd(&vm, other, 7, 0, -1), 0); /* two of one GSI */
    signal_event(other);
    takes(&vm, 7);
    assert_int_equal(irqfd(&vm, fd, 8, KVM_IRQFD_FLAG_DEASSIGN, -1), 0); /* of none */
    signal_event(fd);
    takes(&vm, 7);
    assert_int_equal(irqfd(&vm, fd, 7, KVM_IRQFD_FLAG_DEASSIGN, -1), 0);
    signal_event(fd);
    waits(&vm);
    signal_event(other);
    takes(&vm, 7);
    close_vm(&vm);
    assert_int_equal(count_of(fd), 1);
    close(fd);
    close(other);
}

/* The line is high until the guest deactivates; then it is low, the other end hears, and what that
 * writes is a new interrupt. */
static void resampled(void **state)
{
    int fd = event(0), resample = event(0), second = event(0);
    struct vm vm;

    (void)state;
    open_guest(&vm, 9, LEVEL);
    assert_int_equal(call(&vm, vm.vm, KVM_CHECK_EXTENSION, (void *)CAP_IRQFD_RESAMPLE), 1);
    assert_int_equal(irqfd(&vm, fd, 9, KVM_IRQFD_FLAG_RESAMPLE, resample), 0);
    assert_int_equal(irqfd(&vm, second, 9, KVM_IRQFD_FLAG_RESAMPLE, second), 0);
    signal_event(fd);
    rings(&vm, 0, 9);
    assert_int_equal(count_of(resample), 0);
    rings(&vm, 8, 9);
    assert_int_equal(count_of(resample), 1);
    /* `second` is its own resamplefd: it drives the line again as soon as it hears. */
    rings(&vm, 0, 9);
    assert_int_equal(irqfd(&vm, second, 9, KVM_IRQFD_FLAG_DEASSIGN, -1), 0);
    rings(&vm, 8, 9);
    assert_int_equal(count_of(resample), 1);
    waits(&vm);
    signal_event(fd);
    takes(&vm, 9);
    assert_int_equal(count_of(resample), 1);
    close_vm(&vm);
    close(fd);
    close(second);
    close(resample);
}

/* The wires that are high, as GRP_IST does not show them: is the SPI pending for a guest that has
 * not enabled it? */
static bool is_pending(const struct vm *vm, uint32_t spi)
{
    uint32_t iste[VGIC5_NR_SPIS_DEFAULT];
    const struct vgic5_ist ist = {.spi_ist_addr = (uintptr_t)iste, .spi_ist_size = sizeof(iste)};
    const struct kvm_device_attr attr = {.group = VGIC5_GRP_IST, .addr = (uintptr_t)&ist};

    assert_int_equal(call(vm, vm->device, KVM_GET_DEVICE_ATTR, &attr), 0);
    return iste[spi] & VGIC5_ISTE_PENDING;
}

/* The last one that resamples lowers the line when it goes. */
static void deassigned_while_high(void **state)
{
    int fd = event(0), resample = event(0);
    struct vm vm;

    (void)state;
    open_guest(&vm, 9, LEVEL);
    assert_int_equal(irqfd(&vm, fd, 9, KVM_IRQFD_FLAG_RESAMPLE, resample), 0);
    signal_event(fd);
    rings(&vm, 0, 9);
    assert_true(is_pending(&vm, 9));
    assert_int_equal(irqfd(&vm, fd, 9, KVM_IRQFD_FLAG_DEASSIGN, -1), 0);
    assert_false(is_pending(&vm, 9));
    rings(&vm, 8, 9);
    assert_int_equal(count_of(resample), 0);
    waits(&vm);
    close_vm(&vm);
    close(fd);
    close(resample);
}

static void errors_of_irqfd(void **state)
{
    int fd = event(0), other = event(0), pipes[2];
    struct vm vm;

    (void)state;
    assert_int_equal(pipe(pipes), 0);
    open_vm(&vm);
    assert_int_equal(irqfd(&vm, fd, 7, 0, -1), -EAGAIN);
    assert_int_equal(irqfd(&vm, fd, 7, 4, -1), -EINVAL);
    assert_int_equal(irqfd(&vm, fd, 7, KVM_IRQFD_FLAG_DEASSIGN, -1), 0);
    add_gic(&vm);
    assert_int_equal(irqfd(&vm, -1, 7, 0, -1), -EBADF);
    assert_int_equal(irqfd(&vm, pipes[0], 7, 0, -1), -EINVAL);
    assert_int_equal(irqfd(&vm, fd, 7, KVM_IRQFD_FLAG_RESAMPLE, -1), -EBADF);
    assert_int_equal(irqfd(&vm, fd, 7, KVM_IRQFD_FLAG_RESAMPLE, pipes[1]), -EINVAL);
    assert_int_equal(irqfd(&vm, pipes[0], 7, KVM_IRQFD_FLAG_DEASSIGN, -1), -EINVAL);
    assert_int_equal(irqfd(&vm, -1, 7, KVM_IRQFD_FLAG_DEASSIGN, -1), -EBADF);
    assert_int_equal(call(&vm, vm.vm, KVM_IRQFD, (void *)1), -EFAULT);
    assert_int_equal(irqfd(&vm, fd, 7, 0, -1), 0);
    assert_int_equal(irqfd(&vm, fd, 8, 0, -1), -EBUSY);
    assert_int_equal(irqfd(&vm, fd, 7, KVM_IRQFD_FLAG_RESAMPLE, other), -EBUSY);
    assert_int_equal(irqfd(&vm, fd, 7, KVM_IRQFD_FLAG_DEASSIGN, -1), 0);
    assert_int_equal(irqfd(&vm, fd, 100000, 0, -1), 0); /* a GSI that goes nowhere */
    signal_event(fd);
    close_vm(&vm);
    close(fd);
    close(other);
    close(pipes[0]);
    close(pipes[1]);
}

/* ---- Routes ---------------------------------------------------------------------------------- */

struct routes {
    uint32_t nr, flags; /* struct kvm_irq_routing */
    struct kvm_irq_routing_entry entries[3];
};

static struct kvm_irq_routing_entry pin(uint32_t gsi, uint32_t to)
{
    return (struct kvm_irq_routing_entry){
        .gsi = gsi, .type = KVM_IRQ_ROUTING_IRQCHIP, .u.irqchip.pin = to};
}

static int route(const struct vm *vm, struct routes *routes, uint32_t n)
{
    routes->nr = n;
    return call(vm, vm->vm, KVM_SET_GSI_ROUTING, routes);
}

/* A GSI is the SPI that its route says, and without a route none; resampling knows it too. */
static void routed(void **state)
{
    struct routes routes = {.entries = {pin(5, 9), pin(6, 10)}};
    int fd = event(0), lost = event(0), resample = event(0);
    struct vm vm;

    (void)state;
    open_guest(&vm, 9, LEVEL);
    assert_int_equal(route(&vm, &routes, 2), 0);
    assert_int_equal(irqfd(&vm, lost, 9, 0, -1), 0);
    assert_int_equal(irqfd(&vm, fd, 5, KVM_IRQFD_FLAG_RESAMPLE, resample), 0);
    signal_event(lost);
    signal_event(fd);
    takes(&vm, 9);
    assert_int_equal(count_of(resample), 1);
    waits(&vm);
    close_vm(&vm);
    close(fd);
    close(lost);
    close(resample);
}

static void errors_of_routes(void **state)
{
    const struct kvm_irq_routing_entry msi = {
        .gsi = 5, .type = KVM_IRQ_ROUTING_MSI, .flags = KVM_MSI_VALID_DEVID};
    struct routes good = {.entries = {pin(5, 9)}}, bad;
    struct vm vm;

    (void)state;
    open_vm(&vm);
    assert_int_equal(route(&vm, &good, 1), -EINVAL); /* of no interrupt controller */
    add_gic(&vm);
    assert_int_equal(route(&vm, &good, 0), 0);
    assert_int_equal(route(&vm, &good, 4097), -EINVAL);
    good.flags = 1;
    assert_int_equal(route(&vm, &good, 1), -EINVAL);
    bad = (struct routes){.entries = {pin(4096, 9)}};
    assert_int_equal(route(&vm, &bad, 1), -EINVAL);
    bad = (struct routes){.entries = {pin(5, VGIC5_NR_SPIS_MAX)}};
    assert_int_equal(route(&vm, &bad, 1), -EINVAL);
    bad = (struct routes){.entries = {pin(5, 9), pin(5, 10)}};
    assert_int_equal(route(&vm, &bad, 2), -EINVAL);
    bad = (struct routes){.entries = {msi, pin(6, 9)}};
    assert_int_equal(route(&vm, &bad, 2), 0);
    bad.entries[1].gsi = 5;
    assert_int_equal(route(&vm, &bad, 2), -EINVAL);
    bad = (struct routes){.entries = {pin(5, 9)}};
    bad.entries[0].flags = KVM_MSI_VALID_DEVID;
    assert_int_equal(route(&vm, &bad, 1), -EINVAL);
    bad = (struct routes){.entries = {{.gsi = 5, .type = 77}}};
    assert_int_equal(route(&vm, &bad, 1), -EINVAL);
    assert_int_equal(call(&vm, vm.vm, KVM_SET_GSI_ROUTING, (void *)1), -EFAULT);
    close_vm(&vm);
}

/* ---- ioeventfds ------------------------------------------------------------------------------ */

static int ioeventfd(const struct vm *vm, int fd, uint32_t length, uint32_t flags, uint64_t match)
{
    const struct kvm_ioeventfd request = {
        .fd = fd, .addr = PLACE, .len = length, .flags = flags, .datamatch = match};

    return call(vm, vm->vm, KVM_IOEVENTFD, &request);
}

/* Does a store of 8 bytes leave to the VMM? */
static bool leaves(const struct vm *vm, uint64_t value)
{
    set(vm, X(21), value);
    set(vm, X(22), PLACE);
    assert_int_equal(run_guest(vm, 7), KVM_EXIT_MMIO);
    if (vm->run->mmio.phys_addr == PLACE)
        return true;
    assert_int_equal(vm->run->mmio.phys_addr, DOORBELL);
    return false;
}

static void stores_are_heard(void **state)
{
    int any = event(0), five = event(0);
    struct vm vm;

    (void)state;
    open_vm(&vm);
    assert_true(leaves(&vm, 5));
    assert_int_equal(ioeventfd(&vm, any, 4, 0, 0), 0);
    assert_true(leaves(&vm, 5)); /* of another width */
    assert_int_equal(ioeventfd(&vm, five, 8, KVM_IOEVENTFD_FLAG_DATAMATCH, 5), 0);
    assert_true(leaves(&vm, 6));
    assert_false(leaves(&vm, 5));
    assert_int_equal(count_of(five), 1);
    assert_int_equal(ioeventfd(&vm, any, 4, KVM_IOEVENTFD_FLAG_DEASSIGN, 0), 0);
    assert_int_equal(ioeventfd(&vm, any, 0, 0, 0), -EEXIST);
    assert_int_equal(
        ioeventfd(&vm, five, 8, KVM_IOEVENTFD_FLAG_DEASSIGN | KVM_IOEVENTFD_FLAG_DATAMATCH, 5), 0);
    assert_int_equal(ioeventfd(&vm, any, 0, 0, 0), 0);
    assert_false(leaves(&vm, 6));
    assert_false(leaves(&vm, 5));
    assert_int_equal(count_of(any), 2);
    assert_int_equal(count_of(five), 0);
    assert_int_equal(ioeventfd(&vm, any, 0, KVM_IOEVENTFD_FLAG_DEASSIGN, 0), 0);
    assert_true(leaves(&vm, 5));
    close_vm(&vm);
    close(any);
    close(five);
}

/* As in the kernel, a store to one that is full waits for nobody. */
static void a_full_one(void **state)
{
    const uint64_t most = UINT64_MAX - 1;
    int fd = event(0);
    struct vm vm;

    (void)state;
    open_vm(&vm);
    assert_int_equal(write(fd, &most, sizeof(most)), sizeof(most));
    assert_int_equal(ioeventfd(&vm, fd, 8, 0, 0), 0);
    assert_false(leaves(&vm, 1));
    assert_true(count_of(fd) == most);
    close_vm(&vm);
    close(fd);
}

static void errors_of_ioeventfd(void **state)
{
    const uint32_t match = KVM_IOEVENTFD_FLAG_DATAMATCH, ends = KVM_IOEVENTFD_FLAG_DEASSIGN;
    const struct kvm_ioeventfd wraps = {.addr = UINT64_MAX - 3, .len = 8};
    int fd = event(0), other = event(0), pipes[2];
    struct vm vm;

    (void)state;
    assert_int_equal(pipe(pipes), 0);
    open_vm(&vm);
    assert_int_equal(ioeventfd(&vm, fd, 3, 0, 0), -EINVAL);
    assert_int_equal(ioeventfd(&vm, fd, 16, 0, 0), -EINVAL);
    assert_int_equal(ioeventfd(&vm, fd, 4, 16, 0), -EINVAL);
    assert_int_equal(ioeventfd(&vm, fd, 0, match, 0), -EINVAL);
    assert_int_equal(call(&vm, vm.vm, KVM_IOEVENTFD, &wraps), -EINVAL);
    assert_int_equal(call(&vm, vm.vm, KVM_IOEVENTFD, (void *)1), -EFAULT);
    assert_int_equal(ioeventfd(&vm, -1, 4, 0, 0), -EBADF);
    assert_int_equal(ioeventfd(&vm, pipes[0], 4, 0, 0), -EINVAL);
    assert_int_equal(ioeventfd(&vm, fd, 4, ends, 0), -ENOENT);
    assert_int_equal(ioeventfd(&vm, -1, 4, ends, 0), -EBADF);
    assert_int_equal(ioeventfd(&vm, fd, 4, match, 1), 0);
    assert_int_equal(ioeventfd(&vm, -1, 4, match, 1), -EBADF);
    assert_int_equal(ioeventfd(&vm, other, 4, match, 1), -EEXIST);
    assert_int_equal(ioeventfd(&vm, other, 4, 0, 0), -EEXIST);
    assert_int_equal(ioeventfd(&vm, other, 4, match, 2), 0);
    assert_int_equal(ioeventfd(&vm, other, 4, ends | match, 1), -ENOENT);
    assert_int_equal(ioeventfd(&vm, fd, 4, ends, 1), -ENOENT);
    assert_int_equal(ioeventfd(&vm, fd, 4, ends | match, 1), 0);
    assert_int_equal(ioeventfd(&vm, fd, 4, KVM_IOEVENTFD_FLAG_PIO, 0), 0); /* another bus */
    assert_int_equal(ioeventfd(&vm, fd, 4, ends, 0), -ENOENT);
    close_vm(&vm);
    close(fd);
    close(other);
    close(pipes[0]);
    close(pipes[1]);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_edge),
        cmocka_unit_test(resampled),
        cmocka_unit_test(deassigned_while_high),
        cmocka_unit_test(errors_of_irqfd),
        cmocka_unit_test(routed),
        cmocka_unit_test(errors_of_routes),
        cmocka_unit_test(stores_are_heard),
        cmocka_unit_test(a_full_one),
        cmocka_unit_test(errors_of_ioeventfd),
    };

    if (argc != 2)
        return 2;
    vm_guest(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
