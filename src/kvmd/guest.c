/* SPDX-License-Identifier: BSD-3-Clause */
/* What a guest does that leaves the engine: accesses to devices, and to system registers. */
#include "kvmd/internal.h"

#define CTR_EL0 VGIC5_ENCODING(3, 3, 0, 0, 1)
#define SCTLR_EL1 VGIC5_ENCODING(3, 0, 1, 0, 0)
#define ISR_EL1 VGIC5_ENCODING(3, 0, 12, 1, 0)
#define ISR_A (UINT64_C(1) << 8)
#define SCTLR_UCT (UINT64_C(1) << 15)
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

/* May it be read here? Of these registers EL0 has one, where SCTLR_EL1.UCT lets it. */
static bool may_identify(struct kvmd_vcpu *vcpu, const struct vcpu_sysreg *access)
{
    if (access->is_write)
        return false;
    return access->el > 0 || (access->encoding == CTR_EL0 &&
                              vcpu_native_register(vcpu->pe.vcpu, SCTLR_EL1) & SCTLR_UCT);
}

static enum vcpu_sysreg_result sysreg(void *opaque, struct vcpu_sysreg *access)
{
    struct kvmd_vcpu *vcpu = opaque;
    enum vcpu_sysreg_result result;

    if (!vcpu->pe.gic && is_of_gic(access->encoding))
        return VCPU_SYSREG_UNDEFINED;
    if (may_identify(vcpu, access) &&
        identification_get(vcpu, access->encoding, &access->value) == 0)
        return VCPU_SYSREG_DONE;
    result = pe_sysreg(&vcpu->pe, access);
    if (access->encoding == ISR_EL1 && result == VCPU_SYSREG_DONE && vcpu->serror_pending)
        access->value |= ISR_A;
    return result;
}

static bool answers(uint16_t encoding)
{
    return pe_answers(encoding) || identification_has(encoding);
}

struct vcpu_host guest_host(struct kvmd_vcpu *vcpu)
{
    return (struct vcpu_host){.mmio_read = mmio_read,
                              .mmio_write = mmio_write,
                              .leaves = leaves,
                              .breaks = debug_breaks,
                              .sysreg = sysreg,
                              .answers = answers,
                              .opaque = vcpu};
}
