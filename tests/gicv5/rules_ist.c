/* SPDX-License-Identifier: BSD-3-Clause */
/* Rules about the Interrupt State Table. */
#include "fixture.h"

/* A table entry's own words. */

static void test_L2_ISTE_preset_state_is_honoured(void **state)
{
    struct vmm *m = *state;
    store32(m, TABLE + 4 * 1, ISTE_ACTIVE);
    store32(m, TABLE + 4 * 2, ISTE_HM);
    store32(m, TABLE + 4 * 3, ISTE_ENABLE);
    store32(m, TABLE + 4 * 4, ISTE_PRIORITY(0x15));
    store32(m, TABLE + 4 * 5, ISTE_IAFFID(0xa5c3));
    linear_table(m, 4);
    assert_int_equal(cdrcfg(m, LPI(0)), 0);
    assert_int_equal(cdrcfg(m, LPI(1)), ICSR_ACTIVE);
    assert_int_equal(cdrcfg(m, LPI(2)), ICSR_HM);
    assert_int_equal(cdrcfg(m, LPI(3)), ICSR_ENABLED);
    assert_int_equal(cdrcfg(m, LPI(4)), ICSR_PRIORITY(0x15));
    assert_int_equal(cdrcfg(m, LPI(5)), ICSR_IAFFID(0xa5c3));
}

static void test_L2_ISTE_preset_pending_HWU_and_IRM_are_ignored(void **state)
{
    struct vmm *m = *state;
    start(m);
    store32(m, TABLE + 4 * 1, ISTE_PENDING | ISTE_ENABLE);
    store32(m, TABLE + 4 * 2, ISTE_PENDING | ISTE_HM | ISTE_ENABLE);
    store32(m, TABLE + 4 * 3, ISTE_HWU | ISTE_IRM | ISTE_ENABLE);
    linear_table(m, 4);
    assert_false(irq(m, 0));
    assert_int_equal(cdrcfg(m, LPI(1)), ICSR_ENABLED);
    assert_int_equal(cdrcfg(m, LPI(2)), ICSR_ENABLED | ICSR_HM);
    assert_int_equal(cdrcfg(m, LPI(3)), ICSR_ENABLED);
}

/* What was ignored may not come back out of a save as if it were state. */
static void test_L2_ISTE_ignored_pending_is_not_saved(void **state)
{
    struct vmm *m = *state;
    store32(m, TABLE + 4 * 1, ISTE_PENDING | ISTE_ENABLE);
    linear_table(m, 4);
    assert_int_equal(flushed_entry(m, TABLE + 4 * 1), ISTE_ENABLE);
    w64(m, VGIC5_IRS_IST_BASER, 0);
    assert_int_equal(load32(m, TABLE + 4 * 1) & ISTE_PENDING, 0);
}

static void test_L2_ISTE_preset_priority_is_masked(void **state)
{
    const struct vgic5_config config = {.size = sizeof(config), .priority_bits = 3};
    struct vmm m;
    assert_non_null(*state);
    build(&m, &(struct vmm_shape){.nr_vcpus = 1, .config = &config});
    store32(&m, TABLE, ISTE_PRIORITY(0x1f));
    linear_table(&m, 4);
    assert_int_equal(cdrcfg(&m, LPI(0)), ICSR_PRIORITY(0x1c));
    assert_true(vmm_drop_device(&m));
    vmm_free_ram(&m);
}

static void test_L2_ISTE_layout_written_back(void **state)
{
    struct vmm *m = *state;
    static const struct {
        uint32_t lpi, entry;
    } rows[] = {{1, ISTE_PENDING}, {2, ISTE_ACTIVE},         {3, ISTE_HM},
                {4, ISTE_ENABLE},  {5, ISTE_PRIORITY(0x15)}, {6, ISTE_IAFFID(0xa5c3)}};
    start(m);
    linear_table(m, 4);
    cdpend(m, LPI(1), 1);
    route(m, LPI(2), 4, 0);
    cdpend(m, LPI(2), 1);
    assert_int_equal(cdia(m, 0), TAKEN(LPI(2)));
    cddis(m, LPI(2));
    cdpri(m, LPI(2), 0);
    cdhm(m, LPI(3), 1);
    cden(m, LPI(4));
    cdpri(m, LPI(5), 0x15);
    cdaff(m, LPI(6), 0xa5c3);
    flush(m);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(load32(m, TABLE + 4 * rows[i].lpi) & ~ISTE_HWU, rows[i].entry);
}

/* A save makes nothing clean that changes afterwards, whatever the one change is. */
static void test_L2_ISTE_every_change_after_a_save_is_in_the_next(void **state)
{
    struct vmm *m = *state;
    const uint64_t entry = TABLE + 4 * 9;
    start(m);
    msr(m, 0, VGIC5_ICC_PCR, 0);
    linear_table(m, 4);
    cdpri(m, LPI(9), 4);
    assert_int_equal(flushed_entry(m, entry), ISTE_PRIORITY(4));
    cden(m, LPI(9));
    assert_int_equal(flushed_entry(m, entry), ISTE_PRIORITY(4) | ISTE_ENABLE);
    cddis(m, LPI(9));
    assert_int_equal(flushed_entry(m, entry), ISTE_PRIORITY(4));
    cdhm(m, LPI(9), 1);
    assert_int_equal(flushed_entry(m, entry), ISTE_PRIORITY(4) | ISTE_HM);
    cdhm(m, LPI(9), 0);
    assert_int_equal(flushed_entry(m, entry), ISTE_PRIORITY(4));
    cdaff(m, LPI(9), 7);
    assert_int_equal(flushed_entry(m, entry), ISTE_PRIORITY(4) | ISTE_IAFFID(7));
    cdpend(m, LPI(9), 1);
    assert_int_equal(flushed_entry(m, entry), ISTE_PRIORITY(4) | ISTE_IAFFID(7) | ISTE_PENDING);
    cdpend(m, LPI(9), 0);
    assert_int_equal(flushed_entry(m, entry), ISTE_PRIORITY(4) | ISTE_IAFFID(7));
}

static void test_L2_ISTE_acknowledge_and_deactivation_after_a_save(void **state)
{
    struct vmm *m = *state;
    const uint64_t entry = TABLE + 4 * 9;
    const uint32_t fixed = ISTE_PRIORITY(4) | ISTE_ENABLE;
    start(m);
    linear_table(m, 4);
    route(m, LPI(9), 4, 0);
    cdpend(m, LPI(9), 1);
    assert_int_equal(flushed_entry(m, entry), fixed | ISTE_PENDING);
    assert_int_equal(cdia(m, 0), TAKEN(LPI(9)));
    assert_int_equal(flushed_entry(m, entry), fixed | ISTE_ACTIVE);
    cdeoi(m, 0);
    cddi(m, 0, LPI(9));
    assert_int_equal(flushed_entry(m, entry), fixed);
}

static void test_L2_ISTE_is_little_endian(void **state)
{
    struct vmm *m = *state;
    linear_table(m, 4);
    cdpri(m, LPI(0), 0x1f);
    cdaff(m, LPI(0), 0x1234);
    cden(m, LPI(0));
    flush(m);
    assert_int_equal(m->ram[0], 0x08);
    assert_int_equal(m->ram[1] & 0xf8, 0xf8);
    assert_int_equal(m->ram[2], 0x34);
    assert_int_equal(m->ram[3], 0x12);
}

static void test_L2_ISTE_metadata_is_never_interpreted(void **state)
{
    for (uint32_t istsz = 1; istsz <= 2; istsz++) {
        const struct vgic5_config config = {
            .size = sizeof(config), .istmd = 1, .istmd_sz = istsz == 1 ? 20 : 0};
        struct vmm m;
        uint32_t bytes = 4u << istsz;
        build(&m, &(struct vmm_shape){.nr_vcpus = 1, .config = &config});
        for (uint32_t i = 0; i < 16; i++)
            for (uint32_t at = 4; at < bytes; at += 4)
                store32(&m, TABLE + i * bytes + at, 0xffffffff);
        assert_true(make_valid(&m, 4 | CFGR_ISTSZ(istsz), TABLE));
        for (uint32_t i = 0; i < 16; i++)
            assert_int_equal(cdrcfg(&m, LPI(i)), 0);
        cdpri(&m, LPI(3), 9);
        assert_int_equal(flushed_entry(&m, TABLE + 3 * bytes), ISTE_PRIORITY(9));
        assert_int_equal(flushed_entry(&m, TABLE + 4 * bytes), 0);
        for (uint32_t at = 4; at < bytes; at += 4) /* and nothing else gets there */
            assert_int_equal(load32(&m, TABLE + 3 * bytes + at), 0xffffffff);
        assert_true(vmm_drop_device(&m));
        vmm_free_ram(&m);
    }
    assert_non_null(*state);
}

static void test_virtual_SPI_ISTE_is_the_same_word(void **state)
{
    struct vmm *m = *state;
    uint32_t words[32];
    route(m, SPI(7), 0x15, 0xa5c3);
    set_trigger_mode(m, 7, 1);
    spi_wire(m, 7, true);
    assert_int_equal(vmm_get(m, VGIC5_GRP_IST, 0, words), 0);
    assert_int_equal(words[7] & ~ISTE_HWU, ISTE_PENDING | ISTE_HM | ISTE_ENABLE |
                                               ISTE_PRIORITY(0x15) | ISTE_IAFFID(0xa5c3));
    assert_int_equal(words[6], 0);
}

/* ---- Valid and not ---- */

static void test_IST_BASER_VALID_0_writes_the_entries_back(void **state)
{
    struct vmm *m = *state;
    linear_table(m, 6);
    route(m, LPI(33), 5, 1);
    cdpend(m, LPI(33), 1);
    w64(m, VGIC5_IRS_IST_BASER, 0);
    assert_int_equal(load32(m, TABLE + 4 * 33) & ~ISTE_HWU,
                     ISTE_PENDING | ISTE_ENABLE | ISTE_PRIORITY(5) | ISTE_IAFFID(1));
}

static void test_IST_BASER_VALID_0_makes_lpis_unreachable_and_recalls(void **state)
{
    struct vmm *m = *state;
    start(m);
    linear_table(m, 6);
    route(m, LPI(33), 5, 1);
    route(m, SPI(2), 9, 1);
    spi_wire(m, 2, true);
    cdpend(m, LPI(33), 1);
    assert_int_equal(mrs(m, 1, VGIC5_ICC_HPPIR), TAKEN(LPI(33)));
    w64(m, VGIC5_IRS_IST_BASER, 0);
    assert_int_equal(cdrcfg(m, LPI(33)), ICSR_F);
    assert_int_equal(mrs(m, 1, VGIC5_ICC_HPPIR), TAKEN(SPI(2)));
    cddis(m, SPI(2));
    assert_false(irq(m, 1));
}

static void test_IST_made_valid_again_has_its_state_but_pending(void **state)
{
    struct vmm *m = *state;
    start(m);
    linear_table(m, 6);
    route(m, LPI(33), 5, 1);
    cdpend(m, LPI(33), 1);
    w64(m, VGIC5_IRS_IST_BASER, 0);
    w64(m, VGIC5_IRS_IST_BASER, TABLE | 1);
    assert_int_equal(cdrcfg(m, LPI(33)), ICSR_ENABLED | ICSR_PRIORITY(5) | ICSR_IAFFID(1));
    assert_false(irq(m, 1));
}

static void test_IST_moved_to_other_memory(void **state)
{
    struct vmm *m = *state;
    linear_table(m, 6);
    cden(m, LPI(1));
    w64(m, VGIC5_IRS_IST_BASER, 0);
    assert_true(make_valid(m, 6, TABLE + 0x8000));
    assert_int_equal(cdrcfg(m, LPI(1)), 0);
    cden(m, LPI(2));
    assert_int_equal(flushed_entry(m, TABLE + 0x8008), ISTE_ENABLE);
    assert_int_equal(load32(m, TABLE + 8), 0);
}

static void test_memory_around_the_table_is_not_touched(void **state)
{
    struct vmm *m = *state;
    const uint64_t base = TABLE + 0x1000;
    memset(m->ram, 0x5a, m->ram_size);
    memset(m->ram + 0x1000, 0, 64 * 4);
    assert_true(make_valid(m, 6, base));
    for (uint32_t i = 0; i < 64; i++) {
        cden(m, LPI(i));
        cdpend(m, LPI(i), 1);
    }
    flush(m);
    w64(m, VGIC5_IRS_IST_BASER, 0);
    for (size_t i = 0; i < m->ram_size; i++)
        if (i < 0x1000 || i >= 0x1000 + 64 * 4)
            assert_int_equal(m->ram[i], 0x5a);
}

static void test_reads_do_not_disturb_guest_memory(void **state)
{
    struct vmm *m = *state;
    linear_table(m, 6);
    for (uint32_t i = 0; i < 64; i++)
        assert_int_equal(cdrcfg(m, LPI(i)), 0);
    vgic5_destroy(m->device); /* guest memory is left as it is */
    m->device = NULL;
    for (size_t i = 0; i < m->ram_size; i++)
        assert_int_equal(m->ram[i], 0);
    for (uint32_t i = 0; i < m->nr_vcpus; i++)
        m->told[i] = VGIC5_LINE_NONE;
    assert_int_equal(vmm_build(m, &(struct vmm_shape){.nr_vcpus = 1}), 0);
}

/* ---- Index arithmetic: the worked examples ---- */

static void test_example_1_two_level_24_bits_4K(void **state)
{
    struct vmm *m = *state;
    assert_true(make_valid(m, 0x00010018, TABLE));
    assert_int_equal(cdrcfg(m, LPI(0x123456)), ICSR_F);
    map_l2(m, TABLE + 0x2468, L2_TABLE(1), 0x123456);
    assert_int_equal(load64(m, TABLE + 0x2468), L2_TABLE(1) | 1);
    cden(m, LPI(0x123456));
    assert_int_equal(flushed_entry(m, L2_TABLE(1) + 0x158), ISTE_ENABLE);
    /* 16384 L1 entries: the last one is the last id's */
    map_l2(m, TABLE + 8 * 16383, L2_TABLE(2), 0xffffff);
    cden(m, LPI(0xffffff));
    assert_int_equal(flushed_entry(m, L2_TABLE(2) + 0xffc), ISTE_ENABLE);
}

static void test_example_2_linear_12_bits(void **state)
{
    struct vmm *m = *state;
    assert_true(make_valid(m, 0x0c, TABLE + 0x4000));
    cden(m, LPI(77));
    assert_int_equal(flushed_entry(m, TABLE + 0x4000 + 0x134), ISTE_ENABLE);
}

static void test_example_3_linear_14_bits_8_bytes(void **state)
{
    const struct vgic5_config config = {.size = sizeof(config), .istmd = 1, .istmd_sz = 15};
    struct vmm m;
    assert_non_null(*state);
    build(&m, &(struct vmm_shape){.nr_vcpus = 1, .config = &config});
    assert_true(make_valid(&m, 0x8e, TABLE + 0x20000));
    cden(&m, LPI(3));
    assert_int_equal(flushed_entry(&m, TABLE + 0x20000 + 24), ISTE_ENABLE);
    cden(&m, LPI(0x3fff));
    assert_int_equal(flushed_entry(&m, TABLE + 0x40000 - 8), ISTE_ENABLE);
    assert_true(vmm_drop_device(&m));
    vmm_free_ram(&m);
}

static void test_example_4_two_level_16_bits_4K(void **state)
{
    struct vmm *m = *state;
    assert_true(make_valid(m, 0x10010, TABLE + 0x200));
    map_l2(m, TABLE + 0x200 + 0x10, L2_TABLE(0), 3000);
    cden(m, LPI(3000));
    assert_int_equal(flushed_entry(m, L2_TABLE(0) + 0xee0), ISTE_ENABLE);
}

static void test_example_5_two_level_16_bits_64K_16_bytes(void **state)
{
    const struct vgic5_config config = {.size = sizeof(config), .ist_l2sz = 4, .istmd = 1};
    struct vmm m;
    assert_non_null(*state);
    build(&m, &(struct vmm_shape){.nr_vcpus = 1, .config = &config});
    assert_true(make_valid(&m, 0x10150, TABLE + 0x80));
    map_l2(&m, TABLE + 0x80 + 0x50, L2_TABLE(3), 0xabcd);
    cden(&m, LPI(0xabcd));
    assert_int_equal(flushed_entry(&m, L2_TABLE(3) + 0xbcd0), ISTE_ENABLE);
    assert_true(vmm_drop_device(&m));
    vmm_free_ram(&m);
}

static void test_example_6_linear_2_bits(void **state)
{
    struct vmm *m = *state;
    assert_true(make_valid(m, 2, TABLE + 0x40));
    cden(m, LPI(3));
    assert_int_equal(flushed_entry(m, TABLE + 0x40 + 12), ISTE_ENABLE);
    assert_int_equal(cdrcfg(m, LPI(4)), ICSR_F);
}

/* l2bits = (10 - ISTSZ) + 2 * L2SZ: the first id of the second L2 table. */
static void test_l2bits_of_every_L2SZ_and_ISTSZ(void **state)
{
    static const uint32_t l2bits[3][3] = {{10, 9, 8}, {12, 11, 10}, {14, 13, 12}};
    assert_non_null(*state);
    for (uint32_t istsz = 0; istsz < 3; istsz++) {
        const struct vgic5_config config = {.size = sizeof(config),
                                            .ist_l2sz = 7,
                                            .istmd = istsz != 0,
                                            .istmd_sz = istsz == 1 ? 20 : 0};
        struct vmm m;
        build(&m, &(struct vmm_shape){.nr_vcpus = 1, .config = &config});
        for (uint32_t l2sz = 0; l2sz < 3; l2sz++) {
            uint32_t first = 1u << l2bits[l2sz][istsz];
            memset(m.ram, 0, m.ram_size);
            assert_true(
                make_valid(&m, 15 | CFGR_ISTSZ(istsz) | CFGR_L2SZ(l2sz) | CFGR_TWO_LEVEL, TABLE));
            map_l2(&m, TABLE + 8, L2_TABLE(0), first);
            assert_int_equal(cdrcfg(&m, LPI(first - 1)), ICSR_F);
            cden(&m, LPI(first));
            assert_int_equal(flushed_entry(&m, L2_TABLE(0)), ISTE_ENABLE);
            cdpri(&m, LPI(2 * first - 1), 6);
            uint64_t last = L2_TABLE(0) + (uint64_t)(first - 1) * (4u << istsz);
            assert_int_equal(flushed_entry(&m, last), ISTE_PRIORITY(6));
            assert_int_equal(cdrcfg(&m, LPI(2 * first)), ICSR_F);
            w64(&m, VGIC5_IRS_IST_BASER, 0);
        }
        assert_true(vmm_drop_device(&m));
        vmm_free_ram(&m);
    }
}

static void test_there_is_always_one_L1_entry(void **state)
{
    struct vmm *m = *state;
    assert_true(make_valid(m, 4 | CFGR_L2SZ(2) | CFGR_TWO_LEVEL, TABLE));
    map_l2(m, TABLE, L2_TABLE(0), 9);
    cden(m, LPI(9));
    assert_int_equal(flushed_entry(m, L2_TABLE(0) + 36), ISTE_ENABLE);
    assert_int_equal(cdrcfg(m, LPI(16)), ICSR_F);
}

/* The last LPI of a table whose last entries are the last bytes of memory; and nothing beyond. */
static void check_last_lpi(struct vmm *m, uint32_t cfgr)
{
    uint32_t bits = cfgr & 0x1f, shift = 2 + (cfgr >> 7 & 3);
    uint32_t l2bits = 12 - shift + 2 * (cfgr >> 5 & 3), last = (1u << bits) - 1;
    uint64_t end = VMM_RAM_BASE + m->ram_size, size = 1ull << (bits + shift);
    uint64_t base = end - (size < 64 ? 64 : size), entry = base + ((uint64_t)last << shift);
    if (cfgr & CFGR_TWO_LEVEL) {
        uint32_t l1_index = last >> l2bits, l2_last = last & ((1u << l2bits) - 1);
        uint64_t l2 = end - (1ull << (l2bits + shift));
        base = VMM_RAM_BASE;
        store64(m, base + 8ull * l1_index, l2);
        entry = l2 + ((uint64_t)l2_last << shift);
    }
    assert_true(make_valid(m, cfgr, base));
    w32(m, VGIC5_IRS_MAP_L2_ISTR, last);
    cdpri(m, LPI(last), 9);
    cdpend(m, LPI(last), 1);
    assert_int_equal(cdrcfg(m, LPI(last)), ICSR_PENDING | ICSR_PRIORITY(9));
    assert_int_equal(cdrcfg(m, LPI(last + 1)), ICSR_F);
    w64(m, VGIC5_IRS_IST_BASER, 0);
    assert_int_equal(load32(m, entry), ISTE_PENDING | ISTE_PRIORITY(9));
    store32(m, entry, 0);
    if (cfgr & CFGR_TWO_LEVEL)
        store64(m, base + 8ull * (last >> l2bits), 0);
}

static void test_the_last_lpi_of_every_geometry(void **state)
{
    assert_non_null(*state);
    for (uint32_t istsz = 0; istsz < 3; istsz++) {
        const struct vgic5_config config = {.size = sizeof(config),
                                            .ist_l2sz = 7,
                                            .lpi_id_bits = 24,
                                            .istmd = istsz != 0,
                                            .istmd_sz = istsz == 1 ? 25 : 0};
        struct vmm m;
        build(&m, &(struct vmm_shape){.nr_vcpus = 1, .config = &config, .ram_size = 0x1000000});
        for (uint32_t bits = 1; bits <= 24; bits++) {
            if (bits + 2 + istsz <= 20)
                check_last_lpi(&m, bits | CFGR_ISTSZ(istsz));
            for (uint32_t l2sz = 0; l2sz < 3; l2sz++)
                check_last_lpi(&m, bits | CFGR_ISTSZ(istsz) | CFGR_L2SZ(l2sz) | CFGR_TWO_LEVEL);
        }
        assert_int_equal(memcmp(m.ram, m.ram + 1, m.ram_size - 1), 0); /* no byte elsewhere */
        assert_true(vmm_drop_device(&m));
        vmm_free_ram(&m);
    }
}

/* Alignment, 10.2.1.13: bits [n:0] count as zero. */

static void lands_at(struct vmm *m, uint32_t cfgr, uint64_t written, uint64_t base)
{
    memset(m->ram, 0, m->ram_size);
    assert_true(make_valid(m, cfgr, written));
    cden(m, LPI(1));
    assert_int_equal(flushed_entry(m, base + (4u << (cfgr >> 7 & 3))), ISTE_ENABLE);
    w64(m, VGIC5_IRS_IST_BASER, 0);
}

static void test_10_2_1_13_alignment_of_a_linear_table(void **state)
{
    struct vmm *m = *state;
    static const struct {
        uint32_t bits;
        uint64_t align;
    } rows[] = {{2, 64}, {3, 64}, {4, 64}, {5, 128}, {8, 1024}, {12, 0x4000}, {16, 0x40000}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t align = rows[i].align;
        lands_at(m, rows[i].bits, TABLE + align, TABLE + align);
        lands_at(m, rows[i].bits, TABLE + align + ((align - 1) & ~0x3full), TABLE + align);
    }
}

static void test_10_2_1_13_alignment_of_a_wide_linear_table(void **state)
{
    for (uint32_t istsz = 1; istsz <= 2; istsz++) {
        const struct vgic5_config config = {
            .size = sizeof(config), .istmd = 1, .istmd_sz = istsz == 1 ? 20 : 0};
        struct vmm m;
        build(&m, &(struct vmm_shape){.nr_vcpus = 1, .config = &config});
        uint64_t align = 1ull << (8 + 2 + istsz);
        lands_at(&m, 8 | CFGR_ISTSZ(istsz), TABLE + align, TABLE + align);
        lands_at(&m, 8 | CFGR_ISTSZ(istsz), TABLE + align + align / 2, TABLE + align);
        assert_true(vmm_drop_device(&m));
        vmm_free_ram(&m);
    }
    assert_non_null(*state);
}

static void test_10_2_1_13_alignment_of_a_two_level_table(void **state)
{
    struct vmm *m = *state;
    static const struct {
        uint32_t cfgr;
        uint64_t align;
    } rows[] = {
        {0x10010, 512},          /* 64 L1 entries */
        {0x10018, 0x20000},      /* 16384 */
        {0x10010 | 1 << 5, 128}, /* 16 */
        {0x1000a, 64},           /* one */
        {0x10004, 64},           /* one, not full */
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t base = TABLE + rows[i].align;
        for (uint32_t misaligned = 0; misaligned < 2; misaligned++) {
            uint64_t written = base + (misaligned ? rows[i].align / 2 : 0);
            memset(m->ram, 0, m->ram_size);
            assert_true(make_valid(m, rows[i].cfgr, written & ~0x3full));
            map_l2(m, base, L2_TABLE(4), 1);
            cden(m, LPI(1));
            assert_int_equal(flushed_entry(m, L2_TABLE(4) + 4), ISTE_ENABLE);
            w64(m, VGIC5_IRS_IST_BASER, 0);
        }
    }
}

static void test_10_2_1_13_the_register_reads_back_as_written(void **state)
{
    struct vmm *m = *state;
    assert_true(make_valid(m, 16, TABLE + 0x1c0));
    assert_int_equal(r64(m, VGIC5_IRS_IST_BASER), (TABLE + 0x1c0) | 1);
}

/* ---- Two levels ---- */

static void test_L1_ISTE_not_valid_makes_its_lpis_unreachable(void **state)
{
    struct vmm *m = *state;
    store64(m, TABLE, L2_TABLE(0)); /* an address, but VALID=0 */
    assert_true(make_valid(m, 0x10010, TABLE));
    assert_int_equal(cdrcfg(m, LPI(0)), ICSR_F);
    cdpend(m, LPI(0), 1);
    flush(m);
    assert_int_equal(load32(m, L2_TABLE(0)), 0);
    assert_int_equal(load64(m, TABLE), L2_TABLE(0));
}

static void test_L1_ISTE_valid_when_the_table_becomes_valid(void **state)
{
    struct vmm *m = *state;
    store64(m, TABLE + 8, L2_TABLE(0) | 1);
    store32(m, L2_TABLE(0) + 4, ISTE_ENABLE | ISTE_PENDING);
    assert_true(make_valid(m, 0x10010, TABLE));
    assert_int_equal(cdrcfg(m, LPI(1025)), ICSR_ENABLED);
    assert_int_equal(cdrcfg(m, LPI(1)), ICSR_F);
}

static void test_MAP_L2_ISTR_sets_VALID_in_memory(void **state)
{
    struct vmm *m = *state;
    store64(m, TABLE + 8, 0x7777000000000000 | L2_TABLE(7)); /* the neighbour */
    assert_true(make_valid(m, 0x10010, TABLE));
    map_l2(m, TABLE, L2_TABLE(0), 1023);
    assert_int_equal(load64(m, TABLE), L2_TABLE(0) | 1);
    assert_int_equal(load64(m, TABLE + 8), 0x7777000000000000 | L2_TABLE(7));
    assert_int_equal(cdrcfg(m, LPI(0)), 0);
    assert_int_equal(cdrcfg(m, LPI(1024)), ICSR_F);
}

static void test_MAP_L2_ISTR_takes_24_bits(void **state)
{
    struct vmm *m = *state;
    assert_true(make_valid(m, 0x10010, TABLE));
    map_l2(m, TABLE, L2_TABLE(0), 0xff000005);
    assert_int_equal(cdrcfg(m, LPI(5)), 0);
}

static void test_MAP_L2_ISTR_honours_presets(void **state)
{
    struct vmm *m = *state;
    start(m);
    assert_true(make_valid(m, 0x10010, TABLE));
    store32(m, L2_TABLE(0) + 4 * 5, ISTE_ENABLE | ISTE_PENDING | ISTE_PRIORITY(9));
    map_l2(m, TABLE, L2_TABLE(0), 0);
    assert_int_equal(cdrcfg(m, LPI(5)), ICSR_ENABLED | ICSR_PRIORITY(9));
    assert_false(irq(m, 0));
}

/* Some guests set VALID themselves. */
static void test_MAP_L2_ISTR_tolerates_VALID_set_by_software(void **state)
{
    struct vmm *m = *state;
    assert_true(make_valid(m, 0x10010, TABLE));
    map_l2(m, TABLE, L2_TABLE(0) | 1, 9);
    assert_int_equal(load64(m, TABLE), L2_TABLE(0) | 1);
    cden(m, LPI(9));
    assert_int_equal(cdrcfg(m, LPI(9)), ICSR_ENABLED);
    assert_int_equal(flushed_entry(m, L2_TABLE(0) + 36), ISTE_ENABLE);
}

static void test_MAP_L2_ISTR_of_a_mapped_table_does_nothing(void **state)
{
    struct vmm *m = *state;
    assert_true(make_valid(m, 0x10010, TABLE));
    map_l2(m, TABLE, L2_TABLE(0), 9);
    cden(m, LPI(9));
    cdpend(m, LPI(9), 1);
    unsigned writes = m->guest_writes;
    w32(m, VGIC5_IRS_MAP_L2_ISTR, 8);
    assert_int_equal(m->guest_writes, writes); /* VALID is not written again */
    assert_int_equal(cdrcfg(m, LPI(9)), ICSR_ENABLED | ICSR_PENDING);
}

static void test_MAP_L2_ISTR_checks_its_bounds(void **state)
{
    static const uint32_t beyond[] = {0x10000, 0x10400, 0x20000, 0xffffff};
    struct vmm *m = *state;
    memset(m->ram, 0xaa, m->ram_size);
    memset(m->ram, 0, 512);
    assert_true(make_valid(m, 0x10010, TABLE));
    for (size_t i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++)
        w32(m, VGIC5_IRS_MAP_L2_ISTR, beyond[i]);
    for (size_t i = 512; i < m->ram_size; i++)
        assert_int_equal(m->ram[i], 0xaa);
    for (uint64_t i = 0; i < 512; i += 8)
        assert_int_equal(load64(m, TABLE + i), 0);
}

/* LPI_ID_BITS below l2bits: ids up to 2^LPI_ID_BITS, not to the end of the L2 table. */
static void test_MAP_L2_ISTR_bound_is_LPI_ID_BITS(void **state)
{
    struct vmm *m = *state;
    assert_true(make_valid(m, 4 | CFGR_TWO_LEVEL, TABLE));
    map_l2(m, TABLE, L2_TABLE(0), 16);
    assert_int_equal(load64(m, TABLE), L2_TABLE(0));
    assert_int_equal(cdrcfg(m, LPI(0)), ICSR_F);
}

static void test_L1_ISTE_reserved_bits_are_not_address(void **state)
{
    struct vmm *m = *state;
    assert_true(make_valid(m, 0x10010, TABLE));
    map_l2(m, TABLE, 0xff00000000000ffe | L2_TABLE(0), 0);
    cden(m, LPI(2));
    assert_int_equal(flushed_entry(m, L2_TABLE(0) + 8), ISTE_ENABLE);
}

/* L2 tables of 16 and 64 KiB are aligned to their size: what L2_ADDR has below that is taken as 0.
 */
static void test_L1_ISTE_address_bits_below_the_size_of_a_table_do_not_count(void **state)
{
    struct vmm *m = *state;
    for (uint32_t l2sz = 0; l2sz < 3; l2sz++) {
        uint64_t below = (0x1000ull << 2 * l2sz) - 0x1000;
        memset(m->ram, 0, m->ram_size);
        assert_true(make_valid(m, 16 | CFGR_L2SZ(l2sz) | CFGR_TWO_LEVEL, TABLE));
        map_l2(m, TABLE, L2_TABLE(1) | below, 3);
        assert_int_equal(load64(m, TABLE), L2_TABLE(1) | below | 1); /* as the guest wrote it */
        cden(m, LPI(3));
        assert_int_equal(flushed_entry(m, L2_TABLE(1) + 12), ISTE_ENABLE);
        w64(m, VGIC5_IRS_IST_BASER, 0);
    }
}

static void test_two_level_table_down_and_up_again(void **state)
{
    struct vmm *m = *state;
    start(m);
    assert_true(make_valid(m, 0x10010, TABLE));
    map_l2(m, TABLE + 8, L2_TABLE(0), 1024);
    route(m, LPI(1030), 3, 1);
    cdpend(m, LPI(1030), 1);
    w64(m, VGIC5_IRS_IST_BASER, 0);
    assert_int_equal(load32(m, L2_TABLE(0) + 24) & ~ISTE_HWU,
                     ISTE_PENDING | ISTE_ENABLE | ISTE_PRIORITY(3) | ISTE_IAFFID(1));
    assert_int_equal(cdrcfg(m, LPI(1030)), ICSR_F);
    w64(m, VGIC5_IRS_IST_BASER, TABLE | 1);
    assert_int_equal(cdrcfg(m, LPI(1030)), ICSR_ENABLED | ICSR_PRIORITY(3) | ICSR_IAFFID(1));
}

/* Every LPI of a table that is as large as the default configuration offers. */
static void test_65536_pending_lpis_come_in_order(void **state)
{
    struct vmm *m = *state;
    start(m);
    linear_table(m, 16);
    for (uint32_t i = 0; i < 65536; i++) {
        uint32_t lpi = i * 40503 & 0xffff; /* odd, so each once */
        route(m, LPI(lpi), 16, 0);
        cdpend(m, LPI(lpi), 1);
    }
    for (uint32_t i = 0; i < 65536; i++) {
        assert_int_equal(cdia(m, 0), TAKEN(LPI(i)));
        cdeoi(m, 0);
        cddi(m, 0, LPI(i));
    }
    assert_false(irq(m, 0));
}

/* LPIs of many entries' distance come and go; one that waits is not forgotten. */
static void test_a_waiting_lpi_survives_the_traffic_of_others(void **state)
{
    struct vmm *m = *state;
    const uint32_t waiting = 5;
    start(m);
    linear_table(m, 16);
    route(m, LPI(waiting), 20, 0);
    for (uint32_t step = 64; step <= 4096; step *= 4) {
        cdpend(m, LPI(waiting), 1);
        cdpend(m, LPI(waiting), 0);
        cdpend(m, LPI(waiting), 1);
        for (uint32_t lpi = step; lpi < 65536; lpi += step) {
            route(m, LPI(lpi), 8, 0);
            cdpend(m, LPI(lpi), 1);
            assert_int_equal(cdia(m, 0), TAKEN(LPI(lpi)));
            cdeoi(m, 0);
            cddi(m, 0, LPI(lpi));
        }
        assert_int_equal(cdia(m, 0), TAKEN(LPI(waiting)));
        cdeoi(m, 0);
        cddi(m, 0, LPI(waiting));
        assert_false(irq(m, 0));
    }
}

static const struct CMUnitTest tests[] = {
    TEST_1PE(test_L2_ISTE_preset_state_is_honoured),
    TEST_1PE(test_L2_ISTE_preset_pending_HWU_and_IRM_are_ignored),
    TEST_1PE(test_L2_ISTE_ignored_pending_is_not_saved),
    TEST_1PE(test_L2_ISTE_preset_priority_is_masked),
    TEST_1PE(test_L2_ISTE_layout_written_back),
    TEST_1PE(test_L2_ISTE_every_change_after_a_save_is_in_the_next),
    TEST_1PE(test_L2_ISTE_acknowledge_and_deactivation_after_a_save),
    TEST_1PE(test_L2_ISTE_is_little_endian),
    TEST_1PE(test_L2_ISTE_metadata_is_never_interpreted),
    TEST_1PE(test_virtual_SPI_ISTE_is_the_same_word),
    TEST_2PE(test_IST_BASER_VALID_0_writes_the_entries_back),
    TEST_2PE(test_IST_BASER_VALID_0_makes_lpis_unreachable_and_recalls),
    TEST_2PE(test_IST_made_valid_again_has_its_state_but_pending),
    TEST_1PE(test_IST_moved_to_other_memory),
    TEST_1PE(test_memory_around_the_table_is_not_touched),
    TEST_1PE(test_reads_do_not_disturb_guest_memory),
    TEST_2LV(test_example_1_two_level_24_bits_4K),
    TEST_1PE(test_example_2_linear_12_bits),
    TEST_1PE(test_example_3_linear_14_bits_8_bytes),
    TEST_2LV(test_example_4_two_level_16_bits_4K),
    TEST_1PE(test_example_5_two_level_16_bits_64K_16_bytes),
    TEST_1PE(test_example_6_linear_2_bits),
    TEST_1PE(test_l2bits_of_every_L2SZ_and_ISTSZ),
    TEST_2LV(test_there_is_always_one_L1_entry),
    TEST_1PE(test_the_last_lpi_of_every_geometry),
    TEST_1PE(test_10_2_1_13_alignment_of_a_linear_table),
    TEST_1PE(test_10_2_1_13_alignment_of_a_wide_linear_table),
    TEST_2LV(test_10_2_1_13_alignment_of_a_two_level_table),
    TEST_1PE(test_10_2_1_13_the_register_reads_back_as_written),
    TEST_2LV(test_L1_ISTE_not_valid_makes_its_lpis_unreachable),
    TEST_2LV(test_L1_ISTE_valid_when_the_table_becomes_valid),
    TEST_2LV(test_MAP_L2_ISTR_sets_VALID_in_memory),
    TEST_2LV(test_MAP_L2_ISTR_takes_24_bits),
    TEST_2LV(test_MAP_L2_ISTR_honours_presets),
    TEST_2LV(test_MAP_L2_ISTR_tolerates_VALID_set_by_software),
    TEST_2LV(test_MAP_L2_ISTR_of_a_mapped_table_does_nothing),
    TEST_2LV(test_MAP_L2_ISTR_checks_its_bounds),
    TEST_2LV(test_MAP_L2_ISTR_bound_is_LPI_ID_BITS),
    TEST_2LV(test_L1_ISTE_reserved_bits_are_not_address),
    TEST_2LV(test_L1_ISTE_address_bits_below_the_size_of_a_table_do_not_count),
    TEST_2LV(test_two_level_table_down_and_up_again),
    TEST_1PE(test_65536_pending_lpis_come_in_order),
    TEST_1PE(test_a_waiting_lpi_survives_the_traffic_of_others),
};

int main(void)
{
    return cmocka_run_group_tests_name("gicv5 §3", tests, NULL, NULL);
}
