/* SPDX-License-Identifier: BSD-3-Clause */
/* The register trace of a Linux 7.2 boot on two CPUs, step by step, with what each read answers. */
#include "fixture.h"

#define NR_IPIS 8
#define LINUX_PRIORITY 0x1f

struct frame_step {
    char op; /* R or W */
    uint8_t size;
    uint16_t offset;
    uint64_t value; /* written, or expected */
};

static void play(struct vmm *m, const struct frame_step *steps, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct frame_step *s = &steps[i];
        if (s->op == 'W')
            mmio_write(m, s->offset, s->size, s->value);
        else
            assert_int_equal(mmio_read(m, s->offset, s->size), s->value);
    }
}
#define PLAY(m, steps) play(m, steps, sizeof(steps) / sizeof((steps)[0]))

static void probe_irs(struct vmm *m)
{
    static const struct frame_step steps[] = {
        {'W', 4, VGIC5_IRS_CR1, 0xf5d7},
        {'W', 4, VGIC5_IRS_CR0, 1},
        {'R', 4, VGIC5_IRS_CR0, 3},
        {'R', 4, VGIC5_IRS_IDR1, 0x00400002},
        {'R', 4, VGIC5_IRS_IDR2, 24 | 1 << 5 | 1 << 6 | 1 << 10 | 7 << 11},
        {'R', 4, VGIC5_IRS_IDR7, 0},
        {'R', 4, VGIC5_IRS_IDR6, 256},
        {'R', 4, VGIC5_IRS_IDR0, 0x15},
        {'R', 4, VGIC5_IRS_IDR1, 0x00400002},
        {'R', 4, VGIC5_IRS_IDR5, 256},
    };
    PLAY(m, steps);
}

static void start_cpu(struct vmm *m, uint32_t pe)
{
    assert_int_equal(mrs(m, pe, VGIC5_ICC_IDR0), 0x41);
    msr(m, pe, VGIC5_ICC_PPI_ENABLER(0), 0);
    msr(m, pe, VGIC5_ICC_PPI_ENABLER(1), 0);
    for (uint32_t n = 0; n < 16; n++)
        msr(m, pe, VGIC5_ICC_PPI_PRIORITYR(n), 0x1f1f1f1f1f1f1f1f);
    msr(m, pe, VGIC5_ICC_PCR, LINUX_PRIORITY);
    msr(m, pe, VGIC5_ICC_CR0, mrs(m, pe, VGIC5_ICC_CR0) | 1);
    assert_int_equal(mrs(m, pe, VGIC5_ICC_CR0), 7);
    const struct frame_step steps[] = {
        {'W', 4, VGIC5_IRS_PE_SELR, pe},
        {'R', 4, VGIC5_IRS_PE_STATUSR, 7},
        {'W', 4, VGIC5_IRS_PE_CR0, 1},
        {'R', 4, VGIC5_IRS_PE_STATUSR, 7},
    };
    PLAY(m, steps);
}

static void set_up_table(struct vmm *m)
{
    static const struct frame_step valid[] = {
        {'R', 8, VGIC5_IRS_IST_BASER, 0},
        {'R', 4, VGIC5_IRS_IDR2, 24 | 1 << 5 | 1 << 6 | 1 << 10 | 7 << 11},
        {'W', 4, VGIC5_IRS_IST_CFGR, 0x10018},
        {'W', 8, VGIC5_IRS_IST_BASER, TABLE | 1},
        {'R', 4, VGIC5_IRS_IST_STATUSR, 1},
    };
    static const struct frame_step map[] = {{'W', 4, VGIC5_IRS_MAP_L2_ISTR, 0},
                                            {'R', 4, VGIC5_IRS_IST_STATUSR, 1}};
    PLAY(m, valid);
    store64(m, TABLE, L2_TABLE(0));
    PLAY(m, map);
    assert_int_equal(load64(m, TABLE), L2_TABLE(0) | 1); /* Linux relies on it */
}

static void set_up_ipis(struct vmm *m)
{
    for (uint32_t lpi = 0; lpi < 2 * NR_IPIS; lpi++) {
        cdpri(m, LPI(lpi), LINUX_PRIORITY);
        cdhm(m, LPI(lpi), 0);
        cdpend(m, LPI(lpi), 0);
    }
    for (uint32_t ipi = 0; ipi < NR_IPIS; ipi++)
        for (uint32_t cpu = 0; cpu < 2; cpu++)
            cdaff(m, LPI(cpu * NR_IPIS + ipi), cpu);
}

static void enable_ipis(struct vmm *m, uint32_t cpu)
{
    for (uint32_t ipi = 0; ipi < NR_IPIS; ipi++)
        cden(m, LPI(cpu * NR_IPIS + ipi));
}

static void enable_timer(struct vmm *m, uint32_t pe)
{
    uint64_t enabled = mrs(m, pe, VGIC5_ICC_PPI_ENABLER(0));
    msr(m, pe, VGIC5_ICC_PPI_ENABLER(0), enabled | 1u << VGIC5_PPI_CNTV);
}

/* The entry of an exception: acknowledge, barrier, drop, handler, deactivate. */
static void take(struct vmm *m, uint32_t pe, uint32_t intid)
{
    assert_true(irq(m, pe));
    uint64_t taken = cdia(m, pe);
    assert_int_equal(taken, TAKEN(intid));
    msr(m, pe, VGIC5_GSB_ACK, 0);
    cdeoi(m, pe);
    if (VGIC5_INTID_TYPE(intid) == VGIC5_PPI) /* the handler silences the timer */
        ppi_wire(m, pe, VGIC5_INTID_ID(intid), false);
    cddi(m, pe, intid);
    assert_false(irq(m, pe));
    assert_int_equal(cdia(m, pe), 0);
}

static void tick(struct vmm *m, uint32_t pe)
{
    ppi_wire(m, pe, VGIC5_PPI_CNTV, true);
    assert_int_equal(PPI(VGIC5_PPI_CNTV), 0x2000001b);
    take(m, pe, PPI(VGIC5_PPI_CNTV));
}

static void request_spi(struct vmm *m, uint32_t spi, uint32_t tm, uint32_t cpu)
{
    const struct frame_step steps[] = {
        {'W', 4, VGIC5_IRS_SPI_SELR, spi},
        {'R', 4, VGIC5_IRS_SPI_STATUSR, 3},
        {'W', 4, VGIC5_IRS_SPI_CFGR, tm},
        {'R', 4, VGIC5_IRS_SPI_STATUSR, 3},
    };
    cdpri(m, SPI(spi), LINUX_PRIORITY); /* when it is mapped */
    PLAY(m, steps);
    cdaff(m, SPI(spi), cpu);
    cden(m, SPI(spi));
}

static void boot(struct vmm *m)
{
    const struct vgic5_config config = {.size = sizeof(config), .lpi_id_bits = 24, .ist_l2sz = 7};
    build(m, &(struct vmm_shape){.nr_vcpus = 2, .nr_spis = 256, .config = &config});
    probe_irs(m);
    start_cpu(m, 0);
    set_up_table(m);
    set_up_ipis(m);
    enable_ipis(m, 0);
    enable_timer(m, 0);
    tick(m, 0);
    start_cpu(m, 1);
    enable_ipis(m, 1);
    enable_timer(m, 1);
    tick(m, 1);
    tick(m, 0);
}

static void done(struct vmm *m)
{
    assert_true(vmm_drop_device(m));
    vmm_free_ram(m);
}

static void test_boot_of_two_cpus(void **state)
{
    struct vmm m;
    boot(&m);
    (void)state;
    request_spi(&m, 1, 1, 0);  /* the console */
    request_spi(&m, 16, 0, 1); /* a virtio device */
    spi_wire(&m, 16, true);
    take(&m, 1, SPI(16));
    spi_wire(&m, 16, false);
    for (uint32_t ipi = 0; ipi < NR_IPIS; ipi++) {
        msr(&m, 0, VGIC5_CDPEND, VGIC5_CDPEND_PENDING | LPI(NR_IPIS + ipi));
        assert_int_equal(LPI(NR_IPIS + ipi), 0x40000008 + ipi);
        take(&m, 1, LPI(NR_IPIS + ipi));
        msr(&m, 1, VGIC5_CDPEND, VGIC5_CDPEND_PENDING | LPI(ipi));
        take(&m, 0, LPI(ipi));
    }
    done(&m);
}

static void test_level_spi_of_the_console(void **state)
{
    struct vmm m;
    boot(&m);
    (void)state;
    request_spi(&m, 1, 1, 0);
    spi_wire(&m, 1, true);
    assert_int_equal(cdia(&m, 0), TAKEN(SPI(1)));
    cdeoi(&m, 0);
    cddi(&m, 0, SPI(1)); /* the handler did not empty the FIFO */
    assert_true(irq(&m, 0));
    assert_int_equal(cdia(&m, 0), TAKEN(SPI(1)));
    cdeoi(&m, 0);
    spi_wire(&m, 1, false);
    cddi(&m, 0, SPI(1));
    assert_false(irq(&m, 0));
    done(&m);
}

/* mask, GSB SYS, unmask; and the state read through CDRCFG. */
static void test_mask_unmask_and_irqchip_state(void **state)
{
    struct vmm m;
    boot(&m);
    (void)state;
    request_spi(&m, 16, 0, 0);
    cddis(&m, SPI(16));
    msr(&m, 0, VGIC5_GSB_SYS, 0);
    spi_wire(&m, 16, true);
    assert_false(irq(&m, 0));
    assert_int_equal(cdrcfg(&m, SPI(16)), ICSR_PENDING | ICSR_PRIORITY(LINUX_PRIORITY));
    cden(&m, SPI(16));
    take(&m, 0, SPI(16));
    done(&m);
}

/* The IPI that stops a CPU is acknowledged and never deactivated. */
static void test_stop_ipi_is_never_deactivated(void **state)
{
    struct vmm m;
    boot(&m);
    (void)state;
    cdpend(&m, LPI(NR_IPIS + 2), 1);
    assert_int_equal(cdia(&m, 1), TAKEN(LPI(NR_IPIS + 2)));
    cdeoi(&m, 1);
    cdpend(&m, LPI(NR_IPIS + 2), 1);
    assert_false(irq(&m, 1));
    cdpend(&m, LPI(NR_IPIS + 3), 1); /* others still come */
    take(&m, 1, LPI(NR_IPIS + 3));
    done(&m);
}

/* What is in guest memory after a save is what the guest set up. */
static void test_the_table_after_a_save(void **state)
{
    struct vmm m;
    boot(&m);
    (void)state;
    cdpend(&m, LPI(NR_IPIS + 5), 1);
    flush(&m);
    for (uint32_t lpi = 0; lpi < 2 * NR_IPIS; lpi++) {
        uint32_t entry = ISTE_ENABLE | ISTE_PRIORITY(LINUX_PRIORITY) | ISTE_IAFFID(lpi / NR_IPIS) |
                         (lpi == NR_IPIS + 5 ? ISTE_PENDING : 0);
        assert_int_equal(load32(&m, L2_TABLE(0) + 4 * lpi) & ~ISTE_HWU, entry);
    }
    assert_int_equal(load32(&m, L2_TABLE(0) + 4 * 16), 0);
    assert_int_equal(load64(&m, TABLE), L2_TABLE(0) | 1);
    assert_int_equal(load64(&m, TABLE + 8), 0);
    done(&m);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_boot_of_two_cpus),
    cmocka_unit_test(test_level_spi_of_the_console),
    cmocka_unit_test(test_mask_unmask_and_irqchip_state),
    cmocka_unit_test(test_stop_ipi_is_never_deactivated),
    cmocka_unit_test(test_the_table_after_a_save),
};

int main(void)
{
    return cmocka_run_group_tests_name("gicv5 Linux 7.2", tests, NULL, NULL);
}
