/* SPDX-License-Identifier: BSD-3-Clause */
/* States that a guest cannot leave end the run, and states that look like them do not. */
#include "bare.h"

#include <string.h>

#include "machine/machine_parts.h"
#include "started.h"

#define LIMIT 130000000u /* a panic is certain after 100 million */
#define SLICES 200000u
#define MOV_X0_RAM 0xd2a80000u  /* mov x0, #0x40000000 */
#define ADD_X0_PAGE 0x91400400u /* add x0, x0, #0x1000 */
#define ADD_X0_1 0x91000400u
#define MSR_VBAR_X0 0xd518c000u
#define WFE 0xd503205fu
#define VECTORS 0x1000u
#define SYNCHRONOUS (VECTORS + 0x200u)

#define PUT(machine, offset, ...)                                                  \
    memory_write(&(machine)->ram, RAM + (offset), (const uint32_t[]){__VA_ARGS__}, \
                 sizeof((const uint32_t[]){__VA_ARGS__}))

static struct machine_stopped run(struct machine *machine, uint64_t limit)
{
    const struct machine_until until = {.insn = limit};
    struct machine_stopped stopped;

    machine_run(machine, &until, &stopped);
    machine_destroy(machine);
    return stopped;
}

static void expect_stuck(struct machine *machine, const char *why, const char *where)
{
    struct machine_stopped stopped = run(machine, LIMIT);

    assert_int_equal(stopped.why, MACHINE_STOP_STUCK);
    if (strstr(stopped.message, why) == NULL || strstr(stopped.message, where) == NULL)
        fail_msg("'%s', expected '%s' and '%s'", stopped.message, why, where);
    assert_non_null(strstr(stopped.message, "vCPU 0:"));
    assert_non_null(strstr(stopped.message, "ESR_EL1"));
}

static void expect_goes_on(struct machine *machine, uint64_t limit)
{
    struct machine_stopped stopped = run(machine, limit);

    if (stopped.why != MACHINE_STOP_INSN)
        fail_msg("ended with %d: %s", (int)stopped.why, stopped.message);
}

/* ---- Loops -------------------------------------------------------------------------------------
 */

#define EMPTY_LOOP "a loop that does nothing"
/* The virtual timer, in 17 seconds. */
#define TIMER_ON                                                                    \
    0xd2a80003u /* mov x3, #0x40000000 */, 0xd51be343u /* msr cntv_cval_el0, x3 */, \
        0xd2800023u /* mov x3, #1 */, 0xd51be323u /* msr cntv_ctl_el0, x3 */

static void a_loop_that_does_nothing(void **state)
{
    (void)state;
    expect_stuck(STARTED(true, NOP, BRANCH_TO_ITSELF), EMPTY_LOOP, "PC 0x40000004");
    expect_stuck(STARTED(true, NOP, BRANCH_BACK_BY_ONE), EMPTY_LOOP, "PC 0x40000000");
    expect_stuck(STARTED(true, WFE, 0xd5033fdf /* isb */, 0x17fffffe /* b -8 */), EMPTY_LOOP,
                 "PC 0x4000000");
    expect_goes_on(STARTED(true, ADD_X0_1, BRANCH_BACK_BY_ONE), SLICES);
    expect_goes_on(STARTED(true, 0xf9400001 /* ldr x1, [x0] */, BRANCH_BACK_BY_ONE), SLICES);
    expect_goes_on(STARTED(true, NOP, 0xb4ffffe0 /* cbz x0, -4 */), SLICES);
}

/* Unmasked: only if no interrupt can come. */
static void a_loop_that_could_be_interrupted(void **state)
{
    (void)state;
    expect_stuck(STARTED(true, DAIFCLR_2, BRANCH_TO_ITSELF), EMPTY_LOOP, "PC 0x40000004");
    expect_goes_on(STARTED(true, TIMER_ON, DAIFCLR_2, BRANCH_TO_ITSELF), SLICES);
    expect_stuck(STARTED(true, TIMER_ON, BRANCH_TO_ITSELF), EMPTY_LOOP, "PC 0x40000010");
}

static void fetch_from_nowhere(void **state)
{
    (void)state;
    expect_stuck(STARTED(true, 0xd2a20000 /* mov x0, #0x10000000 */, 0xd61f0000 /* br x0 */),
                 "exceptions in a row without one instruction executed, beginning at PC 0x10000000"
                 " (no RAM there) with ESR_EL1 0x2000000; ",
                 "; PC 0x200");
}

/* The registers tell where it ended, the words where it began. */
static void an_abort_without_vectors(void **state)
{
    (void)state;
    expect_stuck(STARTED(true, MOV_X0_RAM, ADD_X0_1, 0xc85f7c02 /* ldxr x2, [x0] */),
                 "beginning at PC 0x40000008 with ESR_EL1 0x96000021 FAR_EL1 0x40000001; ",
                 "; PC 0x200");
}

static void exception_in_its_handler(void **state)
{
    struct machine *machine = STARTED(true, MOV_X0_RAM, ADD_X0_PAGE, MSR_VBAR_X0, UNALLOCATED);

    (void)state;
    PUT(machine, SYNCHRONOUS, NOP, NOP, UNALLOCATED);
    expect_stuck(machine, "the same exception, beginning at PC 0x4000000c", "ELR_EL1 0x40001208");
}

/* The handler counts, in a register: something goes on. */
static void exceptions_one_after_the_other(void **state)
{
    struct machine *machine =
        STARTED(true, MOV_X0_RAM, ADD_X0_PAGE, MSR_VBAR_X0, SVC_7, BRANCH_BACK_BY_ONE);

    (void)state;
    PUT(machine, SYNCHRONOUS, 0x910004a5 /* add x5, x5, #1 */, ERET);
    for (uint32_t i = 0; i < 2; i++) {
        const struct machine_until until = {.insn = 100000 * (i + 1)};
        struct machine_stopped stopped;

        machine_run(machine, &until, &stopped);
        assert_int_equal(stopped.why, MACHINE_STOP_INSN);
    }
    machine_destroy(machine);
}

/* ---- Panic -------------------------------------------------------------------------------------
 */

#define TEXT 0x2000u

/* Prints the text at RAM + TEXT and goes on with `rest`, of two instructions. */
static struct machine *printing(const char *text, uint32_t rest, uint32_t then)
{
    struct machine *machine = STARTED(
        true, MOV_X0_RAM, 0x91400800 /* add x0, x0, #0x2000 */, 0xd2a12002 /* mov x2, #0x9000000 */,
        0x38401401 /* ldrb w1, [x0], #1 */, 0x34000061 /* cbz w1, +12 */,
        0x39000041 /* strb w1, [x2] */, 0x17fffffd /* b -12 */, rest, then);

    memory_write(&machine->ram, RAM + TEXT, text, strlen(text) + 1);
    return machine;
}

static const char panic[] = "[    0.3] ---[ end Kernel panic - not syncing: no init ]---\r\n";

static void a_panic_is_the_end(void **state)
{
    (void)state;
    expect_stuck(printing(panic, ADD_X0_1, BRANCH_BACK_BY_ONE), "panicked", "PC 0x4000001c");
}

static void another_text_is_not(void **state)
{
    (void)state;
    expect_goes_on(printing("---[ end Kernel panic - ", ADD_X0_1, BRANCH_BACK_BY_ONE), LIMIT);
    expect_goes_on(printing("---[ end trace ]---\n", ADD_X0_1, BRANCH_BACK_BY_ONE), LIMIT);
}

/* ERET to a loop at EL0: a program prints what it likes. */
static void a_program_that_says_so_goes_on(void **state)
{
    struct machine *machine = printing(panic, NOP, 0x14000001 /* b +4 */);

    (void)state;
    PUT(machine, 0x24, 0xd2807800 /* mov x0, #0x3c0 */, 0xd5184000 /* msr spsr_el1, x0 */,
        MOV_X0_RAM, ADD_X0_PAGE, 0xd5184020 /* msr elr_el1, x0 */, ERET);
    PUT(machine, 0x1000, NOP, ADD_X0_1, BRANCH_BACK_BY_ONE);
    expect_goes_on(machine, LIMIT);
}

/* A log of somebody else's panic, and then other things. */
static void more_output_goes_on(void **state)
{
    struct machine *machine = printing(panic, NOP, 0x14000001 /* b +4 */);

    (void)state;
    PUT(machine, 0x24, 0xd2a00405 /* mov x5, #0x200000 */, 0xd10004a5 /* sub x5, x5, #1 */,
        0xb5ffffe5 /* cbnz x5, -4 */, 0x39000041 /* strb w1, [x2] */, 0x17fffffc /* b -16 */);
    expect_goes_on(machine, LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_loop_that_does_nothing),
        cmocka_unit_test(a_loop_that_could_be_interrupted),
        cmocka_unit_test(fetch_from_nowhere),
        cmocka_unit_test(an_abort_without_vectors),
        cmocka_unit_test(exception_in_its_handler),
        cmocka_unit_test(exceptions_one_after_the_other),
        cmocka_unit_test(a_panic_is_the_end),
        cmocka_unit_test(another_text_is_not),
        cmocka_unit_test(a_program_that_says_so_goes_on),
        cmocka_unit_test(more_output_goes_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
