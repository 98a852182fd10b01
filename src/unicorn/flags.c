/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PSTATE, and the CPU flags that Unicorn derives from it and from some system registers. Unicorn
 * 2.1 derives them anew when a system register is written from outside; 2.0 does so only inside of
 * the guest's own instructions. There an ERET in the scratch page does the work, and the flags of
 * EL1 are remembered until a register that they depend on is written. They are never saved.
 */
#include "unicorn/engine.h"

#include <errno.h>
#include <string.h>

#define INSN_MSR_OSLAR_XZR 0xd510109fu
#define STEP_IS_ACTIVE 30 /* bit of the flags of 2.0 */
#define INSN_ERET 0xd69f03e0u

uint32_t unicorn_peek32(const struct vcpu *vcpu, size_t offset)
{
    uint32_t value;

    memcpy(&value, (const char *)vcpu->context + offset, sizeof(value));
    return value;
}

uint64_t unicorn_peek64(const struct vcpu *vcpu, size_t offset)
{
    uint64_t value;

    memcpy(&value, (const char *)vcpu->context + offset, sizeof(value));
    return value;
}

int unicorn_get_monitor(struct vcpu *vcpu, struct unicorn_monitor *monitor)
{
    size_t at = vcpu->engine->layout.monitor;

    if (uc_context_save(vcpu->uc, vcpu->context) != UC_ERR_OK)
        return -EIO;
    monitor->address = unicorn_peek64(vcpu, at);
    monitor->value = unicorn_peek64(vcpu, at + 8);
    monitor->high = unicorn_peek64(vcpu, at + 16);
    return 0;
}

static int poke(struct vcpu *vcpu, size_t offset, const void *bytes, size_t size)
{
    if (uc_context_save(vcpu->uc, vcpu->context) != UC_ERR_OK)
        return -EIO;
    memcpy((char *)vcpu->context + offset, bytes, size);
    return uc_context_restore(vcpu->uc, vcpu->context) == UC_ERR_OK ? 0 : -EIO;
}

int unicorn_set_monitor(struct vcpu *vcpu, const struct unicorn_monitor *monitor)
{
    const uint64_t values[3] = {monitor->address, monitor->value, monitor->high};

    return poke(vcpu, vcpu->engine->layout.monitor, values, sizeof(values));
}

/* It is mostly clear already, and then costs half. */
void unicorn_clear_monitor(struct vcpu *vcpu)
{
    struct unicorn_monitor monitor;

    if (unicorn_get_monitor(vcpu, &monitor) != 0 || monitor.address == UINT64_MAX)
        return;
    monitor.address = UINT64_MAX;
    unicorn_set_monitor(vcpu, &monitor);
}

/* Two instructions in the scratch page; reaching the exit behind them ends it. */
static bool run_stub(struct vcpu *vcpu)
{
    const uint32_t code[2] = {INSN_MSR_OSLAR_XZR, INSN_ERET};
    uint64_t landing = SCRATCH_BASE + sizeof(code);
    uc_err error;

    memcpy(vcpu->scratch, code, sizeof(code));
    uc_ctl_remove_cache(vcpu->uc, SCRATCH_BASE, SCRATCH_BASE + 64);
    vcpu->in_stub = true;
    vcpu->stub_failed = false;
    vcpu->horizon = 0; /* its blocks are nobody's instructions */
    error = uc_ctl_set_exits(vcpu->uc, &landing, 1);
    if (error == UC_ERR_OK)
        error = unicorn_start(vcpu, SCRATCH_BASE);
    uc_ctl_set_exits(vcpu->uc, &landing, 0);
    vcpu->in_stub = false;
    uc_ctl_remove_cache(vcpu->uc, SCRATCH_BASE, SCRATCH_BASE + 64);
    return error == UC_ERR_OK && !vcpu->stub_failed &&
           unicorn_get(vcpu, UC_ARM64_REG_PC) == landing;
}

/* Wherever it was: at EL0 the stub could not even begin. */
static bool at_el1(struct vcpu *vcpu)
{
    unicorn_set_pstate(vcpu, PSTATE_RESET);
    return !vcpu->engine->layout.flags_by_hand ||
           poke(vcpu, vcpu->engine->layout.flags, &vcpu->reset_flags, sizeof(uint32_t)) == 0;
}

int unicorn_eret_to(struct vcpu *vcpu, uint32_t pstate)
{
    uint64_t sctlr, elr, spsr;
    bool arrived;

    unicorn_get_sysreg(vcpu, UNICORN_SCTLR_EL1, &sctlr);
    unicorn_get_sysreg(vcpu, UNICORN_ELR_EL1, &elr);
    unicorn_get_sysreg(vcpu, UNICORN_SPSR_EL1, &spsr);
    /* Physical addresses; and the exit is a WFI in disguise, which EL0 must not find trapped. */
    unicorn_set_sysreg(vcpu, UNICORN_SCTLR_EL1, (sctlr & ~(SCTLR_M | SCTLR_EE)) | SCTLR_NTWI);
    unicorn_set_sysreg(vcpu, UNICORN_ELR_EL1, SCRATCH_BASE + 8);
    arrived = at_el1(vcpu);
    unicorn_set_sysreg(vcpu, UNICORN_SPSR_EL1, pstate);
    arrived = arrived && run_stub(vcpu);
    unicorn_set_sysreg(vcpu, UNICORN_SCTLR_EL1, sctlr);
    unicorn_set_sysreg(vcpu, UNICORN_ELR_EL1, elr);
    unicorn_set_sysreg(vcpu, UNICORN_SPSR_EL1, spsr);
    return arrived ? 0 : -EIO;
}

/* The flags of EL1h with this PSTATE, made by an ERET from EL1h to itself. */
static int derive_el1_flags(struct vcpu *vcpu, uint32_t pstate, uint32_t *flags)
{
    size_t at = vcpu->engine->layout.flags;
    uint64_t pc = unicorn_get(vcpu, UC_ARM64_REG_PC);
    struct unicorn_monitor monitor;

    if (unicorn_get_monitor(vcpu, &monitor) != 0 ||
        poke(vcpu, at, &vcpu->reset_flags, sizeof(vcpu->reset_flags)) != 0 ||
        unicorn_eret_to(vcpu, pstate) != 0 || uc_context_save(vcpu->uc, vcpu->context) != UC_ERR_OK)
        return -EIO;
    *flags = unicorn_peek32(vcpu, at);
    unicorn_set(vcpu, UC_ARM64_REG_PC, pc);
    unicorn_set_pstate(vcpu, pstate);
    return unicorn_set_monitor(vcpu, &monitor); /* the ERET cleared it */
}

int unicorn_flags_follow(struct vcpu *vcpu, uint32_t before, uint32_t now)
{
    const uint32_t inputs = 0xcu | PSTATE_PAN | PSTATE_UAO; /* what the flags take from PSTATE */
    bool pan = now & PSTATE_PAN;

    if (!vcpu->engine->layout.flags_by_hand || ((before ^ now) & inputs) == 0)
        return 0;
    if (!vcpu->el1_flags_known[pan]) {
        if (derive_el1_flags(vcpu, now, &vcpu->el1_flags[pan]) != 0)
            return -EIO;
        vcpu->el1_flags_known[pan] = true;
        return 0;
    }
    return poke(vcpu, vcpu->engine->layout.flags, &vcpu->el1_flags[pan], sizeof(uint32_t));
}

bool unicorn_flags_are_late(struct vcpu *vcpu)
{
    uint32_t pstate = unicorn_get_pstate(vcpu);
    bool steps = !(pstate & PSTATE_D);

    if (!vcpu->kernel_steps || PSTATE_EL(pstate) != 1)
        return false;
    if (!vcpu->engine->layout.flags_by_hand) { /* where they are is not known: whenever D changes */
        bool changed = steps != vcpu->stepped;

        vcpu->stepped = steps;
        return changed;
    }
    if (uc_context_save(vcpu->uc, vcpu->context) != UC_ERR_OK)
        return false;
    return steps != (unicorn_peek32(vcpu, vcpu->engine->layout.flags) >> STEP_IS_ACTIVE & 1);
}
