/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which instruction makes the access that has come, where place.c cannot tell: the first of the
 * block, behind the last one found, that accesses this address with the registers as they are (and
 * stores this value). It is surely the one if nothing has written the registers of its address
 * since. Else, if another one matches too and would make another access, the vCPU does not go on:
 * a wrong width matters where the halves of a register have side effects, as in IRS_IST_BASER.
 */
#include "unicorn/engine.h"

#include <inttypes.h>
#include <stdio.h>

static bool stores_value(struct vcpu *vcpu, const struct unicorn_transfer *t, unsigned unit,
                         uint32_t low)
{
    int source = unit < 2 ? t->source[unit] : -1;
    unsigned bits = t->unit < 4 ? 8 * t->unit : 32;

    if (source < 0 || (t->address & (t->unit - 1)) != 0)
        return true;
    return ((uint32_t)unicorn_get_x(vcpu, (unsigned)source) ^ low) << (32 - bits) == 0;
}

/* Does a piece begin where a unit does, number `*unit` or a later one? */
static bool hits(struct vcpu *vcpu, const struct unicorn_transfer *t, unsigned *unit,
                 uint64_t physical, bool is_write, uint32_t low)
{
    if (is_write ? !t->stores : !t->loads)
        return false;
    for (unsigned i = *unit; i < t->units; i++) {
        uint64_t address = t->address + (uint64_t)i * t->unit, found;

        if (!is_write)
            address &= ~(uint64_t)(t->unit - 1); /* of a misaligned load: see device.c */
        if ((address ^ physical) & 0xfff || (is_write && !stores_value(vcpu, t, i, low)))
            continue;
        if (t->authenticates || (unicorn_translate(vcpu, address, &found) && found == physical)) {
            *unit = i;
            return true;
        }
    }
    return false;
}

static uint64_t clamp_into_block(const struct vcpu *vcpu, uint64_t pc, uint64_t at_least)
{
    return pc > at_least && pc - vcpu->block < (uint64_t)vcpu->in_flight * 4 ? pc : at_least;
}

/* Instructions counted at its start tell one execution of a block from the next. */
static void start_anew_in_another_block(struct vcpu *vcpu)
{
    struct unicorn_search *search = &vcpu->search;

    if (search->when == vcpu->clock->instructions)
        return;
    *search = (struct unicorn_search){.when = vcpu->clock->instructions, .cursor = vcpu->block};
}

static bool same(const struct unicorn_transfer *a, const struct unicorn_transfer *b)
{
    return a->unit == b->unit && a->bytes == b->bytes &&
           ((a->address ^ b->address) & (a->unit - 1)) == 0;
}

static bool may_change(const struct unicorn_transfer *t, uint32_t insn)
{
    return (t->base >= 0 && unicorn_may_write(insn, t->base)) ||
           (t->offset >= 0 && unicorn_may_write(insn, t->offset));
}

static void refuse(struct vcpu *vcpu, uint64_t first, uint64_t second)
{
    snprintf(vcpu->trouble, sizeof(vcpu->trouble),
             "%s does not say whether a device was accessed at PC 0x%" PRIx64 " or 0x%" PRIx64
             ", in different ways",
             unicorn_name(), first, second);
    vcpu->horizon = 0;
}

/* `at` and `code`: the match, and where its instruction is in RAM. */
static void look_for_another(struct vcpu *vcpu, const struct unicorn_transfer *match, uint64_t at,
                             uint64_t code, uint64_t physical, bool is_write, uint32_t low)
{
    uint64_t end = vcpu->block + (uint64_t)vcpu->in_flight * 4;
    bool changed = false;

    for (uint64_t pc = at; pc < end; pc += 4, code += 4) {
        struct unicorn_transfer other;
        unsigned unit = 0;
        uint32_t insn;

        if (!unicorn_fetch_physical(vcpu, code, &insn))
            return;
        if (changed && unicorn_decode_transfer(vcpu, pc, insn, &other) && !same(match, &other) &&
            hits(vcpu, &other, &unit, physical, is_write, low)) {
            refuse(vcpu, at, pc);
            return;
        }
        changed = changed || may_change(match, insn);
    }
}

/* How many units of the instruction at `pc` are through. */
static unsigned units_done(const struct unicorn_search *search, uint64_t pc, bool is_write)
{
    if (pc != search->cursor || search->is_write < is_write)
        return 0;
    return search->is_write > is_write ? UINT32_MAX : search->unit;
}

bool unicorn_search(struct vcpu *vcpu, uint64_t physical, bool is_write, uint32_t low,
                    struct unicorn_transfer *transfer)
{
    struct unicorn_search *search = &vcpu->search;
    uint64_t end = vcpu->block + (uint64_t)vcpu->in_flight * 4;
    uint64_t pc, code;

    start_anew_in_another_block(vcpu);
    pc = clamp_into_block(vcpu, search->cursor, vcpu->block);
    pc = clamp_into_block(vcpu, unicorn_get(vcpu, UC_ARM64_REG_PC), pc);
    if (!unicorn_translate(vcpu, pc, &code)) /* a block lies within one page */
        return false;
    for (; pc < end; pc += 4, code += 4) {
        unsigned unit = units_done(search, pc, is_write);
        uint32_t insn;

        if (!unicorn_fetch_physical(vcpu, code, &insn))
            return false;
        if (!unicorn_decode_transfer(vcpu, pc, insn, transfer) ||
            !hits(vcpu, transfer, &unit, physical, is_write, low))
            continue;
        search->cursor = pc;
        search->unit = unit + 1;
        search->is_write = is_write;
        look_for_another(vcpu, transfer, pc, code, physical, is_write, low);
        return true;
    }
    return false;
}
