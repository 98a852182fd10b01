/* SPDX-License-Identifier: BSD-3-Clause */
/* The vCPU interface: exits, counting, exceptions, system registers, the state table. */
#include "bare.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vgic5/device.h>

#define VECTORS 0x1000u /* offset in RAM */
#define MRS_X3_HPPIR 0xd538ca63u
#define MSR_PCR_X3 0xd519c043u
#define DC_ZVA_X0 0xd50b7420u
#define IC_IVAU_X0 0xd50b7520u
#define BL(words) (0x94000000u | ((uint32_t)(words)&0x3ffffff))
#define TABLE 0x10000u /* offset in RAM */
#define PSTATE_PAN 0x400000u
#define SCTLR_MMU 0x30d00801u

static void vectors_at(struct bare *bare, uint64_t offset)
{
    bare_set_register(bare, "VBAR_EL1", RAM + offset);
}

/* Every vector waits. */
static void waiting_vectors(struct bare *bare)
{
    for (uint64_t vector = 0; vector < 16; vector++)
        BARE_CODE(bare, VECTORS + vector * 128, WFI);
    vectors_at(bare, VECTORS);
}

static void reset_state_is_that_of_a_pe_without_el2(void **state)
{
    struct bare *bare = *state;

    assert_int_equal(bare_register(bare, "PSTATE"), 0x3c5);
    assert_int_equal(bare_register(bare, "SCTLR_EL1"), 0x30d00800);
    assert_int_equal(bare_register(bare, "EXCLUSIVE_ADDRESS"), UINT64_MAX);
    assert_int_equal(bare_register(bare, "X7"), 0);
    assert_int_equal(bare->clock.instructions, 0);
}

static void exits_count_what_was_executed(void **state)
{
    struct bare *bare = *state;

    BARE_CODE(bare, 0, NOP, NOP, WFI, NOP, HVC_0, NOP, HLT_F000);
    assert_int_equal(bare_run(bare, 0), VCPU_EXIT_WFI);
    assert_int_equal(bare->clock.instructions, 3);
    assert_int_equal(vcpu_run(bare->vcpu), VCPU_EXIT_HVC);
    assert_int_equal(bare->clock.instructions, 5);
    assert_int_equal(vcpu_run(bare->vcpu), VCPU_EXIT_SEMIHOSTING);
    assert_int_equal(bare->clock.instructions, 6);
    assert_int_equal(bare_register(bare, "PC"), RAM + 6 * 4);
}

/* Each count from 0 on, across blocks longer than any translation and a page boundary. */
static void stops_at_every_count(void **state)
{
    struct bare *bare = *state;
    uint64_t start = 0x2000 - 700 * 4;

    for (uint64_t i = 0; i < 1400; i++)
        BARE_CODE(bare, start + i * 4, 0x91000400); /* add x0, x0, #1 */
    BARE_CODE(bare, start + 1400 * 4, WFI);
    vcpu_set_pc(bare->vcpu, RAM + start);
    bare->clock.check_at = UINT64_MAX;
    for (uint64_t n = 0; n <= 1400; n += n < 20 || n > 1380 ? 1 : 17) {
        bare->clock.stop_at = n;
        assert_int_equal(vcpu_run(bare->vcpu), VCPU_EXIT_STOP);
        assert_int_equal(bare->clock.instructions, n);
        assert_int_equal(bare_register(bare, "PC"), RAM + start + n * 4);
        assert_int_equal(vcpu_get_x(bare->vcpu, 0), n);
    }
}

static void a_stop_inside_of_a_block_leaves_its_rest(void **state)
{
    struct bare *bare = *state;

    BARE_CODE(bare, 0, NOP, NOP, NOP, NOP, NOP, WFI);
    vcpu_set_pc(bare->vcpu, RAM);
    bare->clock.stop_at = 2;
    bare->clock.check_at = 1;
    assert_int_equal(vcpu_run(bare->vcpu), VCPU_EXIT_STOP);
    assert_int_equal(bare_register(bare, "BLOCK_REST"), 4);
    /* No check point before the block is over, though check_at has passed. */
    bare->clock.stop_at = UINT64_MAX;
    assert_int_equal(vcpu_run(bare->vcpu), VCPU_EXIT_WFI);
    assert_int_equal(bare_register(bare, "BLOCK_REST"), 0);
    assert_int_equal(vcpu_run(bare->vcpu), VCPU_EXIT_CHECK);
}

static void an_interrupt_waits_for_daifclr(void **state)
{
    struct bare *bare = *state;

    waiting_vectors(bare);
    BARE_CODE(bare, 0, NOP, DAIFCLR_2, NOP, WFI);
    vcpu_set_irq(bare->vcpu, true);
    assert_int_equal(bare_run(bare, 0), VCPU_EXIT_WFI);
    assert_int_equal(bare_register(bare, "PC"), RAM + VECTORS + 0x280 + 4);
    assert_int_equal(bare_register(bare, "ELR_EL1"), RAM + 8);
    assert_int_equal(bare_register(bare, "SPSR_EL1"), 0x345);
    assert_int_equal(bare_register(bare, "PSTATE"), 0x3c5);
}

static void a_masked_interrupt_stays_out(void **state)
{
    struct bare *bare = *state;

    waiting_vectors(bare);
    BARE_CODE(bare, 0, NOP, ISB, NOP, WFI);
    vcpu_set_irq(bare->vcpu, true);
    assert_int_equal(bare_run(bare, 0), VCPU_EXIT_WFI);
    assert_int_equal(bare_register(bare, "PC"), RAM + 16);
}

static void exceptions_have_their_syndrome(void **state)
{
    static const struct {
        uint32_t insn;
        uint64_t esr, elr;
    } rows[] = {
        {SVC_7, 0x56000007, 8},       {0xd4200060, 0xf2000003, 4}, /* brk #3 */
        {UNALLOCATED, 0x02000000, 4}, {0xd4000003, 0x02000000, 4}, /* smc #0: no EL3 */
        {0xd4400020, 0x02000000, 4},                               /* hlt #1 */
        {0x2518e3e0, 0x02000000, 4},                               /* ptrue p0.b: no SVE */
    };
    struct bare *bare = *state;

    waiting_vectors(bare);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        BARE_CODE(bare, i * 16, NOP, rows[i].insn, NOP);
        assert_int_equal(bare_run(bare, i * 16), VCPU_EXIT_WFI);
        assert_int_equal(bare_register(bare, "PC"), RAM + VECTORS + 0x200 + 4);
        assert_int_equal(bare_register(bare, "ESR_EL1"), rows[i].esr);
        assert_int_equal(bare_register(bare, "ELR_EL1"), RAM + i * 16 + rows[i].elr);
    }
}

/* ERET to EL0 with flags set, and back with an SVC: banked SPs, PSTATE, vector. */
static void an_exception_from_el0_switches_the_stack(void **state)
{
    struct bare *bare = *state;

    waiting_vectors(bare);
    BARE_CODE(bare, 0, ERET);
    BARE_CODE(bare, 0x80, 0x910043ff /* add sp, sp, #16 */, SVC_7);
    bare_set_register(bare, "SP_EL0", 0x1000);
    bare_set_register(bare, "SP_EL1", 0x2000);
    bare_set_register(bare, "ELR_EL1", RAM + 0x80);
    bare_set_register(bare, "SPSR_EL1", 0x60000000);
    assert_int_equal(bare_run(bare, 0), VCPU_EXIT_WFI);
    assert_int_equal(bare_register(bare, "PC"), RAM + VECTORS + 0x400 + 4);
    assert_int_equal(bare_register(bare, "SPSR_EL1"), 0x60000000);
    assert_int_equal(bare_register(bare, "PSTATE"), 0x600003c5);
    assert_int_equal(bare_register(bare, "SP_EL0"), 0x1010);
    assert_int_equal(bare_register(bare, "SP_EL1"), 0x2000);
    assert_int_equal(bare->clock.instructions, 4);
}

static void span_0_sets_pan(void **state)
{
    struct bare *bare = *state;

    waiting_vectors(bare);
    bare_set_register(bare, "SCTLR_EL1", 0x30500800);
    BARE_CODE(bare, 0, SVC_7);
    assert_int_equal(bare_run(bare, 0), VCPU_EXIT_WFI);
    assert_int_equal(bare_register(bare, "PSTATE"), 0x4003c5);
    assert_int_equal(bare_register(bare, "SPSR_EL1"), 0x3c5);
}

/* The exclusive monitor survives the entry, whatever the engine does for it. */
static void an_exception_leaves_the_monitor(void **state)
{
    struct bare *bare = *state;

    waiting_vectors(bare);
    bare_set_register(bare, "SCTLR_EL1", 0x30500800);
    BARE_CODE(bare, 0, 0xc85f7c20 /* ldxr x0, [x1] */, SVC_7);
    vcpu_set_x(bare->vcpu, 1, RAM + 0x3000);
    assert_int_equal(bare_run(bare, 0), VCPU_EXIT_WFI);
    assert_int_equal(bare_register(bare, "EXCLUSIVE_ADDRESS"), RAM + 0x3000);
}

static void vectors_nowhere_are_a_dead_end(void **state)
{
    struct bare *bare = *state;
    char text[400];

    vectors_at(bare, 0x3000); /* zeros: UNDEFINED again and again */
    BARE_CODE(bare, 0, NOP, SVC_7);
    assert_int_equal(bare_run(bare, 0), VCPU_EXIT_STUCK);
    vcpu_trouble(bare->vcpu, text, sizeof(text));
    assert_non_null(strstr(text, "without one instruction"));
    assert_non_null(strstr(text, "PC 0x40003200"));
    assert_non_null(strstr(text, "ESR_EL1 0x2000000"));
}

static void aarch32_is_a_dead_end(void **state)
{
    struct bare *bare = *state;
    char text[400];

    waiting_vectors(bare);
    BARE_CODE(bare, 0, MOVZ_X(0, 0x10), 0xd5184000 /* msr spsr_el1, x0 */, ERET);
    BARE_CODE(bare, 0x80, 0xef000000 /* svc #0 */);
    bare_set_register(bare, "ELR_EL1", RAM + 0x80);
    assert_int_equal(bare_run(bare, 0), VCPU_EXIT_STUCK);
    vcpu_trouble(bare->vcpu, text, sizeof(text));
    assert_non_null(strstr(text, "AArch32"));
}

/* ---- System registers --------------------------------------------------------------------------
 */

static void gic_registers_reach_the_host(void **state)
{
    struct bare *bare = *state;

    bare->sysreg_result = VCPU_SYSREG_DONE;
    bare->sysreg_value = 0x123456789;
    BARE_CODE(bare, 0, NOP, MRS_X3_HPPIR, WFI);
    assert_int_equal(bare_run(bare, 0), VCPU_EXIT_WFI);
    assert_int_equal(vcpu_get_x(bare->vcpu, 3), 0x123456789);
    assert_int_equal(bare->sysreg.encoding, VGIC5_ICC_HPPIR);
    assert_int_equal(bare->sysreg.el, 1);
    assert_false(bare->sysreg.is_write);
    assert_int_equal(bare->clock.instructions, 3);

    BARE_CODE(bare, 0x40, MSR_PCR_X3, WFI);
    assert_int_equal(bare_run(bare, 0x40), VCPU_EXIT_WFI);
    assert_true(bare->sysreg.is_write);
    assert_int_equal(bare->sysreg.encoding, VGIC5_ICC_PCR);
    assert_int_equal(bare->sysreg.value, 0x123456789);
}

static void an_undefined_gic_register_is_an_exception(void **state)
{
    struct bare *bare = *state;

    waiting_vectors(bare);
    bare->sysreg_result = VCPU_SYSREG_UNDEFINED;
    BARE_CODE(bare, 0, NOP, MRS_X3_HPPIR, WFI);
    assert_int_equal(bare_run(bare, 0), VCPU_EXIT_WFI);
    assert_int_equal(bare_register(bare, "ESR_EL1"), 0x02000000);
    assert_int_equal(bare_register(bare, "ELR_EL1"), RAM + 4);
}

/* ---- DC ZVA ------------------------------------------------------------------------------------
 */

#define ZEROED 0x3040u /* the block of 64 bytes that the tests name by an address inside of it */

static void fill(struct bare *bare)
{
    memset(bare->ram.host + 0x3000, 0xff, 0x1000);
}

static void expect_zeroed(struct bare *bare, bool zeroed)
{
    for (size_t i = 0x3000; i < 0x4000; i++)
        assert_int_equal(bare->ram.host[i], zeroed && i >= ZEROED && i < ZEROED + 64 ? 0 : 0xff);
}

static void dc_zva_zeroes_its_block(void **state)
{
    struct bare *bare = *state;

    fill(bare);
    BARE_CODE(bare, 0, NOP, DC_ZVA_X0, WFI);
    vcpu_set_x(bare->vcpu, 0, RAM + ZEROED + 17);
    assert_int_equal(bare_run(bare, 0), VCPU_EXIT_WFI);
    assert_int_equal(bare->clock.instructions, 3);
    expect_zeroed(bare, true);
}

/* SCTLR_EL1.DZE opens it to EL0. */
static void dc_zva_of_el0_may_be_trapped(void **state)
{
    struct bare *bare = *state;

    for (int open = 0; open <= 1; open++) {
        waiting_vectors(bare);
        fill(bare);
        BARE_CODE(bare, 0, ERET);
        BARE_CODE(bare, 0x80, DC_ZVA_X0, SVC_7);
        bare_set_register(bare, "SCTLR_EL1", 0x30d00800 | (uint64_t)open << 14);
        bare_set_register(bare, "ELR_EL1", RAM + 0x80);
        bare_set_register(bare, "SPSR_EL1", 0);
        vcpu_set_x(bare->vcpu, 0, RAM + ZEROED);
        assert_int_equal(bare_run(bare, 0), VCPU_EXIT_WFI);
        assert_int_equal(bare_register(bare, "ESR_EL1") >> 26, open ? 0x15 : 0x18);
        expect_zeroed(bare, open);
    }
}

/* 1 GiB each from 0x40000000 on: as it is; read-only; EL0's as well. All are RAM. */
static void map(struct bare *bare)
{
    const uint64_t entries[] = {0, RAM | 0x701, RAM | 0x781, RAM | 0x741};

    memcpy(bare->ram.host + TABLE, entries, sizeof(entries));
    bare_set_register(bare, "MAIR_EL1", 0xff);
    bare_set_register(bare, "TCR_EL1", UINT64_C(2) << 32 | 1u << 23 | 25);
    bare_set_register(bare, "TTBR0_EL1", RAM + TABLE);
    bare_set_register(bare, "SCTLR_EL1", SCTLR_MMU);
}

static void dc_zva_is_translated_as_a_store(void **state)
{
    static const struct {
        uint64_t page, pan;
        bool zeroed;
    } rows[] = {
        {0x40000000, 0, true},           {0x80000000, 0, false},         {0xc0000000, 0, true},
        {0xc0000000, PSTATE_PAN, false}, {0x40000000, PSTATE_PAN, true}, {0x100000000, 0, false},
    };
    struct bare *bare = *state;

    waiting_vectors(bare);
    map(bare);
    BARE_CODE(bare, 0, DC_ZVA_X0, WFI);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        uint64_t address = rows[i].page + ZEROED + 8;

        fill(bare);
        bare_set_register(bare, "PSTATE", 0x3c5 | rows[i].pan);
        vcpu_set_x(bare->vcpu, 0, address);
        assert_int_equal(bare_run(bare, 0), VCPU_EXIT_WFI);
        expect_zeroed(bare, rows[i].zeroed);
        if (rows[i].zeroed)
            continue;
        assert_int_equal(bare_register(bare, "ESR_EL1") >> 26, 0x25);
        assert_int_equal(bare_register(bare, "FAR_EL1"), address);
    }
}

/* The second page after the first, then the first with another translation. */
static void dc_zva_follows_a_tlbi(void **state)
{
    struct bare *bare = *state;
    const uint64_t read_only = RAM | 0x781;

    waiting_vectors(bare);
    map(bare);
    fill(bare);
    BARE_CODE(bare, 0, DC_ZVA_X0, 0xf9000041 /* str x1, [x2] */, 0xd508871f /* tlbi vmalle1 */,
              0xd5033f9f /* dsb sy */, ISB, DC_ZVA_X0, WFI);
    vcpu_set_x(bare->vcpu, 0, 0xc0000000 + ZEROED);
    vcpu_set_x(bare->vcpu, 1, read_only);
    vcpu_set_x(bare->vcpu, 2, RAM + TABLE + 24);
    assert_int_equal(bare_run(bare, 0), VCPU_EXIT_WFI);
    assert_int_equal(bare_register(bare, "ELR_EL1"), RAM + 20);
    expect_zeroed(bare, true);
}

static void code_that_dc_zva_overwrote_is_forgotten(void **state)
{
    struct bare *bare = *state;

    waiting_vectors(bare);
    BARE_CODE(bare, 0x4000, MOVZ_X(5, 7), 0xd65f03c0 /* ret */);
    BARE_CODE(bare, 0, BL(0x1000), DC_ZVA_X0, IC_IVAU_X0, ISB, BL(0x1000 - 4), WFI);
    vcpu_set_x(bare->vcpu, 0, RAM + 0x4000);
    assert_int_equal(bare_run(bare, 0), VCPU_EXIT_WFI);
    assert_int_equal(vcpu_get_x(bare->vcpu, 5), 7);
    assert_int_equal(bare_register(bare, "ESR_EL1"), 0x02000000);
    assert_int_equal(bare_register(bare, "ELR_EL1"), RAM + 0x4000);
}

/* ---- Code that is overwritten ------------------------------------------------------------------
 */

#define ALIAS 0x80000000u /* from RAM to where it is once more, after `map_twice` */
#define VICTIM 0x4000u    /* "movz x5, #1", "ret" */
#define NEW_CODE (MOVZ_X(5, 2) | UINT64_C(0xd65f03c0) << 32)
#define OLD_CODE (MOVZ_X(5, 1) | UINT64_C(0xd65f03c0) << 32)
#define DSB 0xd5033f9fu
#define STR_X1_X2 0xf9000041u

/* On the version that it was written for, src/unicorn/stores.c has to be in use: else all tests
 * below pass for nothing. */
static void stores_are_direct(void **state)
{
    struct bare *bare = *state;
    const char *expected = getenv("VGIC5_EXPECT_DIRECT_STORES");

    if (expected == NULL)
        skip();
    assert_int_equal(unicorn_stores_directly(bare->engine), atoi(expected));
}

/* Stores of every kind, into code that has been executed, from a page that was written before. */
static const struct {
    const char *name;
    uint32_t insn;
    uint32_t offset; /* of X2 from the victim */
} stores[] = {
    {"str x1, [x2]", STR_X1_X2, 0},
    {"str w1, [x2]", 0xb9000041, 0},
    {"strb w3, [x2]", 0x39000043, 0}, /* w3: the byte that differs */
    {"stp x1, x1, [x2]", 0xa9000441, 0},
    {"stp x1, x1, [x2], from the page before", 0xa9000441, (uint32_t)-8},
    {"str x4, [x2], half of it in the page before", 0xf9000044, (uint32_t)-4},
    {"stlr x1, [x2]", 0xc89ffc41, 0},
    {"str q1, [x2]", 0x3d800041, 0},
    {"st1 {v1.2d}, [x2]", 0x4c007c41, 0},
    {"swp x1, x6, [x2]", 0xf8218046, 0},
    {"cas x7, x1, [x2]", 0xc8a77c41, 0},
    {"stadd x8, [x2]", 0xf828005f, 0},
};

/* Call the victim, store, let `between` be executed, call it again. */
static void overwrite(struct bare *bare, size_t i, uint64_t alias, const uint32_t between[3])
{
    const uint64_t old[2] = {OLD_CODE, OLD_CODE};
    const uint64_t q1[2] = {NEW_CODE, NEW_CODE};

    memcpy(bare->ram.host + VICTIM, old, sizeof(old));
    bare_set_register(bare, "X1", NEW_CODE);
    bare_set_register(bare, "X2", RAM + alias + VICTIM + (uint64_t)(int32_t)stores[i].offset);
    bare_set_register(bare, "X3", NEW_CODE & 0xff);
    bare_set_register(bare, "X4", NEW_CODE << 32);
    bare_set_register(bare, "X7", OLD_CODE);
    bare_set_register(bare, "X8", NEW_CODE - OLD_CODE);
    bare_set_register(bare, "X9", OLD_CODE);
    bare_set_register(bare, "X0", RAM + VICTIM);
    memcpy(bare->ram.host + 0x3000, q1, sizeof(q1));
    vcpu_set_x(bare->vcpu, 10, RAM + 0x3000);
    BARE_CODE(bare, 0, 0x3dc00141 /* ldr q1, [x10] */, 0xf9000009 /* str x9, [x0] */,
              0xf9000049 /* str x9, [x2] */, 0xf9000009 /* str x9, [x0] */, BL(0x1000 - 4),
              0xaa0503eb /* mov x11, x5 */, stores[i].insn, between[0], between[1], between[2],
              BL(0x1000 - 10), WFI);
    assert_int_equal(bare_run(bare, 0), VCPU_EXIT_WFI);
    assert_int_equal(vcpu_get_x(bare->vcpu, 11), 1);
    if (vcpu_get_x(bare->vcpu, 5) != 2)
        fail_msg("%s%s: the old code is executed", stores[i].name, alias ? ", by an alias" : "");
}

static void map_twice(struct bare *bare)
{
    const uint64_t entries[] = {0, RAM | 0x701, 0, RAM | 0x701};

    memcpy(bare->ram.host + TABLE, entries, sizeof(entries));
    bare_set_register(bare, "MAIR_EL1", 0xff);
    bare_set_register(bare, "TCR_EL1", UINT64_C(2) << 32 | 1u << 23 | 25);
    bare_set_register(bare, "TTBR0_EL1", RAM + TABLE);
    bare_set_register(bare, "SCTLR_EL1", SCTLR_MMU);
}

/* As the architecture wants it done: see B2.4.4 of Arm DDI 0487. */
static void overwritten_code_is_not_executed_after_ic(void **state)
{
    static const uint32_t maintenance[] = {IC_IVAU_X0, DSB, ISB};

    for (int mmu = 0; mmu <= 1; mmu++) {
        for (size_t i = 0; i < sizeof(stores) / sizeof(*stores); i++) {
            overwrite(*state, i, 0, maintenance);
            if (mmu)
                overwrite(*state, i, ALIAS, maintenance);
        }
        map_twice(*state);
    }
}

/* What the architecture does not promise: a vCPU sees what it has itself written from the next
 * block on. Unicorn 2.1 does not notice what is written through another virtual address. */
static void overwritten_code_is_noticed_without_ic(void **state)
{
    static const uint32_t nothing[] = {NOP, NOP, NOP};
    const bool aliases = strcmp(unicorn_engine.name(), "Unicorn 2.0") == 0;

    for (int mmu = 0; mmu <= 1; mmu++) {
        for (size_t i = 0; i < sizeof(stores) / sizeof(*stores); i++) {
            overwrite(*state, i, 0, nothing);
            if (mmu && aliases)
                overwrite(*state, i, ALIAS, nothing);
        }
        map_twice(*state);
    }
}

/* The vCPU that writes has written the page before, and never executed it. */
static void the_code_of_another_vcpu_is_forgotten_after_ic(void **state)
{
    struct bare *bare = *state;
    struct vcpu *first = bare->vcpu, *other;

    assert_int_equal(vcpu_create(bare->engine, &bare->host, &other, NULL), 0);
    BARE_CODE(bare, 0, STR_X1_X2, WFI);
    BARE_CODE(bare, 0x1000, BL(0xc00), WFI);
    BARE_CODE(bare, 0x2000, STR_X1_X2, DSB, IC_IVAU_X0, DSB, ISB, WFI);
    vcpu_set_x(first, 0, RAM + VICTIM);
    vcpu_set_x(first, 1, OLD_CODE);
    vcpu_set_x(first, 2, RAM + VICTIM);
    for (unsigned round = 1; round <= 3; round++) {
        bare->vcpu = first;
        assert_int_equal(bare_run(bare, round == 1 ? 0 : 0x2000), VCPU_EXIT_WFI);
        bare->vcpu = other;
        assert_int_equal(bare_run(bare, 0x1000), VCPU_EXIT_WFI);
        assert_int_equal(vcpu_get_x(other, 5), round);
        vcpu_set_x(first, 1, MOVZ_X(5, round + 1) | UINT64_C(0xd65f03c0) << 32);
    }
    bare->vcpu = first;
    vcpu_destroy(other);
}

/* ---- The state table ---------------------------------------------------------------------------
 */

/* Into another vCPU, and out again: nothing is lost, nothing is invented. */
static void the_state_survives_a_round_trip(void **state)
{
    static struct vcpu_value values[256], again[256];
    struct bare *bare = *state;
    struct vcpu *other;
    size_t n;
    const struct vcpu_register *registers = vcpu_registers(&n);

    assert_int_equal(vcpu_get_state(bare->vcpu, values), 0);
    for (size_t i = 0; i < n; i++) {
        if (registers[i].name[0] == 'X' || registers[i].name[0] == 'Q')
            values[i].low = 0x1111111111111111u * (i % 15 + 1);
        if (registers[i].size == 16)
            values[i].high = ~values[i].low;
        if (strncmp(registers[i].name, "AP", 2) == 0 || strncmp(registers[i].name, "TPIDR", 5) == 0)
            values[i].low = ~(uint64_t)i;
        if (strncmp(registers[i].name, "EXCLUSIVE", 9) == 0 || registers[i].name[0] == 'S')
            values[i].low += i * 16;
    }
    assert_int_equal(vcpu_create(bare->engine, &bare->host, &other, NULL), 0);
    assert_int_equal(vcpu_put_state(other, values), 0);
    assert_int_equal(vcpu_get_state(other, again), 0);
    for (size_t i = 0; i < n; i++) {
        if (values[i].low != again[i].low || values[i].high != again[i].high)
            fail_msg("%s: 0x%llx became 0x%llx", registers[i].name,
                     (unsigned long long)values[i].low, (unsigned long long)again[i].low);
    }
    vcpu_destroy(other);
}

static void names_are_unique(void **state)
{
    size_t n;
    const struct vcpu_register *registers = vcpu_registers(&n);

    (void)state;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(registers[i].name, registers[j].name);
}

static void impossible_states_are_refused(void **state)
{
    static const struct {
        const char *name;
        uint64_t value;
    } rows[] = {
        {"PSTATE", 0x3c9}, /* EL2h */
        {"PSTATE", 0x10},  /* AArch32 */
        {"PSTATE", UINT64_C(1) << 40},
        {"BLOCK_REST", 1025}, /* beyond the page */
        {"BLOCK_REST", UINT64_MAX},
        {"FPCR", UINT64_C(1) << 32},
    };
    struct bare *bare = *state;
    struct vcpu_value values[256];
    struct vgic5_error error = {0};
    size_t n;
    const struct vcpu_register *registers = vcpu_registers(&n);

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        assert_int_equal(vcpu_get_state(bare->vcpu, values), 0);
        assert_int_equal(vcpu_check_state(values, "cpu 0", &error), 0);
        for (size_t j = 0; j < n; j++)
            if (strcmp(registers[j].name, rows[i].name) == 0)
                values[j].low = rows[i].value;
        assert_int_equal(vcpu_check_state(values, "cpu 0", &error), -EINVAL);
        assert_int_equal(error.cause, VGIC5_CAUSE_DAMAGED);
        assert_non_null(strstr(error.message, rows[i].name));
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, bare_setup, bare_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reset_state_is_that_of_a_pe_without_el2),
        TEST(exits_count_what_was_executed),
        TEST(stops_at_every_count),
        TEST(a_stop_inside_of_a_block_leaves_its_rest),
        TEST(an_interrupt_waits_for_daifclr),
        TEST(a_masked_interrupt_stays_out),
        TEST(exceptions_have_their_syndrome),
        TEST(an_exception_from_el0_switches_the_stack),
        TEST(span_0_sets_pan),
        TEST(an_exception_leaves_the_monitor),
        TEST(vectors_nowhere_are_a_dead_end),
        TEST(aarch32_is_a_dead_end),
        TEST(gic_registers_reach_the_host),
        TEST(an_undefined_gic_register_is_an_exception),
        TEST(dc_zva_zeroes_its_block),
        TEST(dc_zva_of_el0_may_be_trapped),
        TEST(dc_zva_is_translated_as_a_store),
        TEST(dc_zva_follows_a_tlbi),
        TEST(code_that_dc_zva_overwrote_is_forgotten),
        TEST(stores_are_direct),
        TEST(overwritten_code_is_not_executed_after_ic),
        TEST(overwritten_code_is_noticed_without_ic),
        TEST(the_code_of_another_vcpu_is_forgotten_after_ic),
        TEST(the_state_survives_a_round_trip),
        cmocka_unit_test(names_are_unique),
        TEST(impossible_states_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
