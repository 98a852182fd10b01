/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Of each row of the contract's table there is a device that lacks it, and the suite tells it from
 * a whole one by a check that cites this row. What such a device does then may be anything, so each
 * lives in a process of its own. A row that the operation itself finds (DEEPER) is not taken away:
 * its errno comes out as another one. One that cannot hold (NEVER) comes out where none does.
 * Nor does a device pass that looks at a row before those that the contract puts first.
 */
#include <errno.h>
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

extern const char *contract_missing_row, *contract_first_row;
const char *contract_missing_row, *contract_first_row;

#define V1 (1u << VGIC5_ABI_V1)
#define V7_4 (1u << VGIC5_ABI_7_4)
#define EVERY (V1 | V7_4)

#define VGIC5_GRP_RUN 0x100u
#define VGIC5_GRP_IRQ_LINE 0x101u
#define VGIC5_GRP_CREATE_DEVICE 0x102u
enum call { HAS, GET, SET, DO };

static const struct cited_row {
    const char *id, *condition;
    uint32_t group;
    enum call call;
    int error;
    uint32_t profiles;
} rows[] = {
#define REFUSAL(id, group, call, condition, error, profiles, source, words) \
    {#id, #condition, VGIC5_GRP_##group, call, error, profiles},
#include "device/contract.def"
#undef REFUSAL
};

/* ---- Another errno --------------------------------------------------------------------------- */

static const struct cited_row *changed; /* NULL: none */
static struct vgic5_conform_ops inner;

#define ANOTHER (-EPROTO)

static int answer(uint32_t group, enum call call, int ret)
{
    if (!changed || changed->group != group || changed->call != call)
        return ret;
    if (strcmp(changed->condition, "NEVER") == 0)
        return ret ? ret : -changed->error;
    return ret == -changed->error ? ANOTHER : ret;
}

static int has(void *vm, const struct vgic5_attr *attr)
{
    return answer(attr->group, HAS, inner.has_attr(vm, attr));
}

static int get(void *vm, const struct vgic5_attr *attr)
{
    return answer(attr->group, GET, inner.get_attr(vm, attr));
}

static int set(void *vm, const struct vgic5_attr *attr)
{
    return answer(attr->group, SET, inner.set_attr(vm, attr));
}

static int enter(void *vm, uint32_t vcpu_id, bool stays)
{
    return answer(VGIC5_GRP_RUN, DO, inner.enter(vm, vcpu_id, stays));
}

static int line(void *vm, uint32_t irq, bool level)
{
    return answer(VGIC5_GRP_IRQ_LINE, DO, inner.irq_line(vm, irq, level));
}

static int create_device(void *vm, uint32_t type)
{
    return answer(VGIC5_GRP_CREATE_DEVICE, DO, inner.create_device(vm, type));
}

static void open_ops(struct vgic5_conform_ops *ops, const struct vgic5_config *config)
{
    vgic5_conform_model(config, &inner);
    *ops = inner;
    ops->has_attr = has;
    ops->get_attr = get;
    ops->set_attr = set;
    ops->enter = enter;
    ops->irq_line = line;
    ops->create_device = create_device;
}

/* ---- Is it caught? --------------------------------------------------------------------------- */

struct count {
    const char *row;
    unsigned failed;
};

static void count_failures(void *opaque, const struct vgic5_conform_result *result)
{
    struct count *count = opaque;

    count->failed +=
        result->verdict == VGIC5_CONFORM_FAIL && strcmp(result->check->row, count->row) == 0;
}

/* How many checks that cite this row fail; a name may be the beginning of another's. */
static unsigned failures(uint32_t abi, const char *row)
{
    struct vgic5_config config = {.size = sizeof(config), .abi = abi};
    struct count count = {.row = row};
    struct vgic5_conform_check check;
    struct vgic5_conform_ops ops;

    open_ops(&ops, &config);
    for (size_t n = 0; vgic5_conform_check_at(n, &check) == 0; n++) {
        if (strcmp(check.row, row) == 0)
            vgic5_conform_run(&ops, check.name, count_failures, &count, NULL);
    }
    return count.failed;
}

/* What becomes of the device in its child, and how many checks fail then. */
static unsigned be_without(uint32_t abi, const struct cited_row *row)
{
    if (strcmp(row->condition, "DEEPER") == 0 || strcmp(row->condition, "NEVER") == 0)
        changed = row;
    else
        contract_missing_row = row->id;
    return failures(abi, row->id);
}

static void count_all(void *opaque, const struct vgic5_conform_result *result)
{
    *(unsigned *)opaque += result->verdict == VGIC5_CONFORM_FAIL;
}

static unsigned be_looked_at_first(uint32_t abi, const struct cited_row *row)
{
    struct vgic5_config config = {.size = sizeof(config), .abi = abi};
    struct vgic5_conform_ops ops;
    unsigned failed = 0;

    contract_first_row = row->id;
    open_ops(&ops, &config);
    vgic5_conform_run(&ops, NULL, count_all, &failed, NULL);
    return failed;
}

/* A check that brings the device down has told it from a whole one as well. */
static bool in_a_child(uint32_t abi, const struct cited_row *row,
                       unsigned (*failed)(uint32_t abi, const struct cited_row *row))
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
        _exit(failed(abi, row) ? 1 : 0);
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
            if (!(rows[n].profiles >> abi & 1))
                continue;
            mutants++;
            assert_int_equal(failures(abi, rows[n].id), 0);
            if (in_a_child(abi, &rows[n], be_without))
                continue;
            missed++;
            print_message("# not caught: a device of abi %u without %s\n", abi, rows[n].id);
        }
    }
    print_message("# %u devices that lack a row, %u not caught\n", mutants, missed);
    assert_true(mutants >= 150);
    assert_int_equal(missed, 0);
}

/* ---- Precedence ------------------------------------------------------------------------------ */

/* These may come first: none of the rows before them can hold at the same time, or the contract
 * does not say which of the two is looked at first. */
static const char *const may_be_first[] = {
    "run_early", "line_cpu", "line_ppi", "line_type", "irs_get_run", "ist_set_exists",
};

static bool is_free(const struct cited_row *row)
{
    for (size_t n = 0; n < sizeof(may_be_first) / sizeof(may_be_first[0]); n++) {
        if (strcmp(may_be_first[n], row->id) == 0)
            return true;
    }
    return strcmp(row->condition, "DEEPER") == 0 || strcmp(row->condition, "NEVER") == 0;
}

static bool is_first_of_its_call(uint32_t abi, const struct cited_row *row)
{
    for (const struct cited_row *other = rows; other < row; other++) {
        if (other->group == row->group && other->call == row->call && other->profiles >> abi & 1)
            return false;
    }
    return true;
}

static void test_every_precedence(void **state)
{
    unsigned missed = 0, mutants = 0;

    (void)state;
    for (size_t n = 0; n < sizeof(rows) / sizeof(rows[0]); n++) {
        for (uint32_t abi = VGIC5_ABI_V1; abi <= VGIC5_ABI_7_4; abi++) {
            if (!(rows[n].profiles >> abi & 1) || is_free(&rows[n]) ||
                is_first_of_its_call(abi, &rows[n]))
                continue;
            mutants++;
            if (in_a_child(abi, &rows[n], be_looked_at_first))
                continue;
            missed++;
            print_message("# not caught: a device of abi %u that looks at %s first\n", abi,
                          rows[n].id);
        }
    }
    print_message("# %u devices that look at a row too early, %u not caught\n", mutants, missed);
    assert_int_equal(missed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_row),
                                       cmocka_unit_test(test_every_precedence)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
