/* SPDX-License-Identifier: BSD-3-Clause */
/* Each broken device is caught, by a check that cites the row that it breaks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mutants.h"

struct verdict {
    const struct mutant *mutant;
    unsigned failed, by_row;
    char first[64];
};

static void judge(void *opaque, const struct vgic5_conform_result *result)
{
    struct verdict *verdict = opaque;

    if (result->verdict != VGIC5_CONFORM_FAIL)
        return;
    verdict->failed++;
    if (!verdict->mutant || strcmp(result->check->row, verdict->mutant->row) != 0)
        return;
    if (verdict->by_row++ == 0)
        memcpy(verdict->first, result->check->name, sizeof(verdict->first));
}

static void try_mutant(struct verdict *verdict, uint32_t abi)
{
    struct vgic5_config config = {.size = sizeof(config), .abi = abi};
    struct vgic5_conform_ops ops;

    mutant_ops(verdict->mutant, &config, &ops);
    assert_int_equal(vgic5_conform_run(&ops, NULL, judge, verdict, NULL), 0);
}

static void test_every_mutant_is_caught(void **state)
{
    unsigned missed = 0;

    (void)state;
    assert_true(nr_mutants >= 25);
    for (size_t n = 0; n < nr_mutants; n++) {
        for (uint32_t abi = VGIC5_ABI_V1; abi <= VGIC5_ABI_7_4; abi++) {
            struct verdict verdict = {.mutant = &mutants[n]};

            if (!(mutants[n].profiles >> abi & 1))
                continue;
            try_mutant(&verdict, abi);
            print_message("# %s (abi %u): %u checks fail, %u cite %s: %s\n", mutants[n].name, abi,
                          verdict.failed, verdict.by_row, mutants[n].row, verdict.first);
            missed += verdict.by_row == 0;
        }
    }
    assert_int_equal(missed, 0);
}

/* ---- No row without a broken device ---------------------------------------------------------- */

static const struct {
    const char *id;
    uint32_t profiles;
} rules[] = {
#define V1 (1u << VGIC5_ABI_V1)
#define V7_4 (1u << VGIC5_ABI_7_4)
#define EVERY (V1 | V7_4)
#define RULE(id, profiles, source, words) {#id, profiles},
#include "conform/rules.def"
#undef RULE
};

static void test_every_rule_has_a_mutant(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof(rules) / sizeof(rules[0]); n++) {
        uint32_t missing = rules[n].profiles;

        for (size_t m = 0; m < nr_mutants; m++) {
            if (strcmp(mutants[m].row, rules[n].id) == 0)
                missing &= ~mutants[m].profiles;
        }
        if (missing)
            fail_msg("no mutant of profiles 0x%x breaks %s", missing, rules[n].id);
    }
}

/* The functions around the model alone break nothing. */
static void test_the_model_behind_them_passes(void **state)
{
    (void)state;
    for (uint32_t abi = VGIC5_ABI_V1; abi <= VGIC5_ABI_7_4; abi++) {
        struct verdict verdict = {0};

        try_mutant(&verdict, abi);
        assert_int_equal(verdict.failed, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_model_behind_them_passes),
        cmocka_unit_test(test_every_mutant_is_caught),
        cmocka_unit_test(test_every_rule_has_a_mutant),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
