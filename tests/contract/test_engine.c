/* SPDX-License-Identifier: BSD-3-Clause */
/* The engine under faults: every call over the port fails once, devices that do not become quiet,
 * and what the source is after a save that was given up. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory_file.h"
#include "migration/engine.h"

#define IIDR 0x40u

/* A port in front of the model's: its n-th call fails. */
struct flaky {
    struct vgic5_port inner;
    unsigned fail_at;
    int answer;
    unsigned calls;
    uint64_t other_iidr; /* what IIDR reads; 0: the device's own */
    bool adds_hwu;       /* the entries of GRP_IST come with HWU, as hardware leaves them */
};

static bool fails(struct flaky *flaky)
{
    return ++flaky->calls == flaky->fail_at;
}

static int flaky_get(void *opaque, const struct vgic5_attr *attr)
{
    struct flaky *flaky = opaque;
    int ret = fails(flaky) ? flaky->answer : flaky->inner.get_attr(flaky->inner.opaque, attr);

    if (ret == 0 && flaky->other_iidr && attr->group == VGIC5_GRP_IRS_REGS && attr->attr == IIDR)
        *(uint64_t *)(uintptr_t)attr->addr = flaky->other_iidr;
    if (ret == 0 && flaky->adds_hwu && attr->group == VGIC5_GRP_IST)
        *(uint32_t *)(uintptr_t)attr->addr |= 3u << 9;
    return ret;
}

static int flaky_set(void *opaque, const struct vgic5_attr *attr)
{
    struct flaky *flaky = opaque;

    return fails(flaky) ? flaky->answer : flaky->inner.set_attr(flaky->inner.opaque, attr);
}

static int flaky_vcpus(void *opaque, uint32_t *ids, size_t max)
{
    struct flaky *flaky = opaque;

    return fails(flaky) ? flaky->answer : flaky->inner.vcpus(flaky->inner.opaque, ids, max);
}

static int flaky_get_wires(void *opaque, uint64_t *wires, size_t words)
{
    struct flaky *flaky = opaque;

    return fails(flaky) ? flaky->answer
                        : flaky->inner.get_spi_wires(flaky->inner.opaque, wires, words);
}

static int flaky_set_wires(void *opaque, const uint64_t *wires, size_t words)
{
    struct flaky *flaky = opaque;

    return fails(flaky) ? flaky->answer
                        : flaky->inner.set_spi_wires(flaky->inner.opaque, wires, words);
}

static int flaky_describe(void *opaque, struct vgic5_config *config)
{
    struct flaky *flaky = opaque;

    return fails(flaky) ? flaky->answer : flaky->inner.describe(flaky->inner.opaque, config);
}

static struct vgic5_port flaky_port(struct flaky *flaky, struct vgic5 *device)
{
    memset(flaky, 0, sizeof(*flaky));
    vgic5_port_model(device, &flaky->inner);
    return (struct vgic5_port){
        .size = sizeof(struct vgic5_port),
        .abi = flaky->inner.abi,
        .opaque = flaky,
        .get_attr = flaky_get,
        .set_attr = flaky_set,
        .vcpus = flaky_vcpus,
        .describe = flaky_describe,
        .get_spi_wires = flaky_get_wires,
        .set_spi_wires = flaky_set_wires,
    };
}

static void open_busy(struct vmm *vmm, uint32_t abi)
{
    struct vgic5_config config = vmm_busy_config(abi);

    vmm_create(vmm, &config);
    vmm_live_until(vmm, LIFE_HAS_RUN);
    vmm_make_busy(vmm, true);
}

/* ---- Every call fails once ------------------------------------------------------------------- */

/* The save ends with exit code 6 and names its step; the source is what it was, its selectors too.
 */
static void check_failing_saves(uint32_t abi)
{
    struct portrait before, after;
    struct vgic5_state *saved;
    struct flaky flaky;
    struct vgic5_port port;
    struct vmm vmm;
    unsigned total;

    open_busy(&vmm, abi);
    port = flaky_port(&flaky, vmm.device);
    before = portrait_of(&vmm);
    assert_int_equal(vgic5_save(&port, NULL, &saved, NULL), 0);
    vgic5_state_free(saved);
    total = flaky.calls;
    assert_true(total > 80);
    for (unsigned n = 1; n <= total; n++) {
        struct vgic5_error error = {0};

        port = flaky_port(&flaky, vmm.device);
        flaky.fail_at = n;
        flaky.answer = -EIO;
        if (vgic5_save(&port, NULL, &saved, &error) != -EIO || error.cause != VGIC5_CAUSE_GIVEN_UP)
            fail_msg("call %u: exit %d \"%s\"", n, error.cause, error.message);
        assert_memory_equal(error.message, "save step S", 11);
        after = portrait_of(&vmm);
        assert_int_equal(portrait_difference(&before, &after), -1);
        portrait_free(&after);
    }
    portrait_free(&before);
    vmm_destroy(&vmm);
}

static void test_failing_saves(void **state)
{
    (void)state;
    check_failing_saves(VGIC5_ABI_V1);
    check_failing_saves(VGIC5_ABI_7_4);
}

/* A restore that fails at any call says so, and the next device takes the same state. */
static void test_failing_restores(void **state)
{
    struct vgic5_config config = vmm_busy_config(VGIC5_ABI_V1);
    struct vgic5_state *saved;
    struct vmm source, target;
    struct flaky flaky;
    struct vgic5_port port;
    unsigned total = 1;

    (void)state;
    open_busy(&source, VGIC5_ABI_V1);
    port = flaky_port(&flaky, source.device);
    assert_int_equal(vgic5_save(&port, NULL, &saved, NULL), 0);
    for (unsigned n = 0; n <= total; n++) {
        struct vgic5_error error = {0};
        int ret;

        vmm_create(&target, &config);
        vmm_live_until(&target, LIFE_VCPUS);
        memcpy(target.ram, source.ram, RAM_SIZE);
        port = flaky_port(&flaky, target.device);
        flaky.fail_at = n;
        flaky.answer = -EIO;
        ret = vgic5_restore(&port, saved, NULL, &error);
        assert_int_equal(ret, n ? -EIO : 0); /* call 0: none fails */
        assert_int_equal(error.cause, n ? VGIC5_CAUSE_ENVIRONMENT : VGIC5_CAUSE_NONE);
        if (n == 0)
            total = flaky.calls;
        vmm_destroy(&target);
    }
    assert_true(total > 100);
    vgic5_state_free(saved);
    vmm_destroy(&source);
}

/* What the target's host lacks is no misfit of the state: exit code 3, but for a size. */
static void test_a_target_without_room(void **state)
{
    static const struct {
        int answer;
        enum vgic5_cause cause;
    } answers[] = {{-ENOSPC, VGIC5_CAUSE_ENVIRONMENT},
                   {-ENOMEM, VGIC5_CAUSE_ENVIRONMENT},
                   {-ETIMEDOUT, VGIC5_CAUSE_ENVIRONMENT},
                   {-E2BIG, VGIC5_CAUSE_UNFIT}};
    struct vgic5_config config = vmm_busy_config(VGIC5_ABI_7_4);
    struct vgic5_state *saved;
    struct vmm source, target;
    struct vgic5_port port;

    (void)state;
    open_busy(&source, VGIC5_ABI_7_4);
    vgic5_port_model(source.device, &port);
    assert_int_equal(vgic5_save(&port, NULL, &saved, NULL), 0);
    for (size_t n = 0; n < sizeof(answers) / sizeof(answers[0]); n++) {
        struct vgic5_error error = {0};

        vmm_create(&target, &config);
        target.claim_answer = answers[n].answer;
        vgic5_port_model(target.device, &port);
        assert_int_equal(vgic5_restore(&port, saved, NULL, &error), answers[n].answer);
        assert_int_equal(error.cause, answers[n].cause);
        assert_non_null(strstr(error.message, "restore step R4 (CTRL_INIT)"));
        vmm_destroy(&target);
    }
    vgic5_state_free(saved);
    vmm_destroy(&source);
}

/* ---- A VM that does not stand still ---------------------------------------------------------- */

struct waiting {
    unsigned calls;
    int answer_at_third;
};

static int wait_a_while(void *opaque, uint32_t attempt)
{
    struct waiting *waiting = opaque;

    assert_int_equal(attempt, ++waiting->calls);
    return waiting->calls == 3 ? waiting->answer_at_third : 0;
}

/* The profile under which the VM does not become quiet. */
static uint32_t quiet_abi = VGIC5_ABI_V1;

static int save_restless(unsigned busy_times, uint32_t retries, struct waiting *waiting,
                         unsigned *quiesce_calls, struct vgic5_error *error)
{
    struct vgic5_migration_options options = {.size = sizeof(options),
                                              .ist_retries = retries,
                                              .wait = waiting ? wait_a_while : NULL,
                                              .opaque = waiting};
    struct vgic5_state *saved = NULL;
    struct vgic5_port port;
    struct vmm vmm;
    int ret;

    vmm_open(&vmm, quiet_abi, LIFE_HAS_RUN);
    vmm.quiesce_times = busy_times;
    vmm.quiesce_answer = -EBUSY;
    vgic5_port_model(vmm.device, &port);
    ret = vgic5_save(&port, &options, &saved, error);
    *quiesce_calls = vmm.quiesce_calls;
    assert_true((saved != NULL) == (ret == 0));
    vgic5_state_free(saved);
    vmm_destroy(&vmm);
    return ret;
}

static void test_retries(void **state)
{
    struct waiting patient = {0}, impatient = {.answer_at_third = -ECANCELED};
    struct vgic5_error error = {0};
    unsigned calls;

    (void)state;
    assert_int_equal(save_restless(3, 5, &patient, &calls, &error), 0);
    assert_int_equal(calls, 4);
    assert_int_equal(patient.calls, 3);
    assert_int_equal(save_restless(UINT_MAX, 5, NULL, &calls, &error), -EBUSY);
    assert_int_equal(calls, 6);
    assert_int_equal(error.cause, VGIC5_CAUSE_GIVEN_UP);
    assert_non_null(strstr(error.message, "save step S3 (GRP_IST): EBUSY 6 times"));
    assert_int_equal(save_restless(UINT_MAX, 0, NULL, &calls, &error), -EBUSY);
    assert_int_equal(calls, 17); /* the default */
    assert_int_equal(save_restless(UINT_MAX, 9, &impatient, &calls, &error), -ECANCELED);
    assert_int_equal(calls, 3);
}

static void test_an_irs_that_never_answers(void **state)
{
    struct vgic5_error error = {0};
    struct vgic5_state *saved;
    struct vgic5_port port;
    struct vmm vmm;

    (void)state;
    vmm_open(&vmm, quiet_abi, LIFE_HAS_RUN);
    vmm.quiesce_times = 1;
    vmm.quiesce_answer = -ETIMEDOUT;
    vgic5_port_model(vmm.device, &port);
    assert_int_equal(vgic5_save(&port, NULL, &saved, &error), -ETIMEDOUT);
    assert_int_equal(vmm.quiesce_calls, 1); /* no second try */
    assert_int_equal(error.cause, VGIC5_CAUSE_GIVEN_UP);
    vmm_destroy(&vmm);
}

static void test_a_running_vcpu(void **state)
{
    struct vgic5_error error = {0};
    struct vgic5_state *saved;
    struct vgic5_port port;
    struct vmm vmm;

    (void)state;
    vmm_open(&vmm, quiet_abi, LIFE_RUNNING);
    vgic5_port_model(vmm.device, &port);
    assert_int_equal(vgic5_save(&port, NULL, &saved, &error), -EBUSY);
    assert_int_equal(error.cause, VGIC5_CAUSE_GIVEN_UP);
    vmm_destroy(&vmm);
}

static void test_quiet_under_7_4(void **state)
{
    quiet_abi = VGIC5_ABI_7_4;
    test_retries(state);
    test_an_irs_that_never_answers(state);
    test_a_running_vcpu(state);
    quiet_abi = VGIC5_ABI_V1;
}

/* A device that was never given an address has no registers to save. */
static void test_no_address(void **state)
{
    struct vgic5_error error = {0};
    struct vgic5_state *saved;
    struct vgic5_port port;
    struct vmm vmm;

    (void)state;
    vmm_open(&vmm, VGIC5_ABI_V1, LIFE_INIT);
    vgic5_port_model(vmm.device, &port);
    assert_int_equal(vgic5_save(&port, NULL, &saved, &error), -ENXIO);
    assert_non_null(strstr(error.message, "ENXIO to get IRS_IST_BASER"));
    vmm_destroy(&vmm);
}

/* ---- What a caller sees ---------------------------------------------------------------------- */

struct watcher {
    const struct vgic5_port *port;
    enum vgic5_direction direction;
    size_t steps;
    unsigned warnings;
    char last[256];
};

static void watch_step(void *opaque, const struct vgic5_step *step)
{
    struct watcher *watcher = opaque;
    const struct vgic5_step *order[PLAN_MOST];
    size_t n = plan_for_port(watcher->port, watcher->direction, order);

    assert_true(watcher->steps < n);
    assert_ptr_equal(step, order[watcher->steps++]);
}

static void watch_warning(void *opaque, const char *message)
{
    struct watcher *watcher = opaque;

    watcher->warnings++;
    snprintf(watcher->last, sizeof(watcher->last), "%s", message);
}

/* Part of the guest's table is not there, and was never touched: the save is given up, as no
 * restore would take the snapshot. */
static void test_a_table_that_ends_in_nothing(void **state)
{
    struct vgic5_error error = {0};
    struct vgic5_state *saved;
    struct vgic5_port port;
    struct vmm vmm;

    (void)state;
    vmm_open(&vmm, VGIC5_ABI_V1, LIFE_HAS_RUN);
    guest_write(&vmm, VGIC5_IRS_IST_CFGR, 4, 16); /* 256 KiB */
    guest_write(&vmm, VGIC5_IRS_IST_BASER, 8, (RAM_BASE + 0xc0000) | 1);
    vgic5_port_model(vmm.device, &port);
    assert_int_equal(vgic5_save(&port, NULL, &saved, &error), 0);
    vgic5_state_free(saved);
    vmm.hole = RAM_BASE + 0xf0000;
    assert_int_equal(vgic5_save(&port, NULL, &saved, &error), -EFAULT);
    assert_int_equal(error.cause, VGIC5_CAUSE_GIVEN_UP);
    assert_non_null(strstr(error.message, "step S3"));
    vmm_destroy(&vmm);
}

static struct vgic5_migration_options watched(struct watcher *watcher)
{
    return (struct vgic5_migration_options){.size = sizeof(struct vgic5_migration_options),
                                            .step = watch_step,
                                            .warn = watch_warning,
                                            .opaque = watcher};
}

/* The plan is what runs; and an IRS of another make is remarked upon, not refused. */
static void test_plan_runs_and_warnings(void **state)
{
    struct vgic5_port port;
    struct watcher saver = {&port, VGIC5_SAVE, 0, 0, ""};
    struct watcher restorer = {&port, VGIC5_RESTORE, 0, 0, ""};
    struct vgic5_migration_options options = watched(&saver);
    struct vgic5_state *saved;
    struct vmm source, target;
    struct flaky flaky;

    (void)state;
    vmm_open(&source, VGIC5_ABI_V1, LIFE_HAS_RUN);
    port = flaky_port(&flaky, source.device);
    flaky.other_iidr = 0x43b;
    assert_int_equal(vgic5_save(&port, &options, &saved, NULL), 0);
    assert_int_equal(saver.steps, vgic5_plan_length(VGIC5_ABI_V1, VGIC5_SAVE));
    assert_int_equal(saver.warnings, 0);
    vmm_open(&target, VGIC5_ABI_V1, LIFE_CREATED);
    options = watched(&restorer);
    vgic5_port_model(target.device, &port);
    assert_int_equal(vgic5_restore(&port, saved, &options, NULL), 0);
    /* all but the lines, which this port sets as levels, and what it does not ask to read back */
    assert_int_equal(restorer.steps, vgic5_plan_length(VGIC5_ABI_V1, VGIC5_RESTORE) - 2);
    assert_int_equal(restorer.warnings, 1);
    assert_non_null(strstr(restorer.last, "IRS_IIDR was 0x43b on the source"));
    vgic5_state_free(saved);
    vmm_destroy(&source);
    vmm_destroy(&target);
}

/* A port without wires: the state says so, and the restore reminds the VMM. */
static void test_without_wires(void **state)
{
    struct vgic5_port port;
    struct watcher watcher = {&port, VGIC5_RESTORE, 0, 0, ""};
    struct vgic5_migration_options options = watched(&watcher);
    struct vgic5_state *saved;
    struct vmm source, target;

    (void)state;
    open_busy(&source, VGIC5_ABI_V1);
    vgic5_port_model(source.device, &port);
    port.size = offsetof(struct vgic5_port, get_spi_wires); /* an older caller */
    assert_int_equal(vgic5_save(&port, NULL, &saved, NULL), 0);
    vmm_create(&target, &(struct vgic5_config){
                            .size = sizeof(struct vgic5_config), .lpi_id_bits = 14, .ist_l2sz = 1});
    memcpy(target.ram, source.ram, RAM_SIZE);
    vgic5_port_model(target.device, &port);
    assert_int_equal(vgic5_restore(&port, saved, &options, NULL), 0);
    assert_int_equal(watcher.warnings, 1);
    assert_non_null(strstr(watcher.last, "re-assert"));
    vgic5_state_free(saved);
    vmm_destroy(&source);
    vmm_destroy(&target);
}

/* The VMM may have set up its machine already, if to the same values. */
static void test_a_prepared_target(void **state)
{
    struct vgic5_state *saved;
    struct vmm source, target;
    struct vgic5_port port;

    (void)state;
    vmm_open(&source, VGIC5_ABI_V1, LIFE_HAS_RUN);
    vgic5_port_model(source.device, &port);
    assert_int_equal(vgic5_save(&port, NULL, &saved, NULL), 0);
    for (enum life life = LIFE_CREATED; life <= LIFE_READY; life++) {
        vmm_open(&target, VGIC5_ABI_V1, life);
        vgic5_port_model(target.device, &port);
        assert_int_equal(vgic5_restore(&port, saved, NULL, NULL), 0);
        vmm_destroy(&target);
    }
    vgic5_state_free(saved);
    vmm_destroy(&source);
}

/* HWU is the hardware's own: two saves of one state must not differ in it. */
static void test_hwu_is_not_state(void **state)
{
    struct vgic5_state *saved;
    struct flaky flaky;
    struct vgic5_port port;
    bool level, wire;
    struct vmm vmm;

    (void)state;
    vmm_open(&vmm, VGIC5_ABI_V1, LIFE_HAS_RUN);
    port = flaky_port(&flaky, vmm.device);
    flaky.adds_hwu = true;
    assert_int_equal(vgic5_save(&port, NULL, &saved, NULL), 0);
    assert_int_equal(vgic5_state_spi(saved, 0, &level, &wire), 0);
    vgic5_state_free(saved);
    vmm_destroy(&vmm);
}

static void test_bad_ports(void **state)
{
    struct vgic5_error error = {0};
    struct vgic5_state *saved;
    struct vgic5_port port;
    struct vmm vmm;

    (void)state;
    vmm_open(&vmm, VGIC5_ABI_V1, LIFE_HAS_RUN);
    vgic5_port_model(vmm.device, &port);
    port.abi = 9;
    assert_int_equal(vgic5_save(&port, NULL, &saved, &error), -EINVAL);
    assert_int_equal(error.cause, VGIC5_CAUSE_BUG);
    vgic5_port_model(vmm.device, &port);
    port.set_attr = NULL;
    assert_int_equal(vgic5_save(&port, NULL, &saved, &error), -EINVAL);
    vgic5_port_model(vmm.device, &port);
    port.size = 8;
    assert_int_equal(vgic5_save(&port, NULL, &saved, &error), -EINVAL);
    vmm_destroy(&vmm);
}

/* Sparse ids, one vCPU, many vCPUs; 32 and 1024 SPIs. */
static void check_shape(uint32_t nr_vcpus, uint32_t stride, uint32_t nr_spis)
{
    struct vgic5_state *first, *second;
    struct memory_file one, other;
    struct vmm source, target;
    struct vgic5_port port;

    vmm_create(&source, NULL);
    for (uint32_t n = 0; n < nr_vcpus; n++)
        assert_int_equal(vgic5_add_vcpu(source.device, (nr_vcpus - n) * stride), 0);
    assert_int_equal(vmm_set_u64(&source, VGIC5_GRP_ADDR, VGIC5_ADDR_TYPE_IRS, MAP_IRS_BASE), 0);
    assert_int_equal(vmm_set(&source, VGIC5_GRP_NR_IRQS, 0, &nr_spis), 0);
    assert_int_equal(vmm_set(&source, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NULL), 0);
    assert_int_equal(vgic5_irq_line(source.device, VGIC5_IRQ_SPI(nr_spis - 1), true), 0);
    guest_msr(&source, stride, VGIC5_CDAFF,
              (uint64_t)nr_vcpus * stride << 32 | VGIC5_INTID(VGIC5_SPI, nr_spis - 1));
    vgic5_port_model(source.device, &port);
    assert_int_equal(vgic5_save(&port, NULL, &first, NULL), 0);
    vmm_create(&target, NULL);
    vgic5_port_model(target.device, &port);
    assert_int_equal(vgic5_restore(&port, first, NULL, NULL), 0);
    assert_int_equal(vgic5_save(&port, NULL, &second, NULL), 0);
    one = memory_file_of(first);
    other = memory_file_of(second);
    assert_int_equal(one.size, other.size);
    assert_memory_equal(one.bytes, other.bytes, one.size);
    memory_file_free(&one);
    memory_file_free(&other);
    vgic5_state_free(first);
    vgic5_state_free(second);
    vmm_destroy(&source);
    vmm_destroy(&target);
}

/* A caller of an earlier or a later version: no more is written than it has, and the rest is zero.
 */
static void test_ports_of_other_sizes(void **state)
{
    struct {
        struct vgic5_port port;
        uint64_t later;
    } other;
    struct vgic5_port now;
    struct vmm vmm;

    (void)state;
    vmm_open(&vmm, VGIC5_ABI_V1, LIFE_VCPUS);
    vgic5_port_model(vmm.device, &now);
    assert_int_equal(now.size, sizeof(now));
    for (uint32_t size = sizeof(uint32_t); size <= sizeof(other); size++) {
        memset(&other, 0xa5, sizeof(other));
        vgic5_port_model_sized(vmm.device, &other.port, size);
        assert_int_equal(other.port.size, size < sizeof(now) ? size : sizeof(now));
        now.size = other.port.size;
        assert_memory_equal(&other.port, &now, other.port.size);
        for (size_t n = other.port.size; n < sizeof(other); n++)
            assert_int_equal(((uint8_t *)&other)[n], n < size ? 0 : 0xa5);
    }
    vmm_destroy(&vmm);
}

static void test_shapes(void **state)
{
    (void)state;
    check_shape(1, 1, 32);
    check_shape(1, 65535, 1024);
    check_shape(64, 1, 96);
    check_shape(64, 1000, 128);
    check_shape(512, 127, 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_failing_saves),
        cmocka_unit_test(test_failing_restores),
        cmocka_unit_test(test_a_target_without_room),
        cmocka_unit_test(test_retries),
        cmocka_unit_test(test_an_irs_that_never_answers),
        cmocka_unit_test(test_a_running_vcpu),
        cmocka_unit_test(test_quiet_under_7_4),
        cmocka_unit_test(test_no_address),
        cmocka_unit_test(test_a_table_that_ends_in_nothing),
        cmocka_unit_test(test_plan_runs_and_warnings),
        cmocka_unit_test(test_without_wires),
        cmocka_unit_test(test_a_prepared_target),
        cmocka_unit_test(test_hwu_is_not_state),
        cmocka_unit_test(test_bad_ports),
        cmocka_unit_test(test_ports_of_other_sizes),
        cmocka_unit_test(test_shapes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
