/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Each vCPU has a TLB and translated code of its own. A broadcast TLBI is repeated on the others;
 * the code that an IC instruction names is forgotten by all of them. Unicorn notices most of a
 * vCPU's own writes to its code, but neither those of the others nor DC ZVA as we do it.
 */
#include "unicorn/engine.h"

#define IC_IALLUIS VGIC5_ENCODING(1, 0, 7, 1, 0)
#define IC_IALLU VGIC5_ENCODING(1, 0, 7, 5, 0)
#define IC_IVAU VGIC5_ENCODING(1, 3, 7, 5, 1)
#define CODE_LINE 64u
#define ALL_OF_MEMORY SCRATCH_BASE

#define ENCODING_CRN(encoding) ((encoding) >> 7 & 15)
#define ENCODING_CRM(encoding) ((encoding) >> 3 & 15)
#define CRN_TLBI 8
#define CRM_TLBI_INNER_SHAREABLE 3
#define CRM_TLBI_LOCAL 7

/* uc_ctl_remove_cache translates; with the MMU off it takes physical addresses. */
void unicorn_forget_code(struct vcpu *vcpu, uint64_t physical, uint64_t size)
{
    uint64_t end = physical + size, sctlr;

    unicorn_get_sysreg(vcpu, UNICORN_SCTLR_EL1, &sctlr);
    unicorn_set_sysreg(vcpu, UNICORN_SCTLR_EL1, sctlr & ~SCTLR_M);
    while (unicorn_find_code(vcpu, &physical, end, &size)) {
        uc_ctl_remove_cache(vcpu->uc, physical, physical + size);
        physical += size;
    }
    unicorn_set_sysreg(vcpu, UNICORN_SCTLR_EL1, sctlr);
}

/* At the next check point: the block that is running cannot be taken away. */
static void mark_stale(struct vcpu *vcpu, uint64_t physical, uint64_t size)
{
    struct unicorn_stale *stale = &vcpu->stale;
    uint64_t end = physical + size;

    if (stale->size > 0 && stale->address + stale->size > end)
        end = stale->address + stale->size;
    if (stale->size == 0 || physical < stale->address)
        stale->address = physical;
    stale->size = end - stale->address;
    vcpu->horizon = 0;
}

void unicorn_forget_stale(struct vcpu *vcpu)
{
    if (vcpu->stale.size > 0)
        unicorn_forget_code(vcpu, vcpu->stale.address, vcpu->stale.size);
    vcpu->stale.size = 0;
}

static void forget_everywhere(struct vcpu *vcpu, uint64_t physical, uint64_t size, bool others)
{
    for (struct vcpu *v = vcpu->engine->vcpus; v; v = v->next)
        if (v != vcpu && others)
            unicorn_forget_code(v, physical, size);
    mark_stale(vcpu, physical, size);
}

static void broadcast_tlbi(struct vcpu *vcpu, uint16_t encoding, uint64_t value)
{
    uint16_t local = (uint16_t)((encoding & ~(15u << 3)) | CRM_TLBI_LOCAL << 3);

    for (struct vcpu *v = vcpu->engine->vcpus; v; v = v->next)
        if (v != vcpu)
            unicorn_set_sysreg(v, local, value);
}

static void invalidate_line(struct vcpu *vcpu, uint64_t address)
{
    uint64_t physical;

    if (unicorn_translate(vcpu, address, &physical))
        forget_everywhere(vcpu, physical & ~(uint64_t)(CODE_LINE - 1), CODE_LINE, true);
}

void unicorn_maintenance(struct vcpu *vcpu, uint16_t encoding, uint64_t value)
{
    if (ENCODING_CRN(encoding) == CRN_TLBI && ENCODING_CRM(encoding) == CRM_TLBI_INNER_SHAREABLE)
        broadcast_tlbi(vcpu, encoding, value);
    else if (encoding == IC_IVAU)
        invalidate_line(vcpu, value);
    else if (encoding == IC_IALLUIS || encoding == IC_IALLU)
        forget_everywhere(vcpu, 0, ALL_OF_MEMORY, encoding == IC_IALLUIS);
}
