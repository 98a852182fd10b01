/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A register that the machine answers for is skipped by Unicorn after our hook, unless Unicorn
 * found while translating that there is no such register or direction: then it comes back to the
 * same instruction for ever, and the hook has to step over it. Which these are is found out when
 * one is used for the first time, by executing it in a Unicorn of its own.
 */
#include "unicorn/engine.h"

#define INSN_MSR 0xd5000000u
#define INSN_MRS 0xd5200000u
#define INSN_SVC_0 0xd4000001u

/* Of these Unicorn knows none. */
static bool is_gic(uint16_t encoding)
{
    unsigned op0 = encoding >> 14, op1 = encoding >> 11 & 7;
    unsigned crn = encoding >> 7 & 15, crm = encoding >> 3 & 15;

    return crn == 12 && (op0 == 1 || (op0 == 3 && (op1 == 1 || crm >= 9)));
}

struct question {
    struct vcpu *vcpu;
    unsigned times; /* that the instruction has come to the hook */
};

static uint32_t on_access(uc_engine *uc, uc_arm64_reg reg, const uc_arm64_cp_reg *cp, void *opaque)
{
    struct question *question = opaque;
    struct vcpu *vcpu = question->vcpu;

    (void)uc, (void)reg, (void)cp;
    if (question->times++ > 0)
        unicorn_set(vcpu, UC_ARM64_REG_PC, SCRATCH_BASE + 4);
    return 1;
}

static bool comes_back(struct vcpu *vcpu, uint16_t encoding, bool is_write)
{
    const uint32_t code[] = {(is_write ? INSN_MSR : INSN_MRS) | (uint32_t)encoding << 5,
                             INSN_SVC_0};
    struct question question = {.vcpu = vcpu};
    uc_hook hook;

    if (uc_hook_add(vcpu->uc, &hook, UC_HOOK_INSN, (void *)on_access, &question, 1, 0,
                    is_write ? UC_ARM64_INS_MSR : UC_ARM64_INS_MRS) != UC_ERR_OK)
        return false;
    unicorn_run_probe(vcpu, code, sizeof(code));
    return question.times > 1;
}

/* What every Unicorn has, where the machine answers: identification, timers, the OS lock. */
static bool surely_known(uint16_t encoding)
{
    unsigned op0 = encoding >> 14, crn = encoding >> 7 & 15, crm = encoding >> 3 & 15;

    return op0 == 2 ? crn == 1 : crn == 0 || crn == 12 || (crn == 14 && crm < 8);
}

static bool find_out(struct vcpu_engine *engine, uint16_t encoding, bool is_write)
{
    struct vcpu vcpu = {.engine = engine}, *outer = unicorn_inside(NULL);
    bool unknown = unicorn_open(&vcpu, NULL) == 0 && comes_back(&vcpu, encoding, is_write);

    unicorn_close(&vcpu);
    unicorn_inside(outer);
    return unknown;
}

bool unicorn_is_unknown(struct vcpu_engine *engine, uint16_t encoding, bool is_write)
{
    uint64_t bit = UINT64_C(1) << encoding % 64;
    uint64_t *asked = &engine->asked[is_write][encoding / 64];
    uint64_t *unknown = &engine->unknown[is_write][encoding / 64];

    if (is_gic(encoding) || surely_known(encoding))
        return is_gic(encoding);
    if (!(*asked & bit) && find_out(engine, encoding, is_write))
        *unknown |= bit;
    *asked |= bit;
    return *unknown & bit;
}
