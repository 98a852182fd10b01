/* SPDX-License-Identifier: BSD-3-Clause */
/* An access to a device reaches it in the width that the guest used. */
#include "bare.h"

#include <string.h>

#define LOW 0x55667788u
#define HIGH 0x11223344u
#define WIDE (UINT64_C(0x1122334455667788))

struct expected {
    bool is_write;
    unsigned offset, size;
    uint64_t value; /* of a write */
};

#define R(offset, size)        \
    {                          \
        false, offset, size, 0 \
    }
#define W(offset, size, value)    \
    {                             \
        true, offset, size, value \
    }

/* X0 = WIDE, X1 = DEVICE, X2 = LOW, X3 = HIGH, X4 = 8, X8 in RAM, Q0 = WIDE. */
static const struct width_row {
    const char *name;
    uint32_t code[4];
    struct expected accesses[4];
    size_t n;
} rows[] = {
    {"str x", {0xf9000020}, {W(0, 8, WIDE)}, 1},
    {"str w", {0xb9000020}, {W(0, 4, LOW)}, 1},
    {"strh", {0x79000020}, {W(0, 2, 0x7788)}, 1},
    {"strb", {0x39000020}, {W(0, 1, 0x88)}, 1},
    {"two str w, low half first", {0xb9000022, 0xb9000423}, {W(0, 4, LOW), W(4, 4, HIGH)}, 2},
    {"two str w, high half first", {0xb9000423, 0xb9000022}, {W(4, 4, HIGH), W(0, 4, LOW)}, 2},
    {"two str w, then str x",
     {0xb9000022, 0xb9000423, 0xf9000020},
     {W(0, 4, LOW), W(4, 4, HIGH), W(0, 8, WIDE)},
     3},
    {"str x, then two str w",
     {0xf9000020, 0xb9000022, 0xb9000423},
     {W(0, 8, WIDE), W(0, 4, LOW), W(4, 4, HIGH)},
     3},
    {"stp w", {0x29000c22}, {W(0, 4, LOW), W(4, 4, HIGH)}, 2},
    {"stp x", {0xa9000820}, {W(0, 8, WIDE), W(8, 8, LOW)}, 2},
    {"str x, pre-indexed", {0xf8008c20}, {W(8, 8, WIDE)}, 1},
    {"str x, post-indexed", {0xf8008420}, {W(0, 8, WIDE)}, 1},
    {"stp x, post-indexed", {0xa8810820}, {W(0, 8, WIDE), W(8, 8, LOW)}, 2},
    {"stur x", {0xf8008020}, {W(8, 8, WIDE)}, 1},
    {"str x, register offset", {0xf8246820}, {W(8, 8, WIDE)}, 1},
    {"str x, register offset scaled", {0xf8247820}, {W(64, 8, WIDE)}, 1},
    {"stlr x", {0xc89ffc20}, {W(0, 8, WIDE)}, 1},
    {"stlr w", {0x889ffc20}, {W(0, 4, LOW)}, 1},
    {"str d", {0xfd000020}, {W(0, 8, WIDE)}, 1},
    {"str s", {0xbd000020}, {W(0, 4, LOW)}, 1},
    {"str q", {0x3d800020}, {W(0, 8, WIDE), W(8, 8, 0)}, 2},
    {"str xzr", {0xf900003f}, {W(0, 8, 0)}, 1},
    {"str wzr", {0xb900003f}, {W(0, 4, 0)}, 1},
    {"ldr x", {0xf9400026}, {R(0, 8)}, 1},
    {"ldr w", {0xb9400026}, {R(0, 4)}, 1},
    {"ldrsw", {0xb9800026}, {R(0, 4)}, 1},
    {"two ldr w", {0xb9400026, 0xb9400427}, {R(0, 4), R(4, 4)}, 2},
    {"ldp x", {0xa9401c26}, {R(0, 8), R(8, 8)}, 2},
    {"ldp w", {0x29401c26}, {R(0, 4), R(4, 4)}, 2},
    {"ldar x", {0xc8dffc26}, {R(0, 8)}, 1},
    {"ldr d", {0xfd400021}, {R(0, 8)}, 1},
    {"store x, load x", {0xf9000020, 0xf9400026}, {W(0, 8, WIDE), R(0, 8)}, 2},
    {"load w, store x", {0xb9400026, 0xf9000020}, {R(0, 4), W(0, 8, WIDE)}, 2},
    {"a store to RAM in front", {0xf9000100 /* str x0, [x8] */, 0xb9000022}, {W(0, 4, LOW)}, 1},
};

static void set_registers(struct bare *bare)
{
    bare_set_register(bare, "Q0", WIDE);
    vcpu_set_x(bare->vcpu, 0, WIDE);
    vcpu_set_x(bare->vcpu, 1, DEVICE);
    vcpu_set_x(bare->vcpu, 2, LOW);
    vcpu_set_x(bare->vcpu, 3, HIGH);
    vcpu_set_x(bare->vcpu, 4, 8);
    vcpu_set_x(bare->vcpu, 8, RAM + 0x3000 + (DEVICE & 0xfff)); /* the same place in its page */
}

static void check_accesses(const struct bare *bare, const struct width_row *row)
{
    if (bare->nr_accesses != row->n)
        fail_msg("%s: %zu accesses, expected %zu", row->name, bare->nr_accesses, row->n);
    for (size_t i = 0; i < row->n; i++) {
        const struct bare_access *a = &bare->accesses[i];
        const struct expected *e = &row->accesses[i];

        if (a->is_write != e->is_write || a->address != DEVICE + e->offset || a->size != e->size ||
            (e->is_write && a->value != e->value))
            fail_msg("%s: access %zu is %s 0x%llx size %u value 0x%llx", row->name, i,
                     a->is_write ? "write" : "read", (unsigned long long)a->address, a->size,
                     (unsigned long long)a->value);
    }
}

/* In front of each: an instruction, so that the access is not where the block begins. */
static uint64_t put_row(struct bare *bare, size_t i)
{
    uint64_t at = i * 64;

    BARE_CODE(bare, at, NOP, rows[i].code[0], NOP, rows[i].code[1] ? rows[i].code[1] : NOP,
              rows[i].code[2] ? rows[i].code[2] : NOP, WFI);
    set_registers(bare);
    bare->nr_accesses = 0;
    return at;
}

static void every_width_arrives(void **state)
{
    struct bare *bare = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        uint64_t at = put_row(bare, i);

        assert_int_equal(bare_run(bare, at), VCPU_EXIT_WFI);
        check_accesses(bare, &rows[i]);
    }
}

/* The same, one instruction at a time: what a machine does that was stopped there. */
static void every_width_arrives_when_stepped(void **state)
{
    struct bare *bare = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        uint64_t at = put_row(bare, i);

        vcpu_set_pc(bare->vcpu, RAM + at);
        bare->clock.check_at = UINT64_MAX;
        for (int n = 0; n < 5; n++) {
            bare->clock.stop_at = bare->clock.instructions + 1;
            assert_int_equal(vcpu_run(bare->vcpu), VCPU_EXIT_STOP);
        }
        check_accesses(bare, &rows[i]);
    }
}

static void a_load_gets_both_halves(void **state)
{
    struct bare *bare = *state;

    BARE_CODE(bare, 0, 0xf9400026 /* ldr x6, [x1] */, 0xa9402027 /* ldp x7, x8, [x1] */, WFI);
    vcpu_set_x(bare->vcpu, 1, DEVICE);
    assert_int_equal(bare_run(bare, 0), VCPU_EXIT_WFI);
    assert_int_equal(vcpu_get_x(bare->vcpu, 6), 0x8786858483828180);
    assert_int_equal(vcpu_get_x(bare->vcpu, 7), 0x8786858483828180);
    assert_int_equal(vcpu_get_x(bare->vcpu, 8), 0x8f8e8d8c8b8a8988);
}

/* The end of the address space is no hole, and what is not there is a device. */
static void the_map_has_no_hole(void **state)
{
    static const uint64_t addresses[] = {0, 0x3ffffff8, RAM + RAM_SIZE, 0x7f000000000,
                                         0xfffffffff8};
    struct bare *bare = *state;

    BARE_CODE(bare, 0, 0xf9400026, WFI);
    for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++) {
        bare->nr_accesses = 0;
        vcpu_set_x(bare->vcpu, 1, addresses[i]);
        assert_int_equal(bare_run(bare, 0), VCPU_EXIT_WFI);
        assert_int_equal(bare->nr_accesses, 1);
        assert_int_equal(bare->accesses[0].address, addresses[i]);
        assert_int_equal(bare->accesses[0].size, 8);
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, bare_setup, bare_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_width_arrives),
        TEST(every_width_arrives_when_stepped),
        TEST(a_load_gets_both_halves),
        TEST(the_map_has_no_hole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
