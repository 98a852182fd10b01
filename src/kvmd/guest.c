/* SPDX-License-Identifier: BSD-3-Clause */
/* What a guest does that leaves the engine: accesses to devices, and to system registers. */
#include "kvmd/internal.h"

#define ID_AA64PFR2_EL1 VGIC5_ENCODING(3, 0, 0, 4, 2)
#define CRN(encoding) ((encoding) >> 7 & 15)
#define CRM(encoding) ((encoding) >> 3 & 15)
#define OP1(encoding) ((encoding) >> 11 & 7)

/* The IRS alone is here; everything else is the VMM's. */
static bool is_irs(const struct kvmd_vm *vm, uint64_t address)
{
    return vm->gic && address >= vm->irs_base && address - vm->irs_base < VGIC5_IRS_REGION_SIZE;
}

static bool leaves(void *opaque, uint64_t address)
{
    const struct kvmd_vcpu *vcpu = opaque;

    return !is_irs(vcpu->vm, address);
}

static uint64_t irs_access(struct kvmd_vcpu *vcpu, uint64_t address, unsigned size, bool is_write,
                           uint64_t value)
{
    struct vgic5_mmio access = {.offset = address - vcpu->vm->irs_base,
                                .size = (uint8_t)size,
                                .value = value,
                                .is_write = is_write};

    vgic5_mmio(vcpu->vm->gic, &access);
    return is_write ? 0 : access.value;
}

static uint64_t mmio_read(void *opaque, uint64_t address, unsigned size)
{
    return irs_access(opaque, address, size, false, 0);
}

static void mmio_write(void *opaque, uint64_t address, unsigned size, uint64_t value)
{
    irs_access(opaque, address, size, true, value);
}

/* Without a VGICv5 its registers and instructions are nobody's. */
static bool is_of_gic(uint16_t encoding)
{
    return CRN(encoding) == 12 && (encoding >> 14 == 1 || OP1(encoding) == 1 || CRM(encoding) >= 9);
}

static enum vcpu_sysreg_result sysreg(void *opaque, struct vcpu_sysreg *access)
{
    struct kvmd_vcpu *vcpu = opaque;

    if (vcpu->pe.gic)
        return pe_sysreg(&vcpu->pe, access);
    if (is_of_gic(access->encoding))
        return VCPU_SYSREG_UNDEFINED;
    if (access->encoding != ID_AA64PFR2_EL1 || access->is_write || access->el == 0)
        return pe_sysreg(&vcpu->pe, access);
    access->value = 0;
    return VCPU_SYSREG_DONE;
}

struct vcpu_host guest_host(struct kvmd_vcpu *vcpu)
{
    return (struct vcpu_host){.mmio_read = mmio_read,
                              .mmio_write = mmio_write,
                              .leaves = leaves,
                              .sysreg = sysreg,
                              .answers = pe_answers,
                              .opaque = vcpu};
}

uint64_t guest_identity(const struct kvmd_vm *vm, size_t n)
{
    size_t nr;

    if (!vm->gic && vcpu_identity(&nr)[n].encoding == ID_AA64PFR2_EL1)
        return 0;
    return pe_identity(&vm->kvmd->pe_host, vm->kvmd->engine, n);
}
