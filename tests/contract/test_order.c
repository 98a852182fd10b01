/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The order of the sequences. Each step is moved before each step that it needs: the engine refuses
 * with a sentence that names both, and the device, when it is asked all the same, answers with the
 * contract's errno where it can see it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "memory_file.h"
#include "migration/engine.h"

#define V1 VGIC5_PROFILE(VGIC5_ABI_V1)
#define V7_4 VGIC5_PROFILE(VGIC5_ABI_7_4)
#define BOTH (V1 | V7_4)
#define MOST PLAN_MOST

struct order {
    const struct vgic5_step *steps[MOST];
    size_t n;
};

static struct order plan(uint32_t abi, enum vgic5_direction direction)
{
    struct order order = {.n = vgic5_plan_length(abi, direction)};

    assert_true(order.n > 20 && order.n < MOST);
    for (size_t n = 0; n < order.n; n++)
        order.steps[n] = vgic5_plan_step(abi, direction, n);
    assert_null(vgic5_plan_step(abi, direction, order.n));
    return order;
}

/* Those steps of the restore that the in-process device's port has a use for. */
static struct order plan_of_model(uint32_t abi)
{
    struct vgic5_port port;
    struct order order;
    struct vmm vmm;

    vmm_open(&vmm, abi, LIFE_CREATED);
    vgic5_port_model(vmm.device, &port);
    order.n = plan_for_port(&port, VGIC5_RESTORE, order.steps);
    vmm_destroy(&vmm);
    return order;
}

static size_t place_of(const struct order *order, const struct vgic5_step *step)
{
    size_t n = 0;

    while (order->steps[n] != step)
        n++;
    return n;
}

static struct order moved_before(const struct order *order, const struct vgic5_step *step,
                                 const struct vgic5_step *other)
{
    size_t from = place_of(order, step), to = place_of(order, other);
    struct order moved = *order;

    memmove(&moved.steps[to + 1], &moved.steps[to], (from - to) * sizeof(moved.steps[0]));
    moved.steps[to] = step;
    return moved;
}

/* ---- The tables ------------------------------------------------------------------------------ */

static void check_rows(uint32_t abi, enum vgic5_direction direction)
{
    struct order order = plan(abi, direction);

    for (size_t n = 0; n < order.n; n++) {
        const struct vgic5_step *step = order.steps[n];

        assert_int_equal(step->direction, direction);
        assert_true(step->profiles & VGIC5_PROFILE(abi));
        assert_true(strlen(step->id) > 0 && strlen(step->name) > 0);
        assert_true(strlen(step->what) > 0 && strlen(step->why) > 10);
        assert_non_null(vgic5_group_name(step->group));
        assert_non_null(vgic5_step_action_name(step->action));
        assert_non_null(vgic5_step_loop_name(step->loop));
        for (size_t other = 0; other < order.n; other++) {
            if (other != n)
                assert_string_not_equal(step->id, order.steps[other]->id);
            if (other >= n)
                assert_false(vgic5_step_needs(abi, step, order.steps[other]));
        }
    }
}

static void test_rows(void **state)
{
    (void)state;
    for (uint32_t abi = VGIC5_ABI_V1; abi <= VGIC5_ABI_7_4; abi++) {
        check_rows(abi, VGIC5_SAVE);
        check_rows(abi, VGIC5_RESTORE);
    }
    assert_int_equal(vgic5_plan_length(7, VGIC5_SAVE), 0);
    assert_null(vgic5_abi_name(0));
    assert_null(vgic5_group_name(5));
}

/* What kvm-abi §5 says goes wrong when it is not kept: each is in the tables, whatever else is. */
static const struct {
    uint32_t profiles;
    enum vgic5_direction direction;
    const char *step, *needs;
} kept[] = {
    {BOTH, VGIC5_RESTORE, "R4", "R1a"}, /* vCPUs before CTRL_INIT */
    {BOTH, VGIC5_RESTORE, "R4", "R3"},  /* 1: NR_IRQS is missing */
    {BOTH, VGIC5_RESTORE, "R5d", "R4"},
    {BOTH, VGIC5_RESTORE, "R6", "R4"},
    {V1, VGIC5_RESTORE, "R7", "R6"}, /* BASER creates what CFGR describes */
    {BOTH, VGIC5_RESTORE, "R8b", "R7"},
    {V1, VGIC5_RESTORE, "R8b", "R1b"}, /* the LPIs are in guest memory */
    {V1, VGIC5_RESTORE, "R9d", "R9b"}, /* 3: the guest's selectors are lost */
    {V1, VGIC5_RESTORE, "R9e", "R9c"},
    {V1, VGIC5_RESTORE, "R7", "R5a"}, /* the identity is frozen once there is an LPI IST */
    {V7_4, VGIC5_RESTORE, "R8b", "R5c"},
    {BOTH, VGIC5_RESTORE, "R10b", "R8b"}, /* a line's event sets Pending in the entry */
    {BOTH, VGIC5_RESTORE, "R11", "R9f"},
    {BOTH, VGIC5_RESTORE, "R11", "R10a"}, /* 4: missing state */
    {BOTH, VGIC5_RESTORE, "R11", "R8a"},
    {BOTH, VGIC5_RESTORE, "R10d", "R10b"}, /* everything is read back, */
    {BOTH, VGIC5_RESTORE, "R11", "R10d"},  /* before a guest runs */
    {V1, VGIC5_SAVE, "S5a", "S2c"},        /* 3: read first, */
    {V1, VGIC5_SAVE, "S5b", "S2d"},
    {V1, VGIC5_SAVE, "S5c", "S5a"}, /* and put back last */
    {V1, VGIC5_SAVE, "S5d", "S5b"},
    {V7_4, VGIC5_SAVE, "S3", "S2a"}, /* 5: "ISTs first" cannot be literal */
    {V7_4, VGIC5_SAVE, "S3", "S2b"},
    {V1, VGIC5_SAVE, "S7", "S3"}, /* guest memory last */
};

static const struct vgic5_step *step_named(const struct order *order, const char *id)
{
    for (size_t n = 0; n < order->n; n++) {
        if (strcmp(order->steps[n]->id, id) == 0)
            return order->steps[n];
    }
    fail_msg("no step %s", id);
    return NULL;
}

static void test_what_must_be_kept(void **state)
{
    (void)state;
    for (uint32_t abi = VGIC5_ABI_V1; abi <= VGIC5_ABI_7_4; abi++) {
        for (size_t n = 0; n < sizeof(kept) / sizeof(kept[0]); n++) {
            struct order order = plan(abi, kept[n].direction);

            if (!(kept[n].profiles & VGIC5_PROFILE(abi)))
                continue;
            if (!vgic5_step_needs(abi, step_named(&order, kept[n].step),
                                  step_named(&order, kept[n].needs)))
                fail_msg("%s: %s does not need %s", vgic5_abi_name(abi), kept[n].step,
                         kept[n].needs);
        }
    }
}

/* 7.4 refuses sets once a vCPU has run: its save has none. */
static void test_7_4_save_sets_nothing(void **state)
{
    struct order order = plan(VGIC5_ABI_7_4, VGIC5_SAVE);

    (void)state;
    for (size_t n = 0; n < order.n; n++) {
        assert_int_not_equal(order.steps[n]->action, VGIC5_STEP_SET);
        assert_int_not_equal(order.steps[n]->loop, VGIC5_LOOP_PES);
        assert_int_not_equal(order.steps[n]->loop, VGIC5_LOOP_SPIS);
    }
}

/* ---- The engine refuses ---------------------------------------------------------------------- */

static void check_refusal(uint32_t abi, const struct order *order, const struct vgic5_step *step,
                          const struct vgic5_step *needed)
{
    struct order wrong = moved_before(order, step, needed);
    struct vgic5_error error = {0};
    char both[128];

    snprintf(both, sizeof(both), "step %s (%s) must wait for step %s (%s)", step->id, step->name,
             needed->id, needed->name);
    assert_int_equal(engine_check_order(abi, wrong.steps, wrong.n, &error), -EINVAL);
    assert_int_equal(error.cause, VGIC5_CAUSE_BUG);
    if (!strstr(error.message, both) || !strstr(error.message, step->why))
        fail_msg("\"%s\" does not say \"%s\"", error.message, both);
}

static unsigned check_refusals(uint32_t abi, enum vgic5_direction direction)
{
    struct order order = plan(abi, direction);
    unsigned count = 0;

    assert_int_equal(engine_check_order(abi, order.steps, order.n, NULL), 0);
    for (size_t n = 0; n < order.n; n++) {
        for (size_t other = 0; other < n; other++) {
            if (!vgic5_step_needs(abi, order.steps[n], order.steps[other]))
                continue;
            check_refusal(abi, &order, order.steps[n], order.steps[other]);
            count++;
        }
    }
    return count;
}

static void test_every_wrong_order_is_refused(void **state)
{
    (void)state;
    for (uint32_t abi = VGIC5_ABI_V1; abi <= VGIC5_ABI_7_4; abi++) {
        assert_true(check_refusals(abi, VGIC5_SAVE) > 20);
        assert_true(check_refusals(abi, VGIC5_RESTORE) > 40);
    }
}

static void test_a_missing_step_is_refused(void **state)
{
    struct order order = plan(VGIC5_ABI_V1, VGIC5_RESTORE);
    struct vgic5_error error = {0};

    (void)state;
    memmove(&order.steps[3], &order.steps[4], (order.n - 4) * sizeof(order.steps[0]));
    assert_int_equal(engine_check_order(VGIC5_ABI_V1, order.steps, order.n - 1, &error), -EINVAL);
    assert_non_null(strstr(error.message, "(CTRL_INIT) must wait for step R3 (GRP_NR_IRQS)"));
}

/* ---- The device's answer --------------------------------------------------------------------- */

/* Where the device sees that a step came before one that it needs: which step is refused, and how.
 * Everything else it takes: what is wrong then is known only to the sequence. */
static const struct seen {
    uint32_t profiles;
    const char *step; /* NULL: any of GRP_IRS_REGS */
    const char *needed;
    const char *refused; /* NULL: the step itself */
    int errno_value;
} seen[] = {
    {BOTH, "R4", "R1a", NULL, ENODEV},
    {BOTH, "R4", "R3", "R3", EBUSY},
    {BOTH, NULL, "R2", NULL, EBUSY}, /* ADDR precedes INIT, so INIT is missing too */
    {BOTH, NULL, "R4", NULL, EBUSY},
    {V1, "R9b", "R1a", NULL, EINVAL}, /* there is no vCPU */
    {V1, "R7", "R5a", NULL, EINVAL},  /* which is before IST_CFGR too */
    {V1, "R7", "R5b", NULL, EINVAL},
    {V1, "R7", "R5c", NULL, EINVAL},
    {V1, "R7", "R6", NULL, EINVAL},
    {BOTH, "R8a", "R4", NULL, EBUSY},
    {BOTH, "R8b", "R1b", NULL, EBUSY},
    {BOTH, "R8b", "R4", NULL, EBUSY},
    {V7_4, "R8b", "R5a", NULL, EINVAL}, /* LPIs, and no IST is named */
    {V7_4, "R8b", "R5b", NULL, EINVAL},
    {V7_4, "R8b", "R5c", NULL, EINVAL},
    {V7_4, "R8b", "R6", NULL, EINVAL},
    {V7_4, "R8b", "R7", NULL, EINVAL},
    {BOTH, "R10a", "R1a", NULL, EINVAL},
    {BOTH, "R10a", "R4", NULL, EBUSY},
    {BOTH, "R11", "R1b", "R11", EBUSY},
    {BOTH, "R11", "R2", "R11", EBUSY},
    {BOTH, "R11", "R4", "R11", EBUSY},
    {V1, "R11", "R5a", "R5c", EINVAL}, /* another identity than the guest has seen */
    {V1, "R11", "R5b", "R5c", EINVAL},
    {V1, "R11", "R5c", "R5c", EINVAL},
    {V1, "R11", "R5d", "R8a", EBUSY}, /* v1 takes registers after a run, but no wires */
    {V1, "R11", "R5e", "R8a", EBUSY},
    {V1, "R11", "R5f", "R8a", EBUSY},
    {V1, "R11", "R6", "R8a", EBUSY},
    {V1, "R11", "R7", "R8a", EBUSY},
    {V7_4, "R11", "R5a", "R5a", EBUSY},
    {V7_4, "R11", "R5b", "R5b", EBUSY},
    {V7_4, "R11", "R5c", "R5c", EBUSY},
    {V7_4, "R11", "R5d", "R5d", EBUSY},
    {V7_4, "R11", "R5e", "R5e", EBUSY},
    {V7_4, "R11", "R5f", "R5f", EBUSY},
    {V7_4, "R11", "R6", "R6", EBUSY},
    {V7_4, "R11", "R7", "R7", EBUSY},
    {V1, "R11", "R8a", "R8a", EBUSY},
    {V7_4, "R11", "R8a", "R11", ENXIO}, /* BASER.VALID, and GRP_IST never set */
    {V1, "R11", "R8b", "R8b", EBUSY},
    {V7_4, "R11", "R8b", "R11", ENXIO},
    {V7_4, "R11", "R9a", "R9a", EBUSY},
    {V7_4, "R11", "R9d", "R9d", EBUSY},
    {V7_4, "R11", "R9e", "R9e", EBUSY},
    {V7_4, "R11", "R9f", "R9f", EBUSY},
    {V7_4, "R11", "R10a", "R10a", EBUSY},
};

static const struct seen *seen_of(uint32_t abi, const struct vgic5_step *step,
                                  const struct vgic5_step *needed)
{
    for (size_t n = 0; n < sizeof(seen) / sizeof(seen[0]); n++) {
        bool is_step =
            seen[n].step ? strcmp(seen[n].step, step->id) == 0 : step->group == VGIC5_GRP_IRS_REGS;

        if (is_step && (seen[n].profiles & VGIC5_PROFILE(abi)) &&
            strcmp(seen[n].needed, needed->id) == 0)
            return &seen[n];
    }
    return NULL;
}

/* The VMM's part of the sequence: the guest's memory appears, the vCPUs run. */
struct vmm_part {
    struct vmm *target;
    const struct vmm *source;
    int run; /* the answer to the first run */
};

static void do_vmm_part(void *opaque, const struct vgic5_step *step)
{
    struct vmm_part *part = opaque;

    if (strcmp(step->id, "R1b") == 0)
        memcpy(part->target->ram, part->source->ram, RAM_SIZE);
    if (strcmp(step->id, "R11") != 0 || vgic5_nr_vcpus(part->target->device) == 0)
        return;
    part->run = vgic5_vcpu_enter(vgic5_vcpu(part->target->device, 3));
    vgic5_vcpu_leave(vgic5_vcpu(part->target->device, 3));
}

/* The target offers more LPI id bits than the source had, so that IDR2 makes a difference. */
static struct vgic5_config target_config(uint32_t abi)
{
    struct vgic5_config config = vmm_busy_config(abi);

    config.lpi_id_bits = 16;
    return config;
}

static int restore_so(struct vmm *source, const struct vgic5_state *saved, uint32_t abi,
                      const struct order *order, int *run, struct vgic5_error *error)
{
    struct vgic5_config config = target_config(abi);
    struct vmm target;
    struct vmm_part part = {.target = &target, .source = source};
    struct vgic5_migration_options options = {
        .size = sizeof(options), .step = do_vmm_part, .opaque = &part};
    struct vgic5_port port;
    int ret;

    vmm_create(&target, &config);
    vgic5_port_model(target.device, &port);
    ret = engine_restore_in_order(&port, saved, &options, order->steps, order->n, true, error);
    *run = part.run;
    vmm_destroy(&target);
    return ret;
}

static void check_answer(struct vmm *source, const struct vgic5_state *saved, uint32_t abi,
                         const struct order *order, const struct vgic5_step *step,
                         const struct vgic5_step *needed)
{
    struct order wrong = moved_before(order, step, needed);
    const struct seen *expected = seen_of(abi, step, needed);
    const char *refused = expected && expected->refused ? expected->refused : step->id;
    struct vgic5_error error = {0};
    char words[32];
    int run = 0, ret;

    ret = restore_so(source, saved, abi, &wrong, &run, &error);
    if (expected && strcmp(refused, "R11") == 0) {
        if (run != -expected->errno_value)
            fail_msg("%s before %s: first run %d", step->id, needed->id, run);
        return;
    }
    snprintf(words, sizeof(words), "restore step %s (", refused);
    if (ret != (expected ? -expected->errno_value : 0) || (ret && !strstr(error.message, words)))
        fail_msg("%s %s before %s: %d \"%s\"", vgic5_abi_name(abi), step->id, needed->id, ret,
                 error.message);
}

static struct vgic5_state *busy_state(struct vmm *vmm, uint32_t abi)
{
    struct vgic5_config config = vmm_busy_config(abi);
    struct vgic5_error error = {0};
    struct vgic5_state *saved;
    struct vgic5_port port;

    vmm_create(vmm, &config);
    vmm_live_until(vmm, LIFE_HAS_RUN);
    vmm_make_busy(vmm, true);
    vgic5_port_model(vmm->device, &port);
    if (vgic5_save(&port, NULL, &saved, &error))
        fail_msg("%s", error.message);
    return saved;
}

static void check_answers(uint32_t abi)
{
    struct order order = plan_of_model(abi);
    struct vmm source;
    struct vgic5_state *saved = busy_state(&source, abi);
    int run = -1;

    assert_int_equal(restore_so(&source, saved, abi, &order, &run, NULL), 0);
    assert_int_equal(run, 0);
    for (size_t n = 0; n < order.n; n++) {
        for (size_t other = 0; other < n; other++) {
            if (vgic5_step_needs(abi, order.steps[n], order.steps[other]))
                check_answer(&source, saved, abi, &order, order.steps[n], order.steps[other]);
        }
    }
    vgic5_state_free(saved);
    vmm_destroy(&source);
}

static void test_the_device_answers_v1(void **state)
{
    (void)state;
    check_answers(VGIC5_ABI_V1);
}

static void test_the_device_answers_7_4(void **state)
{
    (void)state;
    check_answers(VGIC5_ABI_7_4);
}

/* A refused order has done nothing at all. */
static void test_a_refused_order_changes_nothing(void **state)
{
    struct order order = plan_of_model(VGIC5_ABI_V1);
    struct vmm source, target;
    struct vgic5_state *saved = busy_state(&source, VGIC5_ABI_V1);
    struct portrait before, after;
    struct vgic5_error error = {0};
    struct vgic5_port port;

    (void)state;
    order = moved_before(&order, order.steps[order.n - 1], order.steps[order.n - 4]);
    vmm_open(&target, VGIC5_ABI_V1, LIFE_CREATED);
    vgic5_port_model(target.device, &port);
    before = portrait_of(&target);
    assert_int_equal(
        engine_restore_in_order(&port, saved, NULL, order.steps, order.n, false, &error), -EINVAL);
    after = portrait_of(&target);
    assert_true(portrait_equal(&before, &after));
    portrait_free(&before);
    portrait_free(&after);
    vgic5_state_free(saved);
    vmm_destroy(&target);
    vmm_destroy(&source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_what_must_be_kept),
        cmocka_unit_test(test_7_4_save_sets_nothing),
        cmocka_unit_test(test_every_wrong_order_is_refused),
        cmocka_unit_test(test_a_missing_step_is_refused),
        cmocka_unit_test(test_the_device_answers_v1),
        cmocka_unit_test(test_the_device_answers_7_4),
        cmocka_unit_test(test_a_refused_order_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
