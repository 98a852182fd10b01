/* SPDX-License-Identifier: BSD-3-Clause */
/* PSCI 1.1 (Arm DEN 0022) and the SMCCC calls that go with it. */
#include "check.h"

#include "vcpu/psci.h"

#define RAM 0x40000000u
#define HIGH UINT64_C(0xdeadbeef00000000)

#define VERSION 0x84000000u
#define OFF 0x84000002u
#define ON32 0x84000003u
#define INFO32 0x84000004u
#define ON64 0xc4000003u
#define INFO64 0xc4000004u
#define FEATURES 0x8400000au

/* Three vCPUs: the first is on; the last has every affinity bit set. */
static const uint64_t mpidrs[] = {0, 0x100, UINT64_C(0xff00ffffff)};

static int vcpu_of_mpidr(void *opaque, uint64_t mpidr)
{
    (void)opaque;
    for (int i = 0; i < 3; i++) {
        if (mpidrs[i] == mpidr)
            return i;
    }
    return -1;
}

static bool is_on(void *opaque, int vcpu)
{
    (void)opaque;
    return vcpu == 0;
}

static bool is_ram(void *opaque, uint64_t address)
{
    (void)opaque;
    return address >= RAM && address < RAM + 0x200000;
}

static const struct psci_machine machine = {
    .vcpu_of_mpidr = vcpu_of_mpidr, .is_on = is_on, .is_ram = is_ram};

static struct psci_result call(uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3)
{
    return psci_decide(&(struct psci_call){{x0, x1, x2, x3}}, &machine);
}

static void expect_return(struct psci_result result, int64_t value)
{
    assert_int_equal(result.action, PSCI_ACTION_RETURN);
    assert_true(result.value == value);
    assert_int_equal(result.target, -1);
}

static void answers_without_arguments(void **unused)
{
    (void)unused;
    expect_return(call(VERSION, 1, 2, 3), 0x10001);
    expect_return(call(0x84000006, 0, 0, 0), 2);
    expect_return(call(0x80000000, 0, 0, 0), 0x10001);
}

/* SMCCC: only W0 names the function. */
static void function_id_is_w0(void **unused)
{
    (void)unused;
    expect_return(call(HIGH | VERSION, 0, 0, 0), 0x10001);
}

static void what_ends_the_caller(void **unused)
{
    (void)unused;
    assert_int_equal(call(OFF, 0, 0, 0).action, PSCI_ACTION_CPU_OFF);
    assert_int_equal(call(0x84000008, 0, 0, 0).action, PSCI_ACTION_SYSTEM_OFF);
    assert_int_equal(call(0x84000009, 0, 0, 0).action, PSCI_ACTION_SYSTEM_RESET);
}

static void unknown_functions(void **unused)
{
    static const uint64_t ids[] = {
        0,          0x84000001, 0xc4000001, 0x84000005, 0x84000007, 0x8400000b, 0xc4000000,
        0xc4000002, 0xc4000008, 0x80000002, 0xc0000000, 0x8600ff01, 0xffffffff,
    };

    (void)unused;
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
        expect_return(call(ids[i], 0, 0, 0), PSCI_NOT_SUPPORTED);
}

static void features(void **unused)
{
    static const uint32_t there[] = {0x80000000, 0x84000000, 0x84000002, 0x84000003,
                                     0xc4000003, 0x84000004, 0xc4000004, 0x84000006,
                                     0x84000008, 0x84000009, 0x8400000a};
    static const uint32_t absent[] = {0x84000001, 0xc4000001, 0x84000005, 0xc4000005, 0x80000001,
                                      0x8400000e, 0xc400000e, 0x84000012, 0,          0xffffffff};

    (void)unused;
    for (size_t i = 0; i < sizeof(there) / sizeof(there[0]); i++) {
        expect_return(call(FEATURES, there[i], 0, 0), PSCI_SUCCESS);
        expect_return(call(FEATURES, HIGH | there[i], 0, 0), PSCI_SUCCESS);
    }
    for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
        expect_return(call(FEATURES, absent[i], 0, 0), PSCI_NOT_SUPPORTED);
}

static void arch_features(void **unused)
{
    (void)unused;
    expect_return(call(0x80000001, 0x80000000, 0, 0), 0);
    expect_return(call(0x80000001, 0x80000001, 0, 0), 0);
    expect_return(call(0x80000001, 0x80008000, 0, 0), PSCI_NOT_SUPPORTED);
    expect_return(call(0x80000001, 0x84000000, 0, 0), PSCI_NOT_SUPPORTED);
}

static void cpu_on_starts_a_vcpu(void **unused)
{
    struct psci_result result = call(ON64, mpidrs[2], RAM + 0x1000, HIGH | 7);

    (void)unused;
    assert_int_equal(result.action, PSCI_ACTION_CPU_ON);
    assert_int_equal(result.value, PSCI_SUCCESS);
    assert_int_equal(result.target, 2);
    assert_true(result.entry == RAM + 0x1000);
    assert_true(result.context == (HIGH | 7));
}

static void cpu_on_in_32_bits(void **unused)
{
    struct psci_result result = call(ON32, HIGH | 0x100, HIGH | (RAM + 4), HIGH | 7);

    (void)unused;
    assert_int_equal(result.action, PSCI_ACTION_CPU_ON);
    assert_int_equal(result.target, 1);
    assert_true(result.entry == RAM + 4);
    assert_true(result.context == 7);
}

/* What is wrong first is told first: the target, its state, the address. */
static void cpu_on_errors(void **unused)
{
    const struct {
        uint32_t id;
        uint64_t target, entry;
        int64_t expected;
    } rows[] = {
        {ON64, 0x200, RAM, PSCI_INVALID_PARAMETERS},
        {ON64, 0x200, 0, PSCI_INVALID_PARAMETERS},
        {ON64, HIGH | 0x100, RAM, PSCI_INVALID_PARAMETERS},
        {ON64, 0x80000100, RAM, PSCI_INVALID_PARAMETERS}, /* MPIDR's RES1 bit is none of Aff */
        {ON64, 0x01000100, RAM, PSCI_INVALID_PARAMETERS},
        {ON32, 0x200, RAM, PSCI_INVALID_PARAMETERS},
        {ON64, 0, RAM, PSCI_ALREADY_ON},
        {ON64, 0, 0, PSCI_ALREADY_ON},
        {ON32, HIGH, RAM, PSCI_ALREADY_ON},
        {ON64, 0x100, 0, PSCI_INVALID_ADDRESS},
        {ON64, 0x100, RAM - 4, PSCI_INVALID_ADDRESS},
        {ON64, 0x100, RAM + 0x200000, PSCI_INVALID_ADDRESS},
        {ON64, 0x100, HIGH | RAM, PSCI_INVALID_ADDRESS},
        {ON64, 0x100, RAM + 1, PSCI_INVALID_ADDRESS},
        {ON64, 0x100, RAM + 2, PSCI_INVALID_ADDRESS},
        {ON64, 0x100, UINT64_MAX, PSCI_INVALID_ADDRESS},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        expect_return(call(rows[i].id, rows[i].target, rows[i].entry, 0), rows[i].expected);
}

static void affinity_info(void **unused)
{
    (void)unused;
    expect_return(call(INFO64, 0, 0, 0), 0);
    expect_return(call(INFO64, 0x100, 0, 0), 1);
    expect_return(call(INFO64, mpidrs[2], 0, 0), 1);
    expect_return(call(INFO32, HIGH | 0x100, HIGH, 0), 1);
    expect_return(call(INFO32, HIGH, 0, 0), 0);
    expect_return(call(INFO64, 0x101, 0, 0), PSCI_INVALID_PARAMETERS);
    expect_return(call(INFO64, 0x100, 1, 0), PSCI_INVALID_PARAMETERS);
    expect_return(call(INFO64, 0x100, HIGH, 0), PSCI_INVALID_PARAMETERS);
    expect_return(call(INFO64, HIGH, 0, 0), PSCI_INVALID_PARAMETERS);
    expect_return(call(INFO32, mpidrs[2] | 0x300, 0, 0), PSCI_INVALID_PARAMETERS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_without_arguments),
        cmocka_unit_test(function_id_is_w0),
        cmocka_unit_test(what_ends_the_caller),
        cmocka_unit_test(unknown_functions),
        cmocka_unit_test(features),
        cmocka_unit_test(arch_features),
        cmocka_unit_test(cpu_on_starts_a_vcpu),
        cmocka_unit_test(cpu_on_in_32_bits),
        cmocka_unit_test(cpu_on_errors),
        cmocka_unit_test(affinity_info),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
