/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Between the generations: what is told when 7.4 cannot carry something, what is refused, the probe
 * for a device that does not say which it is, and lines that only KVM_IRQ_LINE can set.
 */
#include <errno.h>
#include <string.h>

#include "facts/fields.h"
#include "migration/engine.h"
#include "vmm.h"

struct cross_warnings {
    unsigned count;
    char first[256];
};

static void watch(void *opaque, const char *message)
{
    struct cross_warnings *warnings = opaque;

    if (warnings->count++ == 0)
        strncpy(warnings->first, message, sizeof(warnings->first) - 1);
}

static struct vgic5_migration_options watched(struct cross_warnings *warnings)
{
    memset(warnings, 0, sizeof(*warnings));
    return (struct vgic5_migration_options){
        .size = sizeof(struct vgic5_migration_options), .warn = watch, .opaque = warnings};
}

static void open_busy(struct vmm *vmm, uint32_t abi)
{
    struct vgic5_config config = vmm_busy_config(abi);

    vmm_create(vmm, &config);
    vmm_live_until(vmm, LIFE_HAS_RUN);
    vmm_make_busy(vmm, true);
}

static void open_target(struct vmm *vmm, uint32_t abi, const struct vmm *source)
{
    struct vgic5_config config = vmm_busy_config(abi);

    vmm_create(vmm, &config);
    memcpy(vmm->ram, source->ram, RAM_SIZE);
}

static struct vgic5_state *save(const struct vgic5_port *port,
                                const struct vgic5_migration_options *options)
{
    struct vgic5_error error = {0};
    struct vgic5_state *state;

    if (vgic5_save(port, options, &state, &error))
        fail_msg("%s", error.message);
    return state;
}

/* ---- TM and HM share a bit under 7.4 --------------------------------------------------------- */

/* An edge SPI handled as level; and a port that can only ask for the one that is selected. */
static void test_a_save_under_7_4_tells_what_it_loses(void **state)
{
    struct cross_warnings warnings;
    struct vgic5_migration_options options = watched(&warnings);
    struct vgic5_port port;
    struct vmm vmm;

    (void)state;
    open_busy(&vmm, VGIC5_ABI_7_4);
    vgic5_port_model(vmm.device, &port);
    vgic5_state_free(save(&port, &options));
    assert_int_equal(warnings.count, 0);
    guest_msr(&vmm, 3, VGIC5_CDHM, VGIC5_CDHM_HM | VGIC5_INTID(VGIC5_SPI, 9));
    vgic5_state_free(save(&port, &options));
    assert_int_equal(warnings.count, 1);
    assert_string_equal(warnings.first,
                        "SPI 9 is edge-triggered and handled as level: abi 7.4 has one bit for "
                        "both, and the restored guest will have edge for both");
    port.get_spi_modes = NULL;
    vgic5_state_free(save(&port, &options));
    assert_int_equal(warnings.count, 1); /* SPI 33 is selected, and in order */
    vmm_destroy(&vmm);
}

/* A kernel hands out HM as the guest left it: 0 where it never used CDHM. */
static int get_without_hm(void *opaque, const struct vgic5_attr *attr)
{
    int ret = vgic5_get_attr(opaque, attr);

    if (ret == 0 && attr->group == VGIC5_GRP_IST) {
        const uint64_t *buffers = (const uint64_t *)(uintptr_t)attr->addr;
        uint32_t *spis = (uint32_t *)(uintptr_t)buffers[0];

        spis[33] &= ~4u;
    }
    return ret;
}

static void test_a_level_spi_with_hm_0_is_told(void **state)
{
    struct cross_warnings warnings;
    struct vgic5_migration_options options = watched(&warnings);
    struct vgic5_port port;
    struct vmm vmm;

    (void)state;
    open_busy(&vmm, VGIC5_ABI_7_4);
    vgic5_port_model(vmm.device, &port);
    port.get_attr = get_without_hm;
    port.get_spi_modes = NULL;
    vgic5_state_free(save(&port, &options));
    assert_int_equal(warnings.count, 1);
    assert_string_equal(warnings.first,
                        "SPI 33 is level-triggered, but its entry has HM = 0: the restored guest "
                        "will have it edge-triggered");
    vmm_destroy(&vmm);
}

/* v1 carries both: it is the restore under 7.4 that loses one. */
static void test_a_restore_under_7_4_tells_what_it_loses(void **state)
{
    struct cross_warnings warnings;
    struct vgic5_migration_options options = watched(&warnings);
    uint64_t tm[16], hm[16];
    struct vgic5_state *saved;
    struct vmm source, target;
    struct vgic5_port port;
    struct vgic5_error error = {0};

    (void)state;
    open_busy(&source, VGIC5_ABI_V1);
    vgic5_port_model(source.device, &port);
    saved = save(&port, &options);
    assert_int_equal(warnings.count, 0);
    assert_int_equal(vgic5_get_spi_modes(source.device, tm, hm, 16), 0);
    open_target(&target, VGIC5_ABI_7_4, &source);
    vgic5_port_model(target.device, &port);
    if (vgic5_restore(&port, saved, &options, &error))
        fail_msg("%s", error.message);
    assert_int_equal(warnings.count, __builtin_popcountll(tm[0] ^ hm[0]));
    assert_true(warnings.count > 0);
    assert_int_equal(vgic5_get_spi_modes(target.device, hm, hm + 8, 8), 0);
    assert_int_equal(hm[0], tm[0]); /* the trigger modes have arrived */
    assert_int_equal(hm[8], tm[0]);
    vgic5_state_free(saved);
    vmm_destroy(&source);
    vmm_destroy(&target);
}

/* ---- What cannot be moved -------------------------------------------------------------------- */

static void check_refused(uint32_t from, uint32_t to, uint64_t hole, const char *words)
{
    struct vgic5_error error = {0};
    struct vgic5_state *saved;
    struct vmm source, target;
    struct vgic5_port port;

    open_busy(&source, from);
    vgic5_port_model(source.device, &port);
    saved = save(&port, NULL);
    open_target(&target, to, &source);
    if (hole)
        target.hole = hole;
    else
        target.ram[BUSY_IST - RAM_BASE + 8] &= 0xfe; /* no L2 table for LPIs 1024 to 2047 */
    vgic5_port_model(target.device, &port);
    assert_int_not_equal(vgic5_restore(&port, saved, NULL, &error), 0);
    assert_int_equal(error.cause, VGIC5_CAUSE_UNFIT);
    if (!strstr(error.message, words))
        fail_msg("\"%s\" does not say \"%s\"", error.message, words);
    vgic5_state_free(saved);
    vmm_destroy(&source);
    vmm_destroy(&target);
}

static void test_tables_that_are_not_there(void **state)
{
    (void)state;
    check_refused(VGIC5_ABI_V1, VGIC5_ABI_7_4, BUSY_IST, "is not in guest memory");
    check_refused(VGIC5_ABI_V1, VGIC5_ABI_7_4, BUSY_IST + 0x2000, "is not in guest memory");
    check_refused(VGIC5_ABI_7_4, VGIC5_ABI_V1, BUSY_IST, "is not in guest memory");
    check_refused(VGIC5_ABI_7_4, VGIC5_ABI_V1, 0, "has no L2 table");
}

/* ---- Which generation is it? ----------------------------------------------------------------- */

static void check_probe(uint32_t abi, enum life life)
{
    struct vgic5_error error = {0};
    struct vgic5_port port;
    uint32_t found = 0;
    struct vmm vmm;

    vmm_open(&vmm, abi, life);
    vgic5_port_model(vmm.device, &port);
    port.abi = 0;
    if (vgic5_probe_abi(&port, &found, &error))
        fail_msg("%s", error.message);
    assert_int_equal(found, abi);
    vmm_destroy(&vmm);
}

static void test_the_probe(void **state)
{
    struct vgic5_error error = {0};
    struct vgic5_port port;
    uint32_t found;
    struct vmm vmm;

    (void)state;
    for (enum life life = LIFE_INIT; life <= LIFE_HAS_RUN; life++) {
        if (life == LIFE_RUNNING)
            continue;
        check_probe(VGIC5_ABI_V1, life);
        check_probe(VGIC5_ABI_7_4, life);
    }
    vmm_open(&vmm, VGIC5_ABI_V1, LIFE_VCPUS);
    vgic5_port_model(vmm.device, &port);
    assert_int_equal(vgic5_probe_abi(&port, &found, &error), -EBUSY);
    assert_int_equal(error.cause, VGIC5_CAUSE_ENVIRONMENT);
    assert_non_null(strstr(error.message, "CTRL_INIT"));
    port.get_attr = NULL;
    assert_int_equal(vgic5_probe_abi(&port, &found, &error), -EINVAL);
    assert_int_equal(error.cause, VGIC5_CAUSE_BUG);
    vmm_destroy(&vmm);
}

/* ---- Lines by KVM_IRQ_LINE ------------------------------------------------------------------- */

/* Of level SPIs those whose wire is high are raised. Pending over a low wire is a guest's CDPEND,
 * and stays: nothing is lowered. */
static void check_lines(uint32_t abi)
{
    struct vgic5_error error = {0};
    struct vgic5_state *saved;
    struct vmm source, target;
    struct vgic5_port port;

    open_busy(&source, abi);
    vgic5_port_model(source.device, &port);
    saved = save(&port, NULL);
    assert_true(saved->spi[33] & 1);
    saved->wires[0] &= ~(UINT64_C(1) << 33);
    assert_false(saved->wires[0] >> 2 & 1);
    saved->spi[2] &= ~1u;
    saved->wires[0] |= 1 << 2; /* one that was raised meanwhile */
    open_target(&target, abi, &source);
    vgic5_port_model(target.device, &port);
    port.set_spi_wires = NULL;
    if (vgic5_restore(&port, saved, NULL, &error))
        fail_msg("%s", error.message);
    vgic5_state_free(saved);
    saved = save(&port, NULL);
    assert_true(saved->spi[33] & 1);
    assert_true(saved->spi[2] & 1);
    assert_int_equal(saved->wires[0] & (UINT64_C(1) << 33 | 1 << 2), 1 << 2);
    assert_true(saved->spi[4] & 1); /* an edge SPI's latch is left alone */
    vgic5_state_free(saved);
    vmm_destroy(&source);
    vmm_destroy(&target);
}

static void test_lines_are_asserted_again(void **state)
{
    (void)state;
    check_lines(VGIC5_ABI_V1);
    check_lines(VGIC5_ABI_7_4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_save_under_7_4_tells_what_it_loses),
        cmocka_unit_test(test_a_level_spi_with_hm_0_is_told),
        cmocka_unit_test(test_a_restore_under_7_4_tells_what_it_loses),
        cmocka_unit_test(test_tables_that_are_not_there),
        cmocka_unit_test(test_the_probe),
        cmocka_unit_test(test_lines_are_asserted_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
