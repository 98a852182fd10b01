/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every load and store that there is, to a device: in its width, and with the result that it has in
 * RAM. The device's bytes are what the RAM beside it holds.
 */
#include "bare.h"

#include <stdlib.h>
#include <string.h>

#include "unicorn/unicorn_engine.h"

#define TWIN 0x100000u /* offset in RAM of what looks like the device's page */
#define CODE 0x10000u  /* of each form its own: nobody is told that code was overwritten */
#define PAGES_SIZE 0x2000u
#define MIDDLE 0x800u /* of the page */
#define ACROSS 0xfc0u /* from there on, into the next page: byte by byte */
#define MOST_FORMS 2000

/* An instruction with Rt = 4, Rn = 1; Rm = 2, Rs = 6 and Rt2 = 5 where it has them. */
struct form {
    uint32_t prefix, insn; /* prefix: an LDXR in front of an STXR, or 0 */
    unsigned bytes, loads, stores;
};

static struct form forms[MOST_FORMS];
static size_t nr_forms;

static void form(uint32_t insn, unsigned bytes, unsigned loads, unsigned stores)
{
    assert_true(nr_forms < MOST_FORMS);
    forms[nr_forms++] = (struct form){0, insn | 1 << 5 | 4, bytes, loads, stores};
}

static void load_or_store(uint32_t insn, unsigned bytes, unsigned n, bool loads)
{
    form(insn, bytes, loads ? n : 0, loads ? 0 : n);
}

/* size, opc and whether it is SIMD: LDR and STR of each register. */
static const struct {
    uint32_t bits; /* of size, V and opc */
    uint8_t bytes, n;
    bool loads, general;
} registers[] = {
    {0x00000000, 1, 1, false, true}, /* STRB, LDRB, LDRSB to X and W */
    {0x00400000, 1, 1, true, true},  {0x00800000, 1, 1, true, true},
    {0x00c00000, 1, 1, true, true},  {0x40000000, 2, 1, false, true}, /* STRH, … */
    {0x40400000, 2, 1, true, true},  {0x40800000, 2, 1, true, true},
    {0x40c00000, 2, 1, true, true},  {0x80000000, 4, 1, false, true}, /* STR W, LDR W, LDRSW */
    {0x80400000, 4, 1, true, true},  {0x80800000, 4, 1, true, true},
    {0xc0000000, 8, 1, false, true},                                   /* STR X, LDR X */
    {0xc0400000, 8, 1, true, true},  {0x04000000, 1, 1, false, false}, /* B */
    {0x04400000, 1, 1, true, false}, {0x44000000, 2, 1, false, false}, /* H */
    {0x44400000, 2, 1, true, false}, {0x84000000, 4, 1, false, false}, /* S */
    {0x84400000, 4, 1, true, false}, {0xc4000000, 8, 1, false, false}, /* D */
    {0xc4400000, 8, 1, true, false}, {0x04800000, 8, 2, false, false}, /* Q */
    {0x04c00000, 8, 2, true, false},
};

static void add_registers(void)
{
    static const struct {
        uint32_t bits;
        bool only_general;
    } modes[] = {
        {0x39000000 | 3 << 10, false},     /* #imm12 */
        {0x38000000 | 0x1f0 << 12, false}, /* LDUR, #-16 */
        {0x38000400 | 24 << 12, false},    /* post-indexed */
        {0x38000800 | 16 << 12, true},     /* LDTR */
        {0x38000c00 | 0x1e8 << 12, false}, /* pre-indexed, #-24 */
        {0x38206800 | 2 << 16, false},     /* X2 */
        {0x38207800 | 2 << 16, false},     /* X2, LSL */
        {0x38204800 | 2 << 16, false},     /* W2, UXTW */
        {0x3820d800 | 3 << 16, false},     /* W3, SXTW, scaled: negative */
    };

    for (size_t m = 0; m < sizeof(modes) / sizeof(*modes); m++)
        for (size_t r = 0; r < sizeof(registers) / sizeof(*registers); r++)
            if (registers[r].general || !modes[m].only_general)
                load_or_store(modes[m].bits | registers[r].bits, registers[r].bytes, registers[r].n,
                              registers[r].loads);
}

static void add_pairs(void)
{
    static const uint32_t modes[] = {0x28000000, 0x28800000, 0x29000000, 0x29800000};
    static const struct {
        uint32_t bits;
        uint8_t bytes, n;
    } sizes[] = {
        {0x00000000, 4, 2}, {0x80000000, 8, 2}, {0x04000000, 4, 2},
        {0x44000000, 8, 2}, {0x84000000, 8, 4},
    };

    for (size_t m = 0; m < 4; m++) {
        for (size_t s = 0; s < 5; s++) {
            uint32_t insn =
                modes[m] | sizes[s].bits | 0x7e << 15 | 5 << 10; /* #-2 times its size */

            load_or_store(insn, sizes[s].bytes, sizes[s].n, false);
            load_or_store(insn | 1 << 22, sizes[s].bytes, sizes[s].n, true);
        }
        if (m > 0) /* LDPSW */
            load_or_store(modes[m] | 0x40400000 | 3 << 15 | 5 << 10, 4, 2, true);
    }
}

/* With a load in front that sets the monitor. */
static void exclusive_store(uint32_t load, uint32_t store, unsigned bytes, unsigned n)
{
    form(store | 6 << 16, bytes, 2 * n, n);
    forms[nr_forms - 1].prefix = load | 1 << 5 | 7;
}

static void add_exclusives(void)
{
    static const uint32_t ordered_loads[] = {0x085f7c00, 0x085ffc00, 0x08dffc00, 0x08df7c00};

    for (uint32_t size = 0; size < 4; size++) {
        for (size_t i = 0; i < 4; i++)
            load_or_store(ordered_loads[i] | size << 30, 1u << size, 1, true);
        load_or_store(0x089ffc00 | size << 30, 1u << size, 1, false); /* STLR */
        load_or_store(0x089f7c00 | size << 30, 1u << size, 1, false); /* STLLR */
        exclusive_store(0x085f7c00 | size << 30, 0x08007c00 | size << 30, 1u << size, 1);
        exclusive_store(0x085ffc00 | size << 30, 0x0800fc00 | size << 30, 1u << size, 1);
    }
    for (uint32_t x = 0; x < 2; x++) {
        load_or_store(0x887f0000 | x << 30 | 5 << 10, 8, 1 + x, true); /* LDXP, LDAXP */
        load_or_store(0x887f8000 | x << 30 | 5 << 10, 8, 1 + x, true);
        exclusive_store(0x887f2000 | x << 30, 0x88200000 | x << 30 | 5 << 10, 8, 1 + x);
        form(0x08207c00 | x << 30 | 6 << 16, 8, 1 + x, 1 + x); /* CASP, CASPAL */
        form(0x0860fc00 | x << 30 | 6 << 16, 8, 1 + x, 1 + x);
    }
}

static void add_atomics(void)
{
    for (uint32_t size = 0; size < 4; size++) {
        for (uint32_t order = 0; order < 4; order++) {
            for (uint32_t opc = 0; opc < 9; opc++) /* LDADD … LDUMIN, SWP */
                form(0x38200000 | size << 30 | order << 22 | 6 << 16 | opc << 12, 1u << size, 1, 1);
            form(0x08a07c00 | size << 30 | (order & 1) << 22 | (order & 2) << 14 | 6 << 16,
                 1u << size, 1, 1); /* CAS */
        }
        load_or_store(0x38bfc000 | size << 30, 1u << size, 1, true);                /* LDAPR */
        load_or_store(0x19000000 | size << 30 | 0x1f8 << 12, 1u << size, 1, false); /* STLUR */
        for (uint32_t opc = 1; opc < 4; opc++)                                      /* LDAPUR */
            if (opc == 1 || size + opc <= 4)
                load_or_store(0x19000000 | size << 30 | opc << 22 | 8 << 12, 1u << size, 1, true);
    }
    for (uint32_t b = 0; b < 4; b++) { /* LDRAA, LDRAB, with and without writeback */
        load_or_store(0xf8200400 | (b & 1) << 23 | (b & 2) << 10 | 2 << 12, 8, 1, true);
        load_or_store(0xf8600400 | (b & 1) << 23 | (b & 2) << 10 | 0x1fe << 12, 8, 1, true);
    }
}

static void add_structures(uint32_t insn, unsigned bytes, unsigned n)
{
    for (int loads = 0; loads < 2; loads++) {
        load_or_store(insn | (uint32_t)loads << 22, bytes, n, loads);
        load_or_store(insn | (uint32_t)loads << 22 | 0x009f0000, bytes, n, loads); /* post */
        load_or_store(insn | (uint32_t)loads << 22 | 0x00820000, bytes, n, loads); /* X2 */
    }
}

static void add_multiple_structures(void)
{
    static const struct {
        uint8_t opcode, registers, interleaved;
    } rows[] = {{0, 4, 4}, {2, 4, 1}, {4, 3, 3}, {6, 3, 1}, {7, 1, 1}, {8, 2, 2}, {10, 2, 1}};

    for (size_t i = 0; i < 7; i++)
        for (uint32_t size = 0; size < 4; size++)
            for (uint32_t q = 0; q < 2; q++)
                if (q || size < 3 || rows[i].interleaved == 1)
                    add_structures(0x0c000000 | q << 30 | (uint32_t)rows[i].opcode << 12 |
                                       size << 10,
                                   1u << size, rows[i].registers * (8u << q) >> size);
}

static void add_single_structures(void)
{
    for (uint32_t n = 0; n < 4; n++) {
        uint32_t insn = 0x0d000000 | (n & 1) << 21 | (n >> 1) << 13;

        for (uint32_t q = 0; q < 2; q++) {
            add_structures(insn | q << 30 | 5 << 10, 1, n + 1);                     /* B */
            add_structures(insn | q << 30 | 1 << 14 | 1 << 12 | 2 << 10, 2, n + 1); /* H */
            add_structures(insn | q << 30 | 4 << 13 | 1 << 12, 4, n + 1);           /* S */
            add_structures(insn | q << 30 | 4 << 13 | 1 << 10, 8, n + 1);           /* D */
            for (uint32_t size = 0; size < 4; size++) {                             /* LD1R … */
                load_or_store(insn | q << 30 | 0x0040c000 | size << 10, 1u << size, n + 1, true);
                load_or_store(insn | q << 30 | 0x00dfc000 | size << 10, 1u << size, n + 1, true);
            }
        }
    }
}

static int list_forms(void **state)
{
    (void)state;
    nr_forms = 0;
    add_registers();
    add_pairs();
    add_exclusives();
    add_atomics();
    add_multiple_structures();
    add_single_structures();
    return 0;
}

/* ---- One of them, in RAM or at the device -------------------------------------------------------
 */

struct transfer_outcome {
    struct vcpu_value values[256];
    uint8_t pages[PAGES_SIZE]; /* with what was stored */
};

static const size_t base_row = 1; /* X1 */

/* Whatever an exception leads to. */
static void waiting_vectors(struct bare *bare)
{
    uint32_t wfi = WFI;

    bare_set_register(bare, "VBAR_EL1", RAM + 0x8000);
    for (unsigned at = 0; at < 0x800; at += 0x80)
        assert_int_equal(memory_write(&bare->ram, RAM + 0x8000 + at, &wfi, sizeof(wfi)), 0);
}

static void fill_twin(struct bare *bare)
{
    uint8_t page[PAGES_SIZE];

    for (unsigned i = 0; i < sizeof(page); i++)
        page[i] = (uint8_t)i;
    assert_int_equal(memory_write(&bare->ram, RAM + TWIN, page, sizeof(page)), 0);
}

/* A state in which the base, X1 or SP, has this value; and X3 is negative as W3. */
static void prepare(struct bare *bare, uint64_t base, bool sp)
{
    struct vcpu_value values[256];
    size_t n;
    const struct vcpu_register *rows = vcpu_registers(&n);

    assert_int_equal(vcpu_get_state(bare->vcpu, values), 0);
    for (size_t i = 0; i < n; i++) {
        if (rows[i].name[0] != 'X' && rows[i].name[0] != 'Q')
            continue;
        values[i].low = 0x8182838485868788 + i;
        values[i].high = 0x9192939495969798 + i;
    }
    values[base_row].low = base;
    values[2].low = 0x10;
    values[3].low = 0x1fffffffc;
    values[VCPU_ROW_CPACR_EL1].low = 3 << 20;
    values[VCPU_ROW_SP_EL1].low = sp ? base : 0;
    values[VCPU_ROW_PSTATE].low = 0x3c5;
    values[VCPU_ROW_EXCLUSIVE_ADDRESS].low = UINT64_MAX;
    assert_int_equal(vcpu_put_state(bare->vcpu, values), 0);
}

static void run_code(struct bare *bare, uint64_t code, bool stepped)
{
    if (!stepped) {
        assert_int_equal(bare_run(bare, code), VCPU_EXIT_WFI);
        return;
    }
    vcpu_set_pc(bare->vcpu, RAM + code);
    bare->clock.check_at = UINT64_MAX;
    for (enum vcpu_exit exit = VCPU_EXIT_STOP; exit == VCPU_EXIT_STOP;) {
        bare->clock.stop_at = bare->clock.instructions + 1;
        exit = vcpu_run(bare->vcpu);
        assert_true(exit == VCPU_EXIT_STOP || exit == VCPU_EXIT_WFI);
    }
}

static void at_twin(struct bare *bare, uint64_t code, uint64_t offset, bool sp,
                    struct transfer_outcome *outcome)
{
    fill_twin(bare);
    prepare(bare, RAM + TWIN + offset, sp);
    run_code(bare, code, false);
    assert_int_equal(vcpu_get_state(bare->vcpu, outcome->values), 0);
    assert_int_equal(memory_read(&bare->ram, RAM + TWIN, outcome->pages, PAGES_SIZE), 0);
}

#define DEVICE_PAGE (DEVICE & ~UINT64_C(0xfff))

static void at_device(struct bare *bare, uint64_t code, uint64_t offset, bool sp, bool stepped,
                      struct transfer_outcome *outcome)
{
    bare->nr_accesses = 0;
    prepare(bare, DEVICE_PAGE + offset, sp);
    run_code(bare, code, stepped);
    assert_int_equal(vcpu_get_state(bare->vcpu, outcome->values), 0);
    for (unsigned i = 0; i < PAGES_SIZE; i++)
        outcome->pages[i] = (uint8_t)i;
    for (size_t i = 0; i < bare->nr_accesses; i++) {
        const struct bare_access *a = &bare->accesses[i];

        for (unsigned j = 0; j < a->size && a->is_write; j++)
            outcome->pages[a->address - DEVICE_PAGE + j] = (uint8_t)(a->value >> 8 * j);
    }
}

/* The same, but for what the two pages differ in. */
static void expect_same(const struct form *f, const struct transfer_outcome *ram,
                        const struct transfer_outcome *device)
{
    size_t n;
    const struct vcpu_register *rows = vcpu_registers(&n);

    for (size_t i = 0; i < n; i++) {
        uint64_t moved = i == base_row || i == VCPU_ROW_SP_EL1 || i == VCPU_ROW_FAR_EL1 ||
                                 i == VCPU_ROW_EXCLUSIVE_ADDRESS
                             ? RAM + TWIN - DEVICE_PAGE
                             : 0;

        if (ram->values[i].high != device->values[i].high ||
            (ram->values[i].low != device->values[i].low &&
             ram->values[i].low != device->values[i].low + moved))
            fail_msg("0x%08x: %s is 0x%llx in RAM, 0x%llx at the device", f->insn, rows[i].name,
                     (unsigned long long)ram->values[i].low,
                     (unsigned long long)device->values[i].low);
    }
    if (memcmp(ram->pages, device->pages, PAGES_SIZE) != 0)
        fail_msg("0x%08x: stores something else to a device", f->insn);
}

static void expect_accesses(const struct bare *bare, const struct form *f)
{
    unsigned loads = 0, stores = 0;

    for (size_t i = 0; i < bare->nr_accesses; i++) {
        const struct bare_access *a = &bare->accesses[i];

        if (a->size != f->bytes)
            fail_msg("0x%08x: access %zu is of %u bytes at 0x%llx, not of %u", f->insn, i, a->size,
                     (unsigned long long)a->address, f->bytes);
        loads += !a->is_write;
        stores += a->is_write;
    }
    if (loads != f->loads || stores != f->stores)
        fail_msg("0x%08x: %u loads, %u stores, expected %u, %u", f->insn, loads, stores, f->loads,
                 f->stores);
}

static const uint32_t exception_syndromes = 0x80000000u;

static void try_form(struct bare *bare, const struct form *f, size_t i, uint64_t offset, bool sp,
                     bool stepped)
{
    static struct transfer_outcome ram, device;
    const uint64_t code = CODE + i * 16;
    bool faults;

    BARE_CODE(bare, code, NOP, f->prefix ? f->prefix : NOP, f->insn, WFI);
    at_twin(bare, code, offset, sp, &ram);
    at_device(bare, code, offset, sp, stepped, &device);
    faults = (ram.values[VCPU_ROW_ESR_EL1].low & exception_syndromes) != 0;
    expect_same(f, &ram, &device);
    if (faults && offset == MIDDLE)
        fail_msg("0x%08x takes an exception", f->insn);
    if (!faults && offset < ACROSS)
        expect_accesses(bare, f);
}

static void reset_syndrome(struct bare *bare)
{
    bare_set_register(bare, "ESR_EL1", 0);
}

static void every_form(struct bare *bare, uint64_t offset, bool stepped)
{
    waiting_vectors(bare);
    for (size_t i = 0; i < nr_forms; i++) {
        reset_syndrome(bare);
        try_form(bare, &forms[i], i, offset, false, stepped);
    }
}

static void every_form_does_at_a_device_what_it_does_in_ram(void **state)
{
    every_form(*state, MIDDLE, false);
}

static void every_form_stepped(void **state)
{
    every_form(*state, MIDDLE, true);
}

static void every_misaligned_form(void **state)
{
    for (uint64_t offset = 1; offset < 8; offset += 2)
        every_form(*state, MIDDLE + offset, false);
}

static void every_form_across_pages(void **state)
{
    const struct bare *bare = *state;
    static const uint64_t offsets[] = {0xff0, 0xff3, 0xff9, 0xffc, 0xffd, 0xfff, 0x1001, 0x1011};

    if (!unicorn_knows_places(bare->engine))
        skip();
    for (size_t i = 0; i < sizeof(offsets) / sizeof(*offsets); i++)
        every_form(*state, offsets[i], false);
}

static void every_form_with_sp(void **state)
{
    struct bare *bare = *state;

    waiting_vectors(bare);
    for (size_t i = 0; i < nr_forms; i++) {
        struct form f = forms[i];

        f.insn |= 31 << 5;
        f.prefix |= f.prefix ? 31 << 5 : 0;
        reset_syndrome(bare);
        try_form(bare, &f, i, MIDDLE, true, false);
    }
}

static void every_form_with_register_31(void **state)
{
    struct bare *bare = *state;

    waiting_vectors(bare);
    for (size_t i = 0; i < nr_forms; i++) {
        struct form f = forms[i];

        f.insn |= 31;
        if ((f.insn & 0x3fa07c00) == 0x08207c00) /* CASP takes even registers */
            continue;
        reset_syndrome(bare);
        try_form(bare, &f, i, MIDDLE, false, false);
    }
}

static void the_place_is_known_where_it_can_be(void **state)
{
    const struct bare *bare = *state;
    const char *expected = getenv("VGIC5_EXPECT_PLACES");

    if (!expected)
        skip();
    assert_int_equal(unicorn_knows_places(bare->engine), expected[0] == '1');
}

/* ---- Two of them in one block, and a save in between --------------------------------------------
 */

/* At the same address; what is loaded depends on what came before. */
static const uint32_t together[] = {
    0x39000024, 0x79000024, 0xb9000024, 0xf9000024, /* STRB, STRH, STR W, STR X */
    0x39400024, 0x79400024, 0xb9400024, 0xf9400024, /* LDRB, … */
    0x39800024, 0xb9800024, 0xf8404024, 0xf8004024, /* LDRSB, LDRSW; LDUR and STUR X, #4 */
    0xf8401024, 0xf8001024, 0xf8bfc024, 0xf8a60024, /* misaligned; LDAPR, LDADDA X */
    0xf8a68024, 0xf8200424, 0x0d408024, 0x0d008024, /* SWPA X, LDRAA, LD1 and ST1 S, one lane */
    0x0d408424, 0x0c407024, 0xa9401424, 0xa9001424, /* … D; LD1 8B, LDP, STP X */
    0x29401424, 0x29001424, 0xfd400024, 0x3d800024, /* LDP, STP W; LDR D, STR Q */
    0xc8dffc24, 0x889ffc24, 0xb8660024,             /* LDAR X, STLR W, LDADDL W */
};

#define NR_TOGETHER (sizeof(together) / sizeof(*together))

static void change_vcpu(struct bare *bare, const struct vcpu_value *values)
{
    vcpu_destroy(bare->vcpu);
    assert_int_equal(vcpu_create(bare->engine, &bare->host, &bare->vcpu, NULL), 0);
    assert_int_equal(vcpu_put_state(bare->vcpu, values), 0);
}

/* False: it refuses to guess, where it has to. */
static bool two_of_them(struct bare *bare, uint64_t code, bool saved, struct bare *log,
                        struct vcpu_value *values)
{
    enum vcpu_exit exit;

    prepare(bare, DEVICE, false);
    bare->nr_accesses = 0;
    vcpu_set_pc(bare->vcpu, RAM + code);
    bare->clock.check_at = UINT64_MAX;
    bare->clock.stop_at = saved ? bare->clock.instructions + 2 : UINT64_MAX;
    exit = vcpu_run(bare->vcpu);
    assert_int_equal(vcpu_get_state(bare->vcpu, values), 0);
    if (saved) {
        assert_int_equal(exit, VCPU_EXIT_STOP);
        change_vcpu(bare, values);
        bare->clock.stop_at = UINT64_MAX;
        exit = vcpu_run(bare->vcpu);
    }
    assert_int_equal(vcpu_get_state(bare->vcpu, values), 0);
    *log = *bare;
    if (exit == VCPU_EXIT_STUCK && !unicorn_knows_places(bare->engine))
        return false;
    assert_int_equal(exit, VCPU_EXIT_WFI);
    return true;
}

/* Not with memcmp: they have holes. */
static bool same_accesses(const struct bare *one, const struct bare *other)
{
    bool same = one->nr_accesses == other->nr_accesses;

    for (size_t i = 0; i < one->nr_accesses && same; i++) {
        const struct bare_access *a = &one->accesses[i], *b = &other->accesses[i];

        same = a->address == b->address && a->value == b->value && a->size == b->size &&
               a->is_write == b->is_write;
    }
    return same;
}

static bool pair_is_the_same(struct bare *bare, uint64_t code)
{
    static struct vcpu_value start[256], undisturbed[256], saved[256];
    static struct bare first, second;

    assert_int_equal(vcpu_get_state(bare->vcpu, start), 0);
    if (!two_of_them(bare, code, false, &first, undisturbed)) {
        change_vcpu(bare, start);
        return true;
    }
    assert_true(two_of_them(bare, code, true, &second, saved));
    return same_accesses(&first, &second) &&
           memcmp(undisturbed, saved, NR_VCPU_ROWS * sizeof(*saved)) == 0;
}

static void pairs_do_the_same_with_a_save_in_between(void **state)
{
    struct bare *bare = *state;

    for (size_t i = 0; i < NR_TOGETHER * NR_TOGETHER; i++) {
        uint32_t a = together[i / NR_TOGETHER], b = together[i % NR_TOGETHER];
        uint64_t code = CODE + i * 32;

        BARE_CODE(bare, code, NOP, a, b, NOP, b, WFI);
        if (!pair_is_the_same(bare, code))
            fail_msg("0x%08x, 0x%08x: something else with a save in between", a, b);
    }
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, bare_setup, bare_teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_place_is_known_where_it_can_be),
        TEST(every_form_does_at_a_device_what_it_does_in_ram),
        TEST(every_form_stepped),
        TEST(every_misaligned_form),
        TEST(every_form_across_pages),
        TEST(every_form_with_sp),
        TEST(every_form_with_register_31),
        TEST(pairs_do_the_same_with_a_save_in_between),
    };

    return cmocka_run_group_tests(tests, list_forms, NULL);
}
