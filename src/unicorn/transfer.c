/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All loads and stores of A64 that a PE without SVE and MTE has (C4.1.94 of Arm DDI 0487), a row
 * for each group of encodings. A unit is what the engine accesses at once: of a Q register a half,
 * of the elements of LD1 and ST1 as many as fill eight bytes, of an exclusive pair of W registers
 * both.
 */
#include "unicorn/transfer.h"

#include "unicorn/engine.h"

#define BITS(insn, high, low) ((insn) >> (low) & ((1u << ((high) - (low) + 1)) - 1))
#define BIT(insn, n) ((insn) >> (n)&1)

static uint64_t read_base(struct vcpu *vcpu, uint32_t insn)
{
    unsigned n = BITS(insn, 9, 5);

    return n == 31 ? unicorn_get(vcpu, UC_ARM64_REG_SP) : unicorn_get_x(vcpu, n);
}

static uint64_t signed_field(uint32_t insn, unsigned low, unsigned bits)
{
    return (uint64_t)((int64_t)((uint64_t)insn << (64 - low - bits)) >> (64 - bits));
}

/* Of general registers, at [Xn]: what most groups are. */
static struct unicorn_transfer at_base(struct vcpu *vcpu, uint32_t insn, unsigned log2)
{
    return (struct unicorn_transfer){
        .address = read_base(vcpu, insn),
        .units = 1,
        .unit = 1u << log2,
        .bytes = 1u << log2,
        .base = (int8_t)BITS(insn, 9, 5),
        .offset = -1,
        .source = {(int8_t)BITS(insn, 4, 0), -1},
    };
}

/* The halves of a Q register are units of their own. */
static void make_simd(struct unicorn_transfer *t, unsigned log2)
{
    t->source[0] = t->source[1] = -1;
    if (log2 < 4)
        return;
    t->units *= 2;
    t->unit = t->bytes = 8;
}

static void set_direction(struct unicorn_transfer *t, bool loads)
{
    t->loads = loads;
    t->stores = !loads;
}

static bool is_big_endian(struct vcpu *vcpu)
{
    uint64_t sctlr;

    unicorn_get_sysreg(vcpu, UNICORN_SCTLR_EL1, &sctlr);
    return sctlr & (unicorn_exception_level(vcpu) == 0 ? SCTLR_E0E : SCTLR_EE);
}

static void load_and_store(struct unicorn_transfer *t)
{
    t->loads = t->stores = true;
    t->source[0] = t->source[1] = -1;
}

static uint64_t extended_register(struct vcpu *vcpu, uint32_t insn, unsigned scale)
{
    uint64_t value = unicorn_get_x(vcpu, BITS(insn, 20, 16));
    unsigned option = BITS(insn, 15, 13);

    if (option == 2) /* UXTW */
        value = (uint32_t)value;
    if (option == 6) /* SXTW */
        value = (uint64_t)(int64_t)(int32_t)value;
    return BIT(insn, 12) ? value << scale : value;
}

/* Direction and size of what has `size` and `opc` in the usual places. False: it is a prefetch, or
 * nothing. */
static bool single(struct vcpu *vcpu, uint32_t insn, unsigned *log2, struct unicorn_transfer *t)
{
    unsigned size = BITS(insn, 31, 30), opc = BITS(insn, 23, 22);
    bool simd = BIT(insn, 26);

    *log2 = simd && opc & 2 ? size + 4 : size;
    if (*log2 > 4 || (!simd && opc >= 2 && size + opc > 4))
        return false;
    *t = at_base(vcpu, insn, *log2);
    set_direction(t, simd ? opc & 1 : opc != 0);
    if (simd)
        make_simd(t, *log2);
    return true;
}

static bool unsigned_offset(struct vcpu *vcpu, uint64_t pc, uint32_t insn,
                            struct unicorn_transfer *t)
{
    unsigned log2;

    (void)pc;
    if (!single(vcpu, insn, &log2, t))
        return false;
    t->address += (uint64_t)BITS(insn, 21, 10) << log2;
    return true;
}

/* LDUR, LDTR, pre- and post-indexed, which accesses the base itself. */
static bool nine_bit_offset(struct vcpu *vcpu, uint64_t pc, uint32_t insn,
                            struct unicorn_transfer *t)
{
    unsigned log2;

    (void)pc;
    if (!single(vcpu, insn, &log2, t))
        return false;
    if (BITS(insn, 11, 10) != 1)
        t->address += signed_field(insn, 12, 9);
    return true;
}

static bool register_offset(struct vcpu *vcpu, uint64_t pc, uint32_t insn,
                            struct unicorn_transfer *t)
{
    unsigned log2;

    (void)pc;
    if (!single(vcpu, insn, &log2, t))
        return false;
    t->address += extended_register(vcpu, insn, log2);
    t->offset = (int8_t)BITS(insn, 20, 16);
    return true;
}

/* LDADD and its kin, SWP; and LDAPR, which only loads. */
static bool atomic(struct vcpu *vcpu, uint64_t pc, uint32_t insn, struct unicorn_transfer *t)
{
    (void)pc;
    *t = at_base(vcpu, insn, BITS(insn, 31, 30));
    load_and_store(t);
    if (BITS(insn, 15, 12) == 12)
        set_direction(t, true);
    return true;
}

/* LDRAA, LDRAB. */
static bool authenticated(struct vcpu *vcpu, uint64_t pc, uint32_t insn, struct unicorn_transfer *t)
{
    uint64_t ten_bits = (uint64_t)BIT(insn, 22) << 9 | BITS(insn, 20, 12);

    (void)pc;
    *t = at_base(vcpu, insn, 3);
    set_direction(t, true);
    t->address += (ten_bits ^ 512) * 8 - UINT64_C(512) * 8;
    t->authenticates = true;
    return true;
}

static bool literal(struct vcpu *vcpu, uint64_t pc, uint32_t insn, struct unicorn_transfer *t)
{
    unsigned opc = BITS(insn, 31, 30);
    bool simd = BIT(insn, 26);
    unsigned log2 = simd ? opc + 2 : opc == 1 ? 3 : 2;

    if (opc == 3) /* a prefetch */
        return false;
    *t = at_base(vcpu, insn, log2);
    set_direction(t, true);
    t->address = pc + signed_field(insn, 5, 19) * 4;
    t->base = -1;
    if (simd)
        make_simd(t, log2);
    return true;
}

static bool pair(struct vcpu *vcpu, uint64_t pc, uint32_t insn, struct unicorn_transfer *t)
{
    unsigned opc = BITS(insn, 31, 30);
    bool simd = BIT(insn, 26);
    unsigned log2 = simd ? opc + 2 : opc == 2 ? 3 : 2;

    (void)pc;
    if (opc == 3)
        return false;
    *t = at_base(vcpu, insn, log2);
    t->units = 2;
    t->source[1] = (int8_t)BITS(insn, 14, 10);
    set_direction(t, BIT(insn, 22));
    if (simd)
        make_simd(t, log2);
    if (BITS(insn, 24, 23) != 1)
        t->address += signed_field(insn, 15, 7) << log2;
    return true;
}

/* LDXR, STXR, LDAR, STLR and their kin. STXR loads too: it compares. */
static bool exclusive(struct vcpu *vcpu, uint64_t pc, uint32_t insn, struct unicorn_transfer *t)
{
    bool ordered = BIT(insn, 23), loads = BIT(insn, 22);

    (void)pc;
    *t = at_base(vcpu, insn, BITS(insn, 31, 30));
    if (ordered || loads)
        set_direction(t, loads);
    else
        load_and_store(t);
    return true;
}

static bool compare_and_swap(struct vcpu *vcpu, uint64_t pc, uint32_t insn,
                             struct unicorn_transfer *t)
{
    (void)pc;
    *t = at_base(vcpu, insn, BITS(insn, 31, 30));
    load_and_store(t);
    return true;
}

/* LDXP and STXP (size 2 and 3), CASP (0 and 1). */
static bool exclusive_pair(struct vcpu *vcpu, uint64_t pc, uint32_t insn,
                           struct unicorn_transfer *t)
{
    (void)pc;
    *t = at_base(vcpu, insn, 3);
    t->units = BIT(insn, 30) ? 2 : 1;
    load_and_store(t);
    if (BIT(insn, 31) && BIT(insn, 22))
        set_direction(t, true);
    return true;
}

/* LDAPUR, STLUR. */
static bool ordered_offset(struct vcpu *vcpu, uint64_t pc, uint32_t insn,
                           struct unicorn_transfer *t)
{
    unsigned size = BITS(insn, 31, 30), opc = BITS(insn, 23, 22);

    (void)pc;
    if (opc >= 2 && size + opc > 4)
        return false;
    *t = at_base(vcpu, insn, size);
    t->address += signed_field(insn, 12, 9);
    set_direction(t, opc != 0);
    return true;
}

/* LD1 … LD4, ST1 … ST4 of whole registers. */
static bool multiple_structures(struct vcpu *vcpu, uint64_t pc, uint32_t insn,
                                struct unicorn_transfer *t)
{
    static const struct {
        uint8_t repeats, elements;
    } registers[16] = {
        [0] = {1, 4}, [2] = {4, 1}, [4] = {1, 3},  [6] = {3, 1},
        [7] = {1, 1}, [8] = {1, 2}, [10] = {2, 1},
    };
    unsigned opcode = BITS(insn, 15, 12), size = BITS(insn, 11, 10);
    unsigned all =
        registers[opcode].repeats * registers[opcode].elements * (BIT(insn, 30) ? 16 : 8);
    bool together = registers[opcode].elements == 1 && (size == 0 || !is_big_endian(vcpu));

    (void)pc;
    if (all == 0)
        return false;
    *t = at_base(vcpu, insn, size);
    make_simd(t, size);
    set_direction(t, BIT(insn, 22));
    if (together)
        t->unit = 8;
    t->units = all / t->unit;
    return true;
}

/* One lane, or one element for all lanes. */
static bool single_structure(struct vcpu *vcpu, uint64_t pc, uint32_t insn,
                             struct unicorn_transfer *t)
{
    unsigned opcode = BITS(insn, 15, 13), size = BITS(insn, 11, 10), scale = opcode >> 1;

    (void)pc;
    if (scale == 3) /* LD1R … LD4R */
        scale = size;
    else if (scale == 2 && size & 1)
        scale = 3;
    *t = at_base(vcpu, insn, scale);
    make_simd(t, scale);
    set_direction(t, BIT(insn, 22));
    t->units = ((opcode & 1) << 1 | BIT(insn, 21)) + 1;
    return true;
}

static const struct {
    uint32_t mask, value;
    bool (*decode)(struct vcpu *vcpu, uint64_t pc, uint32_t insn, struct unicorn_transfer *t);
} rows[] = {
    {0xbfbf0000, 0x0c000000, multiple_structures},
    {0xbfa00000, 0x0c800000, multiple_structures}, /* post-indexed */
    {0xbf9f0000, 0x0d000000, single_structure},
    {0xbf800000, 0x0d800000, single_structure}, /* post-indexed */
    {0x3f200000, 0x08000000, exclusive},
    {0x3fa00000, 0x08200000, exclusive_pair},
    {0x3fa00000, 0x08a00000, compare_and_swap},
    {0x3f200c00, 0x19000000, ordered_offset},
    {0x3b000000, 0x18000000, literal},
    {0x3a000000, 0x28000000, pair},
    {0x3b000000, 0x39000000, unsigned_offset},
    {0x3b200000, 0x38000000, nine_bit_offset},
    {0x3b200c00, 0x38200800, register_offset},
    {0x3f200c00, 0x38200000, atomic},
    {0xff200400, 0xf8200400, authenticated},
};

bool unicorn_decode_transfer(struct vcpu *vcpu, uint64_t pc, uint32_t insn,
                             struct unicorn_transfer *transfer)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        if ((insn & rows[i].mask) == rows[i].value)
            return rows[i].decode(vcpu, pc, insn, transfer);
    return false;
}

/* All that can be a destination, also with writeback. */
bool unicorn_may_write(uint32_t insn, int8_t reg)
{
    bool is_transfer = (insn & 0x0a000000) == 0x08000000;
    uint32_t n = (uint32_t)reg;

    if (BITS(insn, 4, 0) == n)
        return true;
    if (!is_transfer)
        return false;
    /* Without writeback: unsigned offset, register offset, LDUR; exclusives; offset pairs. */
    if (BITS(insn, 9, 5) == n && (insn & 0x3b000000) != 0x39000000 &&
        (insn & 0x3b200c00) != 0x38200800 && (insn & 0x3b200c00) != 0x38000000 &&
        (insn & 0x3f000000) != 0x08000000 && (insn & 0x3b800000) != 0x29000000)
        return true;
    return (BITS(insn, 14, 10) == n && (insn & 0x3a000000) == 0x28000000) ||
           (BITS(insn, 14, 10) == n && (insn & 0x3f000000) == 0x08000000) ||
           (BITS(insn, 20, 16) == n && (insn & 0x3f000000) == 0x08000000);
}
