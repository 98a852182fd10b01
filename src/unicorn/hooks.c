/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where Unicorn calls us: at the start of each block, at each instruction while stepping, at
 * exceptions, and at system register accesses. What has been executed is known exactly at each of
 * them: `block` is where the instructions in flight begin, and `in_flight` how many of them will
 * have been executed if the next block is reached without an exception.
 */
#include "unicorn/engine.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define EC_STEP_FROM_EL0 0x32u
#define EC_STEP_FROM_EL1 0x33u

static bool interruptible(struct vcpu *vcpu)
{
    return vcpu->irq && !(unicorn_get_pstate(vcpu) & PSTATE_I);
}

static bool takes_serror(struct vcpu *vcpu)
{
    return vcpu->serror && !(unicorn_get_pstate(vcpu) & PSTATE_A);
}

/* A check point. Exact limits come first: at `stop_at` nothing more happens. */
static void check_point(struct vcpu *vcpu, uint64_t address, uint32_t length)
{
    const struct vcpu_clock *clock = vcpu->engine->clock;

    if (clock->instructions == clock->stop_at)
        unicorn_stop(vcpu, UNICORN_LIMIT, address);
    else if (vcpu->trouble[0] != '\0')
        unicorn_stop(vcpu, UNICORN_LIMIT, address);
    else if (unicorn_flags_are_late(vcpu))
        unicorn_stop(vcpu, UNICORN_FLAGS, address);
    else if (vcpu->stale.size > 0 || unicorn_is_full(vcpu))
        unicorn_stop(vcpu, UNICORN_MAINTENANCE, address);
    else if (clock->instructions >= clock->check_at)
        unicorn_stop(vcpu, UNICORN_CHECK, address);
    else if (takes_serror(vcpu))
        unicorn_stop(vcpu, UNICORN_SERROR, address);
    else if (interruptible(vcpu))
        unicorn_stop(vcpu, UNICORN_IRQ, address);
    else if (clock->instructions + length > clock->stop_at)
        unicorn_stop(vcpu, UNICORN_BLOCK_TOO_LONG, address);
    else
        vcpu->in_flight = length;
}

static void find_horizon(struct vcpu *vcpu)
{
    const struct vcpu_clock *clock = vcpu->engine->clock;

    vcpu->horizon = clock->stop_at < clock->check_at ? clock->stop_at : clock->check_at;
    if (vcpu->irq || vcpu->serror || vcpu->kernel_steps || vcpu->stale.size > 0 ||
        vcpu->trouble[0] != '\0' || unicorn_is_full(vcpu))
        vcpu->horizon = 0; /* DAIFClr cannot be hooked: look at PSTATE at each block */
}

static void look_around(struct vcpu *vcpu, uint64_t address, uint32_t length)
{
    if (vcpu->in_stub)
        return;
    if (vcpu->stepping) { /* a block within the block that is stepped through is no check point */
        if (vcpu->step_left == 0)
            unicorn_stop(vcpu, UNICORN_STEPPED, address);
        return;
    }
    find_horizon(vcpu);
    vcpu->rest = length;
    check_point(vcpu, address, length);
}

/* Every block of the guest's: what can be left out is. */
static void on_block(uc_engine *uc, uint64_t address, uint32_t size, void *opaque)
{
    struct vcpu *vcpu = opaque;
    uint32_t length = size / 4;
    uint64_t now = vcpu->clock->instructions + vcpu->in_flight;
    struct unicorn_guard *guard;

    (void)uc;
    vcpu->clock->instructions = now;
    vcpu->block = address;
    vcpu->in_flight = length;
    if (now + length <= vcpu->horizon)
        return;
    vcpu->in_flight = 0;
    guard = unicorn_outside();
    look_around(vcpu, address, length);
    unicorn_back(guard);
}

void unicorn_on_code(uc_engine *uc, uint64_t address, uint32_t size, void *opaque)
{
    struct vcpu *vcpu = opaque;

    (void)uc;
    (void)size;
    if (!vcpu->stepping)
        return;
    unicorn_retire_block(vcpu, address);
    if (vcpu->step_left == 0) {
        unicorn_stop(vcpu, UNICORN_STEPPED, address);
        return;
    }
    vcpu->step_left--;
    vcpu->in_flight = 1;
}

/* Where a single step is due, it is taken as soon as the stub has arrived. */
static bool is_step(uint32_t esr)
{
    return esr >> ESR_EC_SHIFT == EC_STEP_FROM_EL0 || esr >> ESR_EC_SHIFT == EC_STEP_FROM_EL1;
}

static void note_exception(struct vcpu *vcpu, uint32_t number)
{
    size_t at = vcpu->engine->layout.syndrome;
    uint64_t pc = unicorn_get(vcpu, UC_ARM64_REG_PC);

    if (vcpu->in_stub) {
        uc_context_save(vcpu->uc, vcpu->context);
        vcpu->stub_failed = !is_step(unicorn_peek32(vcpu, at));
        uc_emu_stop(vcpu->uc);
        return;
    }
    /* A fetch faults before its block begins, wherever the last one jumped to. */
    if (number == EXCEPTION_PREFETCH_ABORT)
        unicorn_retire_block(vcpu, pc);
    else
        unicorn_retire(vcpu, pc);
    uc_context_save(vcpu->uc, vcpu->context);
    vcpu->exception = (struct unicorn_exception){
        .number = number,
        .esr = unicorn_peek32(vcpu, at),
        .far = unicorn_peek64(vcpu, at + 8),
        .to_el1 = unicorn_peek32(vcpu, at + 16) == 1,
    };
    unicorn_stop(vcpu, UNICORN_EXCEPTION, pc);
}

static void on_exception(uc_engine *uc, uint32_t number, void *opaque)
{
    struct unicorn_guard *guard = unicorn_outside();

    (void)uc;
    note_exception(opaque, number);
    unicorn_left_translator(guard);
    unicorn_back(guard);
}

/* SCTLR, CPACR, TCR and the debug registers are what the flags of EL1 depend on. */
static void forget_flags(struct vcpu *vcpu, uint16_t encoding)
{
    if (encoding >> 14 == 2 || (encoding >> 7 & 15) == 1 ||
        encoding == VGIC5_ENCODING(3, 0, 2, 0, 2))
        vcpu->el1_flags_known[0] = vcpu->el1_flags_known[1] = false;
}

/* The kernel may step itself: then DAIFClr matters, which cannot be hooked. */
static void note_steps(struct vcpu *vcpu, uint64_t mdscr)
{
    vcpu->kernel_steps = (mdscr & MDSCR_KERNEL_STEPS) == MDSCR_KERNEL_STEPS;
    vcpu->horizon = 0;
}

/* An ERET to AArch32, which ID_AA64PFR0_EL1 excludes, would never come back from Unicorn. */
static void refuse_aarch32(struct vcpu *vcpu, uint16_t encoding, uint64_t value)
{
    if (encoding != UNICORN_SPSR_EL1 || !(value & PSTATE_NRW))
        return;
    snprintf(vcpu->trouble, sizeof(vcpu->trouble),
             "the guest prepares a return to AArch32, which this machine does not have");
    vcpu->horizon = 0;
}

/* Do we look at a write of this register at all? */
static bool write_concerns_us(uint16_t encoding)
{
    return !(encoding >> 14 == 3 && (encoding >> 11 & 7) == 3 && (encoding >> 7 & 15) == 4);
}

void unicorn_find_plain(struct vcpu_engine *engine, const struct vcpu_host *host)
{
    memset(engine->plain, 0, sizeof(engine->plain));
    if (!host->answers)
        return;
    for (uint32_t encoding = 0; encoding <= UINT16_MAX; encoding++) {
        uint64_t bit = UINT64_C(1) << encoding % 64;

        if (host->answers((uint16_t)encoding))
            continue;
        engine->plain[false][encoding / 64] |= bit;
        if (!write_concerns_us((uint16_t)encoding))
            engine->plain[true][encoding / 64] |= bit;
    }
}

static bool is_plain(const struct vcpu *vcpu, uint16_t encoding, bool is_write)
{
    return vcpu->engine->plain[is_write][encoding / 64] >> encoding % 64 & 1;
}

static uint32_t access_sysreg(struct vcpu *vcpu, uc_arm64_reg reg, const uc_arm64_cp_reg *cp,
                              uint16_t encoding, bool is_write)
{
    struct vcpu_sysreg access = {
        .encoding = encoding,
        .is_write = is_write,
        .el = (uint8_t)PSTATE_EL(unicorn_get_pstate(vcpu)),
        .value = is_write ? cp->val : 0,
    };

    if (vcpu->in_stub)
        return 0;
    if (is_write && unicorn_zero_access(vcpu, encoding, access.value))
        return 1;
    if (is_write)
        vcpu->window.host = NULL;
    if (is_write && cp->op0 == 1)
        unicorn_maintenance(vcpu, access.encoding, access.value);
    if (is_write && access.el == 1 && encoding == UNICORN_CPACR_EL1 && access.value & CPACR_ZEN)
        return unicorn_set_sysreg(vcpu, encoding, access.value & ~CPACR_ZEN);
    if (is_write && access.el == 1 && encoding == UNICORN_MDSCR_EL1)
        note_steps(vcpu, access.value);
    if (is_write) {
        forget_flags(vcpu, access.encoding);
        refuse_aarch32(vcpu, access.encoding, access.value);
    }
    /* An unknown encoding that is not handled is UNDEFINED by itself. */
    if (vcpu->host->sysreg(vcpu->host->opaque, &access) != VCPU_SYSREG_DONE)
        return 0;
    if (!is_write)
        unicorn_set(vcpu, (int)reg, access.value);
    if (unicorn_is_unknown(vcpu->engine, access.encoding, is_write))
        unicorn_set(vcpu, UC_ARM64_REG_PC, unicorn_get(vcpu, UC_ARM64_REG_PC) + 4);
    return 1;
}

static uint32_t on_sysreg(struct vcpu *vcpu, uc_arm64_reg reg, const uc_arm64_cp_reg *cp,
                          uint16_t encoding, bool is_write)
{
    struct unicorn_guard *guard = unicorn_outside();
    uint32_t done = access_sysreg(vcpu, reg, cp, encoding, is_write);

    unicorn_back(guard);
    return done;
}

static uint32_t on_read(uc_engine *uc, uc_arm64_reg reg, const uc_arm64_cp_reg *cp, void *opaque)
{
    uint16_t encoding = VGIC5_ENCODING(cp->op0, cp->op1, cp->crn, cp->crm, cp->op2);

    (void)uc;
    return is_plain(opaque, encoding, false) ? 0 : on_sysreg(opaque, reg, cp, encoding, false);
}

static uint32_t on_write(uc_engine *uc, uc_arm64_reg reg, const uc_arm64_cp_reg *cp, void *opaque)
{
    uint16_t encoding = VGIC5_ENCODING(cp->op0, cp->op1, cp->crn, cp->crm, cp->op2);

    (void)uc;
    return is_plain(opaque, encoding, true) ? 0 : on_sysreg(opaque, reg, cp, encoding, true);
}

/* 2.0 asks whether code may be fetched from what it takes for devices; see unicorn_map. */
static bool on_fetch(uc_engine *uc, uc_mem_type type, uint64_t address, int size, int64_t value,
                     void *opaque)
{
    (void)uc, (void)type, (void)address, (void)size, (void)value, (void)opaque;
    return true;
}

int unicorn_add_hooks(struct vcpu *vcpu)
{
    const struct {
        int type;
        void *function;
        int instruction;
    } hooks[] = {
        {UC_HOOK_BLOCK, (void *)on_block, 0},
        {UC_HOOK_EDGE_GENERATED, (void *)unicorn_on_translation, 0},
        {UC_HOOK_INTR, (void *)on_exception, 0},
        {UC_HOOK_MEM_FETCH_PROT, (void *)on_fetch, 0},
        {UC_HOOK_MEM_WRITE_PROT, (void *)unicorn_on_protected_store, 0},
        {UC_HOOK_INSN, (void *)on_read, UC_ARM64_INS_MRS},
        {UC_HOOK_INSN, (void *)on_write, UC_ARM64_INS_MSR},
        {UC_HOOK_INSN, (void *)on_write, UC_ARM64_INS_SYS},
        {UC_HOOK_INSN, (void *)on_read, UC_ARM64_INS_SYSL},
    };
    uc_err error = UC_ERR_OK;

    for (size_t i = 0; i < sizeof(hooks) / sizeof(*hooks) && error == UC_ERR_OK; i++) {
        uc_hook handle;

        if (hooks[i].type == UC_HOOK_INSN)
            error = uc_hook_add(vcpu->uc, &handle, hooks[i].type, hooks[i].function, vcpu, 1, 0,
                                hooks[i].instruction);
        else
            error = uc_hook_add(vcpu->uc, &handle, hooks[i].type, hooks[i].function, vcpu, 1, 0);
    }
    return error == UC_ERR_OK ? 0 : -EIO;
}

void unicorn_set_irq(struct vcpu *vcpu, bool level)
{
    vcpu->irq = level;
    if (level)
        vcpu->horizon = 0;
}

void unicorn_set_serror(struct vcpu *vcpu, bool level)
{
    vcpu->serror = level;
    if (level)
        vcpu->horizon = 0;
}

void unicorn_attention(struct vcpu *vcpu)
{
    vcpu->horizon = 0;
}

uint64_t unicorn_instructions(const struct vcpu *vcpu)
{
    uint64_t pc = 0;

    uc_reg_read(vcpu->uc, UC_ARM64_REG_PC, &pc);
    return vcpu->engine->clock->instructions + (pc - vcpu->block) / 4;
}
