/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How wide was that access? Unicorn hands a 64-bit access to a device over as two 32-bit ones, and
 * does not say at which instruction of the block. So look for it: the first instruction of the
 * block, behind the last one recognised, that accesses this address with the registers as they are
 * (and stores this value). A wrong width matters where the halves of a register have side effects:
 * IRS_IST_BASER.
 */
#include "unicorn/engine.h"

struct access {
    uint64_t address; /* virtual, of the first element */
    unsigned bytes;   /* of an element: as they reach the bus */
    unsigned elements;
    bool loads, stores;
    int source[2]; /* register of each element stored, or -1: not known */
};

static uint64_t read_x_or_sp(struct vcpu *vcpu, unsigned n)
{
    return n == 31 ? unicorn_get(vcpu, UC_ARM64_REG_SP) : unicorn_get_x(vcpu, n);
}

static int64_t signed_field(uint32_t insn, unsigned low, unsigned bits)
{
    return (int64_t)((uint64_t)insn << (64 - low - bits)) >> (64 - bits);
}

static uint64_t extended_register(struct vcpu *vcpu, uint32_t insn, unsigned scale)
{
    uint64_t value = unicorn_get_x(vcpu, insn >> 16 & 31);
    unsigned option = insn >> 13 & 7;

    if (option == 2) /* UXTW */
        value = (uint32_t)value;
    if (option == 6) /* SXTW */
        value = (uint64_t)(int64_t)(int32_t)value;
    return insn >> 12 & 1 ? value << scale : value;
}

static void set_direction(struct access *a, bool loads)
{
    a->loads = loads;
    a->stores = !loads;
}

/* Load/store register: unsigned offset, unscaled, pre- and post-indexed, register, atomics. */
static bool decode_single(struct vcpu *vcpu, uint32_t insn, struct access *a)
{
    unsigned size = insn >> 30, opc = insn >> 22 & 3;
    bool simd = insn >> 26 & 1;
    bool quad = simd && size == 0 && opc & 2;
    unsigned scale = quad ? 4 : size;
    uint64_t base = read_x_or_sp(vcpu, insn >> 5 & 31);

    if (!simd && size == 3 && opc == 2) /* PRFM */
        return false;
    *a = (struct access){base,         quad ? 8 : 1u << size,
                         quad ? 2 : 1, false,
                         false,        {simd ? -1 : (int)(insn & 31), -1}};
    set_direction(a, simd ? opc & 1 : opc != 0);
    if (insn >> 24 & 1) { /* unsigned offset */
        a->address = base + ((uint64_t)(insn >> 10 & 0xfff) << scale);
    } else if (!(insn >> 21 & 1)) {
        if ((insn >> 10 & 3) != 1) /* post-indexed accesses the base itself */
            a->address = base + (uint64_t)signed_field(insn, 12, 9);
    } else if ((insn >> 10 & 3) == 2) {
        a->address = base + extended_register(vcpu, insn, scale);
    } else if ((insn >> 10 & 3) == 0) { /* LDADD, SWP, … */
        a->loads = a->stores = true;
        a->source[0] = -1;
    } else { /* LDRAA, LDRAB */
        return false;
    }
    return true;
}

static bool decode_pair(struct vcpu *vcpu, uint32_t insn, struct access *a)
{
    unsigned opc = insn >> 30;
    bool simd = insn >> 26 & 1;
    unsigned scale = simd ? opc + 2 : opc == 2 ? 3 : 2;
    uint64_t base = read_x_or_sp(vcpu, insn >> 5 & 31);

    *a = (struct access){base,
                         scale > 3 ? 8 : 1u << scale,
                         scale > 3 ? 4 : 2,
                         false,
                         false,
                         {simd ? -1 : (int)(insn & 31), simd ? -1 : (int)(insn >> 10 & 31)}};
    set_direction(a, insn >> 22 & 1);
    if ((insn >> 23 & 3) != 1)
        a->address = base + ((uint64_t)signed_field(insn, 15, 7) << scale);
    return opc != 3;
}

/* LDXR, STXR, LDAR, STLR, CAS and their kin. */
static bool decode_exclusive(struct vcpu *vcpu, uint32_t insn, struct access *a)
{
    bool pair = insn >> 21 & 1 && !(insn >> 23 & 1);
    unsigned size = pair ? (insn >> 30 & 1) + 2 : insn >> 30;

    *a = (struct access){
        read_x_or_sp(vcpu, insn >> 5 & 31), 1u << size, pair ? 2 : 1, false, false, {-1, -1}};
    set_direction(a, insn >> 22 & 1);
    if (insn >> 21 & 1) /* CAS, CASP and the pairs do either */
        a->loads = a->stores = true;
    else if (a->stores)
        a->source[0] = (int)(insn & 31);
    return true;
}

static bool decode_rcpc(struct vcpu *vcpu, uint32_t insn, struct access *a)
{
    *a = (struct access){read_x_or_sp(vcpu, insn >> 5 & 31) + (uint64_t)signed_field(insn, 12, 9),
                         1u << (insn >> 30),
                         1,
                         false,
                         false,
                         {(int)(insn & 31), -1}};
    set_direction(a, (insn >> 22 & 3) != 0);
    return true;
}

static const struct {
    uint32_t mask, value;
    bool (*decode)(struct vcpu *vcpu, uint32_t insn, struct access *a);
} encodings[] = {
    {0x3a000000, 0x38000000, decode_single},
    {0x3a000000, 0x28000000, decode_pair},
    {0x3f000000, 0x08000000, decode_exclusive},
    {0x3f200c00, 0x19000000, decode_rcpc},
};

static bool decode(struct vcpu *vcpu, uint32_t insn, struct access *a)
{
    for (size_t i = 0; i < sizeof(encodings) / sizeof(*encodings); i++)
        if ((insn & encodings[i].mask) == encodings[i].value)
            return encodings[i].decode(vcpu, insn, a);
    return false;
}

static bool stores_value(struct vcpu *vcpu, const struct access *a, unsigned element, uint32_t low)
{
    int source = element < 2 ? a->source[element] : -1;

    return source < 0 || (uint32_t)unicorn_get_x(vcpu, (unsigned)source) == low;
}

/* Is an element of this access, from number `*element` on, the one that came? */
static bool hits(struct vcpu *vcpu, const struct access *a, unsigned *element, uint64_t physical,
                 bool is_write, uint32_t low)
{
    if (is_write ? !a->stores : !a->loads)
        return false;
    for (unsigned i = *element; i < a->elements; i++) {
        uint64_t address = a->address + (uint64_t)i * a->bytes, found;

        if ((address ^ physical) & 0xfff || (is_write && !stores_value(vcpu, a, i, low)))
            continue;
        if (unicorn_translate(vcpu, address, &found) && found == physical) {
            *element = i;
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
    struct unicorn_halves *halves = &vcpu->halves;

    if (halves->when == vcpu->clock->instructions)
        return;
    halves->when = vcpu->clock->instructions;
    halves->cursor = vcpu->block;
    halves->element = 0;
}

bool unicorn_access_is_wide(struct vcpu *vcpu, uint64_t physical, bool is_write, uint32_t low)
{
    uint64_t end = vcpu->block + (uint64_t)vcpu->in_flight * 4;
    uint64_t pc, code;

    start_anew_in_another_block(vcpu);
    pc = clamp_into_block(vcpu, vcpu->halves.cursor, vcpu->block);
    pc = clamp_into_block(vcpu, unicorn_get(vcpu, UC_ARM64_REG_PC), pc);
    if (!unicorn_translate(vcpu, pc, &code)) /* a block lies within one page */
        return false;
    for (; pc < end; pc += 4, code += 4) {
        unsigned element = pc == vcpu->halves.cursor ? vcpu->halves.element : 0;
        struct access a;
        uint32_t insn;

        if (memory_read(vcpu->engine->ram, code, &insn, sizeof(insn)) != 0)
            return false;
        if (decode(vcpu, insn, &a) && hits(vcpu, &a, &element, physical, is_write, low)) {
            vcpu->halves.cursor = pc;
            vcpu->halves.element = element + 1;
            return a.bytes == 8;
        }
    }
    return false;
}
