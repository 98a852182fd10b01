/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Instructions that cost the host far more than others, and nothing else in a slice: a timer is
 * taken in time all the same. The clock is the test's: each instruction takes 10 us.
 */
#include "bare.h"

#include "machine/machine_parts.h"
#include "started.h"

#define US UINT64_C(1000)
#define COST (10 * US)
#define BEGIN UINT64_C(5000000000)
#define DUE 301u      /* instructions */
#define A_MS 100u     /* in instructions */
#define AT_MOST 5000u /* a quarter of a slice: it has not come */

#define MSR_TPIDR_EL0_X0 0xd51bd040u
#define MRS_X1_MIDR 0xd5380001u
#define MRS_X1_CNTVCT 0xd53be041u
#define TLBI_VMALLE1 0xd508871fu
#define TLBI_VMALLE1IS 0xd508831fu
#define TLBI_VAE1_X0 0xd5088720u
#define IC_IVAU_X0 0xd50b7520u
#define IC_IALLU 0xd508751fu
#define AT_S1E1R_X0 0xd5087800u
#define GIC_CDPEND_X0 0xd508c180u
#define IRS_WORD 0xb9400041u /* ldr w1, [x2] */

static struct slow {
    struct machine *machine;
    uint64_t alarm;
    uint64_t at; /* instructions executed when the timer was pending */
} slow;

static uint64_t now(void *opaque)
{
    (void)opaque;
    return BEGIN + machine_instructions(slow.machine) * COST;
}

static void sleep_for(void *opaque, uint64_t nanoseconds)
{
    (void)opaque, (void)nanoseconds;
    fail_msg("a vCPU that computes sleeps");
}

static void set_alarm(void *opaque, uint64_t at)
{
    (void)opaque;
    slow.alarm = at;
}

static bool has_rung(void *opaque)
{
    return now(opaque) >= slow.alarm;
}

static bool is_pending(void *opaque)
{
    (void)opaque;
    if (slow.at == 0 && slow.machine->cpus[0].pe.timers[PE_TIMER_VIRTUAL].level)
        slow.at = machine_instructions(slow.machine);
    return slow.at != 0;
}

static void arm(void)
{
    struct vcpu_sysreg compare = {.encoding = VGIC5_ENCODING(3, 3, 14, 3, 2),
                                  .is_write = true,
                                  .el = 1,
                                  .value = DUE * COST / 16};
    struct vcpu_sysreg control = {
        .encoding = VGIC5_ENCODING(3, 3, 14, 3, 1), .is_write = true, .el = 1, .value = 1};

    assert_int_equal(pe_sysreg(&slow.machine->cpus[0].pe, &compare), VCPU_SYSREG_DONE);
    assert_int_equal(pe_sysreg(&slow.machine->cpus[0].pe, &control), VCPU_SYSREG_DONE);
}

/* A loop of it, the timer armed. */
static void expect_in_time(const char *name, uint32_t insn)
{
    const struct machine_until until = {.insn = AT_MOST, .interrupted = is_pending};
    struct machine_stopped stopped;

    slow = (struct slow){.machine = STARTED(false, 0xd2a80200 /* mov x0, #0x40100000 */,
                                            0xd2a10022 /* mov x2, #0x08010000 */, insn,
                                            BRANCH_BACK_BY_ONE),
                         .alarm = UINT64_MAX};
    slow.machine->clock.time = (struct machine_time){now, sleep_for, set_alarm, has_rung, NULL};
    clock_start(&slow.machine->clock);
    arm();
    machine_run(slow.machine, &until, &stopped);
    if (stopped.why != MACHINE_STOP_REQUEST)
        fail_msg("%s: ended with %d, %s", name, (int)stopped.why, stopped.message);
    assert_true(slow.at >= DUE);
    if (slow.at > DUE + A_MS)
        fail_msg("%s: pending %u instructions after its time", name, (unsigned)(slow.at - DUE));
    machine_destroy(slow.machine);
}

static void a_slice_of_one_instruction(void **state)
{
    static const struct {
        const char *name;
        uint32_t insn;
    } rows[] = {
        {"TLBI VMALLE1", TLBI_VMALLE1}, {"TLBI VMALLE1IS", TLBI_VMALLE1IS},
        {"TLBI VAE1", TLBI_VAE1_X0},    {"IC IVAU", IC_IVAU_X0},
        {"IC IALLU", IC_IALLU},         {"AT S1E1R", AT_S1E1R_X0},
        {"GIC CDPEND", GIC_CDPEND_X0},  {"MSR TPIDR_EL0", MSR_TPIDR_EL0_X0},
        {"MRS MIDR_EL1", MRS_X1_MIDR},  {"MRS CNTVCT_EL0", MRS_X1_CNTVCT},
        {"LDR of a device", IRS_WORD},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        expect_in_time(rows[i].name, rows[i].insn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_slice_of_one_instruction)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
