/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What one vCPU's store does to another, or to its own code: exclusives, and code that is executed
 * already. Each guest is also saved at every instruction, and continued by a new machine.
 */
#include "bare.h"

#include <stdio.h>

#include "machine/machine_parts.h"
#include "rebuild.h"

#define CELL 0x1000u  /* what is marked, or the code that is overwritten */
#define FLAGS 0x2000u /* has the first vCPU begun? Is the second one through? The result. */
#define SECOND 0x400u /* code of the second vCPU, … */
#define VECTORS 0x3000u

#define RESULT (RAM + FLAGS + 16)
#define SLICE 20
#define MOST_WORDS 24

#define BASES                                                                \
    0xd2a80001u,                             /* mov x1, #RAM */              \
        0x91400421u,                         /* add x1, x1, CELL */          \
        0x91400422u,                         /* add x2, x1, 0x1000: FLAGS */ \
        0xd2800029u                          /* mov x9, #1 */
#define BEGUN 0xf9000049u                    /* str x9, [x2] */
#define UNTIL_BEGUN 0xf9400045u, 0xb4ffffe5u /* ldr x5, [x2]; cbz x5, back */
#define THROUGH 0xf9000449u                  /* str x9, [x2, #8] */
#define UNTIL_THROUGH 0xf9400445u, 0xb4ffffe5u
#define OFF 0x52800100u, 0x72b08000u, HVC_0 /* PSCI SYSTEM_OFF */
#define FOR_EVER WFI, BRANCH_BACK_BY_ONE

#define LDXR_X4_X1 0xc85f7c24u
#define STXR_W6_X4_X1 0xc8067c24u
#define STXR_W6_X9_X1 0xc8067c29u
#define LDXP_X4_X3_X1 0xc87f0c24u
#define STXP_W6_X9_X9_X1 0xc8262429u
#define STR_X2_X1 0xf9000022u
#define STR_XZR_X1 0xf900003fu
#define SWP_XZR_X6_X1 0xf83f8026u
#define DC_ZVA_X1 0xd50b7421u
#define STP_XZR_XZR_X1 0xa9007c3fu
#define STLR_XZR_X1 0xc89ffc3fu
#define STRB_WZR_X1 0x3900003fu

static const struct setup setup = {.nr_vcpus = 2, .ram_size = RAM_SIZE, .deterministic = true};

/* What an exception does: mov w0, #2; return to the caller. */
static const uint32_t vector[] = {0x52800040u, 0xd518403eu /* msr elr_el1, x30 */, ERET};

/* ---- A machine with two vCPUs -------------------------------------------------------------------
 */

struct program {
    uint64_t at;
    size_t n;
    uint32_t words[MOST_WORDS];
};

#define PROGRAM(at, ...)                                                \
    (struct program)                                                    \
    {                                                                   \
        at, sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t), \
        {                                                               \
            __VA_ARGS__                                                 \
        }                                                               \
    }
#define NOTHING ((struct program){.n = 0})

/* Of the first vCPU, of the second (or none), and what both find in memory (or nothing). */
struct shared_guest {
    struct program parts[3];
};

static void put(struct machine *machine, const struct program *program)
{
    memory_write(&machine->ram, RAM + program->at, program->words, program->n * 4);
}

static void start(struct machine *machine, uint32_t cpu, uint64_t at)
{
    if (!machine->cpus[cpu].pe.vcpu)
        assert_int_equal(machine_cpu_on(&machine->cpus[cpu], NULL), 0);
    vcpu_set_pc(machine->cpus[cpu].pe.vcpu, RAM + at);
}

/* In slices that are short, so that both have a part in it. */
static struct machine *machine_of(const struct shared_guest *guest, uint64_t slice)
{
    struct machine_config config = setup_config(&setup);
    struct machine *machine;

    assert_int_equal(machine_create(&config, &machine, NULL), 0);
    assert_int_equal(machine_gic_configure(machine, NULL), 0);
    machine->slice_length = slice;
    memory_write(&machine->ram, RAM + VECTORS + 0x200, vector, sizeof(vector));
    for (uint32_t i = 0; i < 3; i++) {
        put(machine, &guest->parts[i]);
        if (i < 2 && guest->parts[i].n > 0)
            start(machine, i, guest->parts[i].at);
    }
    return machine;
}

static struct machine_stopped run_until(struct machine *machine, uint64_t insn)
{
    struct machine_stopped stopped;

    machine_run(machine, &(struct machine_until){.insn = insn}, &stopped);
    return stopped;
}

static uint64_t cell(const struct machine *machine, uint64_t address)
{
    uint64_t value;

    assert_int_equal(memory_read(&machine->ram, address, &value, sizeof(value)), 0);
    return value;
}

/* To its end, as a snapshot; the machine is gone. */
static uint64_t finish(struct machine *machine, struct image *end)
{
    struct machine_stopped stopped = run_until(machine, 100000);
    uint64_t result = cell(machine, RESULT);

    if (stopped.why != MACHINE_STOP_OFF)
        fail_msg("ended with %d %s", stopped.why, stopped.message);
    *end = saved(machine, &setup);
    machine_destroy(machine);
    return result;
}

struct shared_outcome {
    uint64_t undisturbed;
    uint64_t points, same, others; /* saved at so many; the same end; another result */
    uint64_t other;                /* the last of them */
};

static void save_at(const struct shared_guest *guest, uint64_t n, const struct image *expected,
                    struct shared_outcome *outcome)
{
    struct machine *machine = machine_of(guest, SLICE);
    struct image middle, end;
    uint64_t result;

    run_until(machine, n);
    middle = saved(machine, &setup);
    machine_destroy(machine);
    result = finish(rebuilt(&setup, &middle), &end);
    outcome->points++;
    outcome->same += same(expected, &end);
    if (result != outcome->undisturbed) {
        outcome->others++;
        outcome->other = result;
    }
    image_free(&middle);
    image_free(&end);
}

static struct shared_outcome outcome_of(const struct shared_guest *guest)
{
    struct shared_outcome outcome = {0};
    struct image end;
    struct machine *machine = machine_of(guest, SLICE);
    uint64_t total;

    run_until(machine, 100000);
    total = machine_instructions(machine);
    outcome.undisturbed = finish(machine, &end);
    for (uint64_t n = 1; n < total; n++)
        save_at(guest, n, &end, &outcome);
    image_free(&end);
    return outcome;
}

/* ---- Exclusives --------------------------------------------------------------------------------
 */

#define LOSER(load, store)                                                          \
    PROGRAM(0, BASES, load, BEGUN, UNTIL_THROUGH, store, 0x910004c6u /* x6 += 1 */, \
            0xf9000846u /* str x6, [x2, #16] */, OFF)
#define WINNER(...) PROGRAM(SECOND, BASES, UNTIL_BEGUN, __VA_ARGS__, THROUGH, FOR_EVER)

#define STORED 1 /* the result: STXR's status + 1 */
#define LOST 2

/* The value is 0 before and 0 behind; a store is a store all the same. */
static void a_store_of_another_vcpu_clears_the_monitor(void **state)
{
    const struct program winners[] = {
        WINNER(STR_X2_X1, STR_XZR_X1),
        WINNER(STR_XZR_X1),
        WINNER(SWP_XZR_X6_X1),
        WINNER(DC_ZVA_X1),
        WINNER(STP_XZR_XZR_X1),
        WINNER(STLR_XZR_X1),
        WINNER(LDXR_X4_X1, STXR_W6_X4_X1),
        WINNER(STRB_WZR_X1),
    };
    const struct program losers[] = {LOSER(LDXR_X4_X1, STXR_W6_X9_X1),
                                     LOSER(LDXP_X4_X3_X1, STXP_W6_X9_X9_X1)};

    (void)state;
    for (size_t i = 0; i < 2 * sizeof(winners) / sizeof(*winners); i++) {
        const struct shared_guest guest = {{losers[i % 2], winners[i / 2]}};
        struct image end;

        if (finish(machine_of(&guest, SLICE), &end) != LOST)
            fail_msg("store %zu: the %s was not noticed", i / 2, i % 2 ? "STXP" : "STXR");
        image_free(&end);
    }
    for (size_t i = 0; i < 2; i++) {
        const struct shared_guest guest = {{losers[i], winners[0]}};
        struct shared_outcome outcome = outcome_of(&guest);

        assert_true(outcome.points > 10);
        assert_int_equal(outcome.same, outcome.points);
    }
}

/* One that is alone keeps it across the ends of its slices. */
static void alone_it_keeps_its_monitor(void **state)
{
    const struct shared_guest guest = {{PROGRAM(
        0, BASES, LDXR_X4_X1, 0xd2800c85u /* mov x5, #100 */, 0xf10004a5u /* subs x5, x5, #1 */,
        0x54ffffe1u /* b.ne back */, STXR_W6_X9_X1, 0x910004c6u, 0xf9000846u, OFF)}};
    struct image end;

    (void)state;
    assert_int_equal(finish(machine_of(&guest, SLICE), &end), STORED);
    image_free(&end);
}

/* 50 increments by each, whatever the slices: no increment is lost, and no one waits for ever. */
#define INCREMENTS                                                                              \
    0xd2800648u /* mov x8, #50 */, LDXR_X4_X1, 0x91000484u /* add x4, x4, #1 */, STXR_W6_X4_X1, \
        0x35ffffa6u /* cbnz w6, back */, 0xf1000508u /* subs x8, x8, #1 */,                     \
        0x54ffff61u /* b.ne back */
static void pairs_make_progress(void **state)
{
    const struct shared_guest guest = {
        {PROGRAM(0, BASES, INCREMENTS, UNTIL_THROUGH, 0xf9400024u /* ldr x4, [x1] */,
                 0xf9000844u /* str x4, [x2, #16] */, OFF),
         PROGRAM(SECOND, BASES, INCREMENTS, THROUGH, FOR_EVER)}};

    (void)state;
    for (uint64_t slice = 1; slice <= 40; slice++) {
        struct image end;

        assert_int_equal(finish(machine_of(&guest, slice), &end), 100);
        image_free(&end);
    }
}

/* ---- Code that is overwritten ------------------------------------------------------------------
 */

#define OLD 1
#define NEW 2
#define MOV_W0(value) (0x52800000u | (uint32_t)(value) << 5)
#define RET 0xd65f03c0u
#define CALL_X1 0xd63f0020u     /* blr x1 */
#define LDR_W7_X1_8 0xb9400827u /* ldr w7, [x1, #8]: the new word */
#define STR_W7_X1 0xb9000027u
#define IC_IVAU_X1 0xd50b7521u
#define DSB_ISH 0xd5033b9fu
#define MSR_VBAR_X4 0xd518c004u

#define FUNCTION PROGRAM(CELL, MOV_W0(OLD), RET, MOV_W0(NEW))
/* Calls the function, waits until it is another one, and calls that. A zero that is executed is an
 * exception, whose vector is as good as the new function. */
#define CALLER(...)                                                                               \
    PROGRAM(0, BASES, 0x91400444u /* add x4, x2, 0x1000: VECTORS */, MSR_VBAR_X4, CALL_X1, BEGUN, \
            __VA_ARGS__, ISB, CALL_X1, 0xf9000840u /* str x0, [x2, #16] */, OFF)
#define WRITES LDR_W7_X1_8, STR_W7_X1
#define IC DSB_ISH, IC_IVAU_X1, DSB_ISH

/* Wherever it is saved: the same bytes. */
static void check_exact(struct program caller, struct program writer)
{
    const struct shared_guest guest = {{caller, writer, FUNCTION}};
    struct shared_outcome outcome = outcome_of(&guest);

    assert_int_equal(outcome.undisturbed, NEW);
    assert_true(outcome.points > 10);
    assert_int_equal(outcome.same, outcome.points);
}

static void after_ic_it_is_exact(void **state)
{
    (void)state;
    check_exact(CALLER(WRITES, IC), NOTHING);
    check_exact(CALLER(DC_ZVA_X1, IC), NOTHING);
    check_exact(CALLER(UNTIL_THROUGH), WINNER(WRITES, IC));
    check_exact(CALLER(UNTIL_THROUGH), WINNER(DC_ZVA_X1, IC));
}

static void its_own_stores_need_none(void **state)
{
    (void)state;
    check_exact(CALLER(WRITES), NOTHING);
}

/* The exception that SPECIFICATION makes: undisturbed the old code runs, and a machine that is
 * restored in between has none but the new. If this ever fails, the exception can go. */
static void check_differs(struct program caller, struct program writer)
{
    const struct shared_guest guest = {{caller, writer, FUNCTION}};
    struct shared_outcome outcome = outcome_of(&guest);

    assert_int_equal(outcome.undisturbed, OLD);
    assert_in_range(outcome.others, 1, outcome.points - 1);
    assert_int_equal(outcome.other, NEW);
}

static void without_ic_a_restore_shows(void **state)
{
    (void)state;
    check_differs(CALLER(DC_ZVA_X1), NOTHING);
    check_differs(CALLER(UNTIL_THROUGH), WINNER(WRITES));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_store_of_another_vcpu_clears_the_monitor),
        cmocka_unit_test(alone_it_keeps_its_monitor),
        cmocka_unit_test(pairs_make_progress),
        cmocka_unit_test(after_ic_it_is_exact),
        cmocka_unit_test(its_own_stores_need_none),
        cmocka_unit_test(without_ic_a_restore_shows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
