/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Loops that a guest cannot leave by itself: a branch to itself, and an exception whose handler ends
 * in the same exception with the same registers. With interrupts masked nothing else gets a word in.
 */
#include "vcpu_unicorn.h"

#include <stdio.h>
#include <string.h>

#define INSN_BRANCH_TO_SELF 0x14000000u

/* A handler that mends anything takes more instructions than this; and no state of the guest that
 * is not in its registers stands still for so many rounds. */
#define ROUND_LENGTH 16u
#define ROUNDS 1000u

bool vcpu_spins(struct vcpu *vcpu)
{
    uint32_t insn;

    return vcpu->rest == 0 && unicorn_get_pstate(vcpu) & PSTATE_I &&
           unicorn_fetch(vcpu, vcpu->pc, &insn) && insn == INSN_BRANCH_TO_SELF;
}

static bool same_registers(struct vcpu *vcpu)
{
    uint64_t now[UNICORN_LOOP_REGISTERS];
    bool same;

    for (unsigned n = 0; n < 31; n++)
        now[n] = unicorn_get(vcpu, unicorn_x(n));
    now[31] = unicorn_get(vcpu, UC_ARM64_REG_SP);
    same = memcmp(now, vcpu->loop.registers, sizeof(now)) == 0;
    memcpy(vcpu->loop.registers, now, sizeof(now));
    return same;
}

void unicorn_count_loop(struct vcpu *vcpu)
{
    struct unicorn_loop *loop = &vcpu->loop;
    const struct unicorn_exception *e = &vcpu->exception;
    uint64_t now = vcpu->engine->clock->instructions;
    uint32_t pstate = unicorn_get_pstate(vcpu);
    bool again = loop->pc == vcpu->pc && loop->esr == e->esr && loop->far == e->far &&
                 now - loop->at <= ROUND_LENGTH && PSTATE_EL(pstate) == 1 && pstate & PSTATE_I;

    loop->pc = vcpu->pc;
    loop->esr = e->esr;
    loop->far = e->far;
    loop->at = now;
    if (!again || !same_registers(vcpu))
        loop->rounds = 0;
    else if (++loop->rounds > ROUNDS)
        snprintf(vcpu->trouble, sizeof(vcpu->trouble), "the same exception %u times in a row",
                 ROUNDS);
}
