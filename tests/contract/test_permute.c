/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every pair of steps of the restore exchanged, and random permutations: each order is either taken
 * by engine and contract alike, and gives the machine that the plan's own order gives, or it is
 * refused by the engine for a reason that can be shown: the device refuses it too, or takes it and
 * the guest finds another machine when it first runs, or afterwards.
 *
 *     test_permute [PERMUTATIONS [SEED]]
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "migration/engine.h"
#include "vmm.h"

struct permutation {
    const struct vgic5_step *steps[PLAN_MOST];
    size_t n;
};

static bool reads_back; /* the port asks for the step that reads everything back */
static unsigned permutations = 2000;
static uint64_t seed = 20261122;

/* ---- The source ------------------------------------------------------------------------------ */

/* Everything that a target must be told differs from what a target is by itself. */
static struct vgic5_config source_config(uint32_t abi)
{
    struct vgic5_config config = vmm_busy_config(abi);

    config.priority_bits = 4;
    config.ipa_bits = 44;
    return config;
}

static struct vgic5_config target_config(uint32_t abi)
{
    struct vgic5_config config = vmm_busy_config(abi);

    config.lpi_id_bits = 16;
    return config;
}

struct permuted_source {
    struct vmm vmm;
    struct vgic5_state *state;
    struct permutation plan;
};

static void source_open(struct permuted_source *source, uint32_t abi)
{
    struct vgic5_config config = source_config(abi);
    struct vgic5_error error = {0};
    struct vgic5_port port;

    vmm_create(&source->vmm, &config);
    vmm_live_until(&source->vmm, LIFE_HAS_RUN);
    vmm_make_busy(&source->vmm, true);
    guest_write(&source->vmm, VGIC5_IRS_PE_SELR, 4, 3); /* not what the loop over the PEs leaves */
    vgic5_port_model(source->vmm.device, &port);
    if (vgic5_save(&port, NULL, &source->state, &error))
        fail_msg("%s", error.message);
    port.reads_back = reads_back;
    source->plan.n = plan_for_port(&port, VGIC5_RESTORE, source->plan.steps);
}

static void source_close(struct permuted_source *source)
{
    vgic5_state_free(source->state);
    vmm_destroy(&source->vmm);
}

/* ---- One order, on the device ---------------------------------------------------------------- */

static uint64_t fnv(uint64_t hash, const void *bytes, size_t size)
{
    for (size_t n = 0; n < size; n++)
        hash = (hash ^ ((const uint8_t *)bytes)[n]) * UINT64_C(0x100000001b3);
    return hash;
}

static uint64_t machine_hash(struct vmm *vmm)
{
    struct portrait portrait = portrait_of(vmm);
    uint64_t hash = fnv(UINT64_C(0xcbf29ce484222325), portrait.bytes, portrait.size);

    portrait_free(&portrait);
    return fnv(hash, vmm->ram + 0x10000, 0x6000); /* the IST is there, and little else */
}

struct permuted_outcome {
    int ret;       /* of a step, or of the first run */
    char step[8];  /* the one that was refused */
    uint64_t run;  /* the machine when the guest first runs */
    uint64_t last; /* and when all steps are done */
};

struct permuted_watch {
    struct vmm *target;
    const struct permuted_source *source;
    struct permuted_outcome *outcome;
    uint64_t compared; /* what has been compared until now: identities, and everything */
};

static void do_vmm_part(void *opaque, const struct vgic5_step *step)
{
    struct permuted_watch *watch = opaque;
    struct vgic5_vcpu *vcpu = vgic5_vcpu(watch->target->device, 3);

    if (strcmp(step->id, "R1b") == 0)
        memcpy(watch->target->ram, watch->source->vmm.ram, RAM_SIZE);
    /* These sets change nothing, they compare: a guest that runs before them runs unchecked. */
    if (strcmp(step->id, "R5d") >= 0 && strcmp(step->id, "R5f") <= 0)
        watch->compared |= UINT64_C(1) << (step->id[2] - 'd');
    if (strcmp(step->id, "R10d") == 0)
        watch->compared |= UINT64_C(1) << 3;
    if (strcmp(step->id, "R11") != 0)
        return;
    watch->outcome->run = fnv(machine_hash(watch->target), &watch->compared, 1);
    watch->outcome->ret = vcpu ? vgic5_vcpu_enter(vcpu) : -ENODEV;
    snprintf(watch->outcome->step, sizeof(watch->outcome->step), "R11");
    if (vcpu)
        vgic5_vcpu_leave(vcpu);
}

static struct permuted_outcome run_order(const struct permuted_source *source,
                                         const struct vgic5_state *state, uint32_t abi,
                                         const struct permutation *order)
{
    struct vgic5_config config = target_config(abi);
    struct permuted_outcome outcome = {0};
    struct vmm target;
    struct permuted_watch watch = {.target = &target, .source = source, .outcome = &outcome};
    struct vgic5_migration_options options = {
        .size = sizeof(options), .step = do_vmm_part, .opaque = &watch};
    struct vgic5_error error = {0};
    struct vgic5_port port;
    int ret;

    vmm_create(&target, &config);
    vgic5_port_model(target.device, &port);
    port.reads_back = reads_back;
    ret = engine_restore_in_order(&port, state, &options, order->steps, order->n, true, &error);
    if (ret) {
        outcome.ret = ret;
        sscanf(error.message, "restore step %7s", outcome.step);
    }
    outcome.last = machine_hash(&target);
    vmm_destroy(&target);
    return outcome;
}

/* ---- The two verdicts ------------------------------------------------------------------------ */

struct permuted_tally {
    unsigned orders, taken, refused, wrong;
};

static void print_order(const struct permutation *order)
{
    for (size_t n = 0; n < order->n; n++)
        print_message("%s ", order->steps[n]->id);
    print_message("\n");
}

static void check_order(const struct permuted_source *source, uint32_t abi,
                        const struct permuted_outcome *right, const struct permutation *order,
                        struct permuted_tally *tally)
{
    struct vgic5_error error = {0};
    bool engine = engine_check_order(abi, order->steps, order->n, &error) == 0;
    struct permuted_outcome found = run_order(source, source->state, abi, order);
    bool same = found.run == right->run && found.last == right->last;
    bool device = found.ret == 0 && same;

    tally->orders++;
    tally->taken += engine;
    tally->refused += !engine && found.ret != 0;
    tally->wrong += !engine && found.ret == 0;
    if (engine == device)
        return;
    print_order(order);
    if (engine)
        fail_msg("%s: the engine takes it; device: %d at %s, machine %s", vgic5_abi_name(abi),
                 found.ret, found.step, same ? "the same" : "another");
    fail_msg("%s: refused without a reason: \"%s\"", vgic5_abi_name(abi), error.message);
}

static void swap(struct permutation *order, size_t a, size_t b)
{
    const struct vgic5_step *step = order->steps[a];

    order->steps[a] = order->steps[b];
    order->steps[b] = step;
}

static void report(const char *what, uint32_t abi, const struct permuted_tally *tally)
{
    print_message("# %s, %s%s: %u orders, %u taken by both, %u refused by both, %u refused because "
                  "the device takes them and the guest finds another machine\n",
                  what, vgic5_abi_name(abi), reads_back ? ", and read back" : "", tally->orders,
                  tally->taken, tally->refused, tally->wrong);
    assert_true(tally->taken > 0 && tally->refused > 0);
    /* 7.4 refuses by itself whatever v1 takes after a run; so does the step that reads back. */
    assert_true(tally->wrong > 0 || abi == VGIC5_ABI_7_4 || reads_back);
}

static void check_pairs(uint32_t abi)
{
    struct permuted_tally tally = {0};
    struct permuted_outcome right;
    struct permuted_source source;

    source_open(&source, abi);
    right = run_order(&source, source.state, abi, &source.plan);
    assert_int_equal(right.ret, 0);
    for (size_t a = 0; a < source.plan.n; a++) {
        for (size_t b = a + 1; b < source.plan.n; b++) {
            struct permutation order = source.plan;

            swap(&order, a, b);
            check_order(&source, abi, &right, &order, &tally);
        }
    }
    report("every pair exchanged", abi, &tally);
    source_close(&source);
}

/* Under both generations, without the last step and with it. */
static void check_all(void (*check)(uint32_t abi))
{
    for (unsigned n = 0; n < 2; n++) {
        reads_back = n;
        check(VGIC5_ABI_V1);
        check(VGIC5_ABI_7_4);
    }
    reads_back = false;
}

static void test_pairs(void **state)
{
    (void)state;
    check_all(check_pairs);
}

/* Each need alone: the step is moved to just before the one that it needs. */
static void check_needs(uint32_t abi)
{
    struct permuted_tally tally = {0};
    struct permuted_outcome right;
    struct permuted_source source;

    source_open(&source, abi);
    right = run_order(&source, source.state, abi, &source.plan);
    for (size_t from = 1; from < source.plan.n; from++) {
        for (size_t to = 0; to < from; to++) {
            struct permutation order = source.plan;

            memmove(&order.steps[to + 1], &order.steps[to], (from - to) * sizeof(order.steps[0]));
            order.steps[to] = source.plan.steps[from];
            check_order(&source, abi, &right, &order, &tally);
        }
    }
    report("every step moved forward", abi, &tally);
    source_close(&source);
}

static void test_needs(void **state)
{
    (void)state;
    check_all(check_needs);
}

/* ---- Random orders --------------------------------------------------------------------------- */

static uint64_t random_state;

static uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* Half of them whole shuffles, which are nearly all wrong; the others are some exchanges of
 * neighbours, of which many are right. */
static void shuffle(struct permutation *order)
{
    unsigned exchanges = 1 + (unsigned)(next_random() % 40);

    if (next_random() % 2) {
        for (size_t n = order->n - 1; n > 0; n--)
            swap(order, n, next_random() % (n + 1));
        return;
    }
    while (exchanges--) {
        size_t at = next_random() % (order->n - 1);

        swap(order, at, at + 1);
    }
}

static void check_random(uint32_t abi)
{
    struct permuted_tally tally = {0};
    struct permuted_outcome right;
    struct permuted_source source;

    source_open(&source, abi);
    right = run_order(&source, source.state, abi, &source.plan);
    for (unsigned n = 0; n < permutations; n++) {
        struct permutation order = source.plan;

        shuffle(&order);
        check_order(&source, abi, &right, &order, &tally);
    }
    report("random permutations", abi, &tally);
    source_close(&source);
}

static void test_random(void **state)
{
    (void)state;
    random_state = seed;
    print_message("# seed %llu\n", (unsigned long long)seed);
    check_all(check_random);
}

/* ---- Sets that only compare ------------------------------------------------------------------ */

/* What "unchecked" means: another number of SPIs than the guest has read, and v1 lets it run before
 * the set that would have told. */
static void test_a_comparison_that_comes_too_late(void **state)
{
    struct permuted_source source;
    struct vgic5_state wrong;
    struct permutation late;
    struct permuted_outcome found;

    (void)state;
    source_open(&source, VGIC5_ABI_V1);
    wrong = *source.state;
    wrong.irs[IRS_IDR6_ROW] = 32;
    found = run_order(&source, &wrong, VGIC5_ABI_V1, &source.plan);
    assert_int_equal(found.ret, -EINVAL);
    assert_string_equal(found.step, "R5e");
    assert_int_equal(found.run, 0); /* the guest never ran */
    late = source.plan;
    for (size_t n = 0; n + 1 < late.n; n++) {
        if (strcmp(late.steps[n]->id, "R5e") == 0)
            swap(&late, n, n + 1);
    }
    assert_int_equal(engine_check_order(VGIC5_ABI_V1, late.steps, late.n, NULL), -EINVAL);
    found = run_order(&source, &wrong, VGIC5_ABI_V1, &late);
    assert_int_equal(found.ret, -EINVAL);
    assert_string_equal(found.step, "R5e");
    assert_true(found.run != 0); /* it had run */
    source_close(&source);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_needs),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_a_comparison_that_comes_too_late),
    };

    if (argc > 1)
        permutations = (unsigned)strtoul(argv[1], NULL, 0);
    if (argc > 2)
        seed = strtoull(argv[2], NULL, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
