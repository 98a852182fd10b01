/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A device access, or a store into what is read-only, that leaves: it is abandoned, with PC at its
 * instruction and every register as before, as an abort to EL2 would leave it; and what that
 * abort's syndrome would say of it: width, register, extension. Only loads and stores of one
 * general register without writeback have one (ESR_EL2.ISS, Arm DDI 0487 D24.2.40).
 */
#include "unicorn/engine.h"

#include <inttypes.h>
#include <stdio.h>

#define OPC(insn) ((insn) >> 22 & 3)
#define SIZE(insn) ((insn) >> 30)
#define RT(insn) ((insn)&31)
#define ZERO_REGISTER 31u

struct syndrome {
    uint8_t size; /* bytes; 0: none */
    bool is_write, is_signed, is_64;
};

enum form {
    FORM_OPC,     /* size[31:30], opc[23:22]: store, load, load signed to 64, to 32 bits */
    FORM_LOAD,    /* size[31:30], a load */
    FORM_ORDERED, /* size[31:30], L[22] */
};

static const struct {
    uint32_t mask, value;
    enum form form;
} forms[] = {
    {0x3f000000, 0x39000000, FORM_OPC},     /* LDR, STR: unsigned offset */
    {0x3f200c00, 0x38000000, FORM_OPC},     /* LDUR, STUR */
    {0x3f200c00, 0x38000800, FORM_OPC},     /* LDTR, STTR */
    {0x3f200c00, 0x38200800, FORM_OPC},     /* LDR, STR: register offset */
    {0x3f200c00, 0x19000000, FORM_OPC},     /* LDAPUR, STLUR */
    {0x3fe0fc00, 0x38a0c000, FORM_LOAD},    /* LDAPR */
    {0x3fa00000, 0x08800000, FORM_ORDERED}, /* LDAR, STLR, LDLAR, STLLR */
};

static struct syndrome of_opc(uint32_t insn)
{
    unsigned opc = OPC(insn), size = SIZE(insn);

    if (opc >= 2 && size + (opc == 3) > 2)
        return (struct syndrome){0}; /* a prefetch, or unallocated */
    return (struct syndrome){.size = (uint8_t)(1u << size),
                             .is_write = opc == 0,
                             .is_signed = opc >= 2,
                             .is_64 = opc == 2 || size == 3};
}

static struct syndrome decode(uint32_t insn)
{
    for (size_t n = 0; n < sizeof(forms) / sizeof(forms[0]); n++) {
        if ((insn & forms[n].mask) != forms[n].value)
            continue;
        if (forms[n].form == FORM_OPC)
            return of_opc(insn);
        return (struct syndrome){.size = (uint8_t)(1u << SIZE(insn)),
                                 .is_write = forms[n].form == FORM_ORDERED && !(insn >> 22 & 1),
                                 .is_64 = SIZE(insn) == 3};
    }
    return (struct syndrome){0};
}

/* ---- Byte order ------------------------------------------------------------------------------ */

static bool is_big_endian(struct vcpu *vcpu)
{
    uint64_t sctlr;

    unicorn_get_sysreg(vcpu, UNICORN_SCTLR_EL1, &sctlr);
    return sctlr & (PSTATE_EL(unicorn_get_pstate(vcpu)) == 0 ? SCTLR_E0E : SCTLR_EE);
}

/* Between a register and memory. */
static uint64_t in_order(struct vcpu *vcpu, uint64_t value, unsigned size)
{
    if (size < 8)
        value &= (UINT64_C(1) << 8 * size) - 1;
    return is_big_endian(vcpu) ? __builtin_bswap64(value) >> (64 - 8 * size) : value;
}

/* ---- Leaving and coming back ----------------------------------------------------------------- */

static void describe(struct vcpu *vcpu, uint64_t pc, uint64_t address, bool is_write)
{
    struct syndrome syndrome = {0};
    struct unicorn_transfer transfer;

    vcpu->mmio = (struct vcpu_mmio){.address = address, .is_write = is_write};
    if (unicorn_fetch(vcpu, pc, &vcpu->mmio_insn)) {
        syndrome = decode(vcpu->mmio_insn);
        if (unicorn_decode_transfer(vcpu, pc, vcpu->mmio_insn, &transfer))
            vcpu->mmio.virtual = transfer.address;
    }
    if (syndrome.size == 0 || syndrome.is_write != is_write)
        return;
    vcpu->mmio.size = syndrome.size;
    if (is_write && RT(vcpu->mmio_insn) != ZERO_REGISTER)
        vcpu->mmio.value = in_order(vcpu, unicorn_get_x(vcpu, RT(vcpu->mmio_insn)), syndrome.size);
}

bool unicorn_lets_leave(const struct vcpu_engine *engine)
{
    return engine->place.offset != 0 && engine->place.leave;
}

/* Nothing is carried out for it, and the vCPU does not go on. */
static void cannot_leave(struct vcpu *vcpu, uint64_t address)
{
    if (vcpu->trouble[0] == '\0')
        snprintf(vcpu->trouble, sizeof(vcpu->trouble),
                 "the access to 0x%" PRIx64 " cannot leave %s", address, unicorn_name());
    vcpu->horizon = 0;
    uc_emu_stop(vcpu->uc);
}

bool unicorn_leave(struct vcpu *vcpu, uint64_t address, bool is_write)
{
    const struct unicorn_place *place = &vcpu->engine->place;
    uint64_t pc;

    if (!unicorn_lets_leave(vcpu->engine)) {
        cannot_leave(vcpu, address);
        return false;
    }
    if (!unicorn_place(vcpu, &pc))
        return true;
    describe(vcpu, pc, address, is_write);
    vcpu->pieces.left = 0;
    unicorn_retire(vcpu, pc);
    unicorn_stop(vcpu, UNICORN_DEVICE, pc);
    unicorn_back(vcpu->guard);
    place->leave(vcpu->cpu); /* PC and registers are restored already */
    return true;
}

void unicorn_mmio(struct vcpu *vcpu, struct vcpu_mmio *mmio)
{
    *mmio = vcpu->mmio;
}

static uint64_t extended(const struct syndrome *syndrome, uint64_t value)
{
    unsigned unused = 64 - 8 * syndrome->size;

    if (syndrome->is_signed)
        value = (uint64_t)((int64_t)(value << unused) >> unused);
    return syndrome->is_64 ? value : (uint32_t)value;
}

void unicorn_complete(struct vcpu *vcpu, uint64_t value)
{
    struct syndrome syndrome = decode(vcpu->mmio_insn);

    if (syndrome.size > 0 && !vcpu->mmio.is_write && RT(vcpu->mmio_insn) != ZERO_REGISTER)
        unicorn_set_x(vcpu, RT(vcpu->mmio_insn),
                      extended(&syndrome, in_order(vcpu, value, syndrome.size)));
    unicorn_set_pc(vcpu, vcpu->pc + 4);
    vcpu->clock->instructions++;
}
