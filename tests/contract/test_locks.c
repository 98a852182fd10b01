/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * With threads = 1 an attribute of a VM that stands still takes one lock, not one of each vCPU: a
 * save and a restore of n vCPUs has 26 * n of them. Built with a device that counts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <vgic5/device.h>

#include "facts/map.h"
#include "gicv5/lock.h"

unsigned long lock_count;

static const uint16_t sysregs[] = {
    VGIC5_ICC_ICSR,
    VGIC5_ICC_PPI_ENABLER(0),
    VGIC5_ICC_PPI_ENABLER(1),
    VGIC5_ICC_PPI_SACTIVER(0),
    VGIC5_ICC_PPI_SACTIVER(1),
    VGIC5_ICC_PPI_SPENDR(0),
    VGIC5_ICC_PPI_SPENDR(1),
    VGIC5_ICC_PPI_PRIORITYR(0),
    VGIC5_ICC_PPI_PRIORITYR(7),
    VGIC5_ICC_PPI_PRIORITYR(15),
    VGIC5_ICC_APR,
    VGIC5_ICC_CR0,
    VGIC5_ICC_PCR,
};
#define NR_SYSREGS (sizeof(sysregs) / sizeof(sysregs[0]))
static unsigned calls;

static void call(struct vgic5 *device, bool is_set, uint32_t group, uint64_t attr, uint64_t *value)
{
    const struct vgic5_attr access = {.group = group, .attr = attr, .addr = (uintptr_t)value};

    assert_int_equal(is_set ? vgic5_set_attr(device, &access) : vgic5_get_attr(device, &access), 0);
    assert_int_equal(vgic5_has_attr(device, &access), 0);
    calls++;
}

static struct vgic5 *open_device(uint32_t abi, uint32_t vcpus, uint32_t distance)
{
    struct vgic5_config config = {.size = sizeof(config), .abi = abi, .threads = 1};
    uint64_t address = MAP_IRS_BASE;
    struct vgic5 *device;

    assert_int_equal(vgic5_create(&config, NULL, NULL, &device), 0);
    for (uint32_t n = 0; n < vcpus; n++)
        assert_int_equal(vgic5_add_vcpu(device, n * distance), 0);
    call(device, true, VGIC5_GRP_ADDR, VGIC5_ADDR_TYPE_IRS, &address);
    call(device, true, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NULL);
    return device;
}

static void interfaces(struct vgic5 *device, bool is_set)
{
    uint64_t value = 0;

    for (uint32_t n = 0; n < vgic5_nr_vcpus(device); n++) {
        uint64_t mpidr = vgic5_mpidr_of_vcpu(vgic5_vcpu_id(device, n));

        for (size_t reg = 0; reg < NR_SYSREGS; reg++)
            call(device, is_set, VGIC5_GRP_CPU_SYSREGS, VGIC5_SYSREG_ATTR(mpidr, sysregs[reg]),
                 &value);
    }
}

/* The loops of a save and a restore: a selector, then what it selects. */
static void loops(struct vgic5 *device, bool is_set)
{
    uint64_t value = 1;

    for (uint64_t id = 0; id < VGIC5_NR_SPIS_DEFAULT; id++) {
        call(device, true, VGIC5_GRP_IRS_REGS, VGIC5_IRS_SPI_SELR, &id);
        call(device, is_set, VGIC5_GRP_IRS_REGS, VGIC5_IRS_SPI_CFGR, &value);
    }
    for (uint64_t n = 0; n < vgic5_nr_vcpus(device); n++) {
        call(device, true, VGIC5_GRP_IRS_REGS, VGIC5_IRS_PE_SELR, &n);
        call(device, is_set, VGIC5_GRP_IRS_REGS, VGIC5_IRS_PE_CR0, &value);
    }
}

/* Whether a vCPU is inside is asked of all of them, once. */
static void check_locks(uint32_t abi, uint32_t vcpus, uint32_t distance)
{
    struct vgic5 *device = open_device(abi, vcpus, distance);

    lock_count = calls = 0;
    for (int is_set = 0; is_set < 2; is_set++) {
        interfaces(device, is_set);
        loops(device, is_set);
    }
    assert_true(calls > 2 * NR_SYSREGS * vcpus);
    assert_in_range(lock_count, calls, calls + 2 * (vcpus + 1));
    vgic5_destroy(device);
}

static void test_linear(void **state)
{
    (void)state;
    for (uint32_t abi = VGIC5_ABI_V1; abi <= VGIC5_ABI_7_4; abi++) {
        for (uint32_t vcpus = 1; vcpus <= VGIC5_MAX_VCPUS; vcpus *= 8) {
            check_locks(abi, vcpus, 1);
            check_locks(abi, vcpus, 127); /* sparse ids */
        }
    }
}

/* A vCPU that has been inside since is seen: a lock of each is taken again. */
static void test_who_has_run_is_looked_for(void **state)
{
    struct vgic5 *device = open_device(VGIC5_ABI_V1, 64, 1);
    const struct vgic5_attr access = {.group = VGIC5_GRP_IRS_REGS,
                                      .attr = VGIC5_IRS_PE_SELR,
                                      .addr = (uintptr_t) & (uint64_t){0}};

    (void)state;
    interfaces(device, false);
    assert_int_equal(vgic5_vcpu_enter(vgic5_vcpu(device, 63)), 0);
    assert_int_equal(vgic5_get_attr(device, &access), -16);
    assert_int_equal(vgic5_set_attr(device, &access), -16);
    vgic5_vcpu_leave(vgic5_vcpu(device, 63));
    lock_count = calls = 0;
    interfaces(device, false);
    assert_in_range(lock_count, calls + 64, calls + 2 * 65);
    vgic5_destroy(device);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linear),
        cmocka_unit_test(test_who_has_run_is_looked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
