/* SPDX-License-Identifier: BSD-3-Clause */
#include "vmm.h"

#include <string.h>

const uint32_t vmm_vcpu_ids[2] = {3, 17};

/* ---- Life ------------------------------------------------------------------------------------ */

void vmm_create(struct vmm *vmm, const struct vgic5_config *config)
{
    vmm_create_with(vmm, config, RAM_SIZE);
}

void vmm_create_with(struct vmm *vmm, const struct vgic5_config *config, uint64_t ram_size)
{
    assert_true(vmm_prepare(vmm, RAM_BASE, ram_size));
    assert_int_equal(vmm_create_device(vmm, config, NULL), 0);
}

static void be_given_vcpus(struct vmm *vmm)
{
    for (unsigned n = 0; n < 2; n++)
        assert_int_equal(vmm_add_vcpu(vmm, vmm_vcpu_ids[n]), 0);
}

static void be_given_address(struct vmm *vmm)
{
    assert_int_equal(vmm_set_u64(vmm, VGIC5_GRP_ADDR, VGIC5_ADDR_TYPE_IRS, MAP_IRS_BASE), 0);
}

void vmm_live_until(struct vmm *vmm, enum life life)
{
    uint32_t nr_spis = NR_SPIS;

    if (life >= LIFE_VCPUS)
        be_given_vcpus(vmm);
    if (life == LIFE_ADDRESS)
        be_given_address(vmm);
    if (life >= LIFE_INIT) {
        assert_int_equal(vmm_set(vmm, VGIC5_GRP_NR_IRQS, 0, &nr_spis), 0);
        assert_int_equal(vmm_set(vmm, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NULL), 0);
    }
    if (life >= LIFE_READY)
        be_given_address(vmm);
    if (life >= LIFE_RUNNING)
        assert_int_equal(vgic5_vcpu_enter(vgic5_vcpu(vmm->device, 17)), 0);
    if (life >= LIFE_HAS_RUN)
        vgic5_vcpu_leave(vgic5_vcpu(vmm->device, 17));
}

void vmm_open(struct vmm *vmm, uint32_t abi, enum life life)
{
    struct vgic5_config config = {.size = sizeof(config), .abi = abi};

    vmm_create(vmm, &config);
    vmm_live_until(vmm, life);
}

void vmm_destroy(struct vmm *vmm)
{
    assert_true(vmm_drop_device(vmm));
    vmm_free_ram(vmm);
}

/* ---- The VMM's door -------------------------------------------------------------------------- */

uint64_t vmm_get_u64(struct vmm *vmm, uint32_t group, uint64_t attr)
{
    uint64_t value = UINT64_C(0x5555555555555555); /* all 64 bits must be written */

    assert_int_equal(vmm_get(vmm, group, attr, &value), 0);
    return value;
}

/* ---- The guest's door ------------------------------------------------------------------------ */

void guest_write(struct vmm *vmm, uint64_t offset, unsigned size, uint64_t value)
{
    assert_true(vmm_mmio_write(vmm, offset, size, value));
}

uint64_t guest_read(struct vmm *vmm, uint64_t offset, unsigned size)
{
    uint64_t value;

    assert_true(vmm_mmio_read(vmm, offset, size, &value));
    return value;
}

void guest_msr(struct vmm *vmm, uint32_t vcpu_id, uint16_t encoding, uint64_t value)
{
    assert_true(vmm_msr(vgic5_vcpu(vmm->device, vcpu_id), encoding, value));
}

uint64_t guest_mrs(struct vmm *vmm, uint32_t vcpu_id, uint16_t encoding)
{
    struct vgic5_vcpu *vcpu = vgic5_vcpu(vmm->device, vcpu_id);
    uint64_t value = 0;

    assert_int_equal(vgic5_cpu_access(vcpu, encoding, false, &value), VGIC5_HANDLED);
    return value;
}
