/* SPDX-License-Identifier: BSD-3-Clause */
/* Rules about the CPU interface: registers and instructions at EL1. */
#include "fixture.h"

#define ICC_HAPR 0xce03 /* in an early list of the architecture */

/* ---- Encodings ---- */

/* The architecture's own instruction words, taken apart, are the encodings of the interface. */
static void test_encodings_agree_with_the_instruction_words(void **state)
{
    static const struct {
        uint32_t word;
        uint16_t encoding;
    } rows[] = {
        {0xd518ca00, VGIC5_ICC_PPI_HMR(0)},
        {0xd518ca20, VGIC5_ICC_PPI_HMR(1)},
        {0xd518ca40, VGIC5_ICC_IDR0},
        {0xd518ca60, VGIC5_ICC_HPPIR},
        {0xd518ca80, VGIC5_ICC_ICSR},
        {0xd518caa0, VGIC5_ICC_IAFFIDR},
        {0xd518cac0, VGIC5_ICC_PPI_ENABLER(0)},
        {0xd518cae0, VGIC5_ICC_PPI_ENABLER(1)},
        {0xd518cd00, VGIC5_ICC_PPI_CACTIVER(0)},
        {0xd518cd20, VGIC5_ICC_PPI_CACTIVER(1)},
        {0xd518cd40, VGIC5_ICC_PPI_SACTIVER(0)},
        {0xd518cd60, VGIC5_ICC_PPI_SACTIVER(1)},
        {0xd518cd80, VGIC5_ICC_PPI_CPENDR(0)},
        {0xd518cda0, VGIC5_ICC_PPI_CPENDR(1)},
        {0xd518cdc0, VGIC5_ICC_PPI_SPENDR(0)},
        {0xd518cde0, VGIC5_ICC_PPI_SPENDR(1)},
        {0xd518ce00, VGIC5_ICC_PPI_PRIORITYR(0)},
        {0xd518cfe0, VGIC5_ICC_PPI_PRIORITYR(15)},
        {0xd519c000, VGIC5_ICC_APR},
        {0xd519c020, VGIC5_ICC_CR0},
        {0xd519c040, VGIC5_ICC_PCR},
        {0xd519c060, ICC_HAPR},
        {0xd508c01f, VGIC5_GSB_SYS},
        {0xd508c03f, VGIC5_GSB_ACK},
        {0xd508c100, VGIC5_CDDIS},
        {0xd508c120, VGIC5_CDEN},
        {0xd508c140, VGIC5_CDPRI},
        {0xd508c160, VGIC5_CDAFF},
        {0xd508c180, VGIC5_CDPEND},
        {0xd508c1a0, VGIC5_CDRCFG},
        {0xd508c1e0, VGIC5_CDEOI},
        {0xd508c200, VGIC5_CDDI},
        {0xd508c220, VGIC5_CDHM},
        {0xd528c300, VGIC5_CDIA},
        {0xd528c320, VGIC5_CDNMIA},
    };
    assert_non_null(*state);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint32_t w = rows[i].word;
        assert_int_equal(
            VGIC5_ENCODING(w >> 19 & 3, w >> 16 & 7, w >> 12 & 15, w >> 8 & 15, w >> 5 & 7),
            rows[i].encoding);
    }
}

static void test_writes_of_read_only_registers_are_undefined(void **state)
{
    static const uint16_t read_only[] = {VGIC5_ICC_PPI_HMR(0), VGIC5_ICC_PPI_HMR(1), VGIC5_ICC_IDR0,
                                         VGIC5_ICC_HPPIR, VGIC5_ICC_IAFFIDR};
    for (size_t i = 0; i < sizeof(read_only) / sizeof(read_only[0]); i++) {
        assert_int_equal(try_access(*state, read_only[i], true), VGIC5_UNDEFINED);
        assert_int_equal(try_access(*state, read_only[i], false), VGIC5_HANDLED);
    }
}

static void test_ICC_HAPR_is_undefined(void **state)
{
    assert_int_equal(try_access(*state, ICC_HAPR, false), VGIC5_UNDEFINED);
    assert_int_equal(try_access(*state, ICC_HAPR, true), VGIC5_UNDEFINED);
}

static void test_instructions_in_the_wrong_direction_are_undefined(void **state)
{
    for (uint32_t insn = VGIC5_CDDIS; insn <= VGIC5_CDHM; insn++)
        assert_int_equal(try_access(*state, insn, false), VGIC5_UNDEFINED);
    assert_int_equal(try_access(*state, VGIC5_CDIA, true), VGIC5_UNDEFINED);
    assert_int_equal(try_access(*state, VGIC5_CDNMIA, true), VGIC5_UNDEFINED);
}

static void test_the_gap_in_the_instructions_is_undefined(void **state)
{
    const uint16_t gap = VGIC5_ENCODING(1, 0, 12, 1, 6);
    assert_int_equal(try_access(*state, gap, true), VGIC5_UNDEFINED);
    assert_int_equal(try_access(*state, gap, false), VGIC5_UNDEFINED);
}

static void test_el2_forms_do_nothing_at_el1(void **state)
{
    struct vmm *m = *state;
    uint64_t x = 1ull << 32 | SPI(3);
    for (uint16_t crm = 1; crm <= 3; crm++)
        for (uint16_t op2 = 0; op2 < 8; op2++)
            for (uint32_t dir = 0; dir < 2; dir++)
                assert_int_not_equal(
                    vgic5_cpu_access(m->vcpu[0], VGIC5_ENCODING(1, 4, 12, crm, op2), dir, &x),
                    VGIC5_HANDLED);
    assert_int_equal(cdrcfg(m, SPI(3)), 0);
}

static void test_other_registers_are_not_the_gics(void **state)
{
    /* SCTLR_EL1, CNTV_CTL_EL0, MPIDR_EL1, and SYS of the data cache */
    static const uint16_t others[] = {VGIC5_ENCODING(3, 0, 1, 0, 0), VGIC5_ENCODING(3, 3, 14, 3, 1),
                                      VGIC5_ENCODING(3, 0, 0, 0, 5), VGIC5_ENCODING(1, 0, 7, 6, 1)};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        assert_int_equal(try_access(*state, others[i], false), VGIC5_UNHANDLED);
        assert_int_equal(try_access(*state, others[i], true), VGIC5_UNHANDLED);
    }
}

/* ---- Registers ---- */

static void test_ICC_IDR0(void **state)
{
    const struct vgic5_config config = {.size = sizeof(config), .lpi_id_bits = 24};
    struct vmm m;
    assert_int_equal(mrs(*state, 0, VGIC5_ICC_IDR0), 0x40); /* 16 id bits, 5 priority bits */
    build(&m, &(struct vmm_shape){.nr_vcpus = 1, .config = &config});
    assert_int_equal(mrs(&m, 0, VGIC5_ICC_IDR0), 0x41); /* 24 */
    assert_true(vmm_drop_device(&m));
    vmm_free_ram(&m);
}

static void test_ICC_IAFFIDR_is_the_vcpu_id(void **state)
{
    static const uint32_t ids[] = {17, 3, 65535};
    struct vmm m;
    assert_non_null(*state);
    build(&m, &(struct vmm_shape){.nr_vcpus = 3, .ids = ids});
    for (uint32_t pe = 0; pe < 3; pe++)
        assert_int_equal(mrs(&m, pe, VGIC5_ICC_IAFFIDR), ids[pe]);
    assert_true(vmm_drop_device(&m));
    vmm_free_ram(&m);
}

static void test_registers_reset(void **state)
{
    static const uint16_t zero[] = {VGIC5_ICC_HPPIR,
                                    VGIC5_ICC_ICSR,
                                    VGIC5_ICC_PPI_ENABLER(0),
                                    VGIC5_ICC_PPI_ENABLER(1),
                                    VGIC5_ICC_PPI_CACTIVER(0),
                                    VGIC5_ICC_PPI_CACTIVER(1),
                                    VGIC5_ICC_PPI_SACTIVER(0),
                                    VGIC5_ICC_PPI_SACTIVER(1),
                                    VGIC5_ICC_PPI_CPENDR(0),
                                    VGIC5_ICC_PPI_CPENDR(1),
                                    VGIC5_ICC_PPI_SPENDR(0),
                                    VGIC5_ICC_PPI_SPENDR(1),
                                    VGIC5_ICC_APR,
                                    VGIC5_ICC_PCR};
    for (size_t i = 0; i < sizeof(zero) / sizeof(zero[0]); i++)
        assert_int_equal(mrs(*state, 0, zero[i]), 0);
    for (uint32_t i = 0; i < 16; i++)
        assert_int_equal(mrs(*state, 0, VGIC5_ICC_PPI_PRIORITYR(i)), 0);
    assert_int_equal(mrs(*state, 0, VGIC5_ICC_CR0), 6);
}

static void test_ICC_CR0_is_always_linked(void **state)
{
    struct vmm *m = *state;
    msr(m, 0, VGIC5_ICC_CR0, 0);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_CR0), 6);
    msr(m, 0, VGIC5_ICC_CR0, 1);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_CR0), 7);
    msr(m, 0, VGIC5_ICC_CR0, ~0ull);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_CR0), 7);
}

static void test_ICC_CR0_EN_0_signals_nothing(void **state)
{
    struct vmm *m = *state;
    start(m);
    linear_table(m, 4);
    route(m, SPI(1), 8, 0);
    route(m, LPI(1), 8, 0);
    msr(m, 0, VGIC5_ICC_CR0, 0);
    spi_wire(m, 1, true);
    cdpend(m, LPI(1), 1);
    ppi_wire(m, 0, VGIC5_PPI_CNTV, true);
    assert_false(irq(m, 0));
    assert_int_equal(cdia(m, 0), 0);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_HPPIR), 0);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_APR), 0);
    msr(m, 0, VGIC5_ICC_CR0, 1);
    assert_true(irq(m, 0));
    assert_int_equal(cdia(m, 0), TAKEN(SPI(1)));
}

static void test_ICC_PCR_keeps_five_bits(void **state)
{
    struct vmm *m = *state;
    msr(m, 0, VGIC5_ICC_PCR, ~0ull);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_PCR), 0x1f);
    msr(m, 0, VGIC5_ICC_PCR, 0xffffffe0);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_PCR), 0);
}

static void test_ICC_PCR_0_passes_only_priority_0(void **state)
{
    struct vmm *m = *state;
    start(m);
    msr(m, 0, VGIC5_ICC_PCR, 0);
    route(m, SPI(1), 1, 0);
    spi_wire(m, 1, true);
    assert_false(irq(m, 0));
    cdpri(m, SPI(1), 0);
    assert_true(irq(m, 0));
}

static void test_ICC_PCR_passes_its_own_priority(void **state)
{
    struct vmm *m = *state;
    start(m);
    route(m, SPI(1), 12, 0);
    spi_wire(m, 1, true);
    msr(m, 0, VGIC5_ICC_PCR, 11);
    assert_false(irq(m, 0));
    assert_int_equal(cdia(m, 0), 0);
    msr(m, 0, VGIC5_ICC_PCR, 12);
    assert_true(irq(m, 0));
    assert_int_equal(cdia(m, 0), TAKEN(SPI(1)));
}

static void test_ICC_APR_upper_half_is_RES0(void **state)
{
    struct vmm *m = *state;
    msr(m, 0, VGIC5_ICC_APR, 0xdeadbeef12345678);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_APR), 0x12345678);
}

static void test_ICC_APR_write_changes_the_running_priority(void **state)
{
    struct vmm *m = *state;
    start(m);
    route(m, SPI(1), 12, 0);
    spi_wire(m, 1, true);
    msr(m, 0, VGIC5_ICC_APR, 1u << 12 | 1u << 20);
    assert_false(irq(m, 0));
    msr(m, 0, VGIC5_ICC_APR, 1u << 13);
    assert_true(irq(m, 0));
}

static void test_ICC_HPPIR_shows_what_CDIA_would_take(void **state)
{
    struct vmm *m = *state;
    start(m);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_HPPIR), 0);
    route(m, SPI(1), 12, 0);
    spi_wire(m, 1, true);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_HPPIR), TAKEN(SPI(1)));
    assert_int_equal(mrs(m, 0, VGIC5_ICC_HPPIR), TAKEN(SPI(1))); /* no side effect */
    assert_int_equal(mrs(m, 0, VGIC5_ICC_APR), 0);
    assert_false(is_active(m, SPI(1)));
    assert_int_equal(cdia(m, 0), TAKEN(SPI(1)));
    assert_int_equal(mrs(m, 0, VGIC5_ICC_HPPIR), 0);
}

static void test_ICC_HPPIR_is_0_without_sufficient_priority(void **state)
{
    struct vmm *m = *state;
    start(m);
    route(m, SPI(1), 12, 0);
    spi_wire(m, 1, true);
    msr(m, 0, VGIC5_ICC_PCR, 11);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_HPPIR), 0);
    msr(m, 0, VGIC5_ICC_PCR, 31);
    msr(m, 0, VGIC5_ICC_APR, 1u << 12);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_HPPIR), 0);
    msr(m, 0, VGIC5_ICC_APR, 0);
    msr(m, 0, VGIC5_ICC_CR0, 0);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_HPPIR), 0);
}

static void test_ICC_ICSR_write_drops_RES0(void **state)
{
    struct vmm *m = *state;
    msr(m, 0, VGIC5_ICC_ICSR, ~0ull);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_ICSR), 0x0000ffff0000f83f);
    msr(m, 0, VGIC5_ICC_ICSR, 0);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_ICSR), 0);
}

static void test_ICC_ICSR_is_of_one_pe(void **state)
{
    struct vmm *m = *state;
    msr(m, 1, VGIC5_CDRCFG, SPI(500));
    assert_int_equal(mrs(m, 1, VGIC5_ICC_ICSR), ICSR_F);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_ICSR), 0);
}

/* ---- Instructions ---- */

static void test_GSB_is_handled_and_changes_nothing(void **state)
{
    struct vmm *m = *state;
    start(m);
    route(m, SPI(1), 12, 0);
    spi_wire(m, 1, true);
    msr(m, 0, VGIC5_GSB_SYS, ~0ull);
    msr(m, 0, VGIC5_GSB_ACK, ~0ull);
    assert_true(irq(m, 0));
    assert_int_equal(mrs(m, 0, VGIC5_ICC_APR), 0);
}

static void test_CDRCFG_reports_every_field(void **state)
{
    struct vmm *m = *state;
    start(m);
    linear_table(m, 4);
    static const uint32_t intids[] = {SPI(2), LPI(2)};
    for (uint32_t i = 0; i < 2; i++) {
        route(m, intids[i], 0x0a + i, 0);
        cdhm(m, intids[i], 1);
        cdpend(m, intids[i], 1);
        assert_int_equal(cdrcfg(m, intids[i]),
                         ICSR_ENABLED | ICSR_PENDING | ICSR_HM | ICSR_PRIORITY(0x0a + i));
        assert_int_equal(cdia(m, 0), TAKEN(intids[i]));
        cdaff(m, intids[i], 0x1234);
        cddis(m, intids[i]);
        cdpend(m, intids[i], 0);
        cdhm(m, intids[i], 0);
        assert_int_equal(cdrcfg(m, intids[i]),
                         ICSR_ACTIVE | ICSR_PRIORITY(0x0a + i) | ICSR_IAFFID(0x1234));
        cdeoi(m, 0);
    }
}

static void test_CDRCFG_of_an_unreachable_interrupt_is_exactly_F(void **state)
{
    struct vmm *m = *state;
    msr(m, 0, VGIC5_ICC_ICSR, ~0ull);
    assert_int_equal(cdrcfg(m, LPI(0)), ICSR_F); /* no table */
    assert_int_equal(cdrcfg(m, SPI(0)), 0);      /* F is cleared again */
}

static void test_unreachable_interrupts_are_silently_ignored(void **state)
{
    struct vmm *m = *state;
    start(m);
    route(m, LPI(4), 3, 0);
    cdpend(m, LPI(4), 1);
    cdhm(m, LPI(4), 1);
    cddis(m, LPI(4));
    cddi(m, 0, LPI(4));
    assert_false(irq(m, 0));
    linear_table(m, 4);
    assert_int_equal(cdrcfg(m, LPI(4)), 0); /* nothing was kept for later */
}

static void test_CDEN_CDDIS_forward_and_recall(void **state)
{
    struct vmm *m = *state;
    start(m);
    linear_table(m, 4);
    static const uint32_t intids[] = {SPI(2), LPI(2)};
    for (uint32_t i = 0; i < 2; i++) {
        route(m, intids[i], 8, 0);
        cdpend(m, intids[i], 1);
        assert_int_equal(mrs(m, 0, VGIC5_ICC_HPPIR), TAKEN(intids[i]));
        cddis(m, intids[i]);
        assert_false(irq(m, 0));
        assert_true(is_pending(m, intids[i]));
        cden(m, intids[i]);
        assert_true(irq(m, 0));
        cdpend(m, intids[i], 0);
        assert_false(irq(m, 0));
    }
}

static void test_CDPRI_evaluates_again(void **state)
{
    struct vmm *m = *state;
    start(m);
    route(m, SPI(1), 9, 0);
    route(m, SPI(2), 10, 0);
    spi_wire(m, 1, true);
    spi_wire(m, 2, true);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_HPPIR), TAKEN(SPI(1)));
    cdpri(m, SPI(1), 11);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_HPPIR), TAKEN(SPI(2)));
    cdpri(m, SPI(1), 1);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_HPPIR), TAKEN(SPI(1)));
}

static void test_CDAFF_moves_a_pending_interrupt(void **state)
{
    struct vmm *m = *state;
    start(m);
    linear_table(m, 4);
    static const uint32_t intids[] = {SPI(2), LPI(2)};
    for (uint32_t i = 0; i < 2; i++) {
        route(m, intids[i], 8, 0);
        cdpend(m, intids[i], 1);
        assert_true(irq(m, 0) && !irq(m, 1));
        cdaff(m, intids[i], 1);
        assert_true(!irq(m, 0) && irq(m, 1));
        assert_int_equal(cdia(m, 1), TAKEN(intids[i]));
        cdeoi(m, 1);
    }
}

static void test_CDAFF_to_nobody_is_stored_and_never_signalled(void **state)
{
    struct vmm *m = *state;
    start(m);
    route(m, SPI(1), 8, 0x7777);
    spi_wire(m, 1, true);
    assert_int_equal(cdrcfg(m, SPI(1)),
                     ICSR_ENABLED | ICSR_PENDING | ICSR_PRIORITY(8) | ICSR_IAFFID(0x7777));
    assert_false(irq(m, 0));
    cdaff(m, SPI(1), 0xffff);
    assert_false(irq(m, 0));
    cdaff(m, SPI(1), 0);
    assert_true(irq(m, 0));
}

static void test_CDAFF_drops_IRM_without_1ofN(void **state)
{
    struct vmm *m = *state;
    msr(m, 0, VGIC5_CDAFF, 5ull << 32 | 1u << 28 | SPI(1));
    assert_int_equal(cdrcfg(m, SPI(1)), ICSR_IAFFID(5));
}

static void test_CDPEND_ignores_handling_mode_and_wire(void **state)
{
    struct vmm *m = *state;
    start(m);
    route(m, SPI(1), 8, 0);
    set_trigger_mode(m, 1, 1);
    cdpend(m, SPI(1), 1); /* wire low */
    assert_true(irq(m, 0));
    cdpend(m, SPI(1), 0);
    assert_false(irq(m, 0));
    spi_wire(m, 1, true);
    cdpend(m, SPI(1), 0); /* wire high: it sticks until the next wire event */
    assert_false(is_pending(m, SPI(1)));
    spi_wire(m, 1, true); /* none */
    assert_false(is_pending(m, SPI(1)));
    w32(m, VGIC5_IRS_SPI_RESAMPLER, 1);
    assert_true(is_pending(m, SPI(1)));
}

static void test_CDHM_decides_whether_acknowledge_clears_pending(void **state)
{
    struct vmm *m = *state;
    start(m);
    linear_table(m, 4);
    route(m, LPI(1), 8, 0);
    cdhm(m, LPI(1), 1);
    cdpend(m, LPI(1), 1);
    assert_int_equal(cdia(m, 0), TAKEN(LPI(1)));
    assert_true(is_pending(m, LPI(1)));
    cdhm(m, LPI(1), 0);
    cdeoi(m, 0);
    cddi(m, 0, LPI(1));
    assert_int_equal(cdia(m, 0), TAKEN(LPI(1)));
    assert_false(is_pending(m, LPI(1)));
}

static void test_CDDI_is_harmless_when_not_active(void **state)
{
    struct vmm *m = *state;
    start(m);
    route(m, SPI(1), 8, 0);
    spi_wire(m, 1, true);
    cddi(m, 0, SPI(1));
    cddi(m, 0, PPI(VGIC5_PPI_CNTV));
    assert_int_equal(cdia(m, 0), TAKEN(SPI(1)));
}

static void test_CDDI_of_spi_and_lpi_works_from_any_pe(void **state)
{
    struct vmm *m = *state;
    start(m);
    linear_table(m, 4);
    static const uint32_t intids[] = {SPI(2), LPI(2)};
    for (uint32_t i = 0; i < 2; i++) {
        route(m, intids[i], 8 - i, 0);
        cdpend(m, intids[i], 1);
        assert_int_equal(cdia(m, 0), TAKEN(intids[i]));
        assert_true(is_active(m, intids[i]));
        cddi(m, 1, intids[i]);
        assert_false(is_active(m, intids[i]));
    }
}

static void test_CDDI_of_a_ppi_is_of_the_own_pe(void **state)
{
    struct vmm *m = *state;
    msr(m, 0, VGIC5_ICC_PPI_SACTIVER(0), 1u << VGIC5_PPI_CNTV);
    msr(m, 1, VGIC5_ICC_PPI_SACTIVER(0), 1u << VGIC5_PPI_CNTV);
    cddi(m, 1, PPI(VGIC5_PPI_CNTV));
    assert_int_equal(mrs(m, 0, VGIC5_ICC_PPI_SACTIVER(0)), 1u << VGIC5_PPI_CNTV);
    assert_int_equal(mrs(m, 1, VGIC5_ICC_PPI_SACTIVER(0)), 0);
}

static void test_CDDI_takes_what_CDIA_returned(void **state)
{
    struct vmm *m = *state;
    start(m);
    route(m, SPI(1), 8, 0);
    spi_wire(m, 1, true);
    uint64_t taken = cdia(m, 0);
    msr(m, 0, VGIC5_CDDI, taken | 0xfffffffe1f000000);
    assert_false(is_active(m, SPI(1)));
}

static void test_CDEOI_drops_the_most_important_priority(void **state)
{
    struct vmm *m = *state;
    msr(m, 0, VGIC5_ICC_APR, 0x80010100);
    msr(m, 0, VGIC5_CDEOI, ~0ull); /* Xt does not count */
    assert_int_equal(mrs(m, 0, VGIC5_ICC_APR), 0x80010000);
    cdeoi(m, 0);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_APR), 0x80000000);
    cdeoi(m, 0);
    cdeoi(m, 0); /* none left */
    assert_int_equal(mrs(m, 0, VGIC5_ICC_APR), 0);
}

static void test_CDEOI_does_not_deactivate(void **state)
{
    struct vmm *m = *state;
    start(m);
    route(m, SPI(1), 8, 0);
    spi_wire(m, 1, true);
    assert_int_equal(cdia(m, 0), TAKEN(SPI(1)));
    cdeoi(m, 0);
    assert_true(is_active(m, SPI(1)));
    cddi(m, 0, SPI(1));
    assert_int_equal(mrs(m, 0, VGIC5_ICC_APR), 0);
}

static const struct CMUnitTest tests[] = {
    TEST_1PE(test_encodings_agree_with_the_instruction_words),
    TEST_1PE(test_writes_of_read_only_registers_are_undefined),
    TEST_1PE(test_ICC_HAPR_is_undefined),
    TEST_1PE(test_instructions_in_the_wrong_direction_are_undefined),
    TEST_1PE(test_the_gap_in_the_instructions_is_undefined),
    TEST_1PE(test_el2_forms_do_nothing_at_el1),
    TEST_1PE(test_other_registers_are_not_the_gics),
    TEST_1PE(test_ICC_IDR0),
    TEST_1PE(test_ICC_IAFFIDR_is_the_vcpu_id),
    TEST_1PE(test_registers_reset),
    TEST_1PE(test_ICC_CR0_is_always_linked),
    TEST_1PE(test_ICC_CR0_EN_0_signals_nothing),
    TEST_1PE(test_ICC_PCR_keeps_five_bits),
    TEST_1PE(test_ICC_PCR_0_passes_only_priority_0),
    TEST_1PE(test_ICC_PCR_passes_its_own_priority),
    TEST_1PE(test_ICC_APR_upper_half_is_RES0),
    TEST_1PE(test_ICC_APR_write_changes_the_running_priority),
    TEST_1PE(test_ICC_HPPIR_shows_what_CDIA_would_take),
    TEST_1PE(test_ICC_HPPIR_is_0_without_sufficient_priority),
    TEST_1PE(test_ICC_ICSR_write_drops_RES0),
    TEST_2PE(test_ICC_ICSR_is_of_one_pe),
    TEST_1PE(test_GSB_is_handled_and_changes_nothing),
    TEST_1PE(test_CDRCFG_reports_every_field),
    TEST_1PE(test_CDRCFG_of_an_unreachable_interrupt_is_exactly_F),
    TEST_1PE(test_unreachable_interrupts_are_silently_ignored),
    TEST_1PE(test_CDEN_CDDIS_forward_and_recall),
    TEST_1PE(test_CDPRI_evaluates_again),
    TEST_2PE(test_CDAFF_moves_a_pending_interrupt),
    TEST_1PE(test_CDAFF_to_nobody_is_stored_and_never_signalled),
    TEST_1PE(test_CDAFF_drops_IRM_without_1ofN),
    TEST_1PE(test_CDPEND_ignores_handling_mode_and_wire),
    TEST_1PE(test_CDHM_decides_whether_acknowledge_clears_pending),
    TEST_1PE(test_CDDI_is_harmless_when_not_active),
    TEST_2PE(test_CDDI_of_spi_and_lpi_works_from_any_pe),
    TEST_2PE(test_CDDI_of_a_ppi_is_of_the_own_pe),
    TEST_1PE(test_CDDI_takes_what_CDIA_returned),
    TEST_1PE(test_CDEOI_drops_the_most_important_priority),
    TEST_1PE(test_CDEOI_does_not_deactivate),
};

int main(void)
{
    return cmocka_run_group_tests_name("gicv5 §4", tests, NULL, NULL);
}
