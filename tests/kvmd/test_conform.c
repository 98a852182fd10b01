/* SPDX-License-Identifier: BSD-3-Clause */
/* The conformance suite for the emulated kernel's VGICv5, by ioctls alone. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "process.h"

static void report(void *opaque, const struct vgic5_conform_result *result)
{
    (void)opaque;

    if (result->verdict == VGIC5_CONFORM_FAIL)
        print_error("%s: %s\n", result->check->name, result->message);
}

static void conforms(enum kvmd_profile profile, uint32_t abi)
{
    struct vgic5_conform_ops ops;
    struct emulated emulated;
    uint32_t found = 0;
    struct vgic5_conform_summary summary = {.size = sizeof(summary)};

    emulated_open(&emulated, profile);
    assert_int_equal(vgic5_kvm_look(&emulated.calls, &found, NULL), 0);
    assert_int_equal(found, abi);
    vgic5_kvm_conform(&emulated.calls, abi, &ops);
    assert_int_equal(vgic5_conform_run(&ops, NULL, report, NULL, &summary), 0);
    assert_int_equal(summary.failed, 0);
    assert_true(summary.passed > 400);
    emulated_close(&emulated);
}

static void test_v1(void **state)
{
    (void)state;
    conforms(KVMD_V1, VGIC5_ABI_V1);
}

static void test_7_4(void **state)
{
    (void)state;
    conforms(KVMD_7_4, VGIC5_ABI_7_4);
}

/* It says what it lacks, in words. */
static void test_7_1(void **state)
{
    struct vgic5_error error = {0};
    struct emulated emulated;
    uint32_t abi;

    (void)state;
    emulated_open(&emulated, KVMD_7_1);
    assert_int_equal(vgic5_kvm_look(&emulated.calls, &abi, &error), -ENXIO);
    assert_int_equal(error.cause, VGIC5_CAUSE_ENVIRONMENT);
    emulated_close(&emulated);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_v1),
        cmocka_unit_test(test_7_4),
        cmocka_unit_test(test_7_1),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
