/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The system registers that no engine answers: the GIC's, the timer's, identification, and those
 * whose value would come from the host.
 */
#include "vcpu/pe.h"

#define OP0(encoding) ((encoding) >> 14)
#define OP1(encoding) ((encoding) >> 11 & 7)
#define CRN(encoding) ((encoding) >> 7 & 15)
#define CRM(encoding) ((encoding) >> 3 & 15)
#define OP2(encoding) ((encoding)&7)

#define FIELD(value, low) ((uint64_t)(value) << (low))
#define NOT_FIELD(low) (~FIELD(15, low))

#define MPIDR_EL1 VGIC5_ENCODING(3, 0, 0, 0, 5)
#define MPIDR_RES1 (UINT64_C(1) << 31)
#define ISR_EL1 VGIC5_ENCODING(3, 0, 12, 1, 0)
#define ISR_I (UINT64_C(1) << 7)
#define ISR_IS (UINT64_C(1) << 10)
#define OSLAR_EL1 VGIC5_ENCODING(2, 0, 1, 0, 4)
#define OSLSR_EL1 VGIC5_ENCODING(2, 0, 1, 1, 4)
#define OSLSR_UNLOCKED 8u /* OSLM: there is an OS lock; OSLK: it is open */

/*
 * A PE with GICv5, without EL2, EL3, AArch32, SVE, MTE, a PMU and a random number generator. The
 * rest is what the engine has. NMI is 0 although GICv5 asks for it: ERET would lose PSTATE.ALLINT.
 */
static const struct pe_id_override gicv5_ids[] = {
    /* ID_AA64PFR0: EL0 and EL1; DIT, AdvSIMD, FP; CSV2 and CSV3, for nothing is speculated */
    {VGIC5_ENCODING(3, 0, 0, 4, 0), UINT64_C(0x000f000000ff0000),
     FIELD(1, 60) | FIELD(1, 56) | 0x11},
    /* ID_AA64PFR1: SSBS, BT */
    {VGIC5_ENCODING(3, 0, 0, 4, 1), 0xff, 0},
    /* ID_AA64PFR2: GCIE */
    {VGIC5_ENCODING(3, 0, 0, 4, 2), 0, FIELD(1, 12)},
    /* ID_AA64ZFR0 */
    {VGIC5_ENCODING(3, 0, 0, 4, 4), 0, 0},
    /* ID_AA64DFR0: Armv8 debug, two breakpoints, two watchpoints */
    {VGIC5_ENCODING(3, 0, 0, 5, 0), 0, FIELD(1, 20) | FIELD(1, 12) | 6},
    /* ID_AA64ISAR0: not RNDR */
    {VGIC5_ENCODING(3, 0, 0, 6, 0), NOT_FIELD(60), 0},
    /* ID_AA64ISAR1: not GPI, GPA, API, APA: executed, but not announced: slow, here */
    {VGIC5_ENCODING(3, 0, 0, 6, 1), NOT_FIELD(28) & NOT_FIELD(24) & NOT_FIELD(8) & NOT_FIELD(4), 0},
    /* ID_AA64MMFR0: not SNSMem */
    {VGIC5_ENCODING(3, 0, 0, 7, 0), NOT_FIELD(12), 0},
    /* ID_AA64MMFR1: not LO, VH, VMIDBits */
    {VGIC5_ENCODING(3, 0, 0, 7, 1), NOT_FIELD(16) & NOT_FIELD(8) & NOT_FIELD(4), 0},
};

static enum vcpu_sysreg_result done(struct vcpu_sysreg *access, uint64_t value)
{
    access->value = value;
    return VCPU_SYSREG_DONE;
}

const struct pe_id_override *pe_ids_gicv5(size_t *n)
{
    *n = sizeof(gicv5_ids) / sizeof(*gicv5_ids);
    return gicv5_ids;
}

static const struct pe_id_override *find_id(const struct pe_host *host, uint16_t encoding)
{
    for (size_t i = 0; i < host->nr_ids; i++)
        if (host->ids[i].encoding == encoding)
            return &host->ids[i];
    return NULL;
}

static enum vcpu_sysreg_result read_id(struct pe *pe, struct vcpu_sysreg *access)
{
    const struct pe_id_override *row = find_id(pe->host, access->encoding);

    if (access->encoding == MPIDR_EL1)
        return done(access, MPIDR_RES1 | vgic5_mpidr_of_vcpu(pe->id));
    if (CRM(access->encoding) >= 1 && CRM(access->encoding) <= 3)
        return done(access, 0); /* AArch32 */
    if (!row)
        return VCPU_SYSREG_NATIVE;
    return done(access, row->set | (vcpu_native_register(pe->vcpu, access->encoding) & row->keep));
}

uint64_t pe_identity(const struct pe_host *host, const struct vcpu_engine *engine, size_t n)
{
    size_t nr_registers;
    const struct pe_id_override *row = find_id(host, vcpu_identity(&nr_registers)[n].encoding);
    uint64_t native = vcpu_engine_identity(engine, n);

    return !row ? native : row->set | (native & row->keep);
}

/*
 * RAZ/WI instead of what the engine would do: count the host's time (PMU), hand out the host's
 * random numbers (RNDR), keep state that no snapshot has (breakpoints, watchpoints, the SVE vector
 * length). The identification registers say that none of this exists, but for the breakpoints.
 */
static const struct {
    uint16_t mask, encoding;
    bool from_el0;
} hidden[] = {
    {VGIC5_ENCODING(3, 7, 15, 15, 0), VGIC5_ENCODING(3, 3, 9, 12, 0), false}, /* PMCR … */
    {VGIC5_ENCODING(3, 7, 15, 14, 0), VGIC5_ENCODING(3, 3, 9, 14, 0), false}, /* PMUSERENR … */
    {VGIC5_ENCODING(3, 7, 15, 15, 0), VGIC5_ENCODING(3, 3, 9, 13, 0), false}, /* PMCCNTR … */
    {VGIC5_ENCODING(3, 7, 15, 8, 0), VGIC5_ENCODING(3, 3, 14, 8, 0), false},  /* PMEV… */
    {VGIC5_ENCODING(3, 7, 15, 15, 0), VGIC5_ENCODING(3, 0, 9, 14, 0), false}, /* PMINTEN… */
    {VGIC5_ENCODING(3, 7, 15, 15, 6), VGIC5_ENCODING(3, 3, 2, 4, 0), true},   /* RNDR, RNDRRS */
    {VGIC5_ENCODING(3, 7, 15, 0, 4), VGIC5_ENCODING(2, 0, 0, 0, 4), false},   /* DBGB…, DBGW… */
    {VGIC5_ENCODING(3, 7, 15, 15, 7), VGIC5_ENCODING(3, 0, 1, 2, 0), false},  /* ZCR_EL1 */
};

static bool is_hidden(uint16_t encoding, uint8_t el)
{
    for (size_t i = 0; i < sizeof(hidden) / sizeof(*hidden); i++)
        if ((encoding & hidden[i].mask) == hidden[i].encoding && (el == 1 || hidden[i].from_el0))
            return true;
    return false;
}

static void trace(struct pe *pe, const struct vcpu_sysreg *access)
{
    if (pe->host->gic_access)
        pe->host->gic_access(pe->opaque, vcpu_instructions(pe->vcpu), access);
}

static enum vcpu_sysreg_result access_gic(struct pe *pe, struct vcpu_sysreg *access)
{
    if (access->el == 0)
        return VCPU_SYSREG_UNDEFINED;
    switch (vgic5_cpu_access(pe->gic, access->encoding, access->is_write, &access->value)) {
    case VGIC5_HANDLED:
        trace(pe, access);
        return VCPU_SYSREG_DONE;
    case VGIC5_UNDEFINED:
        return VCPU_SYSREG_UNDEFINED;
    case VGIC5_UNHANDLED:
        break;
    }
    return VCPU_SYSREG_NATIVE;
}

static bool is_gic(uint16_t encoding)
{
    return CRN(encoding) == 12 &&
           (OP0(encoding) == 1 ||
            (OP0(encoding) == 3 && (OP1(encoding) == 1 || CRM(encoding) >= 9)));
}

static enum vcpu_sysreg_result read_isr(struct pe *pe, struct vcpu_sysreg *access)
{
    switch (vgic5_vcpu_line(pe->gic)) {
    case VGIC5_LINE_SUPERPRIORITY:
        return done(access, ISR_I | ISR_IS);
    case VGIC5_LINE_IRQ:
        return done(access, ISR_I);
    case VGIC5_LINE_NONE:
        break;
    }
    return done(access, 0);
}

static bool is_timer(uint16_t encoding)
{
    return CRN(encoding) == 14 && OP1(encoding) == 3 && CRM(encoding) <= 3;
}

static bool is_identification(uint16_t encoding)
{
    return OP0(encoding) == 3 && OP1(encoding) == 0 && CRN(encoding) == 0;
}

/* SP_EL0 alone is read four million times while Linux boots. */
bool pe_answers(uint16_t encoding)
{
    return is_gic(encoding) || is_timer(encoding) || is_hidden(encoding, 1) ||
           is_identification(encoding) || encoding == OSLAR_EL1 || encoding == OSLSR_EL1 ||
           encoding == ISR_EL1;
}

enum vcpu_sysreg_result pe_sysreg(struct pe *pe, struct vcpu_sysreg *access)
{
    uint16_t encoding = access->encoding;

    if (!pe_answers(encoding))
        return VCPU_SYSREG_NATIVE;
    if (is_gic(encoding))
        return access_gic(pe, access);
    if (is_timer(encoding))
        return pe_timer_access(pe, access);
    if (is_hidden(encoding, access->el))
        return done(access, 0);
    if (access->el == 0)
        return VCPU_SYSREG_NATIVE;
    if (encoding == OSLAR_EL1 && access->is_write)
        return VCPU_SYSREG_DONE;
    if (access->is_write)
        return VCPU_SYSREG_NATIVE;
    if (is_identification(encoding))
        return read_id(pe, access);
    if (encoding == ISR_EL1)
        return read_isr(pe, access);
    return encoding == OSLSR_EL1 ? done(access, OSLSR_UNLOCKED) : VCPU_SYSREG_NATIVE;
}
