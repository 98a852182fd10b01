/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Of each row of the contract's table there is a device that lacks it, and the suite tells it from
 * a whole one by a check that cites this row. What such a device does then may be anything, so each
 * lives in a process of its own.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <vgic5/conform.h>

extern const char *contract_missing_row;
const char *contract_missing_row;

#define V1 (1u << VGIC5_ABI_V1)
#define V7_4 (1u << VGIC5_ABI_7_4)
#define EVERY (V1 | V7_4)

static const struct {
    const char *id, *condition;
    uint32_t profiles;
} rows[] = {
#define REFUSAL(id, group, call, condition, error, profiles, source, words) \
    {#id, #condition, profiles},
#include "device/contract.def"
#undef REFUSAL
};

/* How many checks that cite this row fail. */
static unsigned failures(uint32_t abi, const char *row)
{
    struct vgic5_config config = {.size = sizeof(config), .abi = abi};
    struct vgic5_conform_check check;
    struct vgic5_conform_ops ops;
    unsigned failed = 0;

    vgic5_conform_model(&config, &ops);
    for (size_t n = 0; vgic5_conform_check_at(n, &check) == 0; n++) {
        struct vgic5_conform_summary summary = {0};

        if (strcmp(check.row, row) != 0)
            continue;
        vgic5_conform_run(&ops, check.name, NULL, NULL, &summary);
        failed += summary.failed;
    }
    return failed;
}

/* A check that brings the device down has told it from a whole one as well. */
static bool is_caught(uint32_t abi, const char *row)
{
    pid_t child = fork();
    int status = 0;

    assert_true(child >= 0);
    if (child == 0) {
        struct rlimit none = {0, 0};

        setrlimit(RLIMIT_CORE, &none);
        signal(SIGSEGV, SIG_DFL);
        if (!freopen("/dev/null", "w", stderr))
            _exit(2);
        contract_missing_row = row;
        _exit(failures(abi, row) ? 1 : 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

static void test_every_row(void **state)
{
    unsigned missed = 0, mutants = 0;

    (void)state;
    for (size_t n = 0; n < sizeof(rows) / sizeof(rows[0]); n++) {
        for (uint32_t abi = VGIC5_ABI_V1; abi <= VGIC5_ABI_7_4; abi++) {
            if (!(rows[n].profiles >> abi & 1) || strcmp(rows[n].condition, "DEEPER") == 0)
                continue;
            mutants++;
            assert_int_equal(failures(abi, rows[n].id), 0);
            if (is_caught(abi, rows[n].id))
                continue;
            missed++;
            print_message("# not caught: a device of abi %u without %s\n", abi, rows[n].id);
        }
    }
    print_message("# %u devices that lack a row, %u not caught\n", mutants, missed);
    assert_true(mutants >= 100);
    assert_int_equal(missed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_row)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
