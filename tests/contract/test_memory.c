/* SPDX-License-Identifier: BSD-3-Clause */
/* The engine without memory: each allocation fails once. A save is given up and the source goes on;
 * a restore is refused; nothing leaks (the sanitizers look). Linked with --wrap. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "memory_file.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t number, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t number, size_t size);

static unsigned fail_at; /* 0: never */
static unsigned calls;

static bool fails(void)
{
    calls++;
    return fail_at && --fail_at == 0;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t number, size_t size)
{
    return fails() ? NULL : __real_calloc(number, size);
}

static void open_vm(struct vmm *vmm, uint32_t abi, bool busy)
{
    struct vgic5_config config = vmm_busy_config(abi);

    vmm_create(vmm, &config);
    if (!busy)
        return;
    vmm_live_until(vmm, LIFE_HAS_RUN);
    vmm_make_busy(vmm, true);
}

static void check_saves(uint32_t abi)
{
    struct portrait before, after;
    struct vgic5_state *state;
    struct vgic5_port port;
    struct vmm vmm;
    unsigned total;

    open_vm(&vmm, abi, true);
    vgic5_port_model(vmm.device, &port);
    calls = 0;
    assert_int_equal(vgic5_save(&port, NULL, &state, NULL), 0);
    total = calls;
    vgic5_state_free(state);
    assert_true(total >= (abi == VGIC5_ABI_7_4 ? 3 : 2)); /* state, vCPUs, LPIs */
    before = portrait_of(&vmm);
    for (unsigned n = 1; n <= total; n++) {
        struct vgic5_error error = {0};

        fail_at = n;
        assert_int_equal(vgic5_save(&port, NULL, &state, &error), -ENOMEM);
        assert_int_equal(error.cause, VGIC5_CAUSE_ENVIRONMENT);
    }
    after = portrait_of(&vmm);
    assert_true(portrait_equal(&before, &after));
    portrait_free(&before);
    portrait_free(&after);
    vmm_destroy(&vmm);
}

static void test_saves(void **state)
{
    (void)state;
    check_saves(VGIC5_ABI_V1);
    check_saves(VGIC5_ABI_7_4);
}

/* Across the profiles there is an image to be made. */
static void test_restore_across(void **unused)
{
    struct vgic5_error error = {0};
    struct vgic5_state *state;
    struct vgic5_port port;
    struct vmm source, target;

    (void)unused;
    open_vm(&source, VGIC5_ABI_V1, true);
    vgic5_port_model(source.device, &port);
    assert_int_equal(vgic5_save(&port, NULL, &state, NULL), 0);
    open_vm(&target, VGIC5_ABI_7_4, false);
    memcpy(target.ram, source.ram, RAM_SIZE);
    vgic5_port_model(target.device, &port);
    fail_at = 1;
    assert_int_equal(vgic5_restore(&port, state, NULL, &error), -ENOMEM);
    assert_int_equal(fail_at, 0);
    assert_int_equal(error.cause, VGIC5_CAUSE_ENVIRONMENT);
    assert_non_null(strstr(error.message, "GRP_IST"));
    vgic5_state_free(state);
    vmm_destroy(&source);
    vmm_destroy(&target);
}

/* From a snapshot, and into one. */
static void test_snapshots(void **unused)
{
    struct vgic5_snapshot *snapshot;
    struct vgic5_state *state, *again;
    struct vgic5_port port;
    struct vmm vmm;
    unsigned total;

    (void)unused;
    open_vm(&vmm, VGIC5_ABI_7_4, true);
    vgic5_port_model(vmm.device, &port);
    assert_int_equal(vgic5_save(&port, NULL, &state, NULL), 0);
    snapshot = memory_snapshot_of(state);
    calls = 0;
    assert_int_equal(vgic5_state_from_snapshot(snapshot, &again, NULL), 0);
    total = calls;
    vgic5_state_free(again);
    assert_true(total >= 3);
    for (unsigned n = 1; n <= total; n++) {
        struct vgic5_error error = {0};

        fail_at = n;
        assert_int_equal(vgic5_state_from_snapshot(snapshot, &again, &error), -ENOMEM);
        assert_int_equal(error.cause, VGIC5_CAUSE_ENVIRONMENT);
    }
    vgic5_snapshot_close(snapshot);
    vgic5_state_free(state);
    vmm_destroy(&vmm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_saves),
        cmocka_unit_test(test_restore_across),
        cmocka_unit_test(test_snapshots),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
