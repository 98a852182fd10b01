/* SPDX-License-Identifier: BSD-3-Clause */
/* Does a state fit a target? Refused before the first set, with exit code 5 and the field's name.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "memory_file.h"
#include "migration/internal.h"

/* The source: every option that a device can have. */
static struct vgic5_config source_config(void)
{
    return (struct vgic5_config){.size = sizeof(struct vgic5_config),
                                 .abi = VGIC5_ABI_V1,
                                 .ipa_bits = 40,
                                 .lpi_id_bits = 14,
                                 .min_lpi_id_bits = 2,
                                 .priority_bits = 4,
                                 .ist_l2sz = 3,
                                 .istmd = 1,
                                 .istmd_sz = 10};
}

static struct vgic5_state *save_source(void)
{
    struct vgic5_config config = source_config();
    struct vgic5_error error = {0};
    struct vgic5_state *saved;
    struct vgic5_port port;
    struct vmm vmm;

    vmm_create(&vmm, &config);
    vmm_live_until(&vmm, LIFE_READY);
    guest_msr(&vmm, 17, VGIC5_ICC_PPI_ENABLER(0), UINT64_C(1) << VGIC5_PPI_PMUIRQ);
    guest_msr(&vmm, 17, VGIC5_ICC_PPI_PRIORITYR(3), UINT64_C(9) << 48);
    vgic5_port_model(vmm.device, &port);
    if (vgic5_save(&port, NULL, &saved, &error))
        fail_msg("%s", error.message);
    vmm_destroy(&vmm);
    return saved;
}

/* ---- Targets that offer less, or more -------------------------------------------------------- */

static const struct {
    const char *message; /* NULL: it fits */
    size_t offset;
    uint8_t value;
} targets[] = {
    {NULL, offsetof(struct vgic5_config, ipa_bits), 40},
    {NULL, offsetof(struct vgic5_config, ipa_bits), 52},
    {NULL, offsetof(struct vgic5_config, ipa_bits), 32},
    {NULL, offsetof(struct vgic5_config, lpi_id_bits), 16},
    {"IRS_IDR2.ID_BITS is 14, the target allows 13; restore on a device with lpi-bits=14",
     offsetof(struct vgic5_config, lpi_id_bits), 13},
    {NULL, offsetof(struct vgic5_config, min_lpi_id_bits), 1},
    {"IRS_IDR2.MIN_LPI_ID_BITS is 0x2, the target asks 0x3",
     offsetof(struct vgic5_config, min_lpi_id_bits), 3},
    {NULL, offsetof(struct vgic5_config, priority_bits), 5},
    {"IRS_IDR1.PRI_BITS is 0x3, the target allows 0x2",
     offsetof(struct vgic5_config, priority_bits), 3},
    {NULL, offsetof(struct vgic5_config, ist_l2sz), 7},
    {"IRS_IDR2.IST_L2SZ is 0x3, the target offers 0x1", offsetof(struct vgic5_config, ist_l2sz), 1},
    {"IRS_IDR2.IST_LEVELS is 1", offsetof(struct vgic5_config, ist_l2sz), 0},
    {"IRS_IDR2.ISTMD is 0x1, the target offers 0x0", offsetof(struct vgic5_config, istmd), 0},
    {"IRS_IDR2.ISTMD_SZ is 0xa, the target has 0xb", offsetof(struct vgic5_config, istmd_sz), 11},
};

static void check_target(const struct vgic5_state *saved, const struct vgic5_config *config,
                         const char *message)
{
    struct portrait before, after;
    struct vgic5_error error = {0};
    struct vgic5_port port;
    struct vmm vmm;
    int ret;

    vmm_create(&vmm, config);
    vgic5_port_model(vmm.device, &port);
    before = portrait_of(&vmm);
    ret = vgic5_restore_check(&port, saved, &error);
    if ((ret == 0) != !message || (message && !strstr(error.message, message)))
        fail_msg("%d \"%s\", expected \"%s\"", ret, error.message, message ? message : "");
    assert_int_equal(error.cause, message ? VGIC5_CAUSE_UNFIT : VGIC5_CAUSE_NONE);
    assert_int_equal(vgic5_restore(&port, saved, NULL, &error), ret);
    after = portrait_of(&vmm);
    assert_int_equal(portrait_equal(&before, &after), ret != 0);
    portrait_free(&before);
    portrait_free(&after);
    vmm_destroy(&vmm);
}

static void test_targets(void **state)
{
    struct vgic5_state *saved = save_source();

    (void)state;
    for (size_t n = 0; n < sizeof(targets) / sizeof(targets[0]); n++) {
        struct vgic5_config config = source_config();

        ((uint8_t *)&config)[targets[n].offset] = targets[n].value;
        check_target(saved, &config, targets[n].message);
    }
    vgic5_state_free(saved);
}

/* A device whose vCPU has run takes no state any more: said before anything is changed, for v1 too,
 * whose registers could still be set. */
static void test_a_target_that_has_run(void **state)
{
    struct vgic5_state *saved = save_source();

    (void)state;
    for (uint32_t n = 0; n < 2 * (LIFE_HAS_RUN + 1); n++) {
        enum life life = n / 2;
        struct vgic5_config config = source_config();
        int expected = life >= LIFE_RUNNING ? -EBUSY : 0;
        struct vgic5_error error = {0};
        struct vgic5_port port;
        struct vmm vmm;

        config.abi = n % 2 ? VGIC5_ABI_7_4 : VGIC5_ABI_V1;
        vmm_create(&vmm, &config);
        vmm_live_until(&vmm, life);
        vgic5_port_model(vmm.device, &port);
        assert_int_equal(vgic5_restore_check(&port, saved, &error), expected);
        assert_int_equal(error.cause, expected ? VGIC5_CAUSE_UNFIT : VGIC5_CAUSE_NONE);
        assert_non_null(strstr(error.message, expected ? "has run, or runs" : ""));
        vmm_destroy(&vmm);
    }
    vgic5_state_free(saved);
}

/* Without describe the device's own checks say the same, later. */
static void test_targets_that_are_not_described(void **state)
{
    struct vgic5_state *saved = save_source();

    (void)state;
    for (size_t n = 0; n < sizeof(targets) / sizeof(targets[0]); n++) {
        struct vgic5_config config = source_config();
        struct vgic5_error error = {0};
        struct vgic5_port port;
        struct vmm vmm;

        ((uint8_t *)&config)[targets[n].offset] = targets[n].value;
        vmm_create(&vmm, &config);
        vgic5_port_model(vmm.device, &port);
        port.describe = NULL;
        assert_int_equal(vgic5_restore(&port, saved, NULL, &error),
                         targets[n].message ? -EINVAL : 0);
        assert_int_equal(error.cause, targets[n].message ? VGIC5_CAUSE_UNFIT : VGIC5_CAUSE_NONE);
        vmm_destroy(&vmm);
    }
    vgic5_state_free(saved);
}

static void test_ppis(void **state)
{
    struct vgic5_state *saved = save_source();
    struct vgic5_config config = source_config();

    (void)state;
    config.ppis[0] = UINT64_C(1) << VGIC5_PPI_SW | UINT64_C(1) << VGIC5_PPI_CNTV;
    check_target(saved, &config, "icc 17: ICC_PPI_ENABLER0 has PPI 23");
    saved->vcpus[1].icc[1] = 0; /* the priority alone */
    check_target(saved, &config, "icc 17: ICC_PPI_PRIORITYR3 has PPI 30");
    vgic5_state_free(saved);
}

/* An address that the source could have and the target cannot. */
static void test_address(void **state)
{
    struct vgic5_state *saved = save_source();
    struct vgic5_config config = source_config();

    (void)state;
    saved->addr = (UINT64_C(1) << 40) - VGIC5_IRS_REGION_SIZE;
    check_target(saved, &config, NULL);
    config.ipa_bits = 36;
    check_target(saved, &config, "gic: addr is 0xfffffe0000, beyond the target's 36-bit");
    vgic5_state_free(saved);
}

static void test_options_of_idr0(void **state)
{
    struct vgic5_config config = source_config();

    (void)state;
    for (unsigned bit = 6; bit <= 13; bit++) { /* VIRT to MPAM2 */
        struct vgic5_state *saved = save_source();
        char words[64];

        saved->irs[IRS_IDR0_ROW] |= UINT64_C(1) << bit;
        snprintf(words, sizeof(words), "IRS_IDR0's options is 0x%x", 1u << bit);
        check_target(saved, &config, words);
        vgic5_state_free(saved);
    }
}

/* What a later IRS says of itself in bits that are reserved now, and its guest has read. */
static void test_bits_of_later(void **state)
{
    static const enum irs_row rows[] = {IRS_IDR0_ROW, IRS_IDR1_ROW, IRS_IDR2_ROW};
    struct vgic5_config config = source_config();

    (void)state;
    for (size_t n = 0; n < sizeof(rows) / sizeof(rows[0]); n++) {
        struct vgic5_state *saved = save_source();

        saved->irs[rows[n]] |= UINT64_C(1) << (n == 0 ? 14 : 31);
        check_target(saved, &config, "are not known to the target");
        vgic5_state_free(saved);
    }
}

/* Across profiles the LPIs are moved, which takes a port that reaches guest memory. */
static void test_abi(void **state)
{
    struct vgic5_state *saved = save_source();
    struct vgic5_config config = source_config();
    struct vgic5_error error = {0};
    struct vgic5_port port;
    struct vmm vmm;

    (void)state;
    config.abi = VGIC5_ABI_7_4;
    check_target(saved, &config, NULL); /* without an LPI IST there is nothing to move */
    saved->irs[IRS_IST_BASER_ROW] = BUSY_IST | 1;
    saved->irs[IRS_IST_CFGR_ROW] = 8 | 1 << 7;
    vmm_create(&vmm, &config);
    vgic5_port_model(vmm.device, &port);
    port.write_guest = NULL;
    assert_int_equal(vgic5_restore_check(&port, saved, &error), -ENOTSUP);
    assert_int_equal(error.cause, VGIC5_CAUSE_UNFIT);
    assert_non_null(strstr(error.message, "gic: abi is v1, the target has 7.4"));
    vmm_destroy(&vmm);
    vgic5_state_free(saved);
}

/* A state that contradicts itself is not tried on any target. */
static void test_damaged_state(void **state)
{
    struct vgic5_state *saved = save_source();
    struct vgic5_error error = {0};
    struct vgic5_port port;
    struct vmm vmm;

    (void)state;
    saved->irs[IRS_CR0_ROW] = 0;
    vmm_open(&vmm, VGIC5_ABI_V1, LIFE_CREATED);
    vgic5_port_model(vmm.device, &port);
    assert_int_equal(vgic5_restore(&port, saved, NULL, &error), -EBADMSG);
    assert_int_equal(error.cause, VGIC5_CAUSE_DAMAGED);
    assert_int_equal(vgic5_nr_vcpus(vmm.device), 0);
    vmm_destroy(&vmm);
    vgic5_state_free(saved);
}

/* ---- Targets that are prepared otherwise ----------------------------------------------------- */

struct prepared {
    const char *message;
    uint32_t ids[3];
    uint32_t nr_ids;
    uint64_t addr;
    uint32_t nr_spis;
};

static const struct prepared prepared[] = {
    {NULL, {17, 3}, 2, MAP_IRS_BASE, NR_SPIS}, /* the order is the VMM's */
    {"vCPU id 17 is in the state, the target has none such", {3, 18}, 2, 0, 0},
    {"2 vCPUs are in the state, the target has 3", {3, 17, 4}, 3, 0, 0},
    {"vCPU id 17 is in the state", {3}, 1, 0, 0},
    {"addr is 0x8010000, the target's is 0x8020000", {3, 17}, 2, MAP_IRS_BASE + 0x10000, 0},
    {"nr_spis is 64, the target has 96; give it spis=64", {3, 17}, 2, 0, 96},
};

static void test_prepared(void **state)
{
    struct vgic5_state *saved = save_source();

    (void)state;
    for (size_t n = 0; n < sizeof(prepared) / sizeof(prepared[0]); n++) {
        struct vgic5_config config = source_config();
        const struct prepared *target = &prepared[n];
        struct vgic5_error error = {0};
        struct vgic5_port port;
        struct vmm vmm;

        vmm_create(&vmm, &config);
        for (uint32_t id = 0; id < target->nr_ids; id++)
            assert_int_equal(vgic5_add_vcpu(vmm.device, target->ids[id]), 0);
        if (target->addr)
            vmm_set_u64(&vmm, VGIC5_GRP_ADDR, VGIC5_ADDR_TYPE_IRS, target->addr);
        if (target->nr_spis)
            vmm_set(&vmm, VGIC5_GRP_NR_IRQS, 0, &target->nr_spis);
        vgic5_port_model(vmm.device, &port);
        assert_int_equal(vgic5_restore(&port, saved, NULL, &error), target->message ? -ENOTSUP : 0);
        if (target->message &&
            (error.cause != VGIC5_CAUSE_UNFIT || !strstr(error.message, target->message)))
            fail_msg("exit %d \"%s\"", error.cause, error.message);
        vmm_destroy(&vmm);
    }
    vgic5_state_free(saved);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_targets),
        cmocka_unit_test(test_a_target_that_has_run),
        cmocka_unit_test(test_targets_that_are_not_described),
        cmocka_unit_test(test_ppis),
        cmocka_unit_test(test_address),
        cmocka_unit_test(test_options_of_idr0),
        cmocka_unit_test(test_bits_of_later),
        cmocka_unit_test(test_abi),
        cmocka_unit_test(test_damaged_state),
        cmocka_unit_test(test_prepared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
