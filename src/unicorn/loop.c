/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Loops that a guest cannot leave by itself: one that does nothing, and an exception whose handler
 * ends in the same exception with the same registers, which nothing interrupts.
 */
#include "unicorn/engine.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define INSN_B 0x14000000u
#define INSN_B_MASK 0xfc000000u
#define EMPTY_LOOP_LENGTH 8u

/* A handler that mends anything takes more instructions than this; and no state of the guest that
 * is not in its registers stands still for so many rounds. */
#define ROUND_LENGTH 16u
#define ROUNDS 1000u

#define EC_INSTRUCTION_ABORT 0x20u /* from EL0; from EL1; and then: */
#define EC_PC_ALIGNMENT 0x22u
#define EC_DATA_ABORT 0x24u /* from EL0; from EL1 */

/* NOP, YIELD, WFE, WFI, SEV, SEVL; DSB, DMB, ISB, SB. */
static bool does_nothing(uint32_t insn)
{
    bool is_hint = (insn & 0xfffff01fu) == 0xd503201fu && (insn >> 5 & 0x7f) <= 5;
    bool is_barrier = (insn & 0xfffff01fu) == 0xd503301fu && (insn >> 5 & 7) >= 4;

    return is_hint || is_barrier;
}

bool unicorn_is_in_empty_loop(struct vcpu *vcpu)
{
    uint64_t pc = vcpu->pc;

    if (vcpu->rest != 0)
        return false;
    for (unsigned n = 0; n < EMPTY_LOOP_LENGTH; n++) {
        uint32_t insn;

        if (!unicorn_fetch(vcpu, pc, &insn))
            return false;
        if ((insn & INSN_B_MASK) == INSN_B)
            pc += (uint64_t)((int64_t)((uint64_t)insn << 38) >> 36);
        else if (does_nothing(insn))
            pc += 4;
        else
            return false;
        if (pc == vcpu->pc)
            return true;
    }
    return false;
}

bool unicorn_masks_interrupts(struct vcpu *vcpu)
{
    return unicorn_get_pstate(vcpu) & PSTATE_I;
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

void unicorn_count_loop(struct vcpu *vcpu, uint32_t esr)
{
    struct unicorn_loop *loop = &vcpu->loop;
    const struct unicorn_cause now = {vcpu->pc, vcpu->exception.far, esr};
    uint64_t instructions = vcpu->engine->clock->instructions;
    uint32_t pstate = unicorn_get_pstate(vcpu);
    bool in_handler = loop->last.esr != 0 && instructions - loop->at <= ROUND_LENGTH &&
                      PSTATE_EL(pstate) == 1 && pstate & PSTATE_I;
    bool again = in_handler && loop->last.pc == now.pc && loop->last.esr == now.esr &&
                 loop->last.far == now.far;

    if (!in_handler)
        loop->first = now;
    loop->last = now;
    loop->at = instructions;
    if (!again || !same_registers(vcpu))
        loop->rounds = 0;
    else if (++loop->rounds > ROUNDS)
        unicorn_give_up(vcpu, ROUNDS, "times in a row the same exception");
}

static bool has_far(uint32_t esr)
{
    uint32_t ec = esr >> ESR_EC_SHIFT;

    return (ec >= EC_INSTRUCTION_ABORT && ec <= EC_PC_ALIGNMENT) || ec == EC_DATA_ABORT ||
           ec == EC_DATA_ABORT + 1;
}

/* The registers tell of the last one only; what went wrong is the first. */
void unicorn_give_up(struct vcpu *vcpu, unsigned times, const char *what)
{
    const struct unicorn_cause *first = &vcpu->loop.first;
    char *text = vcpu->trouble;
    size_t n, size = sizeof(vcpu->trouble);
    uint32_t insn;

    snprintf(text, size, "%u %s", times, what);
    n = strlen(text);
    snprintf(text + n, size - n, ", beginning at PC 0x%" PRIx64 "%s with ESR_EL1 0x%" PRIx32,
             first->pc, unicorn_fetch(vcpu, first->pc, &insn) ? "" : " (no RAM there)", first->esr);
    n = strlen(text);
    if (has_far(first->esr))
        snprintf(text + n, size - n, " FAR_EL1 0x%" PRIx64, first->far);
}
