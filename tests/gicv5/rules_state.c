/* SPDX-License-Identifier: BSD-3-Clause */
/* Rules about the state machine: events, selection, signalling, acknowledge, drop, deactivate. */
#include "fixture.h"

static void test_D_YGLYC_spi_reset_state(void **state)
{
    struct vmm *m = *state;
    for (uint32_t spi = 0; spi < m->nr_spis; spi++) {
        assert_int_equal(cdrcfg(m, SPI(spi)), 0);
        select_spi(m, spi);
        assert_int_equal(r32(m, VGIC5_IRS_SPI_CFGR), 0); /* edge */
    }
}

/* ---- Events ---- */

static void test_R_HHKMN_rising_edge_is_SET_EDGE(void **state)
{
    struct vmm *m = *state;
    cdhm(m, SPI(1), 1);
    spi_wire(m, 1, true);
    assert_int_equal(cdrcfg(m, SPI(1)), ICSR_PENDING); /* and HM is edge again */
}

static void test_R_HHKMN_rising_level_is_SET_LEVEL(void **state)
{
    struct vmm *m = *state;
    set_trigger_mode(m, 1, 1);
    spi_wire(m, 1, true);
    assert_int_equal(cdrcfg(m, SPI(1)), ICSR_PENDING | ICSR_HM);
}

static void test_R_QBXXV_falling_edge_is_no_event(void **state)
{
    struct vmm *m = *state;
    spi_wire(m, 1, true);
    spi_wire(m, 1, false);
    assert_int_equal(cdrcfg(m, SPI(1)), ICSR_PENDING);
}

static void test_R_QBXXV_falling_level_is_CLEAR(void **state)
{
    struct vmm *m = *state;
    set_trigger_mode(m, 1, 1);
    spi_wire(m, 1, true);
    spi_wire(m, 1, false);
    assert_int_equal(cdrcfg(m, SPI(1)), ICSR_HM);
}

static void test_R_QBXXV_falling_level_clears_while_active(void **state)
{
    struct vmm *m = *state;
    start(m);
    route(m, SPI(1), 8, 0);
    set_trigger_mode(m, 1, 1);
    spi_wire(m, 1, true);
    assert_int_equal(cdia(m, 0), TAKEN(SPI(1)));
    spi_wire(m, 1, false);
    assert_int_equal(cdrcfg(m, SPI(1)), ICSR_ENABLED | ICSR_ACTIVE | ICSR_HM | ICSR_PRIORITY(8));
}

/* But of an edge SPI, of which KVM takes each raise for one. */
static void test_a_repeated_level_is_no_event(void **state)
{
    struct vmm *m = *state;
    spi_wire(m, 1, true);
    cdpend(m, SPI(1), 0);
    spi_wire(m, 1, true);
    assert_true(is_pending(m, SPI(1)));
    spi_wire(m, 1, false);
    cdpend(m, SPI(1), 0);
    spi_wire(m, 1, false);
    assert_false(is_pending(m, SPI(1)));
    set_trigger_mode(m, 2, 1);
    cdpend(m, SPI(2), 1);
    spi_wire(m, 2, false);
    assert_true(is_pending(m, SPI(2)));
    spi_wire(m, 2, true);
    cdpend(m, SPI(2), 0);
    spi_wire(m, 2, true);
    assert_false(is_pending(m, SPI(2)));
}

static void test_CDPEND_does_not_change_the_handling_mode(void **state)
{
    struct vmm *m = *state;
    cdhm(m, SPI(1), 1);
    cdpend(m, SPI(1), 1);
    assert_int_equal(cdrcfg(m, SPI(1)), ICSR_PENDING | ICSR_HM);
    cdpend(m, SPI(1), 0);
    assert_int_equal(cdrcfg(m, SPI(1)), ICSR_HM);
}

/* The acknowledge looks at the handling mode, the wire's events at the trigger mode. */
static void test_trigger_mode_and_handling_mode_are_separate(void **state)
{
    struct vmm *m = *state;
    start(m);
    route(m, SPI(1), 8, 0);
    set_trigger_mode(m, 1, 1);
    spi_wire(m, 1, true);
    cdhm(m, SPI(1), 0);
    assert_int_equal(cdia(m, 0), TAKEN(SPI(1)));
    assert_false(is_pending(m, SPI(1))); /* cleared by the acknowledge, wire still high */
    select_spi(m, 1);
    assert_int_equal(r32(m, VGIC5_IRS_SPI_CFGR), 1);
}

/* ---- Selection ---- */

static void test_a_candidate_is_pending_inactive_enabled_and_targeted(void **state)
{
    struct vmm *m = *state;
    start(m);
    linear_table(m, 4);
    static const uint32_t intids[] = {SPI(5), LPI(5)};
    for (uint32_t i = 0; i < 2; i++) {
        uint32_t intid = intids[i];
        route(m, intid, 8, 0);
        assert_false(irq(m, 0)); /* not pending */
        cddis(m, intid);
        cdpend(m, intid, 1);
        assert_false(irq(m, 0)); /* not enabled */
        cdaff(m, intid, 1);
        cden(m, intid);
        assert_false(irq(m, 0)); /* of another PE */
        cdaff(m, intid, 0);
        assert_true(irq(m, 0));
        assert_int_equal(cdia(m, 0), TAKEN(intid));
        cdpend(m, intid, 1);
        cdeoi(m, 0);
        assert_false(irq(m, 0)); /* active */
        cddi(m, 0, intid);
        assert_true(irq(m, 0));
        cddis(m, intid);
    }
}

static void test_a_ppi_candidate_is_pending_inactive_and_enabled(void **state)
{
    struct vmm *m = *state;
    start(m);
    ppi_wire(m, 0, VGIC5_PPI_CNTV, true);
    msr(m, 0, VGIC5_ICC_PPI_ENABLER(0), 0);
    assert_false(irq(m, 0));
    msr(m, 0, VGIC5_ICC_PPI_ENABLER(0), 1u << VGIC5_PPI_CNTV);
    assert_true(irq(m, 0));
    msr(m, 0, VGIC5_ICC_PPI_SACTIVER(0), 1u << VGIC5_PPI_CNTV);
    assert_false(irq(m, 0));
    msr(m, 0, VGIC5_ICC_PPI_CACTIVER(0), 1u << VGIC5_PPI_CNTV);
    assert_true(irq(m, 0));
    ppi_wire(m, 0, VGIC5_PPI_CNTV, false);
    assert_false(irq(m, 0));
}

static void test_R_VVBPS_equal_priorities_go_ppi_spi_lpi_lowest_id(void **state)
{
    static const uint32_t order[] = {PPI(27), PPI(30), SPI(4), SPI(19), LPI(2), LPI(5), LPI(9)};
    struct vmm *m = *state;
    start(m);
    linear_table(m, 4);
    for (uint32_t n = 7; n-- > 0;) { /* the last of the order comes first */
        if (VGIC5_INTID_TYPE(order[n]) == VGIC5_PPI)
            ppi_wire(m, 0, VGIC5_INTID_ID(order[n]), true);
        else
            route(m, order[n], 16, 0);
        cdpend(m, order[n], 1);
    }
    for (uint32_t n = 0; n < 7; n++) {
        assert_int_equal(mrs(m, 0, VGIC5_ICC_HPPIR), TAKEN(order[n]));
        assert_int_equal(cdia(m, 0), TAKEN(order[n]));
        cdeoi(m, 0);
    }
}

static void test_priority_goes_before_type(void **state)
{
    struct vmm *m = *state;
    start(m);
    linear_table(m, 4);
    route(m, LPI(1), 14, 0);
    route(m, SPI(1), 15, 0);
    ppi_wire(m, 0, VGIC5_PPI_CNTV, true); /* 16 */
    spi_wire(m, 1, true);
    cdpend(m, LPI(1), 1);
    assert_int_equal(cdia(m, 0), TAKEN(LPI(1)));
    cdeoi(m, 0);
    assert_int_equal(cdia(m, 0), TAKEN(SPI(1)));
    cdeoi(m, 0);
    assert_int_equal(cdia(m, 0), TAKEN(PPI(VGIC5_PPI_CNTV)));
}

static void test_a_better_interrupt_replaces_the_signalled_one(void **state)
{
    struct vmm *m = *state;
    start(m);
    linear_table(m, 4);
    route(m, SPI(1), 20, 0);
    route(m, LPI(3), 10, 0);
    spi_wire(m, 1, true);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_HPPIR), TAKEN(SPI(1)));
    cdpend(m, LPI(3), 1);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_HPPIR), TAKEN(LPI(3)));
    cdpend(m, LPI(3), 0);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_HPPIR), TAKEN(SPI(1)));
}

static void test_every_priority_level_is_ordered(void **state)
{
    struct vmm *m = *state;
    start(m);
    for (uint32_t spi = 0; spi < 32; spi++) {
        route(m, SPI(spi), (spi * 11 + 5) & 31, 0);
        spi_wire(m, spi, true);
    }
    for (uint32_t priority = 0; priority < 32; priority++) {
        uint64_t taken = cdia(m, 0);
        assert_true(taken >> 32);
        assert_int_equal((VGIC5_INTID_ID(taken) * 11 + 5) & 31, priority);
        cdeoi(m, 0);
    }
}

/* ---- Signalling ---- */

static void test_D_XMBQZ_the_lowest_set_bit_is_the_running_priority(void **state)
{
    struct vmm *m = *state;
    start(m);
    route(m, SPI(1), 9, 0);
    spi_wire(m, 1, true);
    for (uint32_t bit = 0; bit < 32; bit++) {
        msr(m, 0, VGIC5_ICC_APR, 1ull << bit | 1ull << 31);
        assert_int_equal(irq(m, 0), bit > 9);
    }
}

static void test_D_MSQKF_signalled_iff_enabled_masked_in_and_above_running(void **state)
{
    struct vmm *m = *state;
    start(m);
    route(m, SPI(1), 9, 0);
    spi_wire(m, 1, true);
    for (uint32_t en = 0; en < 2; en++) {
        for (uint32_t pcr = 8; pcr <= 10; pcr++) {
            for (uint32_t running = 8; running <= 10; running++) {
                msr(m, 0, VGIC5_ICC_CR0, en);
                msr(m, 0, VGIC5_ICC_PCR, pcr);
                msr(m, 0, VGIC5_ICC_APR, 1ull << running);
                assert_int_equal(irq(m, 0), en && 9 <= pcr && 9 < running);
            }
        }
    }
}

static void test_R_QLGBG_the_line_is_IRQ(void **state)
{
    struct vmm *m = *state;
    start(m);
    route(m, SPI(1), 9, 0);
    spi_wire(m, 1, true);
    assert_int_equal(vgic5_vcpu_line(m->vcpu[0]), VGIC5_LINE_IRQ);
    assert_int_equal(m->told[0], VGIC5_LINE_IRQ);
}

static void test_the_vmm_is_told_of_changes_only(void **state)
{
    struct vmm *m = *state;
    start(m);
    route(m, SPI(1), 9, 0);
    route(m, SPI(2), 9, 0);
    spi_wire(m, 1, true);
    unsigned calls = m->lines;
    spi_wire(m, 2, true);
    assert_int_equal(m->lines, calls);
    assert_int_equal(cdia(m, 0), TAKEN(SPI(1)));
    assert_int_equal(m->told[0], VGIC5_LINE_NONE);
    assert_int_equal(m->lines, calls + 1);
    assert_int_equal(m->useless_lines, 0);
}

static void test_512_pes_with_sparse_ids_are_kept_apart(void **state)
{
    const uint32_t nr = VGIC5_MAX_VCPUS;
    struct vmm *m = calloc(1, sizeof(*m));
    uint32_t *ids = calloc(nr, sizeof(*ids));
    assert_non_null(*state);
    assert_true(m && ids);
    for (uint32_t i = 0; i < nr; i++)
        ids[i] = (i * 4051) & 0xffff; /* odd, so all different */
    build(m, &(struct vmm_shape){.nr_vcpus = nr, .ids = ids});
    start(m);
    linear_table(m, 10);
    for (uint32_t i = 0; i < nr; i++) {
        route(m, LPI(i), 16, ids[i]);
        cdpend(m, LPI(i), 1);
    }
    for (uint32_t i = 0; i < nr; i++) {
        assert_true(irq(m, i));
        assert_int_equal(cdia(m, i), TAKEN(LPI(i)));
        assert_int_equal(cdia(m, i), 0);
    }
    assert_true(vmm_drop_device(m));
    vmm_free_ram(m);
    free(ids);
    free(m);
}

/* ---- Walk-throughs ---- */

static void test_walk_level_spi_held_high(void **state)
{
    struct vmm *m = *state;
    start(m);
    route(m, SPI(1), 8, 0);
    set_trigger_mode(m, 1, 1);
    spi_wire(m, 1, true);
    assert_int_equal(cdia(m, 0), TAKEN(SPI(1)));
    assert_int_equal(cdrcfg(m, SPI(1)),
                     ICSR_ENABLED | ICSR_PENDING | ICSR_ACTIVE | ICSR_HM | ICSR_PRIORITY(8));
    assert_int_equal(mrs(m, 0, VGIC5_ICC_APR), 1u << 8);
    assert_false(irq(m, 0));
    cdeoi(m, 0);
    assert_false(irq(m, 0)); /* still blocked by active */
    cddi(m, 0, SPI(1));
    assert_true(irq(m, 0)); /* signalled again */
}

static void test_walk_level_spi_lowered_before_deactivation(void **state)
{
    struct vmm *m = *state;
    start(m);
    route(m, SPI(1), 8, 0);
    set_trigger_mode(m, 1, 1);
    spi_wire(m, 1, true);
    assert_int_equal(cdia(m, 0), TAKEN(SPI(1)));
    spi_wire(m, 1, false);
    cdeoi(m, 0);
    cddi(m, 0, SPI(1));
    assert_false(irq(m, 0));
    assert_int_equal(cdrcfg(m, SPI(1)), ICSR_ENABLED | ICSR_HM | ICSR_PRIORITY(8));
}

static void test_walk_new_edge_while_active(void **state)
{
    struct vmm *m = *state;
    start(m);
    route(m, SPI(1), 8, 0);
    spi_wire(m, 1, true);
    assert_int_equal(cdia(m, 0), TAKEN(SPI(1)));
    assert_false(is_pending(m, SPI(1)));
    spi_wire(m, 1, false);
    spi_wire(m, 1, true);
    assert_true(is_pending(m, SPI(1)));
    cdeoi(m, 0);
    assert_false(irq(m, 0));
    cddi(m, 0, SPI(1));
    assert_int_equal(cdia(m, 0), TAKEN(SPI(1)));
}

static void test_walk_ipi_sent_again_while_active(void **state)
{
    struct vmm *m = *state;
    start(m);
    linear_table(m, 4);
    route(m, LPI(3), 16, 1);
    cdpend(m, LPI(3), 1);
    assert_int_equal(cdia(m, 1), TAKEN(LPI(3)));
    cdeoi(m, 1);
    cdpend(m, LPI(3), 1);
    cdpend(m, LPI(3), 1); /* once more is still one */
    assert_int_equal(cdrcfg(m, LPI(3)), ICSR_ENABLED | ICSR_PENDING | ICSR_ACTIVE |
                                            ICSR_PRIORITY(16) | ICSR_IAFFID(1));
    assert_false(irq(m, 1));
    cddi(m, 1, LPI(3));
    assert_int_equal(cdia(m, 1), TAKEN(LPI(3)));
    cdeoi(m, 1);
    cddi(m, 1, LPI(3));
    assert_false(irq(m, 1));
}

static void test_walk_preemption(void **state)
{
    struct vmm *m = *state;
    start(m);
    linear_table(m, 4);
    route(m, LPI(1), 0x10, 0);
    route(m, LPI(2), 8, 0);
    cdpend(m, LPI(1), 1);
    assert_int_equal(cdia(m, 0), TAKEN(LPI(1)));
    assert_false(irq(m, 0));
    cdpend(m, LPI(2), 1);
    assert_true(irq(m, 0));
    assert_int_equal(cdia(m, 0), TAKEN(LPI(2)));
    assert_int_equal(mrs(m, 0, VGIC5_ICC_APR), 0x10100);
    cdeoi(m, 0);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_APR), 0x10000);
    cdeoi(m, 0);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_APR), 0);
}

static void test_equal_priority_never_preempts(void **state)
{
    struct vmm *m = *state;
    start(m);
    linear_table(m, 4);
    route(m, LPI(1), 0x10, 0);
    route(m, SPI(2), 0x10, 0);
    cdpend(m, LPI(1), 1);
    assert_int_equal(cdia(m, 0), TAKEN(LPI(1)));
    spi_wire(m, 2, true);
    ppi_wire(m, 0, VGIC5_PPI_CNTV, true);
    assert_false(irq(m, 0));
    assert_int_equal(cdia(m, 0), 0);
    cdeoi(m, 0);
    assert_true(irq(m, 0));
}

static void test_CDIA_without_a_signalled_interrupt_has_no_side_effect(void **state)
{
    struct vmm *m = *state;
    start(m);
    route(m, SPI(1), 8, 0);
    spi_wire(m, 1, true);
    msr(m, 0, VGIC5_ICC_PCR, 7);
    assert_int_equal(cdia(m, 0), 0);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_APR), 0);
    assert_int_equal(cdrcfg(m, SPI(1)), ICSR_ENABLED | ICSR_PENDING | ICSR_PRIORITY(8));
}

static void test_CDIA_leaves_an_nmi_alone(void **state)
{
    struct vmm *m = *state;
    start(m);
    vgic5_vcpu_set_nmi(m->vcpu[0], true);
    route(m, SPI(1), 0, 0);
    route(m, SPI(2), 5, 0);
    spi_wire(m, 1, true);
    spi_wire(m, 2, true);
    assert_int_equal(cdia(m, 0), 0);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_APR), 0);
    assert_int_equal(cdrcfg(m, SPI(1)), ICSR_ENABLED | ICSR_PENDING);
    assert_int_equal(cdnmia(m, 0), TAKEN(SPI(1)));
    assert_int_equal(mrs(m, 0, VGIC5_ICC_APR), 1);
    cdeoi(m, 0);
    assert_int_equal(cdia(m, 0), TAKEN(SPI(2)));
}

static void test_CDNMIA_leaves_other_interrupts_alone(void **state)
{
    struct vmm *m = *state;
    start(m);
    vgic5_vcpu_set_nmi(m->vcpu[0], true);
    route(m, SPI(2), 5, 0);
    spi_wire(m, 2, true);
    assert_int_equal(cdnmia(m, 0), 0);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_APR), 0);
    assert_int_equal(cdia(m, 0), TAKEN(SPI(2)));
}

static void test_an_nmi_preempts_everything(void **state)
{
    struct vmm *m = *state;
    start(m);
    linear_table(m, 4);
    vgic5_vcpu_set_nmi(m->vcpu[0], true);
    route(m, SPI(2), 1, 0);
    route(m, LPI(2), 0, 0);
    spi_wire(m, 2, true);
    assert_int_equal(cdia(m, 0), TAKEN(SPI(2)));
    cdpend(m, LPI(2), 1);
    assert_int_equal(vgic5_vcpu_line(m->vcpu[0]), VGIC5_LINE_SUPERPRIORITY);
    assert_int_equal(cdnmia(m, 0), TAKEN(LPI(2)));
    assert_int_equal(mrs(m, 0, VGIC5_ICC_APR), 3);
}

static void test_CDEOI_and_CDDI_in_either_order(void **state)
{
    struct vmm *m = *state;
    start(m);
    route(m, SPI(1), 8, 0);
    set_trigger_mode(m, 1, 1);
    spi_wire(m, 1, true);
    assert_int_equal(cdia(m, 0), TAKEN(SPI(1)));
    cddi(m, 0, SPI(1));
    assert_false(irq(m, 0)); /* its own priority still runs */
    cdeoi(m, 0);
    assert_true(irq(m, 0));
    assert_int_equal(cdia(m, 0), TAKEN(SPI(1)));
    cdeoi(m, 0);
    assert_false(irq(m, 0));
    cddi(m, 0, SPI(1));
    assert_true(irq(m, 0));
}

static void test_CDEOI_drops_the_priority_at_which_it_was_taken(void **state)
{
    struct vmm *m = *state;
    start(m);
    route(m, SPI(1), 8, 0);
    spi_wire(m, 1, true);
    assert_int_equal(cdia(m, 0), TAKEN(SPI(1)));
    cdpri(m, SPI(1), 20);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_APR), 1u << 8);
    cdeoi(m, 0);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_APR), 0);
}

static void test_an_active_interrupt_can_be_given_to_another_pe(void **state)
{
    struct vmm *m = *state;
    start(m);
    linear_table(m, 4);
    route(m, LPI(1), 8, 0);
    cdpend(m, LPI(1), 1);
    assert_int_equal(cdia(m, 0), TAKEN(LPI(1)));
    cdaff(m, LPI(1), 1);
    cdpend(m, LPI(1), 1);
    assert_false(irq(m, 1));
    cddi(m, 0, LPI(1));
    assert_true(irq(m, 1));
    assert_int_equal(mrs(m, 0, VGIC5_ICC_APR), 1u << 8); /* of the PE that took it */
    assert_int_equal(cdia(m, 1), TAKEN(LPI(1)));
}

static void test_nesting_to_the_depth_of_every_priority(void **state)
{
    struct vmm *m = *state;
    start(m);
    for (uint32_t spi = 0; spi < 32; spi++)
        route(m, SPI(spi), 31 - spi, 0);
    for (uint32_t spi = 0; spi < 32; spi++) {
        spi_wire(m, spi, true);
        assert_int_equal(cdia(m, 0), TAKEN(SPI(spi)));
    }
    assert_int_equal(mrs(m, 0, VGIC5_ICC_APR), 0xffffffff);
    for (uint32_t n = 32; n-- > 0;)
        cdeoi(m, 0);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_APR), 0);
}

static const struct CMUnitTest tests[] = {
    TEST_1PE(test_D_YGLYC_spi_reset_state),
    TEST_1PE(test_R_HHKMN_rising_edge_is_SET_EDGE),
    TEST_1PE(test_R_HHKMN_rising_level_is_SET_LEVEL),
    TEST_1PE(test_R_QBXXV_falling_edge_is_no_event),
    TEST_1PE(test_R_QBXXV_falling_level_is_CLEAR),
    TEST_1PE(test_R_QBXXV_falling_level_clears_while_active),
    TEST_1PE(test_a_repeated_level_is_no_event),
    TEST_1PE(test_CDPEND_does_not_change_the_handling_mode),
    TEST_1PE(test_trigger_mode_and_handling_mode_are_separate),
    TEST_2PE(test_a_candidate_is_pending_inactive_enabled_and_targeted),
    TEST_1PE(test_a_ppi_candidate_is_pending_inactive_and_enabled),
    TEST_1PE(test_R_VVBPS_equal_priorities_go_ppi_spi_lpi_lowest_id),
    TEST_1PE(test_priority_goes_before_type),
    TEST_1PE(test_a_better_interrupt_replaces_the_signalled_one),
    TEST_1PE(test_every_priority_level_is_ordered),
    TEST_1PE(test_D_XMBQZ_the_lowest_set_bit_is_the_running_priority),
    TEST_1PE(test_D_MSQKF_signalled_iff_enabled_masked_in_and_above_running),
    TEST_1PE(test_R_QLGBG_the_line_is_IRQ),
    TEST_1PE(test_the_vmm_is_told_of_changes_only),
    TEST_1PE(test_512_pes_with_sparse_ids_are_kept_apart),
    TEST_1PE(test_walk_level_spi_held_high),
    TEST_1PE(test_walk_level_spi_lowered_before_deactivation),
    TEST_1PE(test_walk_new_edge_while_active),
    TEST_2PE(test_walk_ipi_sent_again_while_active),
    TEST_1PE(test_walk_preemption),
    TEST_1PE(test_equal_priority_never_preempts),
    TEST_1PE(test_CDIA_without_a_signalled_interrupt_has_no_side_effect),
    TEST_1PE(test_CDIA_leaves_an_nmi_alone),
    TEST_1PE(test_CDNMIA_leaves_other_interrupts_alone),
    TEST_1PE(test_an_nmi_preempts_everything),
    TEST_1PE(test_CDEOI_and_CDDI_in_either_order),
    TEST_1PE(test_CDEOI_drops_the_priority_at_which_it_was_taken),
    TEST_2PE(test_an_active_interrupt_can_be_given_to_another_pe),
    TEST_1PE(test_nesting_to_the_depth_of_every_priority),
};

int main(void)
{
    return cmocka_run_group_tests_name("gicv5 §5", tests, NULL, NULL);
}
