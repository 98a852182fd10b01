/* SPDX-License-Identifier: BSD-3-Clause */
/* The device in this process passes the suite in every configuration; the suite covers the rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <vgic5/conform.h>

#define V1 (1u << VGIC5_ABI_V1)
#define V7_4 (1u << VGIC5_ABI_7_4)
#define EVERY (V1 | V7_4)

static const struct {
    const char *id;
    uint32_t profiles;
} rows[] = {
#define REFUSAL(id, group, call, condition, error, profiles, source, words) {#id, profiles},
#include "device/contract.def"
#undef REFUSAL
#define RULE(id, profiles, source, words) {#id, profiles},
#include "conform/rules.def"
#undef RULE
};

static void report(void *opaque, const struct vgic5_conform_result *result)
{
    (void)opaque;
    if (result->verdict != VGIC5_CONFORM_PASS)
        print_message("# %s [%s]: %s\n", result->check->name, result->check->row, result->message);
}

static const struct vgic5_config configs[] = {
    {.ipa_bits = 48},
    {.lpi_id_bits = 24, .ist_l2sz = 7},
    {.ipa_bits = 40, .lpi_id_bits = 14, .min_lpi_id_bits = 6},
    {.ipa_bits = 32, .priority_bits = 4},
};

static void test_the_model_passes(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof(configs) / sizeof(configs[0]); n++) {
        for (uint32_t abi = VGIC5_ABI_V1; abi <= VGIC5_ABI_7_4; abi++) {
            struct vgic5_config config = configs[n];
            struct vgic5_conform_summary summary = {.size = sizeof(summary)};
            struct vgic5_conform_ops ops;

            config.size = sizeof(config);
            config.abi = abi;
            vgic5_conform_model(&config, &ops);
            assert_int_equal(vgic5_conform_run(&ops, NULL, report, NULL, &summary), 0);
            assert_int_equal(summary.failed, 0);
            assert_int_equal(summary.skipped, 0);
            assert_true(summary.passed >= 250);
        }
    }
}

/* Tables of entries with metadata: those checks are skipped, none fails. */
static void test_metadata_is_skipped(void **state)
{
    struct vgic5_config config = {.size = sizeof(config), .istmd = 1, .istmd_sz = 10};
    struct vgic5_conform_summary summary = {.size = sizeof(summary)};
    struct vgic5_conform_ops ops;

    (void)state;
    vgic5_conform_model(&config, &ops);
    assert_int_equal(vgic5_conform_run(&ops, NULL, NULL, NULL, &summary), 0);
    assert_int_equal(summary.failed, 0);
    assert_true(summary.skipped > 0 && summary.skipped < 20);
}

/* A port that can do no more than it must: what needs more is skipped, and the rest runs. */
static void test_a_poor_port(void **state)
{
    struct vgic5_config config = {.size = sizeof(config)};
    struct vgic5_conform_summary summary = {.size = sizeof(summary)};
    struct vgic5_conform_ops ops;

    (void)state;
    vgic5_conform_model(&config, &ops);
    ops.guest_mmio = NULL;
    ops.guest_register = NULL;
    ops.read_guest = NULL;
    ops.write_guest = NULL;
    ops.fault = NULL;
    assert_int_equal(vgic5_conform_run(&ops, NULL, NULL, NULL, &summary), 0);
    assert_int_equal(summary.failed, 0);
    assert_true(summary.skipped > 5);
    assert_true(summary.passed >= 400);
    ops.set_attr = NULL;
    assert_int_equal(vgic5_conform_run(&ops, NULL, NULL, NULL, &summary), -22);
}

static void test_a_prefix(void **state)
{
    struct vgic5_config config = {.size = sizeof(config)};
    struct vgic5_conform_summary summary = {.size = sizeof(summary)};
    struct vgic5_conform_ops ops;

    (void)state;
    vgic5_conform_model(&config, &ops);
    assert_int_equal(vgic5_conform_run(&ops, "line.", NULL, NULL, &summary), 0);
    assert_int_equal(summary.passed, 13);
    assert_int_equal(vgic5_conform_run(&ops, "lime.", NULL, NULL, &summary), -2);
    assert_int_equal(summary.passed + summary.failed + summary.skipped, 0);
}

/* Callers that are older and newer than the library: what they have room for is filled. */
static void test_sizes(void **state)
{
    struct vgic5_config config = {.size = sizeof(config)};
    struct vgic5_conform_summary summary = {.size = sizeof(summary) - 1};
    struct {
        struct vgic5_conform_check check;
        unsigned char later[16];
    } room;
    struct vgic5_conform_ops ops;

    (void)state;
    vgic5_conform_model(&config, &ops);
    assert_int_equal(vgic5_conform_run(&ops, "line.", NULL, NULL, &summary), -22);
    memset(&room, 0xa5, sizeof(room));
    assert_int_equal(vgic5_conform_check_at_sized(0, &room.check,
                                                  offsetof(struct vgic5_conform_check, profiles)),
                     0);
    assert_int_equal(room.check.profiles, 0xa5a5a5a5);
    assert_int_equal(vgic5_conform_check_at_sized(0, &room.check, sizeof(room.check) + 8), 0);
    assert_int_not_equal(room.check.profiles, 0xa5a5a5a5);
    assert_int_equal(room.later[7], 0);
    assert_int_equal(room.later[8], 0xa5);
}

/* ---- Names and rows -------------------------------------------------------------------------- */

static void test_names(void **state)
{
    struct vgic5_conform_check a, b;
    size_t n = vgic5_conform_length();

    (void)state;
    assert_true(n >= 250);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(vgic5_conform_check_at(i, &a), 0);
        if (!vgic5_conform_row_words(a.row))
            fail_msg("%s cites %s, which is no row", a.name, a.row);
        for (size_t j = 0; j < i; j++) {
            assert_int_equal(vgic5_conform_check_at(j, &b), 0);
            if (strcmp(a.name, b.name) == 0 && a.profiles & b.profiles)
                fail_msg("two checks are called %s", a.name);
        }
    }
    assert_int_equal(vgic5_conform_check_at(n, &a), -22);
    assert_null(vgic5_conform_row_words("no_such_row"));
}

static uint32_t profiles_that_cite(const char *row)
{
    struct vgic5_conform_check check;
    uint32_t profiles = 0;

    for (size_t n = 0; vgic5_conform_check_at(n, &check) == 0; n++) {
        if (strcmp(check.row, row) == 0)
            profiles |= check.profiles;
    }
    return profiles;
}

static void test_every_row_is_cited(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof(rows) / sizeof(rows[0]); n++) {
        uint32_t missing = rows[n].profiles & ~profiles_that_cite(rows[n].id);

        if (missing)
            fail_msg("no check of profiles 0x%x cites %s", missing, rows[n].id);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_model_passes),
        cmocka_unit_test(test_metadata_is_skipped),
        cmocka_unit_test(test_a_poor_port),
        cmocka_unit_test(test_a_prefix),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_every_row_is_cited),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
