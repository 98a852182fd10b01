/* SPDX-License-Identifier: BSD-3-Clause */
/* The port to /dev/kvm, before a kernel of the tests: what it asks, in which order, and what it
 * makes of the answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kvm/numbers.h"
#include "port_vm.h"

/* ---- Numbers --------------------------------------------------------------------------------- */

/* From the kernel's ABI, written out: an ioctl's number does not change. */
static void test_numbers(void **state)
{
    (void)state;
    assert_int_equal(VGIC5_KVM_ARM_VCPU_INIT, 0x4020aeae);
    assert_int_equal(VGIC5_KVM_ARM_PREFERRED_TARGET, 0x8020aeaf);
    assert_int_equal(KVM_SET_DEVICE_ATTR, 0x4018aee1);
    assert_int_equal(KVM_GET_DEVICE_ATTR, 0x4018aee2);
    assert_int_equal(KVM_HAS_DEVICE_ATTR, 0x4018aee3);
    assert_int_equal(KVM_IRQ_LINE, 0x4008ae61);
    assert_int_equal(VGIC5_DEV_TYPE, 16);
    assert_int_equal(sizeof(struct vgic5_attr), sizeof(struct kvm_device_attr));
    assert_int_equal(offsetof(struct vgic5_attr, addr), offsetof(struct kvm_device_attr, addr));
    assert_int_equal(offsetof(struct vgic5_attr, attr), offsetof(struct kvm_device_attr, attr));
}

/* ---- Looking --------------------------------------------------------------------------------- */

static void check_look(struct kernel *kernel, const struct vgic5_kvm_calls *calls,
                       const char *words)
{
    struct vgic5_error error = {0};
    uint32_t abi = 0;
    int ret = vgic5_kvm_look(calls, &abi, &error);

    assert_int_not_equal(ret, 0);
    assert_int_equal(error.cause, VGIC5_CAUSE_ENVIRONMENT);
    assert_string_equal(error.message, words);
    assert_int_equal(kernel->opened, 0);
    kernel_close(kernel);
}

static void test_what_is_missing(void **state)
{
    struct vgic5_kvm_calls calls;
    struct kernel kernel;

    (void)state;
    kernel_open(&kernel, VGIC5_ABI_V1, &calls);
    kernel.open_errno = ENOENT;
    check_look(&kernel, &calls, "there is no /dev/kvm");
    kernel_open(&kernel, VGIC5_ABI_V1, &calls);
    kernel.open_errno = EACCES;
    check_look(&kernel, &calls, "/dev/kvm may not be opened: no permission");
    kernel_open(&kernel, VGIC5_ABI_V1, &calls);
    kernel.machine = "x86_64"; /* whose own KVM knows no such device */
    kernel.fail_on = KVM_CREATE_DEVICE;
    kernel.fail_errno = ENODEV;
    check_look(&kernel, &calls, "this host is x86_64: a VGICv5 needs an arm64 host");
    kernel_open(&kernel, VGIC5_ABI_V1, &calls);
    kernel.machine = "x86_64";
    kernel.open_errno = ENOENT;
    check_look(&kernel, &calls,
               "there is no /dev/kvm, and this host is x86_64: a VGICv5 needs an arm64 host");
    kernel_open(&kernel, VGIC5_ABI_V1, &calls);
    kernel.api = 11;
    check_look(&kernel, &calls, "/dev/kvm has another API than 12");
    kernel_open(&kernel, VGIC5_ABI_V1, &calls);
    kernel.fail_on = KVM_CREATE_DEVICE;
    kernel.fail_errno = ENODEV;
    check_look(&kernel, &calls,
               "KVM has no VGICv5: the host has no GICv5, or its kernel is older than 7.1");
    kernel_open(&kernel, VGIC5_ABI_V1, &calls);
    kernel.fail_on = KVM_CREATE_VM;
    kernel.fail_errno = ENOMEM;
    check_look(&kernel, &calls, "KVM_CREATE_VM: Cannot allocate memory");
    kernel_open(&kernel, VGIC5_ABI_V1, &calls);
    kernel.fail_on = KVM_CREATE_VCPU;
    kernel.fail_errno = EINVAL;
    check_look(&kernel, &calls, "a vCPU cannot be made: Invalid argument");
    kernel_open(&kernel, VGIC5_ABI_V1, &calls);
    kernel.ctrl_only = true;
    check_look(&kernel, &calls,
               "the kernel's VGICv5 has GRP_CTRL only, and so no interface to save or restore "
               "it: Linux 7.1 to 7.3 are like that, Linux 7.4 has one");
}

/* The traffic of a look, as the contract has it. */
static void check_traffic(const struct kernel *kernel)
{
    static const struct line expected[] = {
        {KERNEL_KVM, KVM_GET_API_VERSION, 0, 0, 12},
        {KERNEL_KVM, KVM_CREATE_VM, 0, 0, KERNEL_VM},
        {KERNEL_KVM, KVM_GET_VCPU_MMAP_SIZE, 0, 0, 8192},
        {KERNEL_VM, KVM_SET_USER_MEMORY_REGION, 0, 0, 0},
        {KERNEL_VM, KVM_CREATE_DEVICE, 0, 0, 0},
        {KERNEL_VM, KVM_CREATE_VCPU, 0, 0, KERNEL_VCPU},
        {KERNEL_VM, VGIC5_KVM_ARM_PREFERRED_TARGET, 0, 0, 0},
        {KERNEL_VCPU, VGIC5_KVM_ARM_VCPU_INIT, 0, 0, 0},
        {KERNEL_DEVICE, KVM_HAS_DEVICE_ATTR, VGIC5_GRP_IST, 0, 0},
        {KERNEL_DEVICE, KVM_SET_DEVICE_ATTR, VGIC5_GRP_ADDR, 6, 0},
        {KERNEL_DEVICE, KVM_SET_DEVICE_ATTR, VGIC5_GRP_CTRL, 0, 0},
        {KERNEL_DEVICE, KVM_GET_DEVICE_ATTR, VGIC5_GRP_IST, 0, 0},
    };
    size_t length = sizeof(expected) / sizeof(expected[0]);

    assert_int_equal(kernel->nr_lines, length);
    for (size_t n = 0; n < length; n++) {
        assert_int_equal(kernel->lines[n].fd, expected[n].fd);
        assert_int_equal(kernel->lines[n].request, expected[n].request);
        assert_int_equal(kernel->lines[n].group, expected[n].group);
        assert_int_equal(kernel->lines[n].attr, expected[n].attr);
        if (n + 1 < length) /* the last answer is the generation */
            assert_int_equal(kernel->lines[n].ret, expected[n].ret);
    }
}

static void test_the_generation(void **state)
{
    (void)state;
    for (uint32_t abi = VGIC5_ABI_V1; abi <= VGIC5_ABI_7_4; abi++) {
        struct vgic5_error error = {0};
        struct vgic5_kvm_calls calls;
        struct kernel kernel;
        uint32_t found = 0;

        kernel_open(&kernel, abi, &calls);
        if (vgic5_kvm_look(&calls, &found, &error))
            fail_msg("%s", error.message);
        assert_int_equal(found, abi);
        assert_int_equal(kernel.opened, 0);
        check_traffic(&kernel);
        kernel_close(&kernel);
    }
}

/* ---- The suite ------------------------------------------------------------------------------- */

/* What a check that is skipped may say. */
static bool is_beyond_kvm(const char *message)
{
    static const char *const reasons[] = {"the port cannot keep a vCPU running",
                                          "the port has no guest", "the port cannot "};

    for (size_t n = 0; n < sizeof(reasons) / sizeof(reasons[0]); n++) {
        if (strncmp(message, reasons[n], strlen(reasons[n])) == 0)
            return true;
    }
    return false;
}

static void report(void *opaque, const struct vgic5_conform_result *result)
{
    (void)opaque;
    if (result->verdict == VGIC5_CONFORM_FAIL)
        print_message("# %s [%s]: %s\n", result->check->name, result->check->row, result->message);
    if (result->verdict == VGIC5_CONFORM_SKIP && !is_beyond_kvm(result->message))
        fail_msg("%s was skipped: %s", result->check->name, result->message);
}

/* A vCPU cannot stay inside, and there are no guest and no faults: nothing else is skipped. */
static void test_the_suite(void **state)
{
    (void)state;
    for (uint32_t abi = VGIC5_ABI_V1; abi <= VGIC5_ABI_7_4; abi++) {
        struct vgic5_conform_summary summary = {.size = sizeof(summary)};
        struct vgic5_conform_ops ops;
        struct vgic5_kvm_calls calls;
        struct kernel kernel;

        kernel_open(&kernel, abi, &calls);
        vgic5_kvm_conform(&calls, abi, &ops);
        assert_int_equal(vgic5_conform_run(&ops, NULL, report, NULL, &summary), 0);
        assert_int_equal(summary.failed, 0);
        assert_true(summary.passed >= 430 && summary.skipped <= 110);
        assert_int_equal(kernel.opened, 0);
        kernel_close(&kernel);
    }
}

/* ---- Save and restore ------------------------------------------------------------------------ */

static int set(const struct vgic5_port *port, uint32_t group, uint64_t attr, uint64_t value)
{
    struct vgic5_attr access = {.group = group, .attr = attr, .addr = (uintptr_t)&value};

    return port->set_attr(port->opaque, &access);
}

/* Two vCPUs, ids 3 and 17. */
static void make_vm(struct port_vm *vm)
{
    port_vm_make(vm, (const uint32_t[]){3, 17}, 2, false);
}

static void open_vm(struct port_vm *vm, uint32_t abi)
{
    port_vm_open(vm, abi);
    make_vm(vm);
}

/* A guest that has run, with an edge SPI pending, a level SPI, and a selection. */
static void be_busy(struct port_vm *vm)
{
    const struct vgic5_port *port = &vm->port;

    assert_int_equal(set(port, VGIC5_GRP_ADDR, VGIC5_ADDR_TYPE_IRS, MAP_IRS_BASE), 0);
    assert_int_equal(set(port, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, 0), 0);
    assert_int_equal(kvm_vm_run(&vm->vm, 17), 0);
    assert_true(vmm_mmio_write(&vm->kernel.vmm, VGIC5_IRS_SPI_SELR, 4, 9));
    assert_true(vmm_mmio_write(&vm->kernel.vmm, VGIC5_IRS_SPI_CFGR, 4, 1));
    assert_int_equal(port->irq_line(port->opaque, VGIC5_IRQ_SPI(5), true), 0);
}

/* From one kernel into another; the lines are the VMM's, and it is told. */
static void check_move(uint32_t abi)
{
    struct port_vm source, target;
    struct vgic5_migration_options options = {
        .size = sizeof(options), .warn = port_vm_warn, .opaque = &target};
    struct vgic5_error error = {0};
    struct vgic5_state *saved, *again;
    bool level, wire;

    port_vm_open(&target, abi);
    open_vm(&source, abi);
    be_busy(&source);
    if (vgic5_save(&source.port, &options, &saved, &error))
        fail_msg("%s", error.message);
    assert_int_equal(target.warnings, 0);
    make_vm(&target);
    if (vgic5_restore(&target.port, saved, &options, &error))
        fail_msg("%s", error.message);
    assert_int_equal(target.warnings, 1);
    assert_non_null(strstr(target.last, "re-assert"));
    if (vgic5_save(&target.port, NULL, &again, &error))
        fail_msg("%s", error.message);
    assert_int_equal(vgic5_state_spi(again, 5, &level, &wire) & 1, 1);
    assert_false(level);
    vgic5_state_spi(again, 9, &level, &wire);
    assert_true(level);
    vgic5_state_free(saved);
    vgic5_state_free(again);
    port_vm_close(&source);
    port_vm_close(&target);
}

static void test_save_and_restore(void **state)
{
    (void)state;
    check_move(VGIC5_ABI_V1);
    check_move(VGIC5_ABI_7_4);
}

/* A real 7.4 kernel hands out HM as the guest left it; for the selected SPI this can be seen. */
static void test_hm_0_is_told(void **state)
{
    struct port_vm vm;
    struct vgic5_migration_options options = {
        .size = sizeof(options), .warn = port_vm_warn, .opaque = &vm};
    struct vgic5_error error = {0};
    struct vgic5_state *saved;

    (void)state;
    open_vm(&vm, VGIC5_ABI_7_4);
    vm.kernel.no_hm = true;
    be_busy(&vm);
    if (vgic5_save(&vm.port, &options, &saved, &error))
        fail_msg("%s", error.message);
    assert_int_equal(vm.warnings, 1);
    assert_non_null(strstr(vm.last, "SPI 9 is level-triggered, but its entry has HM = 0"));
    vgic5_state_free(saved);
    port_vm_close(&vm);
}

/* ---- A port that names the wrong generation -------------------------------------------------- */

/* Each answers what the other asks; none writes over more than it was given, or takes the
 * descriptor for entries. */
static void check_wrong_generation(uint32_t is, uint32_t says, const char *words)
{
    struct vgic5_error error = {0};
    struct vgic5_state *saved = NULL, *right_state;
    struct port_vm vm, right;

    port_vm_open(&vm, is);
    vm.says = says;
    make_vm(&vm);
    be_busy(&vm);
    assert_int_equal(vgic5_save(&vm.port, NULL, &saved, &error), -ENOTSUP);
    assert_int_equal(error.cause, VGIC5_CAUSE_GIVEN_UP);
    assert_null(saved);
    assert_non_null(strstr(error.message, "save step S3 (GRP_IST): the port says abi "));
    assert_non_null(strstr(error.message, words));
    kvm_vm_close(&vm.vm);

    open_vm(&right, says);
    be_busy(&right);
    assert_int_equal(vgic5_save(&right.port, NULL, &right_state, NULL), 0);
    make_vm(&vm);
    assert_int_equal(vgic5_restore(&vm.port, right_state, NULL, &error), -ENOTSUP);
    assert_int_equal(error.cause, VGIC5_CAUSE_UNFIT);
    assert_non_null(strstr(error.message, words));
    vgic5_state_free(right_state);
    port_vm_close(&right);
    port_vm_close(&vm);
}

static void test_a_port_of_the_wrong_generation(void **state)
{
    (void)state;
    check_wrong_generation(VGIC5_ABI_V1, VGIC5_ABI_7_4,
                           "the port says abi 7.4, and the device answers as one of v1");
    check_wrong_generation(VGIC5_ABI_7_4, VGIC5_ABI_V1,
                           "the port says abi v1, and the device answers as one of 7.4");
}

/* ---- A VM that dies -------------------------------------------------------------------------- */

/* The n-th call of a save fails, and the VM lives on, or does not. What is said is what failed
 * first, not what the engine was answered when it tidied up. */
static bool check_failing_save(uint32_t abi, unsigned n, bool dies)
{
    struct port_vm vm;
    struct vgic5_migration_options options = {
        .size = sizeof(options), .warn = port_vm_warn, .opaque = &vm};
    struct vgic5_error error = {0};
    struct vgic5_state *saved;
    int ret;

    open_vm(&vm, abi);
    be_busy(&vm);
    vm.kernel.fail_at = vm.kernel.asked + n;
    vm.kernel.fail_errno = ETIMEDOUT;
    vm.kernel.dies = dies;
    ret = vgic5_save(&vm.port, &options, &saved, &error);
    if (ret == 0) {
        vgic5_state_free(saved);
    } else {
        assert_int_equal(ret, -ETIMEDOUT);
        assert_int_equal(error.cause, dies ? VGIC5_CAUSE_VM_DEAD : VGIC5_CAUSE_GIVEN_UP);
        assert_memory_equal(error.message, "save step S", 11);
        assert_non_null(strstr(error.message, "the device answers ETIMEDOUT"));
        assert_int_equal(strstr(error.message, "the VM is dead") != NULL, dies);
        assert_int_equal(vm.warnings, 0);
    }
    port_vm_close(&vm);
    return ret != 0;
}

static void test_a_vm_that_dies_in_a_save(void **state)
{
    (void)state;
    for (uint32_t abi = VGIC5_ABI_V1; abi <= VGIC5_ABI_7_4; abi++) {
        unsigned n = 1;

        while (check_failing_save(abi, n, true) && check_failing_save(abi, n, false))
            n++;
        assert_true(n > 80);
    }
}

/* A target that dies was the target's fault, whatever the errno of the first. */
static void test_a_vm_that_dies_in_a_restore(void **state)
{
    struct vgic5_error error = {0};
    struct vgic5_state *saved;
    struct port_vm vm;

    (void)state;
    open_vm(&vm, VGIC5_ABI_V1);
    be_busy(&vm);
    assert_int_equal(vgic5_save(&vm.port, NULL, &saved, NULL), 0);
    kvm_vm_close(&vm.vm);
    make_vm(&vm);
    vm.kernel.fail_at = vm.kernel.asked + 20;
    vm.kernel.fail_errno = EINVAL;
    vm.kernel.dies = true;
    assert_int_equal(vgic5_restore(&vm.port, saved, NULL, &error), -EINVAL);
    assert_int_equal(error.cause, VGIC5_CAUSE_VM_DEAD);
    assert_memory_equal(error.message, "restore step R", 14);
    assert_non_null(strstr(error.message, "EINVAL"));
    assert_non_null(strstr(error.message, "the VM is dead"));
    vgic5_state_free(saved);
    port_vm_close(&vm);
}

/* Every errno comes through. */
static void test_errnos(void **state)
{
    static const int errnos[] = {EBUSY,  EEXIST, EINVAL, ENXIO, EFAULT, ENOENT,
                                 ENODEV, ENOMEM, E2BIG,  EIO,   ENOSPC, ETIMEDOUT};
    struct vgic5_attr attr = {.group = VGIC5_GRP_CTRL};
    struct port_vm vm;

    (void)state;
    open_vm(&vm, VGIC5_ABI_V1);
    for (size_t n = 0; n < sizeof(errnos) / sizeof(errnos[0]); n++) {
        vm.kernel.fail_errno = errnos[n];
        vm.kernel.fail_on = KVM_SET_DEVICE_ATTR;
        assert_int_equal(vm.port.set_attr(vm.port.opaque, &attr), -errnos[n]);
        vm.kernel.fail_on = KVM_GET_DEVICE_ATTR;
        assert_int_equal(vm.port.get_attr(vm.port.opaque, &attr), -errnos[n]);
        vm.kernel.fail_on = KVM_HAS_DEVICE_ATTR;
        assert_int_equal(vm.port.has_attr(vm.port.opaque, &attr), -errnos[n]);
        vm.kernel.fail_on = KVM_IRQ_LINE;
        assert_int_equal(vm.port.irq_line(vm.port.opaque, 0, true), -errnos[n]);
    }
    kvm_vm_close(&vm.vm);
    assert_int_equal(vm.kernel.opened, 0);
    kernel_close(&vm.kernel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_what_is_missing),
        cmocka_unit_test(test_the_generation),
        cmocka_unit_test(test_the_suite),
        cmocka_unit_test(test_save_and_restore),
        cmocka_unit_test(test_hm_0_is_told),
        cmocka_unit_test(test_errnos),
        cmocka_unit_test(test_a_port_of_the_wrong_generation),
        cmocka_unit_test(test_a_vm_that_dies_in_a_save),
        cmocka_unit_test(test_a_vm_that_dies_in_a_restore),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
