/* SPDX-License-Identifier: BSD-3-Clause */
/* Rules about the IRS_CONFIG_FRAME. */
#include "fixture.h"

/* A machine of this test's own, with another configuration. */
static void with(struct vmm *m, const struct vgic5_config *config, uint32_t nr_vcpus,
                 const uint32_t *ids, uint32_t nr_spis)
{
    build(m, &(struct vmm_shape){
                 .config = config, .nr_vcpus = nr_vcpus, .ids = ids, .nr_spis = nr_spis});
}

static void done(struct vmm *m)
{
    assert_true(vmm_drop_device(m));
    vmm_free_ram(m);
}

/* ---- Identification ---- */

static void test_offsets_are_those_of_the_architecture(void **state)
{
    static const struct {
        uint32_t name, offset;
    } rows[] = {
        {VGIC5_IRS_IDR0, 0x000},        {VGIC5_IRS_IDR1, 0x004},
        {VGIC5_IRS_IDR2, 0x008},        {VGIC5_IRS_IDR3, 0x00c},
        {VGIC5_IRS_IDR4, 0x010},        {VGIC5_IRS_IDR5, 0x014},
        {VGIC5_IRS_IDR6, 0x018},        {VGIC5_IRS_IDR7, 0x01c},
        {VGIC5_IRS_IIDR, 0x040},        {VGIC5_IRS_AIDR, 0x044},
        {VGIC5_IRS_CR0, 0x080},         {VGIC5_IRS_CR1, 0x084},
        {VGIC5_IRS_SYNCR, 0x0c0},       {VGIC5_IRS_SYNC_STATUSR, 0x0c4},
        {VGIC5_IRS_SPI_VMR, 0x100},     {VGIC5_IRS_SPI_SELR, 0x108},
        {VGIC5_IRS_SPI_DOMAINR, 0x10c}, {VGIC5_IRS_SPI_RESAMPLER, 0x110},
        {VGIC5_IRS_SPI_CFGR, 0x114},    {VGIC5_IRS_SPI_STATUSR, 0x118},
        {VGIC5_IRS_PE_SELR, 0x140},     {VGIC5_IRS_PE_STATUSR, 0x144},
        {VGIC5_IRS_PE_CR0, 0x148},      {VGIC5_IRS_IST_BASER, 0x180},
        {VGIC5_IRS_IST_CFGR, 0x190},    {VGIC5_IRS_IST_STATUSR, 0x194},
        {VGIC5_IRS_MAP_L2_ISTR, 0x1c0}, {VGIC5_IRS_DEVARCH, 0xffbc},
    };
    assert_non_null(*state);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(rows[i].name, rows[i].offset);
}

static void test_IDR0_reports_non_secure_and_the_pa_range(void **state)
{
    static const uint8_t bits[] = {32, 36, 40, 42, 44, 48, 52, 56};
    assert_int_equal(r32(*state, VGIC5_IRS_IDR0), 1 | 5 << 2);
    for (uint32_t code = 0; code < 8; code++) {
        const struct vgic5_config config = {.size = sizeof(config), .ipa_bits = bits[code]};
        struct vmm m;
        with(&m, &config, 1, NULL, 0);
        assert_int_equal(r32(&m, VGIC5_IRS_IDR0), 1 | code << 2);
        done(&m);
    }
}

static void test_IDR1_counts_pes_and_iaffid_bits(void **state)
{
    static const struct {
        uint32_t n, ids[3], idr1;
    } rows[] = {
        {1, {0}, 0x00400001},        {2, {0, 1}, 0x00400002}, {3, {0, 1, 2}, 0x00410003},
        {2, {17, 3}, 0x00440002},    {1, {255}, 0x00470001},  {2, {256, 0}, 0x00480002},
        {2, {65535, 9}, 0x004f0002},
    };
    assert_non_null(*state);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct vmm m;
        with(&m, NULL, rows[i].n, rows[i].ids, 0);
        assert_int_equal(r32(&m, VGIC5_IRS_IDR1), rows[i].idr1);
        done(&m);
    }
}

static void test_IDR2_offers_what_the_configuration_says(void **state)
{
    const struct vgic5_config config = {.size = sizeof(config),
                                        .lpi_id_bits = 24,
                                        .min_lpi_id_bits = 14,
                                        .ist_l2sz = 5,
                                        .istmd = 1,
                                        .istmd_sz = 20};
    struct vmm m;
    assert_int_equal(r32(*state, VGIC5_IRS_IDR2), 16 | 1 << 5 | 1 << 6); /* linear, no metadata */
    with(&m, &config, 1, NULL, 0);
    assert_int_equal(r32(&m, VGIC5_IRS_IDR2),
                     24 | 1 << 5 | 14 << 6 | 1 << 10 | 5 << 11 | 1 << 14 | 20 << 15);
    done(&m);
}

static void test_IDR3_IDR4_are_zero_without_virtualization(void **state)
{
    assert_int_equal(r32(*state, VGIC5_IRS_IDR3), 0);
    assert_int_equal(r32(*state, VGIC5_IRS_IDR4), 0);
}

static void test_IDR5_IDR6_IDR7_describe_the_spis(void **state)
{
    static const uint32_t counts[] = {32, 64, 992, 1024};
    assert_int_equal(r32(*state, VGIC5_IRS_IDR5), 32);
    for (size_t i = 0; i < 4; i++) {
        struct vmm m;
        with(&m, NULL, 1, NULL, counts[i]);
        assert_int_equal(r32(&m, VGIC5_IRS_IDR5), counts[i]);
        assert_int_equal(r32(&m, VGIC5_IRS_IDR6), counts[i]);
        assert_int_equal(r32(&m, VGIC5_IRS_IDR7), 0);
        done(&m);
    }
}

static void test_AIDR_is_v5_0_of_an_irs(void **state)
{
    assert_int_equal(r32(*state, VGIC5_IRS_AIDR), 0);
}

static void test_DEVARCH(void **state)
{
    assert_int_equal(r32(*state, VGIC5_IRS_DEVARCH), 0x47705a19);
}

static void test_PIDR_repeats_IIDR(void **state)
{
    struct vmm *m = *state;
    uint32_t iidr = r32(m, VGIC5_IRS_IIDR);
    uint32_t implementer = iidr & 0xfff, product = iidr >> 20;
    assert_int_equal(r32(m, VGIC5_IRS_PIDR4), implementer >> 8);
    assert_int_equal(r32(m, VGIC5_IRS_PIDR0), product & 0xff);
    assert_int_equal(r32(m, VGIC5_IRS_PIDR1), (implementer & 0xf) << 4 | product >> 8);
    assert_int_equal(r32(m, VGIC5_IRS_PIDR2), (iidr >> 12 & 0xf) << 4 | 8 | (implementer >> 4 & 7));
    assert_int_equal(r32(m, VGIC5_IRS_PIDR3), (iidr >> 16 & 0xf) << 4);
    for (uint32_t offset = 0xffd4; offset <= 0xffdc; offset += 4)
        assert_int_equal(r32(m, offset), 0);
}

static void test_CIDR(void **state)
{
    static const uint32_t words[] = {0x0d, 0xf0, 0x05, 0xb1};
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(r32(*state, 0xfff0 + 4 * i), words[i]);
}

static void test_identification_registers_ignore_writes(void **state)
{
    static const uint32_t offsets[] = {0x000,  0x004,  0x008,  0x00c,  0x010,  0x014,
                                       0x018,  0x01c,  0x040,  0x044,  0xffbc, 0xffd0,
                                       0xffe0, 0xffe4, 0xffe8, 0xffec, 0xfff0, 0xfffc};
    struct vmm *m = *state;
    for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        uint32_t before = r32(m, offsets[i]);
        w32(m, offsets[i], ~before);
        assert_int_equal(r32(m, offsets[i]), before);
    }
}

/* ---- CR0, CR1, SYNCR ---- */

static void test_CR0_resets_disabled_and_idle(void **state)
{
    assert_int_equal(r32(*state, VGIC5_IRS_CR0), 2);
}

static void test_CR0_keeps_only_IRSEN(void **state)
{
    struct vmm *m = *state;
    w32(m, VGIC5_IRS_CR0, 0xffffffff);
    assert_int_equal(r32(m, VGIC5_IRS_CR0), 3);
    w32(m, VGIC5_IRS_CR0, 0xfffffffe);
    assert_int_equal(r32(m, VGIC5_IRS_CR0), 2);
}

static void test_IRSEN_forwards_on_the_write(void **state)
{
    struct vmm *m = *state;
    start(m);
    w32(m, VGIC5_IRS_CR0, 0);
    route(m, SPI(1), 8, 0);
    spi_wire(m, 1, true);
    assert_false(irq(m, 0));
    w32(m, VGIC5_IRS_CR0, 1);
    assert_true(irq(m, 0));
}

static void test_IRSEN_recalls_on_the_write(void **state)
{
    struct vmm *m = *state;
    start(m);
    linear_table(m, 4);
    route(m, SPI(1), 8, 0);
    route(m, LPI(1), 8, 1);
    spi_wire(m, 1, true);
    cdpend(m, LPI(1), 1);
    assert_true(irq(m, 0) && irq(m, 1));
    w32(m, VGIC5_IRS_CR0, 0);
    assert_false(irq(m, 0));
    assert_false(irq(m, 1));
    assert_int_equal(cdia(m, 0), 0);
    assert_int_equal(mrs(m, 1, VGIC5_ICC_HPPIR), 0);
}

static void test_IRSEN_does_not_concern_ppis(void **state)
{
    struct vmm *m = *state;
    start(m);
    w32(m, VGIC5_IRS_CR0, 0);
    ppi_wire(m, 0, VGIC5_PPI_CNTV, true);
    assert_true(irq(m, 0));
    assert_int_equal(cdia(m, 0), TAKEN(PPI(VGIC5_PPI_CNTV)));
}

static void test_IRSEN_0_keeps_state_and_takes_instructions(void **state)
{
    struct vmm *m = *state;
    start(m);
    linear_table(m, 4);
    route(m, SPI(1), 8, 0);
    spi_wire(m, 1, true);
    w32(m, VGIC5_IRS_CR0, 0);
    assert_int_equal(cdrcfg(m, SPI(1)), ICSR_ENABLED | ICSR_PENDING | ICSR_PRIORITY(8));
    route(m, LPI(2), 4, 0);
    cdpend(m, LPI(2), 1);
    spi_wire(m, 3, true);
    assert_true(is_pending(m, SPI(3)));
    w32(m, VGIC5_IRS_CR0, 1);
    assert_int_equal(cdia(m, 0), TAKEN(LPI(2)));
}

static void test_IRSEN_written_again_is_harmless(void **state)
{
    struct vmm *m = *state;
    start(m);
    route(m, SPI(1), 8, 0);
    spi_wire(m, 1, true);
    unsigned calls = m->lines;
    w32(m, VGIC5_IRS_CR0, 1);
    assert_true(irq(m, 0));
    assert_int_equal(m->lines, calls);
}

static void test_CR1_stores_its_bits_without_the_virtual_tables(void **state)
{
    struct vmm *m = *state;
    assert_int_equal(r32(m, VGIC5_IRS_CR1), 0);
    w32(m, VGIC5_IRS_CR1, 0xffffffff);
    assert_int_equal(r32(m, VGIC5_IRS_CR1), 0xf5ff);
    w32(m, VGIC5_IRS_CR1, 0xf5d7); /* what Linux writes */
    assert_int_equal(r32(m, VGIC5_IRS_CR1), 0xf5d7);
    w32(m, VGIC5_IRS_CR1, 0);
    assert_int_equal(r32(m, VGIC5_IRS_CR1), 0);
}

static void test_SYNCR_is_done_at_once(void **state)
{
    struct vmm *m = *state;
    w32(m, VGIC5_IRS_SYNCR, 1u << 31);
    assert_int_equal(r32(m, VGIC5_IRS_SYNCR), 0);
    assert_int_equal(r32(m, VGIC5_IRS_SYNC_STATUSR), 1);
}

/* ---- SPI registers ---- */

static void test_SPI_SELR_resets_to_all_ones_and_keeps_24_bits(void **state)
{
    struct vmm *m = *state;
    assert_int_equal(r32(m, VGIC5_IRS_SPI_SELR), 0x00ffffff);
    w32(m, VGIC5_IRS_SPI_SELR, 0xab123456);
    assert_int_equal(r32(m, VGIC5_IRS_SPI_SELR), 0x00123456);
}

static void test_SPI_STATUSR_V_says_whether_the_spi_exists(void **state)
{
    struct vmm *m = *state;
    assert_int_equal(r32(m, VGIC5_IRS_SPI_STATUSR), 1);
    select_spi(m, 31);
    assert_int_equal(r32(m, VGIC5_IRS_SPI_STATUSR), 3);
    select_spi(m, 0xff00001f); /* 31 below the reserved bits */
    assert_int_equal(r32(m, VGIC5_IRS_SPI_STATUSR), 3);
    select_spi(m, 32);
    assert_int_equal(r32(m, VGIC5_IRS_SPI_STATUSR), 1);
    w32(m, VGIC5_IRS_SPI_STATUSR, 3);
    assert_int_equal(r32(m, VGIC5_IRS_SPI_STATUSR), 1);
}

static void test_SPI_CFGR_reads_0_and_ignores_writes_without_V(void **state)
{
    struct vmm *m = *state;
    set_trigger_mode(m, 32, 1);
    assert_int_equal(r32(m, VGIC5_IRS_SPI_CFGR), 0);
    for (uint32_t spi = 0; spi < 32; spi++) {
        select_spi(m, spi);
        assert_int_equal(r32(m, VGIC5_IRS_SPI_CFGR), 0);
    }
}

static void test_SPI_CFGR_is_of_the_selected_spi(void **state)
{
    struct vmm *m = *state;
    set_trigger_mode(m, 4, 0xffffffff);
    assert_int_equal(r32(m, VGIC5_IRS_SPI_CFGR), 1);
    select_spi(m, 5);
    assert_int_equal(r32(m, VGIC5_IRS_SPI_CFGR), 0);
    select_spi(m, 4);
    w32(m, VGIC5_IRS_SPI_CFGR, 0xfffffffe);
    assert_int_equal(r32(m, VGIC5_IRS_SPI_CFGR), 0);
}

static void test_R_KBPXL_edge_to_level_wire_low(void **state)
{
    struct vmm *m = *state;
    start(m);
    route(m, SPI(1), 8, 0);
    cdpend(m, SPI(1), 1);
    assert_true(irq(m, 0));
    set_trigger_mode(m, 1, 1);
    assert_int_equal(cdrcfg(m, SPI(1)), ICSR_ENABLED | ICSR_PRIORITY(8)); /* CLEAR, HM kept */
    assert_false(irq(m, 0));
}

static void test_R_KBPXL_edge_to_level_wire_high(void **state)
{
    struct vmm *m = *state;
    start(m);
    route(m, SPI(1), 8, 0);
    spi_wire(m, 1, true);
    cdpend(m, SPI(1), 0);
    assert_false(irq(m, 0));
    set_trigger_mode(m, 1, 1);
    assert_int_equal(cdrcfg(m, SPI(1)),
                     ICSR_ENABLED | ICSR_PENDING | ICSR_HM | ICSR_PRIORITY(8)); /* SET_LEVEL */
    assert_true(irq(m, 0));
}

static void test_R_KBPXL_level_to_edge_wire_low(void **state)
{
    struct vmm *m = *state;
    set_trigger_mode(m, 1, 1);
    cdpend(m, SPI(1), 1);
    set_trigger_mode(m, 1, 0);
    assert_int_equal(cdrcfg(m, SPI(1)), ICSR_PENDING); /* no event */
}

static void test_R_KBPXL_level_to_edge_wire_high(void **state)
{
    struct vmm *m = *state;
    start(m);
    route(m, SPI(1), 0x1f, 0);
    set_trigger_mode(m, 1, 1);
    spi_wire(m, 1, true);
    assert_true(irq(m, 0));
    set_trigger_mode(m, 1, 0);
    assert_false(irq(m, 0));
    /* CLEAR; HM stays level ... */
    assert_int_equal(cdrcfg(m, SPI(1)), ICSR_ENABLED | ICSR_HM | ICSR_PRIORITY(0x1f));
    spi_wire(m, 1, false);
    assert_int_equal(cdrcfg(m, SPI(1)), ICSR_ENABLED | ICSR_HM | ICSR_PRIORITY(0x1f));
    /* ... until the next SET_EDGE */
    spi_wire(m, 1, true);
    assert_int_equal(cdrcfg(m, SPI(1)), ICSR_ENABLED | ICSR_PENDING | ICSR_PRIORITY(0x1f));
}

static void test_R_KBPXL_same_mode_makes_no_event(void **state)
{
    struct vmm *m = *state;
    for (uint32_t tm = 0; tm < 2; tm++) {
        set_trigger_mode(m, 1, tm);
        spi_wire(m, 1, true);
        cdpend(m, SPI(1), 0);
        set_trigger_mode(m, 1, tm); /* wire high: no SET */
        assert_false(is_pending(m, SPI(1)));
        spi_wire(m, 1, false);
        cdpend(m, SPI(1), 1);
        set_trigger_mode(m, 1, tm); /* wire low: no CLEAR */
        assert_true(is_pending(m, SPI(1)));
        cdpend(m, SPI(1), 0);
    }
}

static void test_R_DMTFM_resample_edge_wire_high(void **state)
{
    struct vmm *m = *state;
    start(m);
    route(m, SPI(1), 8, 0);
    spi_wire(m, 1, true);
    assert_int_equal(cdia(m, 0), TAKEN(SPI(1)));
    cdeoi(m, 0);
    cddi(m, 0, SPI(1));
    assert_false(irq(m, 0));
    cdhm(m, SPI(1), 1);
    w32(m, VGIC5_IRS_SPI_RESAMPLER, 1);
    assert_true(irq(m, 0));
    assert_int_equal(cdrcfg(m, SPI(1)), ICSR_ENABLED | ICSR_PENDING | ICSR_PRIORITY(8));
}

static void test_R_DMTFM_resample_level_wire_high(void **state)
{
    struct vmm *m = *state;
    set_trigger_mode(m, 1, 1);
    spi_wire(m, 1, true);
    cdpend(m, SPI(1), 0);
    cdhm(m, SPI(1), 0);
    w32(m, VGIC5_IRS_SPI_RESAMPLER, 1);
    assert_int_equal(cdrcfg(m, SPI(1)), ICSR_PENDING | ICSR_HM);
}

static void test_R_DMTFM_resample_level_wire_low(void **state)
{
    struct vmm *m = *state;
    start(m);
    route(m, SPI(1), 8, 0);
    set_trigger_mode(m, 1, 1);
    cdpend(m, SPI(1), 1);
    assert_true(irq(m, 0));
    w32(m, VGIC5_IRS_SPI_RESAMPLER, 1);
    assert_false(is_pending(m, SPI(1)));
    assert_false(irq(m, 0));
}

static void test_R_DMTFM_resample_edge_wire_low(void **state)
{
    struct vmm *m = *state;
    w32(m, VGIC5_IRS_SPI_RESAMPLER, 1);
    assert_int_equal(cdrcfg(m, SPI(1)), 0);
    cdpend(m, SPI(1), 1);
    w32(m, VGIC5_IRS_SPI_RESAMPLER, 1);
    assert_int_equal(cdrcfg(m, SPI(1)), ICSR_PENDING);
}

static void test_R_DMTFM_unreachable_id_is_ignored(void **state)
{
    struct vmm *m = *state;
    w32(m, VGIC5_IRS_SPI_RESAMPLER, 32);
    w32(m, VGIC5_IRS_SPI_RESAMPLER, 0xffffff);
    spi_wire(m, 7, true);
    cdpend(m, SPI(7), 0);
    w32(m, VGIC5_IRS_SPI_RESAMPLER, 0xff000007); /* reserved bits above the id */
    assert_true(is_pending(m, SPI(7)));
    assert_int_equal(r32(m, VGIC5_IRS_SPI_RESAMPLER), 0);
    assert_int_equal(r32(m, VGIC5_IRS_SPI_SELR), 0xffffff); /* it selects nothing */
}

/* The first id that is none, with as many SPIs as there can be: nothing lies behind them. */
static void test_spi_ids_just_beyond_the_range(void **state)
{
    struct vmm m;
    assert_non_null(*state);
    build(&m, &(struct vmm_shape){.nr_vcpus = 1, .nr_spis = 1024});
    w32(&m, VGIC5_IRS_SPI_RESAMPLER, 1024);
    set_trigger_mode(&m, 1024, 1);
    assert_int_equal(r32(&m, VGIC5_IRS_SPI_CFGR), 0);
    assert_int_equal(r32(&m, VGIC5_IRS_SPI_STATUSR), 1);
    assert_int_equal(vgic5_irq_line(m.device, VGIC5_IRQ_SPI(1024), true), -EINVAL);
    cden(&m, SPI(1024));
    assert_int_equal(cdrcfg(&m, SPI(1024)), ICSR_F);
    set_trigger_mode(&m, 1023, 1);
    assert_int_equal(r32(&m, VGIC5_IRS_SPI_CFGR), 1);
    assert_true(vmm_drop_device(&m));
    vmm_free_ram(&m);
}

static void test_SPI_DOMAINR_reads_non_secure_and_ignores_writes(void **state)
{
    struct vmm *m = *state;
    select_spi(m, 0);
    w32(m, VGIC5_IRS_SPI_DOMAINR, 3);
    assert_int_equal(r32(m, VGIC5_IRS_SPI_DOMAINR), 1);
    assert_int_equal(r32(m, VGIC5_IRS_SPI_STATUSR), 3);
}

/* ---- PE registers ---- */

static void test_PE_SELR_resets_to_all_ones_and_keeps_16_bits(void **state)
{
    struct vmm *m = *state;
    assert_int_equal(r32(m, VGIC5_IRS_PE_SELR), 0xffff);
    w32(m, VGIC5_IRS_PE_SELR, 0x12345678);
    assert_int_equal(r32(m, VGIC5_IRS_PE_SELR), 0x5678);
}

static void test_PE_STATUSR_V_and_ONLINE_of_sparse_ids(void **state)
{
    static const uint32_t ids[] = {17, 3};
    struct vmm m;
    assert_int_equal(r32(*state, VGIC5_IRS_PE_STATUSR), 1);
    with(&m, NULL, 2, ids, 0);
    for (uint32_t id = 0; id < 40; id++) {
        bool exists = id == 17 || id == 3;
        w32(&m, VGIC5_IRS_PE_SELR, id | 0x10000); /* only 16 bits count */
        assert_int_equal(r32(&m, VGIC5_IRS_PE_STATUSR), exists ? 7 : 1);
        assert_int_equal(r32(&m, VGIC5_IRS_PE_CR0), exists ? 1 : 0);
    }
    done(&m);
}

static void test_PE_CR0_ignores_writes_without_1ofN(void **state)
{
    struct vmm *m = *state;
    w32(m, VGIC5_IRS_PE_SELR, 0);
    w32(m, VGIC5_IRS_PE_CR0, 0);
    assert_int_equal(r32(m, VGIC5_IRS_PE_CR0), 1);
    w32(m, VGIC5_IRS_PE_SELR, 9);
    w32(m, VGIC5_IRS_PE_CR0, 1);
    assert_int_equal(r32(m, VGIC5_IRS_PE_CR0), 0);
}

/* ---- IST registers ---- */

static void test_IST_CFGR_keeps_its_fields(void **state)
{
    struct vmm *m = *state;
    assert_int_equal(r32(m, VGIC5_IRS_IST_CFGR), 0);
    w32(m, VGIC5_IRS_IST_CFGR, 0xffffffff);
    assert_int_equal(r32(m, VGIC5_IRS_IST_CFGR), 0x000101ff);
}

static void test_IST_CFGR_is_locked_while_valid(void **state)
{
    struct vmm *m = *state;
    linear_table(m, 8);
    w32(m, VGIC5_IRS_IST_CFGR, 9);
    assert_int_equal(r32(m, VGIC5_IRS_IST_CFGR), 8);
    w64(m, VGIC5_IRS_IST_BASER, 0);
    w32(m, VGIC5_IRS_IST_CFGR, 9);
    assert_int_equal(r32(m, VGIC5_IRS_IST_CFGR), 9);
}

static void test_IST_BASER_resets_to_0_and_keeps_ADDR(void **state)
{
    struct vmm *m = *state;
    assert_int_equal(r64(m, VGIC5_IRS_IST_BASER), 0);
    w64(m, VGIC5_IRS_IST_BASER, 0xfffffffffffffffe);
    assert_int_equal(r64(m, VGIC5_IRS_IST_BASER), 0x00ffffffffffffc0);
}

static void test_IST_BASER_VALID_is_idle_at_once(void **state)
{
    struct vmm *m = *state;
    assert_int_equal(r32(m, VGIC5_IRS_IST_STATUSR), 1);
    linear_table(m, 8);
    assert_int_equal(r64(m, VGIC5_IRS_IST_BASER), TABLE | 1);
    assert_int_equal(r32(m, VGIC5_IRS_IST_STATUSR), 1);
}

static void test_IST_BASER_ADDR_is_frozen_while_valid(void **state)
{
    struct vmm *m = *state;
    linear_table(m, 8);
    w64(m, VGIC5_IRS_IST_BASER, (TABLE + 0x10000) | 1);
    assert_int_equal(r64(m, VGIC5_IRS_IST_BASER), TABLE | 1);
    w32(m, VGIC5_IRS_IST_BASER + 4, 0x77);
    assert_int_equal(r64(m, VGIC5_IRS_IST_BASER), TABLE | 1);
}

static void test_IST_BASER_valid_again_is_ignored(void **state)
{
    struct vmm *m = *state;
    linear_table(m, 8);
    cdpend(m, LPI(5), 1);
    w64(m, VGIC5_IRS_IST_BASER, TABLE | 1);
    w32(m, VGIC5_IRS_IST_BASER, (uint32_t)TABLE | 1);
    assert_true(is_pending(m, LPI(5)));
}

static void test_IST_BASER_VALID_0_keeps_the_old_address(void **state)
{
    struct vmm *m = *state;
    linear_table(m, 8);
    w64(m, VGIC5_IRS_IST_BASER, 0x12340000);
    assert_int_equal(r64(m, VGIC5_IRS_IST_BASER), TABLE);
    assert_int_equal(r32(m, VGIC5_IRS_IST_STATUSR), 1);
}

static void test_IST_BASER_as_two_halves(void **state)
{
    struct vmm *m = *state;
    w32(m, VGIC5_IRS_IST_CFGR, 8);
    w32(m, VGIC5_IRS_IST_BASER + 4, 0xab000012);
    w32(m, VGIC5_IRS_IST_BASER, 0x34567fff & ~1u);
    assert_int_equal(r64(m, VGIC5_IRS_IST_BASER), 0x0000001234567fc0);
    assert_int_equal(r32(m, VGIC5_IRS_IST_BASER), 0x34567fc0);
    assert_int_equal(r32(m, VGIC5_IRS_IST_BASER + 4), 0x12);
    w32(m, VGIC5_IRS_IST_BASER + 4, 0);
    w32(m, VGIC5_IRS_IST_BASER, (uint32_t)TABLE | 1);
    cden(m, LPI(3));
    assert_int_equal(cdrcfg(m, LPI(3)), ICSR_ENABLED);
}

/* The low half makes the table live with the high half as it is; the late high half is ignored. */
static void test_IST_BASER_low_half_first(void **state)
{
    struct vmm *m = *state;
    w32(m, VGIC5_IRS_IST_CFGR, 8);
    w32(m, VGIC5_IRS_IST_BASER, (uint32_t)TABLE | 1);
    w32(m, VGIC5_IRS_IST_BASER + 4, 0x12);
    assert_int_equal(r64(m, VGIC5_IRS_IST_BASER), TABLE | 1);
    assert_int_equal(cdrcfg(m, LPI(3)), 0);
}

static void test_IST_BASER_low_half_takes_the_table_down(void **state)
{
    struct vmm *m = *state;
    linear_table(m, 8);
    w32(m, VGIC5_IRS_IST_BASER, 0);
    assert_int_equal(r64(m, VGIC5_IRS_IST_BASER), TABLE);
    assert_int_equal(cdrcfg(m, LPI(3)), ICSR_F);
}

static void refused(struct vmm *m, uint32_t cfgr)
{
    assert_false(make_valid(m, cfgr, TABLE));
    assert_int_equal(r64(m, VGIC5_IRS_IST_BASER), TABLE); /* ADDR stored */
    assert_int_equal(r32(m, VGIC5_IRS_IST_CFGR), cfgr);
    assert_int_equal(r32(m, VGIC5_IRS_IST_STATUSR), 1);
    assert_int_equal(cdrcfg(m, LPI(0)), ICSR_F);
}

static void test_IST_CFGR_LPI_ID_BITS_out_of_range_is_refused(void **state)
{
    const struct vgic5_config config = {
        .size = sizeof(config), .lpi_id_bits = 12, .min_lpi_id_bits = 6};
    struct vmm m;
    refused(*state, 0);
    refused(*state, 17);
    refused(*state, 31);
    assert_true(make_valid(*state, 16, TABLE));
    with(&m, &config, 1, NULL, 0);
    refused(&m, 5);
    refused(&m, 13);
    assert_true(make_valid(&m, 6, TABLE));
    w64(&m, VGIC5_IRS_IST_BASER, 0);
    assert_true(make_valid(&m, 12, TABLE));
    done(&m);
}

static void test_IST_CFGR_ISTSZ_must_be_the_required_one(void **state)
{
    const struct vgic5_config config = {.size = sizeof(config), .istmd = 1, .istmd_sz = 10};
    struct vmm m;
    for (uint32_t istsz = 1; istsz < 4; istsz++)
        refused(*state, 8 | CFGR_ISTSZ(istsz));
    with(&m, &config, 1, NULL, 0);
    for (uint32_t bits = 8; bits < 13; bits++) {
        uint32_t required = bits < 10 ? 1 : 2;
        for (uint32_t istsz = 0; istsz < 4; istsz++) {
            uint32_t cfgr = bits | CFGR_ISTSZ(istsz);
            assert_int_equal(make_valid(&m, cfgr, TABLE), istsz == required);
            w64(&m, VGIC5_IRS_IST_BASER, 0);
        }
    }
    done(&m);
}

static void test_IST_CFGR_two_level_must_be_offered(void **state)
{
    const struct vgic5_config config = {.size = sizeof(config), .ist_l2sz = 5};
    struct vmm m;
    refused(*state, 12 | CFGR_TWO_LEVEL);
    with(&m, &config, 1, NULL, 0);
    for (uint32_t l2sz = 0; l2sz < 4; l2sz++) {
        uint32_t cfgr = 12 | CFGR_L2SZ(l2sz) | CFGR_TWO_LEVEL;
        assert_int_equal(make_valid(&m, cfgr, TABLE), l2sz == 0 || l2sz == 2);
        w64(&m, VGIC5_IRS_IST_BASER, 0);
    }
    done(&m);
}

static void test_IST_CFGR_L2SZ_is_ignored_for_a_linear_table(void **state)
{
    struct vmm *m = *state;
    for (uint32_t l2sz = 0; l2sz < 4; l2sz++) {
        assert_true(make_valid(m, 8 | CFGR_L2SZ(l2sz), TABLE));
        cdpri(m, LPI(77), l2sz + 1);
        assert_int_equal(flushed_entry(m, TABLE + 4 * 77), ISTE_PRIORITY(l2sz + 1));
        w64(m, VGIC5_IRS_IST_BASER, 0);
    }
}

static void test_MAP_L2_ISTR_is_ignored_without_a_two_level_table(void **state)
{
    struct vmm *m = *state;
    w32(m, VGIC5_IRS_MAP_L2_ISTR, 0);
    assert_true(make_valid(m, 8, TABLE));
    w32(m, VGIC5_IRS_MAP_L2_ISTR, 3);
    flush(m);
    for (uint64_t at = 0; at < 0x1000; at += 4)
        assert_int_equal(load32(m, TABLE + at), 0);
    assert_int_equal(r32(m, VGIC5_IRS_MAP_L2_ISTR), 0);
}

/* ---- Accesses ---- */

static const uint16_t defined[] = {0x000,  0x004,  0x008,  0x014,  0x018,  0x040,  0x080,  0x084,
                                   0x0c4,  0x108,  0x10c,  0x114,  0x118,  0x140,  0x144,  0x148,
                                   0x180,  0x184,  0x190,  0x194,  0xffbc, 0xffd0, 0xffe0, 0xffe4,
                                   0xffe8, 0xffec, 0xfff0, 0xfff4, 0xfff8, 0xfffc};

static bool is_defined(uint32_t offset)
{
    for (size_t i = 0; i < sizeof(defined) / sizeof(defined[0]); i++)
        if (defined[i] == offset)
            return true;
    return false;
}

static uint64_t sum_of_registers(struct vmm *m)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < sizeof(defined) / sizeof(defined[0]); i++)
        sum = sum * 31 + r32(m, defined[i]);
    return sum;
}

static void test_reserved_offsets_are_raz_wi(void **state)
{
    struct vmm *m = *state;
    select_spi(m, 2);
    uint64_t sum = sum_of_registers(m);
    for (uint32_t offset = 0; offset < 0x20000; offset += 4) {
        if (offset < 0x10000 &&
            (is_defined(offset) || offset == VGIC5_IRS_SYNCR || offset == VGIC5_IRS_SPI_RESAMPLER ||
             offset == VGIC5_IRS_MAP_L2_ISTR))
            continue;
        w32(m, offset, 0xffffffff);
        assert_int_equal(r32(m, offset), 0);
        if (offset % 8 == 0) {
            w64(m, offset, ~0ull);
            assert_int_equal(r64(m, offset), 0);
        }
    }
    assert_int_equal(sum_of_registers(m), sum);
}

/* VM, VPE, SAVE, MEC, MPAM and SWERR registers: their feature bits are 0. */
static void test_registers_of_absent_features_are_raz_wi(void **state)
{
    static const uint16_t offsets[] = {0x100, 0x200, 0x240, 0x248, 0x250, 0x280, 0x2c0, 0x2c8,
                                       0x2d0, 0x2d8, 0x2e0, 0x300, 0x3c0, 0x3c8, 0x3d0};
    struct vmm *m = *state;
    for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        w64(m, offsets[i], ~0ull);
        assert_int_equal(r64(m, offsets[i]), 0);
    }
}

static void test_8_and_16_bit_accesses_are_raz_wi(void **state)
{
    struct vmm *m = *state;
    w32(m, VGIC5_IRS_CR1, 0x1434);
    for (uint8_t size = 1; size <= 2; size++) {
        for (uint32_t offset = 0; offset < 0x200; offset++) {
            mmio_write(m, offset, size, 0xffff);
            assert_int_equal(mmio_read(m, offset, size), 0);
        }
    }
    assert_int_equal(r32(m, VGIC5_IRS_CR1), 0x1434);
    assert_int_equal(r32(m, VGIC5_IRS_CR0), 2);
    assert_int_equal(r64(m, VGIC5_IRS_IST_BASER), 0);
}

static void test_misaligned_accesses_are_raz_wi(void **state)
{
    struct vmm *m = *state;
    for (uint32_t offset = 0; offset < 0x200; offset++) {
        if (offset % 4) {
            mmio_write(m, offset, 4, 0xffffffff);
            assert_int_equal(mmio_read(m, offset, 4), 0);
        }
        if (offset % 8) {
            mmio_write(m, offset, 8, ~0ull);
            assert_int_equal(mmio_read(m, offset, 8), 0);
        }
    }
    assert_int_equal(r32(m, VGIC5_IRS_CR0), 2);
    assert_int_equal(r32(m, VGIC5_IRS_CR1), 0);
    assert_int_equal(r64(m, VGIC5_IRS_IST_BASER), 0);
    assert_int_equal(r32(m, VGIC5_IRS_IST_CFGR), 0);
}

static void test_64_bit_access_to_32_bit_registers_is_raz_wi(void **state)
{
    static const uint16_t pairs[] = {0x000, 0x080, 0x108, 0x110, 0x140, 0x190, 0xffe0};
    struct vmm *m = *state;
    uint64_t sum = sum_of_registers(m);
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        w64(m, pairs[i], ~0ull);
        assert_int_equal(r64(m, pairs[i]), 0);
    }
    assert_int_equal(sum_of_registers(m), sum);
}

static void test_SETLPI_frame_is_raz_wi(void **state)
{
    struct vmm *m = *state;
    linear_table(m, 8);
    w32(m, 0x10000, 5);
    w32(m, 0x10008, 5);
    assert_int_equal(r32(m, 0x10000), 0);
    assert_int_equal(cdrcfg(m, LPI(5)), 0);
    assert_int_equal(r32(m, VGIC5_IRS_IDR0) >> 9 & 1, 0);
}

static const struct CMUnitTest tests[] = {
    TEST_1PE(test_offsets_are_those_of_the_architecture),
    TEST_1PE(test_IDR0_reports_non_secure_and_the_pa_range),
    TEST_1PE(test_IDR1_counts_pes_and_iaffid_bits),
    TEST_1PE(test_IDR2_offers_what_the_configuration_says),
    TEST_1PE(test_IDR3_IDR4_are_zero_without_virtualization),
    TEST_1PE(test_IDR5_IDR6_IDR7_describe_the_spis),
    TEST_1PE(test_AIDR_is_v5_0_of_an_irs),
    TEST_1PE(test_DEVARCH),
    TEST_1PE(test_PIDR_repeats_IIDR),
    TEST_1PE(test_CIDR),
    TEST_1PE(test_identification_registers_ignore_writes),
    TEST_1PE(test_CR0_resets_disabled_and_idle),
    TEST_1PE(test_CR0_keeps_only_IRSEN),
    TEST_1PE(test_IRSEN_forwards_on_the_write),
    TEST_2PE(test_IRSEN_recalls_on_the_write),
    TEST_1PE(test_IRSEN_does_not_concern_ppis),
    TEST_1PE(test_IRSEN_0_keeps_state_and_takes_instructions),
    TEST_1PE(test_IRSEN_written_again_is_harmless),
    TEST_1PE(test_CR1_stores_its_bits_without_the_virtual_tables),
    TEST_1PE(test_SYNCR_is_done_at_once),
    TEST_1PE(test_SPI_SELR_resets_to_all_ones_and_keeps_24_bits),
    TEST_1PE(test_SPI_STATUSR_V_says_whether_the_spi_exists),
    TEST_1PE(test_SPI_CFGR_reads_0_and_ignores_writes_without_V),
    TEST_1PE(test_SPI_CFGR_is_of_the_selected_spi),
    TEST_1PE(test_R_KBPXL_edge_to_level_wire_low),
    TEST_1PE(test_R_KBPXL_edge_to_level_wire_high),
    TEST_1PE(test_R_KBPXL_level_to_edge_wire_low),
    TEST_1PE(test_R_KBPXL_level_to_edge_wire_high),
    TEST_1PE(test_R_KBPXL_same_mode_makes_no_event),
    TEST_1PE(test_R_DMTFM_resample_edge_wire_high),
    TEST_1PE(test_R_DMTFM_resample_level_wire_high),
    TEST_1PE(test_R_DMTFM_resample_level_wire_low),
    TEST_1PE(test_R_DMTFM_resample_edge_wire_low),
    TEST_1PE(test_R_DMTFM_unreachable_id_is_ignored),
    TEST_1PE(test_spi_ids_just_beyond_the_range),
    TEST_1PE(test_SPI_DOMAINR_reads_non_secure_and_ignores_writes),
    TEST_1PE(test_PE_SELR_resets_to_all_ones_and_keeps_16_bits),
    TEST_1PE(test_PE_STATUSR_V_and_ONLINE_of_sparse_ids),
    TEST_1PE(test_PE_CR0_ignores_writes_without_1ofN),
    TEST_1PE(test_IST_CFGR_keeps_its_fields),
    TEST_1PE(test_IST_CFGR_is_locked_while_valid),
    TEST_1PE(test_IST_BASER_resets_to_0_and_keeps_ADDR),
    TEST_1PE(test_IST_BASER_VALID_is_idle_at_once),
    TEST_1PE(test_IST_BASER_ADDR_is_frozen_while_valid),
    TEST_1PE(test_IST_BASER_valid_again_is_ignored),
    TEST_1PE(test_IST_BASER_VALID_0_keeps_the_old_address),
    TEST_1PE(test_IST_BASER_as_two_halves),
    TEST_1PE(test_IST_BASER_low_half_first),
    TEST_1PE(test_IST_BASER_low_half_takes_the_table_down),
    TEST_1PE(test_IST_CFGR_LPI_ID_BITS_out_of_range_is_refused),
    TEST_1PE(test_IST_CFGR_ISTSZ_must_be_the_required_one),
    TEST_1PE(test_IST_CFGR_two_level_must_be_offered),
    TEST_1PE(test_IST_CFGR_L2SZ_is_ignored_for_a_linear_table),
    TEST_1PE(test_MAP_L2_ISTR_is_ignored_without_a_two_level_table),
    TEST_1PE(test_reserved_offsets_are_raz_wi),
    TEST_1PE(test_registers_of_absent_features_are_raz_wi),
    TEST_1PE(test_8_and_16_bit_accesses_are_raz_wi),
    TEST_1PE(test_misaligned_accesses_are_raz_wi),
    TEST_1PE(test_64_bit_access_to_32_bit_registers_is_raz_wi),
    TEST_1PE(test_SETLPI_frame_is_raz_wi),
};

int main(void)
{
    return cmocka_run_group_tests_name("gicv5 §2", tests, NULL, NULL);
}
