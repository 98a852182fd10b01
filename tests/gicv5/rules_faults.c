/* SPDX-License-Identifier: BSD-3-Clause */
/* What the VMM refuses, guest memory or allocation, ends a table walk and nothing else. */
#include "fixture.h"

static void fault(struct vmm *m, uint64_t ipa, uint64_t size, bool reads, bool writes)
{
    m->hole = reads || writes ? ipa : 0;
    m->hole_size = size;
    m->hole_for = reads && writes ? VMM_NO_ACCESS : reads ? VMM_NO_READS : VMM_NO_WRITES;
}

/* SPIs and PPIs do not live in guest memory. At priority 0 they go before any LPI. */
static void assert_the_rest_works(struct vmm *m)
{
    cdpend(m, SPI(9), 0);
    cddi(m, 0, SPI(9));
    msr(m, 0, VGIC5_ICC_APR, 0);
    route(m, SPI(9), 0, 0);
    cdpend(m, SPI(9), 1);
    assert_int_equal(cdia(m, 0), TAKEN(SPI(9)));
    cdeoi(m, 0);
    cddi(m, 0, SPI(9));
    set_ppi_priority(m, 0, VGIC5_PPI_CNTV, 0);
    ppi_wire(m, 0, VGIC5_PPI_CNTV, true);
    assert_int_equal(cdia(m, 0), TAKEN(PPI(VGIC5_PPI_CNTV)));
    ppi_wire(m, 0, VGIC5_PPI_CNTV, false);
    cdeoi(m, 0);
    cddi(m, 0, PPI(VGIC5_PPI_CNTV));
}

static void use_lpi_in_vain(struct vmm *m, uint32_t lpi)
{
    route(m, LPI(lpi), 1, 0);
    cdpend(m, LPI(lpi), 1);
    cdhm(m, LPI(lpi), 1);
    cddi(m, 0, LPI(lpi));
    cddis(m, LPI(lpi));
    assert_int_equal(cdrcfg(m, LPI(lpi)), ICSR_F);
}

static void test_a_page_of_a_linear_table_is_not_there(void **state)
{
    struct vmm *m = *state;
    start(m);
    fault(m, TABLE + 0x1000, 0x1000, true, true); /* LPIs 1024..2047 */
    linear_table(m, 12);
    use_lpi_in_vain(m, 1024);
    use_lpi_in_vain(m, 1500);
    use_lpi_in_vain(m, 2047);
    assert_false(irq(m, 0));
    static const uint32_t there[] = {0, 1023, 2048, 4095};
    for (size_t i = 0; i < 4; i++) {
        route(m, LPI(there[i]), 8, 0);
        cdpend(m, LPI(there[i]), 1);
        assert_int_equal(cdia(m, 0), TAKEN(LPI(there[i])));
        cdeoi(m, 0);
    }
    assert_the_rest_works(m);
}

/* What nobody could adopt is not handed out: the VMM hears of it at the save (kvm-abi §2, EFAULT).
 */
static void assert_the_save_is_refused(struct vmm *m)
{
    uint32_t words[32];
    assert_int_equal(vmm_get(m, VGIC5_GRP_IST, 0, words), -EFAULT);
}

static void test_the_whole_table_is_not_there(void **state)
{
    struct vmm *m = *state;
    start(m);
    assert_true(make_valid(m, 12, VMM_RAM_BASE - 0x100000));
    use_lpi_in_vain(m, 0);
    use_lpi_in_vain(m, 4095);
    assert_the_save_is_refused(m);
    assert_the_rest_works(m);
    w64(m, VGIC5_IRS_IST_BASER, 0);
    linear_table(m, 12); /* a good one after it */
    route(m, LPI(7), 8, 0);
    cdpend(m, LPI(7), 1);
    assert_int_equal(cdia(m, 0), TAKEN(LPI(7)));
}

static void test_the_table_runs_beyond_the_end_of_memory(void **state)
{
    struct vmm *m = *state;
    const uint64_t base = VMM_RAM_BASE + VMM_RAM_SIZE - 0x40000;
    start(m);
    m->ram_size -= 0x2000; /* the last two pages of a table of 65536 LPIs */
    assert_true(make_valid(m, 16, base));
    cden(m, LPI(65535 - 2048));
    assert_int_equal(cdrcfg(m, LPI(65535 - 2048)), ICSR_ENABLED);
    use_lpi_in_vain(m, 65535 - 2047);
    use_lpi_in_vain(m, 65535);
    assert_the_save_is_refused(m);
    assert_the_rest_works(m);
}

static void test_the_level_1_table_is_not_there(void **state)
{
    struct vmm *m = *state;
    start(m);
    fault(m, TABLE, 0x1000, true, true);
    assert_true(make_valid(m, 0x10010, TABLE));
    w32(m, VGIC5_IRS_MAP_L2_ISTR, 5);
    use_lpi_in_vain(m, 5);
    assert_the_save_is_refused(m);
    assert_the_rest_works(m);
    for (size_t i = 0; i < m->ram_size; i++)
        assert_int_equal(m->ram[i], 0);
}

static void test_the_level_2_table_is_not_there(void **state)
{
    struct vmm *m = *state;
    start(m);
    fault(m, L2_TABLE(0), 0x1000, true, true);
    assert_true(make_valid(m, 0x10010, TABLE));
    map_l2(m, TABLE, L2_TABLE(0), 5);
    use_lpi_in_vain(m, 5);
    assert_the_save_is_refused(m);
    map_l2(m, TABLE + 8, L2_TABLE(1), 1024);
    route(m, LPI(1029), 8, 0);
    cdpend(m, LPI(1029), 1);
    assert_int_equal(cdia(m, 0), TAKEN(LPI(1029)));
    assert_the_rest_works(m);
}

/* MAP_L2_ISTR cannot set VALID: the L2 table stays unmapped. */
static void test_VALID_cannot_be_written(void **state)
{
    struct vmm *m = *state;
    start(m);
    assert_true(make_valid(m, 0x10010, TABLE));
    fault(m, TABLE, 0x1000, false, true);
    map_l2(m, TABLE, L2_TABLE(0), 5);
    use_lpi_in_vain(m, 5);
    assert_int_equal(load64(m, TABLE), L2_TABLE(0));
    fault(m, 0, 0, false, false);
    w32(m, VGIC5_IRS_MAP_L2_ISTR, 5); /* and can be tried again */
    cden(m, LPI(5));
    assert_int_equal(cdrcfg(m, LPI(5)), ICSR_ENABLED);
    assert_the_rest_works(m);
}

static void test_entries_cannot_be_written_back(void **state)
{
    struct vmm *m = *state;
    start(m);
    linear_table(m, 12);
    route(m, LPI(3), 8, 0);
    route(m, LPI(2000), 8, 0);
    cdpend(m, LPI(3), 1);
    cdpend(m, LPI(2000), 1);
    fault(m, TABLE, 0x1000, false, true);
    w64(m, VGIC5_IRS_IST_BASER, 0); /* comes down all the same */
    assert_int_equal(r64(m, VGIC5_IRS_IST_BASER), TABLE);
    assert_int_equal(r32(m, VGIC5_IRS_IST_STATUSR), 1);
    assert_int_equal(cdrcfg(m, LPI(3)), ICSR_F);
    assert_false(irq(m, 0));
    assert_int_equal(load32(m, TABLE + 4 * 2000) & ISTE_ENABLE, ISTE_ENABLE);
    assert_the_rest_works(m);
}

static void test_a_save_that_cannot_write_says_so_and_can_be_repeated(void **state)
{
    struct vmm *m = *state;
    uint32_t words[32];
    start(m);
    linear_table(m, 12);
    route(m, LPI(3), 8, 0);
    cdpend(m, LPI(3), 1);
    fault(m, TABLE, 0x1000, true, true);
    assert_int_equal(vmm_get(m, VGIC5_GRP_IST, 0, words), -EFAULT);
    assert_true(irq(m, 0));
    fault(m, 0, 0, false, false);
    assert_int_equal(vmm_get(m, VGIC5_GRP_IST, 0, words), 0);
    assert_int_equal(load32(m, TABLE + 12) & ~ISTE_HWU,
                     ISTE_PENDING | ISTE_ENABLE | ISTE_PRIORITY(8));
    assert_int_equal(cdia(m, 0), TAKEN(LPI(3)));
}

static void test_a_machine_without_guest_memory(void **state)
{
    struct vgic5 *device;
    const uint64_t address = MAP_IRS_BASE;
    const struct vgic5_attr addr = {0, VGIC5_GRP_ADDR, VGIC5_ADDR_TYPE_IRS, (uintptr_t)&address};
    const struct vgic5_attr init = {0, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, 0};
    assert_non_null(*state);
    assert_int_equal(vgic5_create(NULL, NULL, NULL, &device), 0);
    assert_int_equal(vgic5_add_vcpu(device, 0), 0);
    assert_int_equal(vgic5_set_attr(device, &addr), 0);
    assert_int_equal(vgic5_set_attr(device, &init), 0);
    struct vmm m = {.device = device, .nr_vcpus = 1, .vcpu = {vgic5_vcpu(device, 0)}};
    w32(&m, VGIC5_IRS_IST_CFGR, 4);
    w64(&m, VGIC5_IRS_IST_BASER, TABLE | 1);
    assert_int_equal(cdrcfg(&m, LPI(0)), ICSR_F);
    cden(&m, LPI(0));
    cdpend(&m, LPI(0), 1);
    w64(&m, VGIC5_IRS_IST_BASER, 0);
    assert_int_equal(cdrcfg(&m, SPI(0)), 0);
    vgic5_destroy(device);
}

/* ---- Allocation ---- */

static void let_alloc_fail(struct vmm *m, long n, bool go_on)
{
    m->alloc_faults_go_on = go_on;
    m->alloc_fault_at = (unsigned)n + 1;
    m->alloc_failures = 0;
}

/* Creation: -ENOMEM, nothing leaks; n until no call is left to fail. */
static void test_creation_with_the_nth_allocation_failing(void **state)
{
    const struct vgic5_config config = {.size = sizeof(config), .ist_l2sz = 7};
    const struct vmm_shape options = {.config = &config, .nr_vcpus = 3, .nr_spis = 1024};
    long n = 0, failures = 1;
    assert_non_null(*state);
    for (; failures; n++) {
        struct vmm m;
        assert_true(vmm_prepare(&m, 0, 0));
        let_alloc_fail(&m, n, n % 2);
        int ret = vmm_build(&m, &options);
        failures = m.alloc_failures;
        assert_int_equal(ret, failures ? -ENOMEM : 0);
        assert_true(vmm_drop_device(&m));
        vmm_free_ram(&m);
    }
    assert_true(n > 1);
}

/* INIT that failed for want of memory changed nothing: it can be repeated. */
static void test_init_can_be_repeated_after_ENOMEM(void **state)
{
    const struct vmm_shape options = {.nr_vcpus = 2, .nr_spis = 64, .no_init = true};
    long n = 0, failures = 1;
    assert_non_null(*state);
    for (; failures; n++) {
        struct vmm m;
        build(&m, &options);
        let_alloc_fail(&m, n, false);
        int ret = vmm_set(&m, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NULL);
        failures = m.alloc_failures;
        assert_int_equal(ret, failures ? -ENOMEM : 0);
        m.alloc_fault_at = 0;
        assert_int_equal(vmm_set(&m, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NULL), 0);
        start(&m);
        assert_the_rest_works(&m);
        assert_true(vmm_drop_device(&m));
        vmm_free_ram(&m);
    }
}

#define NR_USED 6
static const uint32_t used[NR_USED] = {0, 1, 700, 1023, 1024, 65535};

/* Each of these LPIs either behaves wholly, or as if its walk had been aborted. */
static void use_lpis_without_memory(struct vmm *m)
{
    for (uint32_t i = 0; i < NR_USED; i++) {
        route(m, LPI(used[i]), 8, 0);
        cdpend(m, LPI(used[i]), 1);
        cdrcfg(m, LPI(used[i]));
    }
}

/* With memory again, everything that was not reachable can be reached, and works. */
static void lpis_work(struct vmm *m)
{
    for (uint32_t i = 0; i < NR_USED; i++) {
        uint32_t intid = LPI(used[i]);
        route(m, intid, 8, 0);
        cdpend(m, intid, 1);
        assert_int_equal(cdrcfg(m, intid), ICSR_ENABLED | ICSR_PENDING | ICSR_PRIORITY(8));
    }
    for (uint32_t i = 0; i < NR_USED; i++) {
        assert_int_equal(cdia(m, 0), TAKEN(LPI(used[i])));
        cdeoi(m, 0);
        cddi(m, 0, LPI(used[i]));
    }
    assert_false(irq(m, 0));
}

static void set_up_tables(struct vmm *m, bool two_level)
{
    w32(m, VGIC5_IRS_IST_CFGR, two_level ? 0x10010 : 16);
    if (two_level)
        store64(m, TABLE + 8, L2_TABLE(1) | 1);
    w64(m, VGIC5_IRS_IST_BASER, TABLE | 1);
    if (!two_level)
        return;
    store64(m, TABLE, L2_TABLE(0));
    store64(m, TABLE + 8 * 63, L2_TABLE(2));
    w32(m, VGIC5_IRS_MAP_L2_ISTR, 0);
    w32(m, VGIC5_IRS_MAP_L2_ISTR, 65535);
}

/* The state of an LPI right after instructions that may have had no memory. */
static void assert_whole_or_unreachable(struct vmm *m)
{
    for (uint32_t i = 0; i < NR_USED; i++) {
        uint64_t icsr = cdrcfg(m, LPI(used[i]));
        bool pending = !(icsr & ICSR_F) && (icsr & ICSR_PENDING);
        if (icsr != ICSR_F)
            assert_true((icsr & ~(uint64_t)(ICSR_ENABLED | ICSR_PENDING | ICSR_PRIORITY(8))) == 0);
        if (pending && (icsr & ICSR_ENABLED))
            assert_true(irq(m, 0));
    }
}

/* The n-th allocation after INIT fails, once or from there on: tables, LPIs, save. */
static void one_run_without_memory(struct vmm *m, bool two_level, long n, bool go_on)
{
    uint32_t words[32];
    start(m);
    let_alloc_fail(m, n, go_on);
    set_up_tables(m, two_level);
    use_lpis_without_memory(m);
    assert_whole_or_unreachable(m);
    assert_the_rest_works(m);
    int ret = vmm_get(m, VGIC5_GRP_IST, 0, words);
    assert_true(ret == 0 || (ret == -ENOMEM && m->alloc_failures));
    w64(m, VGIC5_IRS_IST_BASER, 0);
    assert_int_equal(r64(m, VGIC5_IRS_IST_BASER), TABLE);
    m->alloc_fault_at = 0;
    assert_int_equal(cdrcfg(m, LPI(0)), ICSR_F);
    memset(m->ram, 0, m->ram_size);
    set_up_tables(m, two_level);
    assert_true(r64(m, VGIC5_IRS_IST_BASER) & 1);
    lpis_work(m);
}

static void test_tables_with_the_nth_allocation_failing(void **state)
{
    const struct vgic5_config config = {.size = sizeof(config), .ist_l2sz = 7};
    assert_non_null(*state);
    for (uint32_t variant = 0; variant < 4; variant++) {
        long failures = 1;
        for (long n = 0; failures; n++) {
            struct vmm m;
            build(&m, &(struct vmm_shape){.nr_vcpus = 1, .config = &config});
            one_run_without_memory(&m, variant & 1, n, variant & 2);
            failures = m.alloc_failures;
            assert_true(vmm_drop_device(&m));
            vmm_free_ram(&m);
        }
    }
}

/* An instruction that finds no memory has happened wholly or not at all. */
static void assert_old_or_new(struct vmm *m, uint32_t intid, uint64_t before, uint64_t after)
{
    uint64_t icsr = cdrcfg(m, intid);
    assert_true(icsr == before || icsr == after);
    uint64_t target = icsr >> 32;
    bool candidate =
        (icsr & (ICSR_PENDING | ICSR_ENABLED | ICSR_ACTIVE)) == (ICSR_PENDING | ICSR_ENABLED);
    assert_int_equal(irq(m, 0), candidate && target == 0);
    assert_int_equal(irq(m, 1), candidate && target == 1);
}

/* The LPI is known already; only what the instruction itself needs can be missing. */
static void test_instructions_without_memory(void **state)
{
    const uint64_t fixed = ICSR_ENABLED | ICSR_PRIORITY(8);
    const uint32_t intid = LPI(0x123456);
    const struct vgic5_config config = {.size = sizeof(config), .lpi_id_bits = 24, .ist_l2sz = 7};
    assert_non_null(*state);
    for (long n = 0, failures = 1; failures; n++) {
        struct vmm m;
        build(&m, &(struct vmm_shape){.nr_vcpus = 2, .config = &config});
        start(&m);
        assert_true(make_valid(&m, 0x10018, TABLE));
        map_l2(&m, TABLE + 0x2468, L2_TABLE(1), 0x123456);
        route(&m, intid, 8, 0);
        let_alloc_fail(&m, n, true);
        cdpend(&m, intid, 1);
        assert_old_or_new(&m, intid, fixed, fixed | ICSR_PENDING);
        failures = m.alloc_failures;
        m.alloc_fault_at = 0;
        cdpend(&m, intid, 1);
        assert_true(irq(&m, 0));
        let_alloc_fail(&m, n, true);
        cdaff(&m, intid, 1); /* a pending one moves */
        assert_old_or_new(&m, intid, fixed | ICSR_PENDING, fixed | ICSR_PENDING | ICSR_IAFFID(1));
        failures += m.alloc_failures;
        m.alloc_fault_at = 0;
        cdaff(&m, intid, 0);
        assert_int_equal(cdia(&m, 0), TAKEN(intid));
        let_alloc_fail(&m, n, true);
        cdaff(&m, intid, 1); /* an active one too */
        assert_old_or_new(&m, intid, fixed | ICSR_ACTIVE, fixed | ICSR_ACTIVE | ICSR_IAFFID(1));
        failures += m.alloc_failures;
        cddi(&m, 0, intid);
        assert_old_or_new(&m, intid, fixed, fixed | ICSR_IAFFID(1));
        assert_true(vmm_drop_device(&m));
        vmm_free_ram(&m);
    }
}

/* Active is honoured in a table: it needs memory in every PE that the entries name. */
static void test_active_entries_without_memory(void **state)
{
    static const uint32_t ids[] = {0, 7, 300};
    assert_non_null(*state);
    for (long n = 0, failures = 1; failures; n++) {
        struct vmm m;
        build(&m, &(struct vmm_shape){.nr_vcpus = 3, .ids = ids});
        start(&m);
        for (uint32_t i = 0; i < 16; i++)
            store32(&m, TABLE + 4 * i, ISTE_ACTIVE | ISTE_ENABLE | ISTE_IAFFID(ids[i % 3]));
        linear_table(&m, 16);
        let_alloc_fail(&m, n, false);
        for (uint32_t i = 0; i < 16; i++) {
            uint64_t right = ICSR_ACTIVE | ICSR_ENABLED | ICSR_IAFFID(ids[i % 3]);
            uint64_t icsr = cdrcfg(&m, LPI(i));
            assert_true(icsr == right || (icsr == ICSR_F && m.alloc_failures));
            assert_int_equal(cdrcfg(&m, LPI(i)), right); /* tried again */
        }
        failures = m.alloc_failures;
        assert_the_rest_works(&m);
        assert_true(vmm_drop_device(&m));
        vmm_free_ram(&m);
    }
}

/* A restore up to the set of GRP_IST: registers by the VMM, entries in guest memory. */
static void restore_registers(struct vmm *m, uint32_t *words)
{
    static const uint32_t ids[] = {0, 7, 300};
    const struct vgic5_config config = {.size = sizeof(config), .ist_l2sz = 7};
    build(m, &(struct vmm_shape){.nr_vcpus = 3, .ids = ids, .config = &config});
    for (uint32_t i = 0; i < 16; i++)
        store32(m, L2_TABLE(1) + 64 * i,
                ISTE_PENDING | ISTE_ENABLE | ISTE_PRIORITY(8) | ISTE_IAFFID(ids[i % 3]));
    store64(m, TABLE + 8, L2_TABLE(1) | 1);
    for (uint32_t i = 0; i < 32; i++)
        words[i] = ISTE_ENABLE | ISTE_PRIORITY(i);
    assert_int_equal(irs_set(m, VGIC5_IRS_IST_CFGR, 0x10010), 0);
    assert_int_equal(irs_set(m, VGIC5_IRS_IST_BASER, TABLE | 1), 0);
}

/* The equal priorities do not nest: each is dropped at once. */
static void assert_restored(struct vmm *m)
{
    start(m);
    for (uint32_t i = 0; i < 16; i++) {
        assert_int_equal(cdia(m, i % 3), TAKEN(LPI(1024 + 16 * i)));
        cdeoi(m, i % 3);
    }
    assert_int_equal(cdrcfg(m, SPI(5)), ICSR_ENABLED | ICSR_PRIORITY(5));
}

static void test_restore_of_tables_that_are_not_there(void **state)
{
    static const uint64_t missing[] = {TABLE, L2_TABLE(1)};
    assert_non_null(*state);
    for (uint32_t i = 0; i < 2; i++) {
        struct vmm m;
        uint32_t words[32];
        restore_registers(&m, words);
        fault(&m, missing[i], 0x1000, true, true);
        assert_int_equal(vmm_set(&m, VGIC5_GRP_IST, 0, words), -EFAULT);
        assert_int_equal(cdrcfg(&m, SPI(5)), 0); /* nothing has changed */
        fault(&m, 0, 0, false, false);
        assert_int_equal(vmm_set(&m, VGIC5_GRP_IST, 0, words), 0);
        assert_restored(&m);
        assert_true(vmm_drop_device(&m));
        vmm_free_ram(&m);
    }
}

static void test_restore_with_the_nth_allocation_failing(void **state)
{
    assert_non_null(*state);
    for (long n = 0, failures = 1; failures; n++) {
        struct vmm m;
        uint32_t words[32];
        restore_registers(&m, words);
        let_alloc_fail(&m, n, n % 2);
        int ret = vmm_set(&m, VGIC5_GRP_IST, 0, words);
        failures = m.alloc_failures;
        assert_int_equal(ret, failures ? -ENOMEM : 0);
        m.alloc_fault_at = 0;
        if (failures) {
            assert_int_equal(cdrcfg(&m, SPI(5)), 0);
            for (uint32_t i = 0; i < 16; i++)
                assert_false(is_pending(&m, LPI(1024 + 16 * i)));
            assert_int_equal(vmm_set(&m, VGIC5_GRP_IST, 0, words), 0);
        }
        assert_restored(&m);
        assert_true(vmm_drop_device(&m));
        vmm_free_ram(&m);
    }
}

/* A second set that fails, with what the first one brought. */
static void test_a_failed_set_changes_nothing(void **state)
{
    assert_non_null(*state);
    for (long n = 0, failures = 1; failures; n++) {
        struct vmm m;
        uint32_t words[32], zero[32] = {0};
        restore_registers(&m, words);
        start(&m);
        assert_int_equal(vmm_set(&m, VGIC5_GRP_IST, 0, words), 0);
        cdpend(&m, LPI(1024), 0);
        cdpend(&m, LPI(1025), 1);
        cden(&m, LPI(1025));
        fault(&m, L2_TABLE(1), 0x1000, true, true);
        assert_int_equal(vmm_set(&m, VGIC5_GRP_IST, 0, zero), -EFAULT);
        assert_int_equal(mrs(&m, 0, VGIC5_ICC_HPPIR), TAKEN(LPI(1025)));
        fault(&m, 0, 0, false, false);
        let_alloc_fail(&m, n, true);
        int ret = vmm_set(&m, VGIC5_GRP_IST, 0, zero);
        failures = m.alloc_failures;
        m.alloc_fault_at = 0;
        assert_int_equal(ret, failures ? -ENOMEM : 0);
        if (failures) {
            assert_int_equal(vgic5_vcpu_line(m.vcpu[0]), VGIC5_LINE_SUPERPRIORITY);
            assert_int_equal(cdia(&m, 0), TAKEN(LPI(1025)));
            cdeoi(&m, 0);
            cdpend(&m, LPI(1024), 1);
            assert_restored(&m);
        }
        assert_true(vmm_drop_device(&m));
        vmm_free_ram(&m);
    }
}

static void test_a_machine_with_the_c_librarys_memory(void **state)
{
    struct vgic5_host plain = vmm_host;
    struct vmm m;
    plain.alloc = NULL;
    plain.free = NULL;
    assert_non_null(*state);
    build(&m, &(struct vmm_shape){.nr_vcpus = 1, .host = &plain});
    start(&m);
    linear_table(&m, 16);
    lpis_work(&m);
    assert_the_rest_works(&m);
    assert_true(vmm_drop_device(&m));
    vmm_free_ram(&m);
}

/* A guest that touches a missing table again and again does not fill the VMM's log. */
static void test_the_log_of_a_missing_table_is_short(void **state)
{
    struct vmm *m = *state;
    assert_true(make_valid(m, 12, VMM_RAM_BASE - 0x100000));
    for (uint32_t i = 0; i < 1000; i++)
        cden(m, LPI(i));
    assert_in_range(m->logs, 1, 100);
}

static const struct CMUnitTest tests[] = {
    TEST_1PE(test_a_page_of_a_linear_table_is_not_there),
    TEST_1PE(test_the_whole_table_is_not_there),
    TEST_1PE(test_the_table_runs_beyond_the_end_of_memory),
    TEST_2LV(test_the_level_1_table_is_not_there),
    TEST_2LV(test_the_level_2_table_is_not_there),
    TEST_2LV(test_VALID_cannot_be_written),
    TEST_1PE(test_entries_cannot_be_written_back),
    TEST_1PE(test_a_save_that_cannot_write_says_so_and_can_be_repeated),
    TEST_1PE(test_a_machine_without_guest_memory),
    TEST_1PE(test_creation_with_the_nth_allocation_failing),
    TEST_1PE(test_init_can_be_repeated_after_ENOMEM),
    TEST_1PE(test_tables_with_the_nth_allocation_failing),
    TEST_1PE(test_instructions_without_memory),
    TEST_1PE(test_active_entries_without_memory),
    TEST_1PE(test_restore_of_tables_that_are_not_there),
    TEST_1PE(test_restore_with_the_nth_allocation_failing),
    TEST_1PE(test_a_failed_set_changes_nothing),
    TEST_1PE(test_a_machine_with_the_c_librarys_memory),
    TEST_1PE(test_the_log_of_a_missing_table_is_short),
};

int main(void)
{
    return cmocka_run_group_tests_name("gicv5 faults", tests, NULL, NULL);
}
