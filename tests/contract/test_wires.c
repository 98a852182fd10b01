/* SPDX-License-Identifier: BSD-3-Clause */
/* KVM_IRQ_LINE, the PPIs of the VMM's timers, and the wires that no attribute carries. */
#include <errno.h>
#include <string.h>

#include "vmm.h"

#define IRQ(type, vcpu_id, number) \
    ((((vcpu_id) >> 8 & 0xfu) << 28) | ((type) << 24) | (((vcpu_id)&0xffu) << 16) | (number))

/* The vCPU is named by its id; USERSPACE_PPIS is SW_PPI alone. */
static const struct {
    const char *name;
    enum life life;
    uint32_t irq;
    int expected;
} lines[] = {
    {"before INIT", LIFE_VCPUS, IRQ(1u, 0u, 0u), -EBUSY},
    {"type CPU", LIFE_READY, IRQ(0u, 3u, 0u), -ENXIO},
    {"SPI 0", LIFE_READY, IRQ(1u, 0u, 0u), 0},
    {"the last SPI", LIFE_READY, IRQ(1u, 0u, NR_SPIS - 1), 0},
    {"one too many", LIFE_READY, IRQ(1u, 0u, NR_SPIS), -EINVAL},
    {"SPI 0xffff", LIFE_READY, IRQ(1u, 0u, 0xffffu), -EINVAL},
    {"SPIs have no vCPU", LIFE_READY, IRQ(1u, 4u, 5u), 0},
    {"SW_PPI of vCPU 3", LIFE_READY, IRQ(2u, 3u, 3u), 0},
    {"SW_PPI of vCPU 17", LIFE_READY, IRQ(2u, 17u, 3u), 0},
    {"SW_PPI by creation order", LIFE_READY, IRQ(2u, 1u, 3u), -EINVAL},
    {"SW_PPI of vCPU 256+3", LIFE_READY, IRQ(2u, 259u, 3u), -EINVAL},
    {"a timer's PPI", LIFE_READY, IRQ(2u, 3u, 27u), -EINVAL},
    {"an unimplemented PPI", LIFE_READY, IRQ(2u, 3u, 4u), -EINVAL},
    {"PPI 67", LIFE_READY, IRQ(2u, 3u, 67u), -EINVAL},
    {"unknown type", LIFE_READY, IRQ(3u, 3u, 3u), -EINVAL},
    {"while a vCPU runs", LIFE_RUNNING, IRQ(1u, 0u, 0u), 0},
};

static void test_irq_line(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof(lines) / sizeof(lines[0]); n++) {
        struct vmm vmm;

        vmm_open(&vmm, VGIC5_ABI_V1, lines[n].life);
        if (vgic5_irq_line(vmm.device, lines[n].irq, true) != lines[n].expected)
            fail_msg("%s", lines[n].name);
        vmm_destroy(&vmm);
    }
}

static void test_a_high_vcpu_id(void **state)
{
    struct vmm vmm;

    (void)state;
    vmm_create(&vmm, NULL);
    assert_int_equal(vgic5_add_vcpu(vmm.device, 0xa05), 0);
    assert_int_equal(vmm_set(&vmm, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NULL), 0);
    assert_int_equal(vgic5_irq_line(vmm.device, VGIC5_IRQ_PPI(0xa05u, VGIC5_PPI_SW), true), 0);
    assert_int_equal(guest_mrs(&vmm, 0xa05, VGIC5_ICC_PPI_SPENDR(0)), 1 << VGIC5_PPI_SW);
    vmm_destroy(&vmm);
}

static bool is_pending(struct vmm *vmm, uint32_t spi)
{
    guest_msr(vmm, 3, VGIC5_CDRCFG, VGIC5_INTID(VGIC5_SPI, spi));
    return guest_mrs(vmm, 3, VGIC5_ICC_ICSR) >> 2 & 1;
}

/* "Lowering an edge SPI does not retract it; a level SPI follows its line." */
static void test_edge_and_level(void **state)
{
    struct vmm vmm;

    (void)state;
    vmm_open(&vmm, VGIC5_ABI_V1, LIFE_READY);
    guest_write(&vmm, VGIC5_IRS_SPI_SELR, 4, 8);
    guest_write(&vmm, VGIC5_IRS_SPI_CFGR, 4, 1);
    for (uint32_t spi = 7; spi <= 8; spi++) {
        assert_int_equal(vgic5_irq_line(vmm.device, VGIC5_IRQ_SPI(spi), true), 0);
        assert_true(is_pending(&vmm, spi));
        assert_int_equal(vgic5_irq_line(vmm.device, VGIC5_IRQ_SPI(spi), false), 0);
        assert_int_equal(is_pending(&vmm, spi), spi == 7);
    }
    vmm_destroy(&vmm);
}

/* Each raise of an edge interrupt is an event, as KVM's injection path has it; repeating the level
 * of a level SPI changes nothing. */
static void test_repeated_level(void **state)
{
    struct vmm vmm;

    (void)state;
    vmm_open(&vmm, VGIC5_ABI_V1, LIFE_READY);
    for (unsigned level = 0; level < 2; level++) {
        guest_write(&vmm, VGIC5_IRS_SPI_SELR, 4, 7);
        guest_write(&vmm, VGIC5_IRS_SPI_CFGR, 4, level);
        for (unsigned n = 0; n < 3; n++) {
            assert_int_equal(vgic5_irq_line(vmm.device, VGIC5_IRQ_SPI(7), true), 0);
            assert_int_equal(is_pending(&vmm, 7), !level || n == 0);
            guest_msr(&vmm, 3, VGIC5_CDPEND, VGIC5_INTID(VGIC5_SPI, 7));
            assert_false(is_pending(&vmm, 7));
        }
        assert_int_equal(vgic5_irq_line(vmm.device, VGIC5_IRQ_SPI(7), false), 0);
        assert_false(is_pending(&vmm, 7));
    }
    for (unsigned n = 0; n < 3; n++) {
        assert_int_equal(vgic5_irq_line(vmm.device, VGIC5_IRQ_PPI(17u, 3u), true), 0);
        assert_int_equal(guest_mrs(&vmm, 17, VGIC5_ICC_PPI_SPENDR(0)), 1 << VGIC5_PPI_SW);
        guest_msr(&vmm, 17, VGIC5_ICC_PPI_CPENDR(0), 1 << VGIC5_PPI_SW);
        assert_int_equal(guest_mrs(&vmm, 17, VGIC5_ICC_PPI_SPENDR(0)), 0);
    }
    vmm_destroy(&vmm);
}

static void test_ppi_line(void **state)
{
    struct vgic5_vcpu *vcpu;
    struct vmm vmm;

    (void)state;
    vmm_open(&vmm, VGIC5_ABI_V1, LIFE_VCPUS);
    vcpu = vgic5_vcpu(vmm.device, 17);
    assert_int_equal(vgic5_ppi_line(vcpu, VGIC5_PPI_CNTV, true), -EBUSY);
    assert_int_equal(vmm_set(&vmm, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NULL), 0);
    assert_int_equal(vgic5_ppi_line(vcpu, VGIC5_PPI_CNTV, true), 0);
    assert_int_equal(guest_mrs(&vmm, 17, VGIC5_ICC_PPI_SPENDR(0)), 1 << VGIC5_PPI_CNTV);
    assert_int_equal(guest_mrs(&vmm, 3, VGIC5_ICC_PPI_SPENDR(0)), 0);
    assert_int_equal(vgic5_ppi_line(vcpu, VGIC5_PPI_CNTV, false), 0);
    assert_int_equal(guest_mrs(&vmm, 17, VGIC5_ICC_PPI_SPENDR(0)), 0);
    assert_int_equal(vgic5_ppi_line(vcpu, VGIC5_PPI_SW, true), -EINVAL);
    assert_int_equal(vgic5_ppi_line(vcpu, 22, true), -EINVAL);
    assert_int_equal(vgic5_ppi_line(vcpu, 64, true), -EINVAL);
    assert_int_equal(vgic5_ppi_line(vcpu, UINT32_MAX, true), -EINVAL);
    vmm_destroy(&vmm);
}

/* Wires out and in: no event, no bit beyond the last SPI, not after a run. */
static void test_wires(void **state)
{
    const uint64_t levels[3] = {UINT64_C(1) << 63 | 1, 0, 0};
    const uint64_t beyond[2] = {0, 1};
    uint64_t wires[20];
    struct vmm vmm;

    (void)state;
    vmm_open(&vmm, VGIC5_ABI_V1, LIFE_VCPUS);
    assert_int_equal(vgic5_get_spi_wires(vmm.device, wires, 20), -EBUSY);
    assert_int_equal(vgic5_set_spi_wires(vmm.device, levels, 3), -EBUSY);
    vmm_destroy(&vmm);
    vmm_open(&vmm, VGIC5_ABI_V1, LIFE_READY);
    assert_int_equal(vgic5_set_spi_wires(vmm.device, beyond, 2), -EINVAL);
    assert_int_equal(vgic5_set_spi_wires(vmm.device, levels, 3), 0);
    memset(wires, 0xff, sizeof(wires));
    assert_int_equal(vgic5_get_spi_wires(vmm.device, wires, 20), 0);
    assert_int_equal(wires[0], levels[0]);
    for (unsigned n = 1; n < 20; n++)
        assert_int_equal(wires[n], 0);
    assert_false(is_pending(&vmm, 0));
    assert_int_equal(vgic5_set_spi_wires(vmm.device, levels, 0), 0); /* none given: all low */
    assert_int_equal(vgic5_get_spi_wires(vmm.device, wires, 1), 0);
    assert_int_equal(wires[0], 0);
    assert_int_equal(vgic5_vcpu_enter(vgic5_vcpu(vmm.device, 3)), 0);
    vgic5_vcpu_leave(vgic5_vcpu(vmm.device, 3));
    assert_int_equal(vgic5_set_spi_wires(vmm.device, levels, 3), -EBUSY);
    assert_int_equal(vgic5_get_spi_wires(vmm.device, wires, 1), 0);
    vmm_destroy(&vmm);
}

/* With 96 SPIs the last word is half used. */
static void test_half_a_word_of_wires(void **state)
{
    uint64_t wires[2] = {UINT64_MAX, UINT32_MAX};
    uint32_t nr_spis = 96;
    struct vmm vmm;

    (void)state;
    vmm_open(&vmm, VGIC5_ABI_V1, LIFE_VCPUS);
    assert_int_equal(vmm_set(&vmm, VGIC5_GRP_NR_IRQS, 0, &nr_spis), 0);
    assert_int_equal(vmm_set(&vmm, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NULL), 0);
    assert_int_equal(vgic5_set_spi_wires(vmm.device, wires, 2), 0);
    wires[1] |= UINT64_C(1) << 32;
    assert_int_equal(vgic5_set_spi_wires(vmm.device, wires, 2), -EINVAL);
    vmm_destroy(&vmm);
}

static void test_an_enabled_spi(void **state)
{
    struct vmm vmm;

    (void)state;
    vmm_open(&vmm, VGIC5_ABI_V1, LIFE_VCPUS);
    assert_false(vgic5_spi_enabled(vmm.device, 0));
    vmm_destroy(&vmm);
    vmm_open(&vmm, VGIC5_ABI_V1, LIFE_READY);
    for (uint32_t spi = 0; spi < NR_SPIS; spi += NR_SPIS - 1) {
        assert_false(vgic5_spi_enabled(vmm.device, spi));
        guest_msr(&vmm, 3, VGIC5_CDEN, VGIC5_INTID(VGIC5_SPI, spi));
        assert_true(vgic5_spi_enabled(vmm.device, spi));
        assert_false(vgic5_spi_enabled(vmm.device, spi ^ 1));
        guest_msr(&vmm, 3, VGIC5_CDDIS, VGIC5_INTID(VGIC5_SPI, spi));
        assert_false(vgic5_spi_enabled(vmm.device, spi));
    }
    assert_false(vgic5_spi_enabled(vmm.device, NR_SPIS));
    assert_false(vgic5_spi_enabled(vmm.device, UINT32_MAX));
    vmm_destroy(&vmm);
}

/* vCPU 3 takes an SPI of this trigger mode, whose wire is high, and ends it. */
static void take_and_end(struct vmm *vmm, uint32_t spi, bool is_level)
{
    const uint32_t intid = VGIC5_INTID(VGIC5_SPI, spi);

    guest_write(vmm, VGIC5_IRS_SPI_SELR, 4, spi);
    guest_write(vmm, VGIC5_IRS_SPI_CFGR, 4, is_level);
    guest_msr(vmm, 3, VGIC5_CDAFF, intid | UINT64_C(3) << 32);
    guest_msr(vmm, 3, VGIC5_CDPRI, intid | UINT64_C(8) << VGIC5_CDPRI_PRIORITY_SHIFT);
    guest_msr(vmm, 3, VGIC5_CDEN, intid);
    assert_int_equal(vgic5_irq_line(vmm->device, VGIC5_IRQ_SPI(spi), true), 0);
    assert_int_equal(guest_mrs(vmm, 3, VGIC5_CDIA), VGIC5_CDIA_VALID | intid);
    guest_msr(vmm, 3, VGIC5_CDEOI, 0);
    guest_msr(vmm, 17, VGIC5_CDDI, intid);
}

static void open_guest(struct vmm *vmm)
{
    vmm_open(vmm, VGIC5_ABI_V1, LIFE_READY);
    guest_write(vmm, VGIC5_IRS_CR0, 4, 1);
    guest_msr(vmm, 3, VGIC5_ICC_CR0, 1);
    guest_msr(vmm, 3, VGIC5_ICC_PCR, 31);
}

/* spi_deactivated comes once for each end of a level SPI that was active, and for nothing else;
 * inside of it the wire may be lowered, and the interrupt is gone when the instruction is over. */
static void test_deactivation_is_heard(void **state)
{
    struct vmm vmm;

    (void)state;
    open_guest(&vmm);
    take_and_end(&vmm, 7, true);
    assert_int_equal(vmm.deactivations, 1);
    assert_int_equal(vgic5_vcpu_line(vgic5_vcpu(vmm.device, 3)), VGIC5_LINE_IRQ); /* still high */
    vmm.lowers_deactivated = true;
    assert_int_equal(guest_mrs(&vmm, 3, VGIC5_CDIA) & UINT32_MAX, VGIC5_INTID(VGIC5_SPI, 7));
    guest_msr(&vmm, 3, VGIC5_CDEOI, 0);
    guest_msr(&vmm, 3, VGIC5_CDDI, VGIC5_INTID(VGIC5_SPI, 7));
    assert_int_equal(vmm.deactivations, 2);
    assert_int_equal(vmm.deactivated, 7);
    assert_false(is_pending(&vmm, 7));
    assert_int_equal(vgic5_vcpu_line(vgic5_vcpu(vmm.device, 3)), VGIC5_LINE_NONE);

    guest_msr(&vmm, 3, VGIC5_CDDI, VGIC5_INTID(VGIC5_SPI, 7)); /* it is not active */
    guest_msr(&vmm, 3, VGIC5_CDDI, VGIC5_INTID(VGIC5_SPI, NR_SPIS));
    guest_msr(&vmm, 3, VGIC5_CDDI, VGIC5_INTID(VGIC5_LPI, 7));
    guest_msr(&vmm, 3, VGIC5_CDDI, VGIC5_INTID(VGIC5_PPI, 7));
    take_and_end(&vmm, 8, false);
    assert_int_equal(vmm.deactivations, 2);
    vmm_destroy(&vmm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_irq_line),
        cmocka_unit_test(test_a_high_vcpu_id),
        cmocka_unit_test(test_edge_and_level),
        cmocka_unit_test(test_repeated_level),
        cmocka_unit_test(test_ppi_line),
        cmocka_unit_test(test_wires),
        cmocka_unit_test(test_half_a_word_of_wires),
        cmocka_unit_test(test_an_enabled_spi),
        cmocka_unit_test(test_deactivation_is_heard),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
