/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest that single-steps its program, or its kernel itself, is saved at every instruction around
 * it, and goes on as if it had not been: each combination of MDSCR_EL1's bits of debug and of
 * SPSR_EL1 at the return. Nobody can close the OS lock: OSLAR_EL1 is not kept, and OSLSR_EL1 says
 * open.
 */
#include "bare.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "unicorn/unicorn_engine.h"

#define VECTORS 0x8000u
#define ENTRY 0x100u
#define PROGRAM 0x1000u
#define KERNEL_PROGRAM 0x2000u
#define MOST_INSTRUCTIONS 400

#define MDSCR_SS 0x1u
#define MDSCR_KDE 0x2000u
#define MDSCR_MDE 0x8000u
#define SPSR_SS (1u << 21)
#define SPSR_IL (1u << 20)

/* Counts, adds up the syndromes, and steps on, ten times; anything but a step ends it. */
static const uint32_t handler[] = {
    0xd5385214, /* mrs x20, esr_el1 */
    0x8b1402b5, /* add x21, x21, x20 */
    0x910006d6, /* add x22, x22, #1 */
    0xd35afe94, /* lsr x20, x20, #26 */
    0xf100ca9f, /* cmp x20, #0x32 */
    0x54000080, /* b.eq 1f */
    0xf100ce9f, /* cmp x20, #0x33 */
    0x54000040, /* b.eq 1f */
    WFI,        /* 2: */
    0xf1002adf, /* 1: cmp x22, #10 */
    0x54ffffc2, /* b.hs 2b */
    0xd5384017, /* mrs x23, spsr_el1 */
    0xb26b02f7, /* orr x23, x23, #SPSR_SS */
    0xd5184017, /* msr spsr_el1, x23 */
    ERET,
};

static const uint32_t entry[] = {
    0xd5100241, /* msr mdscr_el1, x1 */
    0xd5184002, /* msr spsr_el1, x2 */
    0xd5184023, /* msr elr_el1, x3 */
    ISB,        ERET,
};

static const uint32_t program[] = {
    NOP, 0x91000718 /* add x24, x24, #1 */, 0xd53b4219 /* mrs x25, nzcv */, NOP, SVC_7,
};

static const uint32_t kernel_program[] = {
    NOP,        0xd50348ff, /* msr daifclr, #8 */
    0x91000718,             /* add x24, x24, #1 */
    0xd53b4239,             /* mrs x25, daif */
    NOP,        0xd50348df, /* msr daifset, #8 */
    0x91000718,             /* add x24, x24, #1 */
    SVC_7,
};

struct way {
    uint32_t mdscr, spsr;
};

static struct vcpu_value start[NR_VCPU_ROWS];

static void prepare(struct bare *bare)
{
    for (unsigned at = 0; at < 0x800; at += 0x80)
        bare_code(bare, VECTORS + at, handler, sizeof(handler) / sizeof(*handler));
    bare_code(bare, ENTRY, entry, sizeof(entry) / sizeof(*entry));
    bare_code(bare, PROGRAM, program, sizeof(program) / sizeof(*program));
    bare_code(bare, KERNEL_PROGRAM, kernel_program,
              sizeof(kernel_program) / sizeof(*kernel_program));
    bare_set_register(bare, "VBAR_EL1", RAM + VECTORS);
    assert_int_equal(vcpu_get_state(bare->vcpu, start), 0);
}

static void begin(struct bare *bare, const struct way *way)
{
    struct vcpu_value values[NR_VCPU_ROWS];
    bool el0 = (way->spsr & 0xf) == 0;

    memcpy(values, start, sizeof(values));
    for (unsigned n = 0; n < 31; n++)
        values[n].low = 0;
    values[1].low = way->mdscr;
    values[2].low = way->spsr;
    values[3].low = RAM + (el0 ? PROGRAM : KERNEL_PROGRAM);
    values[VCPU_ROW_PC].low = RAM + ENTRY;
    vcpu_destroy(bare->vcpu);
    assert_int_equal(vcpu_create(bare->engine, &bare->host, &bare->vcpu, NULL), 0);
    assert_int_equal(vcpu_put_state(bare->vcpu, values), 0);
    bare->clock.instructions = 0;
    bare->clock.check_at = UINT64_MAX;
}

/* At WFI, or after a bounded time. */
static uint64_t finish(struct bare *bare, struct vcpu_value *end)
{
    bare->clock.stop_at = MOST_INSTRUCTIONS;
    vcpu_run(bare->vcpu);
    assert_int_equal(vcpu_get_state(bare->vcpu, end), 0);
    return bare->clock.instructions;
}

static void expect_same(const struct way *way, uint64_t at, const struct vcpu_value *a,
                        const struct vcpu_value *b)
{
    size_t n;
    const struct vcpu_register *rows = vcpu_registers(&n);

    for (size_t i = 0; i < n; i++)
        if (memcmp(&a[i], &b[i], sizeof(*a)) != 0)
            fail_msg("MDSCR 0x%" PRIx32 " SPSR 0x%" PRIx32 ", saved at %" PRIu64
                     ": %s is 0x%" PRIx64 " in place of 0x%" PRIx64,
                     way->mdscr, way->spsr, at, rows[i].name, b[i].low, a[i].low);
}

/* Into a new vCPU of the same engine; the prover's agrees that it can be. */
static void save_and_restore(struct bare *bare, struct vcpu_engine *prover, const struct way *way,
                             uint64_t at)
{
    struct vcpu_value values[NR_VCPU_ROWS], found[NR_VCPU_ROWS];
    struct vgic5_error error = {0};

    assert_int_equal(vcpu_get_state(bare->vcpu, values), 0);
    if (vcpu_prove_state(prover, values, "cpu 0", &error) != 0)
        fail_msg("MDSCR 0x%" PRIx32 " SPSR 0x%" PRIx32 " at %" PRIu64 ": %s", way->mdscr, way->spsr,
                 at, error.message);
    vcpu_destroy(bare->vcpu);
    assert_int_equal(vcpu_create(bare->engine, &bare->host, &bare->vcpu, NULL), 0);
    assert_int_equal(vcpu_put_state_checked(bare->vcpu, values, "cpu 0", &error), 0);
    assert_int_equal(vcpu_get_state(bare->vcpu, found), 0);
    expect_same(way, at, values, found);
}

static uint64_t try_way(struct bare *bare, struct vcpu_engine *prover, const struct way *way)
{
    static struct vcpu_value undisturbed[NR_VCPU_ROWS], saved[NR_VCPU_ROWS];
    uint64_t total, steps, n;

    begin(bare, way);
    total = finish(bare, undisturbed);
    steps = undisturbed[22].low;
    for (uint64_t at = 1; at < total; at++) {
        begin(bare, way);
        bare->clock.stop_at = at;
        assert_int_equal(vcpu_run(bare->vcpu), VCPU_EXIT_STOP);
        save_and_restore(bare, prover, way, at);
        n = finish(bare, saved);
        expect_same(way, at, undisturbed, saved);
        assert_int_equal(n, total);
    }
    return steps;
}

static void every_step_is_restored(void **state)
{
    /* EL0t, EL1h, EL1t, each with PSTATE.D clear and set; an illegal return (IL). */
    static const uint32_t spsr[] = {0x000, 0x3c0, 0x1c5, 0x3c5, 0x1c4, 0x3c4, SPSR_IL | 0x1c5};
    struct bare *bare = *state;
    struct vcpu_clock clock = {0};
    struct vcpu_engine *prover;
    uint64_t most = 0;

    assert_int_equal(vcpu_engine_clone(bare->engine, &bare->map, &clock, &prover, NULL), 0);
    prepare(bare);
    for (size_t i = 0; i < 8 * 2 * sizeof(spsr) / sizeof(*spsr); i++) {
        const struct way way = {(i & 1 ? MDSCR_SS : 0) | (i & 2 ? MDSCR_KDE : 0) |
                                    (i & 4 ? MDSCR_MDE : 0),
                                spsr[i / 16] | (i & 8 ? SPSR_SS : 0)};
        uint64_t steps = try_way(bare, prover, &way);

        most = steps > most ? steps : most;
    }
    assert_true(most > 3); /* there was something to step */
    vcpu_engine_destroy(prover);
}

/* What the engine does not keep is not taken for restored. */
static void what_is_not_kept_is_refused(void **state)
{
    static const struct {
        unsigned row;
        uint64_t bits;
        const char *name;
        int ret;
    } rows[] = {
        {VCPU_ROW_ACTLR_EL1, 1, "ACTLR_EL1", -ENOTSUP},
        {VCPU_ROW_AFSR0_EL1, 1, "AFSR0_EL1", -ENOTSUP},
        {VCPU_ROW_AFSR1_EL1, 1, "AFSR1_EL1", -ENOTSUP},
        {VCPU_ROW_AMAIR_EL1, 1, "AMAIR_EL1", -ENOTSUP},
        {VCPU_ROW_CSSELR_EL1, 1 << 20, "CSSELR_EL1", -ENOTSUP},
        {VCPU_ROW_VBAR_EL1, 1, "VBAR_EL1", -ENOTSUP},
        {VCPU_ROW_FPCR, 1, "FPCR", -ENOTSUP},
        {VCPU_ROW_FPSR, 1 << 20, "FPSR", -ENOTSUP},
        {VCPU_ROW_BLOCK_REST, UINT64_C(1) << 63, "BLOCK_REST", -EINVAL},
    };
    struct bare *bare = *state;
    struct vcpu_value values[NR_VCPU_ROWS];

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct vgic5_error error = {0};

        assert_int_equal(vcpu_get_state(bare->vcpu, values), 0);
        values[rows[i].row].low ^= rows[i].bits;
        if (vcpu_prove_state(bare->engine, values, "cpu 0", &error) != rows[i].ret)
            fail_msg("%s: %s", rows[i].name, error.message);
        assert_non_null(strstr(error.message, rows[i].name));
        assert_int_equal(error.cause,
                         rows[i].ret == -ENOTSUP ? VGIC5_CAUSE_UNFIT : VGIC5_CAUSE_DAMAGED);
    }
}

/* CPACR_EL1.ZEN, without SVE: RES0, also for a guest. */
static void zen_is_res0(void **state)
{
    struct bare *bare = *state;

    BARE_CODE(bare, 0, 0xd5181040 /* msr cpacr_el1, x0 */, 0xd5381041 /* mrs x1, cpacr_el1 */, WFI);
    vcpu_set_x(bare->vcpu, 0, 0x330000);
    assert_int_equal(bare_run(bare, 0), VCPU_EXIT_WFI);
    assert_int_equal(vcpu_get_x(bare->vcpu, 1), 0x300000);
}

/* Each bit of each row: kept as it is, or refused. */
static void every_bit_is_kept_or_refused(void **state)
{
    struct bare *bare = *state;
    struct vcpu_value clean[NR_VCPU_ROWS], found[NR_VCPU_ROWS];
    struct vgic5_error error;
    unsigned refused = 0;

    assert_int_equal(vcpu_get_state(bare->vcpu, clean), 0);
    for (unsigned i = 0; i < NR_VCPU_ROWS * 64; i++) {
        struct vcpu_value values[NR_VCPU_ROWS];
        int ret;

        memcpy(values, clean, sizeof(values));
        values[i / 64].low ^= UINT64_C(1) << i % 64;
        ret = vcpu_check_state(values, "cpu 0", &error);
        if (ret == 0)
            ret = vcpu_put_state_checked(bare->vcpu, values, "cpu 0", &error);
        if (ret == -EIO)
            fail_msg("row %u bit %u: %s", i / 64, i % 64, error.message);
        refused += ret != 0;
        if (ret != 0)
            continue;
        assert_int_equal(vcpu_get_state(bare->vcpu, found), 0);
        assert_memory_equal(values, found, sizeof(values));
    }
    assert_in_range(refused, 200, 2000);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, bare_setup, bare_teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_is_not_kept_is_refused),
        TEST(zen_is_res0),
        TEST(every_bit_is_kept_or_refused),
        TEST(every_step_is_restored),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
