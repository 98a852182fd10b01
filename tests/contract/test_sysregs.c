/* SPDX-License-Identifier: BSD-3-Clause */
/* GRP_CPU_SYSREGS (kvm-abi §6): which registers there are, and what a set keeps of a value. */
#include <errno.h>

#include "vmm.h"

#define ALL UINT64_MAX
#define PPIS (UINT64_C(1) << 3 | UINT64_C(1) << 23 | UINT64_C(1) << 27 | UINT64_C(1) << 30)

/* The 26, with what all ones become. Of PRIORITYR only the implemented PPIs have a field. */
static const struct {
    const char *name;
    uint16_t encoding;
    uint64_t reset;
    uint64_t kept;
} registers[] = {
    {"ICSR", VGIC5_ICC_ICSR, 0, UINT64_C(0x0000ffff0000f83f)},
    {"ENABLER0", VGIC5_ICC_PPI_ENABLER(0), 0, PPIS},
    {"ENABLER1", VGIC5_ICC_PPI_ENABLER(0) + 1, 0, 0},
    {"SACTIVER0", VGIC5_ICC_PPI_SACTIVER(0), 0, PPIS},
    {"SACTIVER1", VGIC5_ICC_PPI_SACTIVER(0) + 1, 0, 0},
    {"SPENDR0", VGIC5_ICC_PPI_SPENDR(0), 0, PPIS},
    {"SPENDR1", VGIC5_ICC_PPI_SPENDR(0) + 1, 0, 0},
    {"PRIORITYR0", VGIC5_ICC_PPI_PRIORITYR(0), 0, UINT64_C(0x1f) << 24},
    {"PRIORITYR1", VGIC5_ICC_PPI_PRIORITYR(1), 0, 0},
    {"PRIORITYR2", VGIC5_ICC_PPI_PRIORITYR(2), 0, UINT64_C(0x1f) << 56},
    {"PRIORITYR3", VGIC5_ICC_PPI_PRIORITYR(3), 0, UINT64_C(0x1f) << 24 | UINT64_C(0x1f) << 48},
    {"PRIORITYR4", VGIC5_ICC_PPI_PRIORITYR(4), 0, 0},
    {"PRIORITYR5", VGIC5_ICC_PPI_PRIORITYR(5), 0, 0},
    {"PRIORITYR6", VGIC5_ICC_PPI_PRIORITYR(6), 0, 0},
    {"PRIORITYR7", VGIC5_ICC_PPI_PRIORITYR(7), 0, 0},
    {"PRIORITYR8", VGIC5_ICC_PPI_PRIORITYR(8), 0, 0},
    {"PRIORITYR9", VGIC5_ICC_PPI_PRIORITYR(9), 0, 0},
    {"PRIORITYR10", VGIC5_ICC_PPI_PRIORITYR(10), 0, 0},
    {"PRIORITYR11", VGIC5_ICC_PPI_PRIORITYR(11), 0, 0},
    {"PRIORITYR12", VGIC5_ICC_PPI_PRIORITYR(12), 0, 0},
    {"PRIORITYR13", VGIC5_ICC_PPI_PRIORITYR(13), 0, 0},
    {"PRIORITYR14", VGIC5_ICC_PPI_PRIORITYR(14), 0, 0},
    {"PRIORITYR15", VGIC5_ICC_PPI_PRIORITYR(15), 0, 0},
    {"APR", VGIC5_ICC_APR, 0, UINT32_MAX},
    {"CR0", VGIC5_ICC_CR0, 6, 7},
    {"PCR", VGIC5_ICC_PCR, 0, 0x1f},
};
#define NR_REGISTERS (sizeof(registers) / sizeof(registers[0]))

static uint64_t attr_of(uint32_t vcpu_id, size_t n)
{
    return SYSREG(vcpu_id, registers[n].encoding);
}

static void test_the_26(void **state)
{
    unsigned found = 0;
    struct vmm vmm;

    (void)state;
    vmm_open(&vmm, VGIC5_ABI_V1, LIFE_VCPUS);
    for (uint32_t encoding = 0; encoding <= UINT16_MAX; encoding++)
        found += vmm_has(&vmm, VGIC5_GRP_CPU_SYSREGS, SYSREG(17, encoding)) == 0;
    assert_int_equal(found, NR_REGISTERS);
    for (size_t n = 0; n < NR_REGISTERS; n++)
        assert_int_equal(vmm_has(&vmm, VGIC5_GRP_CPU_SYSREGS, attr_of(17, n)), 0);
    vmm_destroy(&vmm);
}

static void test_reset_and_set(void **state)
{
    (void)state;
    for (size_t n = 0; n < NR_REGISTERS; n++) {
        struct vmm vmm;

        vmm_open(&vmm, VGIC5_ABI_V1, LIFE_READY);
        assert_int_equal(vmm_get_u64(&vmm, VGIC5_GRP_CPU_SYSREGS, attr_of(17, n)),
                         registers[n].reset);
        assert_int_equal(vmm_set_u64(&vmm, VGIC5_GRP_CPU_SYSREGS, attr_of(17, n), ALL), 0);
        if (vmm_get_u64(&vmm, VGIC5_GRP_CPU_SYSREGS, attr_of(17, n)) != registers[n].kept)
            fail_msg("%s reads 0x%llx", registers[n].name,
                     (unsigned long long)vmm_get_u64(&vmm, VGIC5_GRP_CPU_SYSREGS, attr_of(17, n)));
        /* and it is vCPU 17's alone */
        assert_int_equal(vmm_get_u64(&vmm, VGIC5_GRP_CPU_SYSREGS, attr_of(3, n)),
                         registers[n].reset);
        assert_int_equal(vmm_set_u64(&vmm, VGIC5_GRP_CPU_SYSREGS, attr_of(17, n), 0), 0);
        assert_int_equal(vmm_get_u64(&vmm, VGIC5_GRP_CPU_SYSREGS, attr_of(17, n)),
                         registers[n].encoding == VGIC5_ICC_CR0 ? 6 : 0); /* replaced, not or-ed */
        vmm_destroy(&vmm);
    }
}

/* SPENDR of a level PPI is its wire, of the edge PPI its latch. */
static void test_spendr_is_wire_or_latch(void **state)
{
    const uint64_t both = UINT64_C(1) << VGIC5_PPI_SW | UINT64_C(1) << VGIC5_PPI_CNTV;
    struct vgic5_vcpu *vcpu;
    struct vmm vmm;

    (void)state;
    vmm_open(&vmm, VGIC5_ABI_V1, LIFE_READY);
    vcpu = vgic5_vcpu(vmm.device, 17);
    assert_int_equal(
        vmm_set_u64(&vmm, VGIC5_GRP_CPU_SYSREGS, SYSREG(17, VGIC5_ICC_PPI_SPENDR(0)), both), 0);
    assert_int_equal(vgic5_ppi_line(vcpu, VGIC5_PPI_CNTV, true), 0); /* it is high already */
    assert_int_equal(guest_mrs(&vmm, 17, VGIC5_ICC_PPI_SPENDR(0)), both);
    assert_int_equal(vgic5_ppi_line(vcpu, VGIC5_PPI_CNTV, false), 0);
    assert_int_equal(guest_mrs(&vmm, 17, VGIC5_ICC_PPI_SPENDR(0)), UINT64_C(1) << VGIC5_PPI_SW);
    vmm_destroy(&vmm);
}

/* A raw set changes what is signalled at once, and the host hears of it. */
static void test_set_moves_the_line(void **state)
{
    const uint64_t sw = UINT64_C(1) << VGIC5_PPI_SW;
    struct vmm vmm;
    unsigned lines;

    (void)state;
    vmm_open(&vmm, VGIC5_ABI_V1, LIFE_READY);
    vmm_set_u64(&vmm, VGIC5_GRP_CPU_SYSREGS, SYSREG(3, VGIC5_ICC_PPI_SPENDR(0)), sw);
    vmm_set_u64(&vmm, VGIC5_GRP_CPU_SYSREGS, SYSREG(3, VGIC5_ICC_PPI_ENABLER(0)), sw);
    vmm_set_u64(&vmm, VGIC5_GRP_CPU_SYSREGS, SYSREG(3, VGIC5_ICC_PPI_PRIORITYR(0)),
                UINT64_C(5) << 24);
    vmm_set_u64(&vmm, VGIC5_GRP_CPU_SYSREGS, SYSREG(3, VGIC5_ICC_PCR), 31);
    lines = vmm.lines;
    assert_int_equal(vgic5_vcpu_line(vgic5_vcpu(vmm.device, 3)), VGIC5_LINE_NONE);
    vmm_set_u64(&vmm, VGIC5_GRP_CPU_SYSREGS, SYSREG(3, VGIC5_ICC_CR0), 1);
    assert_int_equal(vgic5_vcpu_line(vgic5_vcpu(vmm.device, 3)), VGIC5_LINE_IRQ);
    assert_int_equal(vmm.lines, lines + 1);
    vmm_set_u64(&vmm, VGIC5_GRP_CPU_SYSREGS, SYSREG(3, VGIC5_ICC_APR), 1u << 5);
    assert_int_equal(vgic5_vcpu_line(vgic5_vcpu(vmm.device, 3)), VGIC5_LINE_NONE);
    vmm_destroy(&vmm);
}

/* Aff0 is the id's low four bits, so that ids 3 and 19 differ in Aff1 only. */
static void test_mpidr(void **state)
{
    struct vmm vmm;

    (void)state;
    assert_int_equal(vgic5_mpidr_of_vcpu(17), 0x101);
    assert_int_equal(vgic5_mpidr_of_vcpu(0x12345), 0x123405);
    assert_int_equal(SYSREG(17, 0) >> 32, 0x101);
    vmm_open(&vmm, VGIC5_ABI_V1, LIFE_READY);
    assert_int_equal(vmm_has(&vmm, VGIC5_GRP_CPU_SYSREGS, SYSREG(3, VGIC5_ICC_PCR)), 0);
    assert_int_equal(vmm_has(&vmm, VGIC5_GRP_CPU_SYSREGS, SYSREG(19, VGIC5_ICC_PCR)), -EINVAL);
    assert_int_equal(vmm_has(&vmm, VGIC5_GRP_CPU_SYSREGS, UINT64_C(17) << 32 | VGIC5_ICC_PCR),
                     -EINVAL);
    assert_int_equal(
        vmm_has(&vmm, VGIC5_GRP_CPU_SYSREGS, SYSREG(3, VGIC5_ICC_PCR) | UINT64_C(1) << 56),
        -EINVAL);
    vmm_destroy(&vmm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_26),
        cmocka_unit_test(test_reset_and_set),
        cmocka_unit_test(test_spendr_is_wire_or_latch),
        cmocka_unit_test(test_set_moves_the_line),
        cmocka_unit_test(test_mpidr),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
