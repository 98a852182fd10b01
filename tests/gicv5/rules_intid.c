/* SPDX-License-Identifier: BSD-3-Clause */
/* Rules about INTIDs, types, domains and priorities. */
#include "fixture.h"

static const uint16_t configuring[] = {VGIC5_CDEN,   VGIC5_CDDIS, VGIC5_CDPRI, VGIC5_CDAFF,
                                       VGIC5_CDPEND, VGIC5_CDHM,  VGIC5_CDDI};

static void use_every_instruction(struct vmm *m, uint32_t intid)
{
    for (size_t i = 0; i < sizeof(configuring) / sizeof(configuring[0]); i++)
        msr(m, 0, configuring[i], 0x1ull << 32 | 0x15ull << 35 | intid);
}

static void test_R_TJPHS_reserved_types_do_nothing(void **state)
{
    static const uint32_t reserved[] = {0, 4, 5, 6, 7};
    struct vmm *m = *state;
    start(m);
    for (size_t i = 0; i < 5; i++) {
        use_every_instruction(m, VGIC5_INTID(reserved[i], 3));
        assert_int_equal(cdrcfg(m, VGIC5_INTID(reserved[i], 3)), ICSR_F);
    }
    assert_int_equal(cdrcfg(m, SPI(3)), 0);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_PPI_SPENDR(0)), 0);
    assert_false(irq(m, 0));
}

static void test_R_TJPHS_a_ppi_is_not_configured_by_instructions(void **state)
{
    struct vmm *m = *state;
    w32(m, VGIC5_IRS_CR0, 1);
    msr(m, 0, VGIC5_ICC_PCR, 31);
    msr(m, 0, VGIC5_ICC_CR0, 1);
    msr(m, 0, VGIC5_ICC_PPI_SPENDR(0), 1u << VGIC5_PPI_SW);
    use_every_instruction(m, PPI(VGIC5_PPI_SW));
    cden(m, PPI(VGIC5_PPI_SW));
    assert_int_equal(mrs(m, 0, VGIC5_ICC_PPI_ENABLER(0)), 0);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_PPI_PRIORITYR(0)), 0);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_PPI_SPENDR(0)), 1u << VGIC5_PPI_SW);
    cdpend(m, PPI(VGIC5_PPI_SW), 0);
    assert_int_equal(mrs(m, 0, VGIC5_ICC_PPI_SPENDR(0)), 1u << VGIC5_PPI_SW);
    assert_int_equal(cdrcfg(m, PPI(VGIC5_PPI_SW)), ICSR_F);
    assert_false(irq(m, 0));
}

static void test_R_GYVWB_namespaces_are_independent(void **state)
{
    struct vmm *m = *state;
    start(m);
    linear_table(m, 8);
    route(m, LPI(3), 16, 0);
    route(m, SPI(3), 16, 0);
    cdpend(m, LPI(3), 1);
    assert_false(is_pending(m, SPI(3)));
    assert_int_equal(mrs(m, 0, VGIC5_ICC_PPI_SPENDR(0)), 0);
    cdpend(m, SPI(3), 1);
    msr(m, 0, VGIC5_ICC_PPI_SPENDR(0), 1u << 3);
    for (uint32_t i = 0; i < 3; i++) {
        static const uint32_t order[] = {PPI(3), SPI(3), LPI(3)};
        assert_int_equal(cdia(m, 0), TAKEN(order[i]));
        cdeoi(m, 0);
    }
    cddi(m, 0, LPI(3));
    assert_true(is_active(m, SPI(3)));
    assert_int_equal(mrs(m, 0, VGIC5_ICC_PPI_SACTIVER(0)), 1u << 3);
}

static void test_R_GYVWB_ids_start_at_zero(void **state)
{
    struct vmm *m = *state;
    start(m);
    linear_table(m, 4);
    route(m, LPI(0), 8, 0);
    route(m, SPI(0), 4, 0);
    cdpend(m, LPI(0), 1);
    assert_int_equal(cdia(m, 0), TAKEN(LPI(0)));
    spi_wire(m, 0, true);
    assert_int_equal(cdia(m, 0), TAKEN(SPI(0)));
}

static void test_R_TJPHS_reserved_bits_of_an_operand_do_not_count(void **state)
{
    struct vmm *m = *state;
    start(m);
    cdpri(m, SPI(5), 7);
    msr(m, 0, VGIC5_CDEN, 0xffffffff1f000000 | SPI(5));
    msr(m, 0, VGIC5_CDPEND, 0xffffffff1f000000 | SPI(5));
    assert_int_equal(cdrcfg(m, SPI(5)), ICSR_ENABLED | ICSR_PENDING | ICSR_PRIORITY(7));
}

static void test_R_TJPHS_spi_beyond_the_range_is_unreachable(void **state)
{
    struct vmm *m = *state;
    static const uint32_t ids[] = {32, 33, 1023, 1024, 0xffffff};
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        use_every_instruction(m, SPI(ids[i]));
        assert_int_equal(cdrcfg(m, SPI(ids[i])), ICSR_F);
    }
    assert_int_equal(cdrcfg(m, SPI(31)), 0);
    assert_int_equal(cdrcfg(m, SPI(0)), 0);
}

static void test_R_TJPHS_lpi_beyond_the_table_is_unreachable(void **state)
{
    struct vmm *m = *state;
    linear_table(m, 5);
    static const uint32_t ids[] = {32, 33, 0x10000, 0xffffff};
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        use_every_instruction(m, LPI(ids[i]));
        assert_int_equal(cdrcfg(m, LPI(ids[i])), ICSR_F);
    }
    assert_int_equal(cdrcfg(m, LPI(31)), 0);
}

static void test_an_ipi_is_a_targeted_lpi_made_pending(void **state)
{
    struct vmm *m = *state;
    start(m);
    linear_table(m, 4);
    route(m, LPI(9), 16, 1);
    cdpend(m, LPI(9), 1);
    assert_false(irq(m, 0));
    assert_true(irq(m, 1));
    assert_int_equal(cdia(m, 0), 0);
    assert_int_equal(cdia(m, 1), TAKEN(LPI(9)));
    assert_false(irq(m, 1));
}

static void test_R_ZFCXM_the_only_domain_is_non_secure(void **state)
{
    struct vmm *m = *state;
    assert_int_equal(r32(m, VGIC5_IRS_IDR0) & 3, 1);
}

static void test_D_TVVRZ_spis_reset_into_the_non_secure_domain(void **state)
{
    struct vmm *m = *state;
    for (uint32_t spi = 0; spi < m->nr_spis; spi++) {
        select_spi(m, spi);
        assert_int_equal(r32(m, VGIC5_IRS_SPI_STATUSR), 3);
        assert_int_equal(r32(m, VGIC5_IRS_SPI_DOMAINR), 1);
    }
}

static void test_R_XBQTT_the_lower_number_is_more_important(void **state)
{
    struct vmm *m = *state;
    start(m);
    route(m, SPI(1), 20, 0);
    route(m, SPI(2), 19, 0);
    spi_wire(m, 1, true);
    spi_wire(m, 2, true);
    assert_int_equal(cdia(m, 0), TAKEN(SPI(2)));
}

static void test_R_XBQTT_priority_31_is_signalled_when_none_is_active(void **state)
{
    struct vmm *m = *state;
    start(m);
    route(m, SPI(1), 31, 0);
    spi_wire(m, 1, true);
    assert_true(irq(m, 0));
    assert_int_equal(cdia(m, 0), TAKEN(SPI(1)));
    assert_int_equal(mrs(m, 0, VGIC5_ICC_APR), 1ull << 31);
}

static void test_there_is_no_binary_point(void **state)
{
    struct vmm *m = *state;
    start(m);
    route(m, SPI(1), 17, 0);
    route(m, SPI(2), 16, 0);
    spi_wire(m, 1, true);
    assert_int_equal(cdia(m, 0), TAKEN(SPI(1)));
    spi_wire(m, 2, true);
    assert_int_equal(cdia(m, 0), TAKEN(SPI(2)));
}

/* With N bits, bits [4:5-N] are kept. */
static void test_IDR1_PRI_BITS_masks_spi_and_lpi_priorities(void **state)
{
    static const uint32_t kept[6] = {0, 0x10, 0x18, 0x1c, 0x1e, 0x1f};
    for (uint8_t bits = 1; bits <= 5; bits++) {
        const struct vgic5_config config = {.size = sizeof(config), .priority_bits = bits};
        struct vmm m;
        build(&m, &(struct vmm_shape){.nr_vcpus = 1, .config = &config});
        linear_table(&m, 4);
        for (uint32_t p = 0; p < 32; p++) {
            cdpri(&m, SPI(1), p);
            cdpri(&m, LPI(1), p);
            assert_int_equal(cdrcfg(&m, SPI(1)), ICSR_PRIORITY(p & kept[bits]));
            assert_int_equal(cdrcfg(&m, LPI(1)), ICSR_PRIORITY(p & kept[bits]));
        }
        assert_int_equal(r32(&m, VGIC5_IRS_IDR1) >> 20, bits - 1);
        assert_true(vmm_drop_device(&m));
        vmm_free_ram(&m);
    }
    assert_non_null(*state);
}

static void test_the_cpu_interface_always_has_five_priority_bits(void **state)
{
    const struct vgic5_config config = {.size = sizeof(config), .priority_bits = 1};
    struct vmm m;
    assert_non_null(*state);
    build(&m, &(struct vmm_shape){.nr_vcpus = 1, .config = &config});
    msr(&m, 0, VGIC5_ICC_PCR, 0x1f);
    assert_int_equal(mrs(&m, 0, VGIC5_ICC_PCR), 0x1f);
    set_ppi_priority(&m, 0, VGIC5_PPI_CNTV, 0x13);
    assert_int_equal(mrs(&m, 0, VGIC5_ICC_PPI_PRIORITYR(3)), 0x13ull << 24);
    assert_int_equal(mrs(&m, 0, VGIC5_ICC_IDR0) >> 4 & 0xf, 4);
    assert_true(vmm_drop_device(&m));
    vmm_free_ram(&m);
}

static void test_R_CSBDX_priority_0_raises_the_line_with_superpriority(void **state)
{
    struct vmm *m = *state;
    start(m);
    route(m, SPI(1), 0, 0);
    spi_wire(m, 1, true);
    assert_int_equal(vgic5_vcpu_line(m->vcpu[0]), VGIC5_LINE_SUPERPRIORITY);
    cdpri(m, SPI(1), 1);
    assert_int_equal(vgic5_vcpu_line(m->vcpu[0]), VGIC5_LINE_IRQ);
    cdpri(m, SPI(1), 0);
    assert_int_equal(m->told[0], VGIC5_LINE_SUPERPRIORITY);
}

static void test_R_CSBDX_priority_0_is_an_nmi_only_with_SCTLR_NMI(void **state)
{
    struct vmm *m = *state;
    start(m);
    route(m, SPI(1), 0, 0);
    spi_wire(m, 1, true);
    assert_int_equal(cdnmia(m, 0), 0);
    vgic5_vcpu_set_nmi(m->vcpu[0], true);
    assert_int_equal(vgic5_vcpu_line(m->vcpu[0]), VGIC5_LINE_SUPERPRIORITY);
    assert_int_equal(cdia(m, 0), 0);
    assert_int_equal(cdnmia(m, 0), TAKEN(SPI(1)));
}

static void test_R_CSBDX_SCTLR_NMI_is_of_one_pe(void **state)
{
    struct vmm *m = *state;
    start(m);
    vgic5_vcpu_set_nmi(m->vcpu[1], true);
    route(m, SPI(1), 0, 0);
    spi_wire(m, 1, true);
    assert_int_equal(cdia(m, 0), TAKEN(SPI(1)));
}

static const struct CMUnitTest tests[] = {
    TEST_1PE(test_R_TJPHS_reserved_types_do_nothing),
    TEST_1PE(test_R_TJPHS_a_ppi_is_not_configured_by_instructions),
    TEST_1PE(test_R_GYVWB_namespaces_are_independent),
    TEST_1PE(test_R_GYVWB_ids_start_at_zero),
    TEST_1PE(test_R_TJPHS_reserved_bits_of_an_operand_do_not_count),
    TEST_1PE(test_R_TJPHS_spi_beyond_the_range_is_unreachable),
    TEST_1PE(test_R_TJPHS_lpi_beyond_the_table_is_unreachable),
    TEST_2PE(test_an_ipi_is_a_targeted_lpi_made_pending),
    TEST_1PE(test_R_ZFCXM_the_only_domain_is_non_secure),
    TEST_1PE(test_D_TVVRZ_spis_reset_into_the_non_secure_domain),
    TEST_1PE(test_R_XBQTT_the_lower_number_is_more_important),
    TEST_1PE(test_R_XBQTT_priority_31_is_signalled_when_none_is_active),
    TEST_1PE(test_there_is_no_binary_point),
    TEST_1PE(test_IDR1_PRI_BITS_masks_spi_and_lpi_priorities),
    TEST_1PE(test_the_cpu_interface_always_has_five_priority_bits),
    TEST_1PE(test_R_CSBDX_priority_0_raises_the_line_with_superpriority),
    TEST_1PE(test_R_CSBDX_priority_0_is_an_nmi_only_with_SCTLR_NMI),
    TEST_2PE(test_R_CSBDX_SCTLR_NMI_is_of_one_pe),
};

int main(void)
{
    return cmocka_run_group_tests_name("gicv5 §1", tests, NULL, NULL);
}
