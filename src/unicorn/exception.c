/* SPDX-License-Identifier: BSD-3-Clause */
/* Exception entry to EL1, which Unicorn leaves to us (AArch64.TakeException of Arm DDI 0487). */
#include "unicorn/engine.h"

#include <inttypes.h>
#include <stdio.h>

#define VECTOR_SYNCHRONOUS 0x000u
#define VECTOR_IRQ 0x080u
#define VECTOR_SERROR 0x180u
#define FROM_EL1_SP_ELX 0x200u
#define FROM_EL0 0x400u

#define EC_SVE 0x19u

/* More exceptions in a row than any guest takes without executing one instruction. */
#define FRUITLESS_LIMIT 1000u

static uint32_t vector_of(uint32_t vector, uint32_t pstate)
{
    if (PSTATE_EL(pstate) == 0)
        return vector + FROM_EL0;
    return pstate & PSTATE_SP ? vector + FROM_EL1_SP_ELX : vector;
}

/* NZCV and DIT stay; SS, IL and BTYPE become 0. */
static uint32_t pstate_at_entry(struct vcpu *vcpu, uint32_t before)
{
    const struct unicorn_features *has = &vcpu->engine->features;
    uint32_t pstate = (before & (PSTATE_NZCV | PSTATE_DIT | PSTATE_PAN)) | PSTATE_RESET;
    uint64_t sctlr;

    unicorn_get_sysreg(vcpu, UNICORN_SCTLR_EL1, &sctlr);
    if (has->pan && !(sctlr & SCTLR_SPAN))
        pstate |= PSTATE_PAN;
    if (has->ssbs && sctlr & SCTLR_DSSBS)
        pstate |= PSTATE_SSBS;
    if (has->tco)
        pstate |= PSTATE_TCO;
    return pstate;
}

/* The SP in use lives apart from the banked ones: put it back, and take SP_EL1. */
static void use_sp_el1(struct vcpu *vcpu, uint32_t before)
{
    if (before & PSTATE_SP)
        return;
    unicorn_set(vcpu, UC_ARM64_REG_SP_EL0, unicorn_get(vcpu, UC_ARM64_REG_SP));
    unicorn_set(vcpu, UC_ARM64_REG_SP, unicorn_get(vcpu, UC_ARM64_REG_SP_EL1));
}

void unicorn_enter_el1(struct vcpu *vcpu, uint32_t vector, uint64_t return_address)
{
    uint32_t before = unicorn_get_pstate(vcpu);
    uint32_t now = pstate_at_entry(vcpu, before);
    uint64_t vbar;

    unicorn_get_sysreg(vcpu, UNICORN_VBAR_EL1, &vbar);
    use_sp_el1(vcpu, before);
    unicorn_set_pstate(vcpu, now);
    unicorn_set_sysreg(vcpu, UNICORN_ELR_EL1, return_address);
    /* After PSTATE: from 2.1 on, this write also derives the flags anew. */
    unicorn_set_sysreg(vcpu, UNICORN_SPSR_EL1, before);
    if (unicorn_flags_follow(vcpu, before, now) != 0)
        snprintf(vcpu->trouble, sizeof(vcpu->trouble), "Unicorn did not take PSTATE 0x%" PRIx32,
                 now);
    unicorn_set_pc(vcpu, vbar + vector_of(vector, before));
}

void unicorn_take_irq(struct vcpu *vcpu)
{
    unicorn_enter_el1(vcpu, VECTOR_IRQ, vcpu->pc);
}

static void count_fruitless(struct vcpu *vcpu)
{
    uint64_t now = vcpu->engine->clock->instructions;

    if (now != vcpu->fruitless_at)
        vcpu->fruitless = 0;
    vcpu->fruitless_at = now;
    if (++vcpu->fruitless > FRUITLESS_LIMIT)
        unicorn_give_up(vcpu, FRUITLESS_LIMIT,
                        "exceptions in a row without one instruction executed");
}

/* SVE does not exist here, and nor does what EL2 or EL3 would get. */
static bool is_undefined(const struct unicorn_exception *e)
{
    return !e->to_el1 || e->esr >> ESR_EC_SHIFT == EC_SVE;
}

void unicorn_take_exception(struct vcpu *vcpu)
{
    const struct unicorn_exception *e = &vcpu->exception;
    uint32_t esr = is_undefined(e) ? ESR_UNDEFINED : e->esr;

    unicorn_count_loop(vcpu, esr);
    count_fruitless(vcpu);
    unicorn_set_sysreg(vcpu, UNICORN_ESR_EL1, esr);
    if (e->number == EXCEPTION_PREFETCH_ABORT || e->number == EXCEPTION_DATA_ABORT)
        unicorn_set_sysreg(vcpu, UNICORN_FAR_EL1, e->far);
    unicorn_enter_el1(vcpu, VECTOR_SYNCHRONOUS, vcpu->pc);
}

void unicorn_inject(struct vcpu *vcpu, const struct vcpu_exception *exception)
{
    if (exception->is_serror) {
        unicorn_set_sysreg(vcpu, UNICORN_ESR_EL1, exception->esr);
        unicorn_enter_el1(vcpu, VECTOR_SERROR, vcpu->pc);
        return;
    }
    vcpu->exception = (struct unicorn_exception){.number = exception->has_far ? EXCEPTION_DATA_ABORT
                                                                              : EXCEPTION_UNDEFINED,
                                                 .esr = exception->esr,
                                                 .far = exception->far,
                                                 .to_el1 = true};
    unicorn_take_exception(vcpu);
}
