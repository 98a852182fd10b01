/* SPDX-License-Identifier: BSD-3-Clause */
/* Rules about PPIs. */
#include "fixture.h"

#define SW (1ull << VGIC5_PPI_SW)
#define PMU (1ull << VGIC5_PPI_PMUIRQ)
#define CNTV (1ull << VGIC5_PPI_CNTV)
#define CNTP (1ull << VGIC5_PPI_CNTP)
#define ALL (SW | PMU | CNTV | CNTP)

static void test_R_CFSKX_handling_modes(void **state)
{
    const struct vgic5_config config = {.size = sizeof(config), .ppis = {SW | CNTV | CNTP, 0}};
    struct vmm m;
    assert_int_equal(mrs(*state, 0, VGIC5_ICC_PPI_HMR(0)), 0x48800000);
    assert_int_equal(mrs(*state, 0, VGIC5_ICC_PPI_HMR(1)), 0);
    build(&m, &(struct vmm_shape){.nr_vcpus = 1, .config = &config});
    assert_int_equal(mrs(&m, 0, VGIC5_ICC_PPI_HMR(0)), 0x48000000); /* no PMU */
    assert_true(vmm_drop_device(&m));
    vmm_free_ram(&m);
}

static void test_R_XDVCM_absent_ppis_are_raz_wi(void **state)
{
    struct vmm *m = *state;
    start(m);
    msr(m, 0, VGIC5_ICC_PPI_ENABLER(0), ~0ull);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_PPI_ENABLER(0)), ALL);
    msr(m, 0, VGIC5_ICC_PPI_SPENDR(0), ~0ull);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_PPI_SPENDR(0)), SW);
    msr(m, 0, VGIC5_ICC_PPI_SACTIVER(0), ~0ull);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_PPI_SACTIVER(0)), ALL);
    for (uint32_t n = 0; n < 8; n++)
        msr(m, 0, VGIC5_ICC_PPI_PRIORITYR(n), ~0ull);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_PPI_PRIORITYR(0)), 0x1f000000);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_PPI_PRIORITYR(1)), 0);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_PPI_PRIORITYR(2)), 0x1f00000000000000);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_PPI_PRIORITYR(3)), 0x001f00001f000000);
    for (uint32_t n = 4; n < 8; n++)
        assert_int_equal(mrs(m, 0, VGIC5_ICC_PPI_PRIORITYR(n)), 0);
}

static void test_ppis_64_to_127_are_raz_wi(void **state)
{
    static const uint16_t upper[] = {VGIC5_ICC_PPI_ENABLER(1), VGIC5_ICC_PPI_CACTIVER(1),
                                     VGIC5_ICC_PPI_SACTIVER(1), VGIC5_ICC_PPI_CPENDR(1),
                                     VGIC5_ICC_PPI_SPENDR(1)};
    struct vmm *m = *state;
    start(m);
    for (size_t i = 0; i < sizeof(upper) / sizeof(upper[0]); i++) {
        msr(m, 0, upper[i], ~0ull);
        assert_int_equal(mrs(m, 0, upper[i]), 0);
    }
    for (uint32_t n = 8; n < 16; n++) {
        msr(m, 0, VGIC5_ICC_PPI_PRIORITYR(n), ~0ull);
        assert_int_equal(mrs(m, 0, VGIC5_ICC_PPI_PRIORITYR(n)), 0);
    }
    assert_false(irq(m, 0));
}

static void test_every_ppi_can_be_implemented(void **state)
{
    const struct vgic5_config config = {.size = sizeof(config), .ppis = {~0ull, 0}};
    struct vmm m;
    assert_non_null(*state);
    build(&m, &(struct vmm_shape){.nr_vcpus = 1, .config = &config});
    start(&m);
    assert_int_equal(mrs(&m, 0, VGIC5_ICC_PPI_HMR(0)), ~SW);
    for (uint32_t ppi = 0; ppi < 64; ppi++) {
        if (ppi == VGIC5_PPI_SW)
            msr(&m, 0, VGIC5_ICC_PPI_SPENDR(0), SW);
        else
            ppi_wire(&m, 0, ppi, true);
        assert_int_equal(cdia(&m, 0), TAKEN(PPI(ppi)));
        assert_int_equal(mrs(&m, 0, VGIC5_ICC_PPI_SACTIVER(0)), 1ull << ppi);
        if (ppi != VGIC5_PPI_SW)
            ppi_wire(&m, 0, ppi, false);
        cdeoi(&m, 0);
        cddi(&m, 0, PPI(ppi));
    }
    assert_true(vmm_drop_device(&m));
    vmm_free_ram(&m);
}

/* CDDI of one PPI leaves the others of its register alone. */
static void test_CDDI_of_one_ppi_only(void **state)
{
    const struct vgic5_config config = {.size = sizeof(config), .ppis = {~0ull, 0}};
    struct vmm m;
    assert_non_null(*state);
    build(&m, &(struct vmm_shape){.nr_vcpus = 1, .config = &config});
    for (uint32_t ppi = 0; ppi < 64; ppi++) {
        msr(&m, 0, VGIC5_ICC_PPI_SACTIVER(0), ~0ull);
        cddi(&m, 0, PPI(ppi));
        assert_int_equal(mrs(&m, 0, VGIC5_ICC_PPI_SACTIVER(0)), ~(1ull << ppi));
    }
    cddi(&m, 0, PPI(64));
    cddi(&m, 0, PPI(127));
    cddi(&m, 0, PPI(0xffffff));
    assert_int_equal(mrs(&m, 0, VGIC5_ICC_PPI_SACTIVER(0)), ~(1ull << 63));
    assert_true(vmm_drop_device(&m));
    vmm_free_ram(&m);
}

/* ---- Level ---- */

static void test_a_level_ppi_is_pending_while_its_wire_is_high(void **state)
{
    struct vmm *m = *state;
    start(m);
    ppi_wire(m, 0, VGIC5_PPI_CNTV, true);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_PPI_SPENDR(0)), CNTV);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_PPI_CPENDR(0)), CNTV);
    assert_true(irq(m, 0));
    ppi_wire(m, 0, VGIC5_PPI_CNTV, false);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_PPI_SPENDR(0)), 0);
    assert_false(irq(m, 0));
}

static void test_a_level_ppi_ignores_SPENDR_and_CPENDR(void **state)
{
    struct vmm *m = *state;
    start(m);
    msr(m, 0, VGIC5_ICC_PPI_SPENDR(0), CNTV);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_PPI_SPENDR(0)), 0);
    ppi_wire(m, 0, VGIC5_PPI_CNTV, true);
    msr(m, 0, VGIC5_ICC_PPI_CPENDR(0), CNTV);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_PPI_SPENDR(0)), CNTV);
    assert_true(irq(m, 0));
}

static void test_CDIA_does_not_clear_a_level_ppi(void **state)
{
    struct vmm *m = *state;
    start(m);
    ppi_wire(m, 0, VGIC5_PPI_CNTV, true);
    assert_int_equal(cdia(m, 0), TAKEN(PPI(VGIC5_PPI_CNTV)));
    assert_int_equal(mrs(m, 0, VGIC5_ICC_PPI_SPENDR(0)), CNTV);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_PPI_SACTIVER(0)), CNTV);
    cdeoi(m, 0);
    cddi(m, 0, PPI(VGIC5_PPI_CNTV));
    assert_true(irq(m, 0));
    ppi_wire(m, 0, VGIC5_PPI_CNTV, false);
    assert_false(irq(m, 0));
}

/* ---- Edge: SW_PPI ---- */

static void test_SW_PPI_is_a_latch_set_by_SPENDR_and_cleared_by_CDIA(void **state)
{
    struct vmm *m = *state;
    start(m);
    msr(m, 0, VGIC5_ICC_PPI_SPENDR(0), SW);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_PPI_SPENDR(0)), SW);
    assert_int_equal(cdia(m, 0), TAKEN(PPI(VGIC5_PPI_SW)));
    assert_int_equal(mrs(m, 0, VGIC5_ICC_PPI_SPENDR(0)), 0);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_PPI_SACTIVER(0)), SW);
    cdeoi(m, 0);
    cddi(m, 0, PPI(VGIC5_PPI_SW));
    assert_false(irq(m, 0));
}

static void test_SW_PPI_is_cleared_by_CPENDR(void **state)
{
    struct vmm *m = *state;
    start(m);
    msr(m, 0, VGIC5_ICC_PPI_SPENDR(0), SW);
    msr(m, 0, VGIC5_ICC_PPI_CPENDR(0), 0); /* zeros do nothing */
    assert_true(irq(m, 0));
    msr(m, 0, VGIC5_ICC_PPI_CPENDR(0), ~0ull);
    assert_false(irq(m, 0));
    assert_int_equal(mrs(m, 0, VGIC5_ICC_PPI_CPENDR(0)), 0);
}

static void test_SW_PPI_pending_again_while_active(void **state)
{
    struct vmm *m = *state;
    start(m);
    msr(m, 0, VGIC5_ICC_PPI_SPENDR(0), SW);
    assert_int_equal(cdia(m, 0), TAKEN(PPI(VGIC5_PPI_SW)));
    msr(m, 0, VGIC5_ICC_PPI_SPENDR(0), SW);
    cdeoi(m, 0);
    assert_false(irq(m, 0));
    cddi(m, 0, PPI(VGIC5_PPI_SW));
    assert_int_equal(cdia(m, 0), TAKEN(PPI(VGIC5_PPI_SW)));
}

static void test_SW_PPI_driven_by_userspace(void **state)
{
    struct vmm *m = *state;
    start(m);
    assert_int_equal(vgic5_irq_line(m->device, VGIC5_IRQ_PPI(1, VGIC5_PPI_SW), true), 0);
    assert_true(!irq(m, 0) && irq(m, 1));
    assert_int_equal(vgic5_irq_line(m->device, VGIC5_IRQ_PPI(1, VGIC5_PPI_SW), false), 0);
    assert_true(irq(m, 1)); /* lowering does not retract an edge */
    assert_int_equal(cdia(m, 1), TAKEN(PPI(VGIC5_PPI_SW)));
    assert_false(irq(m, 1));
}

static void test_userspace_drives_no_other_ppi(void **state)
{
    struct vmm *m = *state;
    for (uint32_t ppi = 0; ppi < 256; ppi++) {
        int expected = ppi == VGIC5_PPI_SW ? 0 : -EINVAL;
        assert_int_equal(vgic5_irq_line(m->device, VGIC5_IRQ_PPI(0, ppi), true), expected);
    }
    assert_int_equal(mrs(m, 0, VGIC5_ICC_PPI_SPENDR(0)), SW);
    assert_int_equal(vgic5_irq_line(m->device, VGIC5_IRQ_PPI(9, VGIC5_PPI_SW), true), -EINVAL);
}

static void test_the_vmm_drives_implemented_level_ppis_only(void **state)
{
    struct vmm *m = *state;
    for (uint32_t ppi = 0; ppi < 200; ppi++) {
        bool level = ppi < 64 && (ALL & ~SW) >> ppi & 1;
        assert_int_equal(vgic5_ppi_line(m->vcpu[0], ppi, true), level ? 0 : -EINVAL);
    }
    assert_int_equal(mrs(m, 0, VGIC5_ICC_PPI_SPENDR(0)), ALL & ~SW);
}

/* ---- Registers ---- */

static void test_ENABLER_is_a_plain_bitmap(void **state)
{
    struct vmm *m = *state;
    msr(m, 0, VGIC5_ICC_PPI_ENABLER(0), CNTV | SW);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_PPI_ENABLER(0)), CNTV | SW);
    msr(m, 0, VGIC5_ICC_PPI_ENABLER(0), CNTP);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_PPI_ENABLER(0)), CNTP);
}

static void test_SACTIVER_and_CACTIVER(void **state)
{
    struct vmm *m = *state;
    msr(m, 0, VGIC5_ICC_PPI_SACTIVER(0), CNTV);
    msr(m, 0, VGIC5_ICC_PPI_SACTIVER(0), SW);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_PPI_SACTIVER(0)), CNTV | SW);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_PPI_CACTIVER(0)), CNTV | SW);
    msr(m, 0, VGIC5_ICC_PPI_CACTIVER(0), CNTV | CNTP);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_PPI_CACTIVER(0)), SW);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_APR), 0); /* they do not touch it */
}

static void test_PRIORITYR_has_eight_fields(void **state)
{
    struct vmm *m = *state;
    msr(m, 0, VGIC5_ICC_PPI_PRIORITYR(3), 0xffffffffabffffff);
    /* PPIs 27 and 30: bits [28:24] and [52:48] */
    assert_int_equal(mrs(m, 0, VGIC5_ICC_PPI_PRIORITYR(3)), 0x001f00000b000000);
}

static void test_PRIORITYR_decides(void **state)
{
    struct vmm *m = *state;
    start(m);
    ppi_wire(m, 0, VGIC5_PPI_CNTV, true);
    ppi_wire(m, 0, VGIC5_PPI_CNTP, true);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_HPPIR), TAKEN(PPI(VGIC5_PPI_CNTV)));
    set_ppi_priority(m, 0, VGIC5_PPI_CNTP, 15);
    assert_int_equal(cdia(m, 0), TAKEN(PPI(VGIC5_PPI_CNTP)));
    assert_int_equal(mrs(m, 0, VGIC5_ICC_APR), 1u << 15);
}

static void test_ppis_are_private(void **state)
{
    struct vmm *m = *state;
    start(m);
    msr(m, 0, VGIC5_ICC_PPI_SPENDR(0), SW);
    ppi_wire(m, 1, VGIC5_PPI_CNTV, true);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_PPI_SPENDR(0)), SW);
    assert_int_equal(mrs(m, 1, VGIC5_ICC_PPI_SPENDR(0)), CNTV);
    msr(m, 1, VGIC5_ICC_PPI_ENABLER(0), 0);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_PPI_ENABLER(0)), ALL);
    assert_true(irq(m, 0) && !irq(m, 1));
}

static void test_USERSPACE_PPIS_is_SW_PPI(void **state)
{
    const struct vgic5_config config = {.size = sizeof(config), .ppis = {CNTV, 0}};
    struct vmm m;
    uint64_t mask[2] = {9, 9};
    assert_int_equal(vmm_get(*state, VGIC5_GRP_CTRL, VGIC5_CTRL_USERSPACE_PPIS, mask), 0);
    assert_int_equal(mask[0], SW);
    assert_int_equal(mask[1], 0);
    build(&m, &(struct vmm_shape){.nr_vcpus = 1, .config = &config});
    assert_int_equal(vgic5_irq_line(m.device, VGIC5_IRQ_PPI(0, VGIC5_PPI_SW), true), -EINVAL);
    assert_true(vmm_drop_device(&m));
    vmm_free_ram(&m);
}

static const struct CMUnitTest tests[] = {
    TEST_1PE(test_R_CFSKX_handling_modes),
    TEST_1PE(test_R_XDVCM_absent_ppis_are_raz_wi),
    TEST_1PE(test_ppis_64_to_127_are_raz_wi),
    TEST_1PE(test_every_ppi_can_be_implemented),
    TEST_1PE(test_CDDI_of_one_ppi_only),
    TEST_1PE(test_a_level_ppi_is_pending_while_its_wire_is_high),
    TEST_1PE(test_a_level_ppi_ignores_SPENDR_and_CPENDR),
    TEST_1PE(test_CDIA_does_not_clear_a_level_ppi),
    TEST_1PE(test_SW_PPI_is_a_latch_set_by_SPENDR_and_cleared_by_CDIA),
    TEST_1PE(test_SW_PPI_is_cleared_by_CPENDR),
    TEST_1PE(test_SW_PPI_pending_again_while_active),
    TEST_2PE(test_SW_PPI_driven_by_userspace),
    TEST_1PE(test_userspace_drives_no_other_ppi),
    TEST_1PE(test_the_vmm_drives_implemented_level_ppis_only),
    TEST_1PE(test_ENABLER_is_a_plain_bitmap),
    TEST_1PE(test_SACTIVER_and_CACTIVER),
    TEST_1PE(test_PRIORITYR_has_eight_fields),
    TEST_1PE(test_PRIORITYR_decides),
    TEST_2PE(test_ppis_are_private),
    TEST_1PE(test_USERSPACE_PPIS_is_SW_PPI),
};

int main(void)
{
    return cmocka_run_group_tests_name("gicv5 §6", tests, NULL, NULL);
}
