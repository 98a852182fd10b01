/* SPDX-License-Identifier: BSD-3-Clause */
#include "kvmd/identification.h"

#include <errno.h>

#include "kvmd/internal.h"

#define MIDR_EL1 VGIC5_ENCODING(3, 0, 0, 0, 0)
#define MPIDR_EL1 VGIC5_ENCODING(3, 0, 0, 0, 5)
#define REVIDR_EL1 VGIC5_ENCODING(3, 0, 0, 0, 6)
#define CLIDR_EL1 VGIC5_ENCODING(3, 1, 0, 0, 1)
#define AIDR_EL1 VGIC5_ENCODING(3, 1, 0, 0, 7)
#define CTR_EL0 VGIC5_ENCODING(3, 3, 0, 0, 1)
#define ID(crm, op2) ((crm) << 3 | (op2))
#define PFR2 ID(4, 2)

#define OP1(encoding) ((encoding) >> 11 & 7)
#define IS_OP1_0(encoding) ((encoding) >> 7 == VGIC5_ENCODING(3, 0, 0, 0, 0) >> 7)
#define INDEX(encoding) ((encoding)&63u)

#define MPIDR_RES1 (UINT64_C(1) << 31)
#define GCIE (UINT64_C(1) << 12)
#define CLIDR_RESET 0x0a200023u /* of the engine's CPU: two levels */
#define CLIDR_LEVELS 7u
#define CLIDR_UNIFIED 4u /* the highest type of a level */
#define CLIDR_MASK ((UINT64_C(1) << 47) - 1)
#define CTR_MASK (UINT64_C(0x3) << 28 | F(16) | F(0)) /* DIC, IDC, DminLine, IminLine */

/* ---- What may be written --------------------------------------------------------------------- */

/* A field of four bits, by its lowest. */
#define F(low) (UINT64_C(0xf) << (low))

/* `writable`: as it is, or lower. Of these, `higher`: as it is, or higher; `is_signed`: 0xf is
 * lower than 0; `absent_is_1`: as it is, or 1, which says that there is none. */
static const struct rule {
    uint8_t index;
    uint64_t writable, higher, is_signed, absent_is_1;
} rules[] = {
    {.index = ID(4, 0), /* PFR0: CSV3, CSV2, DIT, SEL2, GIC, EL3 to EL0 */
     .writable = F(60) | F(56) | F(48) | F(36) | F(24) | F(12) | F(8) | F(4) | F(0)},
    {.index = ID(4, 1),
     .writable = F(56) | F(32) | F(4) | F(0)}, /* PFR1: DF2, CSV2_frac, SSBS, BT */
    {.index = PFR2, .writable = F(12)},        /* GCIE */
    {.index = ID(4, 4), /* ZFR0: F64MM, F32MM, I8MM, SM4, SHA3, BF16, BitPerm, AES, SVEver */
     .writable = F(56) | F(52) | F(44) | F(40) | F(32) | F(20) | F(16) | F(4) | F(0)},
    {.index = ID(5, 0), /* DFR0: DoubleLock, WRPs, PMUVer, DebugVer */
     .writable = F(36) | F(20) | F(8) | F(0),
     .is_signed = F(36)},
    {.index = ID(6, 0), /* ISAR0: RNDR, TLB, TS, FHM, DP, SM4, SM3, SHA3, RDM, Atomic, … AES */
     .writable = F(60) | F(56) | F(52) | F(48) | F(44) | F(40) | F(36) | F(32) | F(28) | F(20) |
                 F(16) | F(12) | F(8) | F(4)},
    {.index = ID(6, 1), /* ISAR1: all but those of pointer authentication */
     .writable = F(60) | F(56) | F(52) | F(48) | F(44) | F(40) | F(36) | F(32) | F(20) | F(16) |
                 F(12) | F(0)},
    {.index = ID(6, 2), .writable = F(20) | F(4) | F(0)},          /* ISAR2: BC, RPRES, WFxT */
    {.index = ID(6, 3), .writable = F(28) | F(24) | F(16) | F(4)}, /* ISAR3: FPRCVT, LSUI, … */
    {.index = ID(7, 0),                                            /* MMFR0: all but ASIDBits */
     .writable = F(60) | F(44) | F(40) | F(36) | F(32) | F(28) | F(24) | F(20) | F(16) | F(12) |
                 F(8) | F(0),
     .is_signed = F(28) | F(24),
     .absent_is_1 = F(40) | F(36) | F(32)},
    {.index = ID(7, 1), /* MMFR1: TIDCP1, AFP, HCX, ETS, TWED, SpecSEI, PAN, LO, HPDS, HAFDBS */
     .writable = F(52) | F(44) | F(40) | F(36) | F(32) | F(24) | F(20) | F(16) | F(12) | F(0),
     .higher = F(24)},
    {.index = ID(7, 2), /* MMFR2: E0PD, BBM, TTL, AT, ST, VARange, IESB, LSM, UAO, CnP */
     .writable = F(60) | F(52) | F(48) | F(32) | F(28) | F(16) | F(12) | F(8) | F(4) | F(0)},
    {.index = ID(7, 3), .writable = F(16) | F(8) | F(4) | F(0)}, /* MMFR3: S1POE, S1PIE, … */
};

static const struct rule *rule_of(unsigned index)
{
    for (size_t n = 0; n < sizeof(rules) / sizeof(rules[0]); n++) {
        if (rules[n].index == index)
            return &rules[n];
    }
    return NULL;
}

static bool field_fits(const struct rule *rule, unsigned low, uint64_t value, uint64_t limit)
{
    int wanted = value >> low & 15, most = limit >> low & 15;

    if (rule->absent_is_1 & F(low))
        return wanted == most || wanted == 1;
    if (rule->higher & F(low))
        return wanted >= most;
    if (rule->is_signed & F(low)) {
        wanted = wanted == 15 ? -1 : wanted;
        most = most == 15 ? -1 : most;
    }
    return wanted <= most;
}

static bool fits(const struct rule *rule, uint64_t value, uint64_t limit)
{
    const uint64_t fixed = rule ? ~rule->writable : UINT64_MAX;

    if ((value ^ limit) & fixed)
        return false;
    for (unsigned low = 0; low < 64; low += 4) {
        if (!(fixed & F(low)) && !field_fits(rule, low, value, limit))
            return false;
    }
    return true;
}

/* Lines may be said to be shorter, and maintenance to be needed. */
static bool ctr_fits(uint64_t value, uint64_t limit)
{
    const struct rule lines = {.writable = F(16) | F(0)};
    const uint64_t bits = CTR_MASK & ~lines.writable;

    return !(value & bits & ~limit) && fits(&lines, value | bits, limit | bits);
}

static bool clidr_is_possible(uint64_t value)
{
    if (value & ~CLIDR_MASK)
        return false;
    for (unsigned level = 0; level < CLIDR_LEVELS; level++) {
        if ((value >> 3 * level & 7) > CLIDR_UNIFIED)
            return false;
    }
    return true;
}

/* ---- What there is --------------------------------------------------------------------------- */

/* What the engine and the rules of its host make of them. */
static uint64_t own_value(const struct kvmd_vm *vm, uint32_t encoding)
{
    size_t n;
    const struct vcpu_identity *rows = vcpu_identity(&n);

    for (size_t i = 0; i < n; i++) {
        if (rows[i].encoding == encoding)
            return pe_identity(&vm->kvmd->pe_host, vm->kvmd->engine, i);
    }
    return 0;
}

static uint64_t own_id(const struct kvmd_vm *vm, unsigned index)
{
    return own_value(vm, VGIC5_ENCODING(3, 0, 0, 0, 0) | index);
}

void identification_of_vm(struct kvmd_vm *vm)
{
    for (unsigned index = 0; index < KVMD_NR_ID; index++)
        vm->identification.id[index] = own_id(vm, index);
    vm->identification.ctr = own_value(vm, CTR_EL0);
}

void identification_of_vcpu(struct kvmd_vcpu *vcpu)
{
    vcpu->mpidr = MPIDR_RES1 | vgic5_mpidr_of_vcpu(vcpu->id);
    vcpu->clidr = CLIDR_RESET;
}

void identification_freeze(struct kvmd_vm *vm)
{
    uint64_t *pfr2 = &vm->identification.id[PFR2];

    vm->identification.frozen = true;
    *pfr2 = vm->gic ? *pfr2 | GCIE : *pfr2 & ~GCIE;
}

/* Which are feature registers, beside those of the implementation and of one vCPU. */
static bool is_feature(uint32_t encoding)
{
    return IS_OP1_0(encoding) && INDEX(encoding) >= ID(1, 0);
}

static uint64_t *place_of(struct kvmd_vcpu *vcpu, uint32_t encoding)
{
    struct identification *of_vm = &vcpu->vm->identification;

    switch (encoding) {
    case MPIDR_EL1:
        return &vcpu->mpidr;
    case CLIDR_EL1:
        return &vcpu->clidr;
    case AIDR_EL1:
        return &of_vm->aidr;
    case CTR_EL0:
        return &of_vm->ctr;
    case MIDR_EL1:
    case REVIDR_EL1:
        return &of_vm->id[INDEX(encoding)];
    }
    return is_feature(encoding) ? &of_vm->id[INDEX(encoding)] : NULL;
}

static const uint16_t others[] = {MIDR_EL1, MPIDR_EL1, REVIDR_EL1, CLIDR_EL1, AIDR_EL1, CTR_EL0};
#define NR_OTHERS (sizeof(others) / sizeof(others[0]))

bool identification_has(uint32_t encoding)
{
    for (size_t n = 0; n < NR_OTHERS; n++) {
        if (others[n] == encoding)
            return true;
    }
    return is_feature(encoding);
}

size_t identification_list(uint16_t *encodings)
{
    size_t count = 0;

    for (; count < NR_OTHERS; count++) {
        if (encodings)
            encodings[count] = others[count];
    }
    for (unsigned index = ID(1, 0); index < KVMD_NR_ID; index++, count++) {
        if (encodings)
            encodings[count] = (uint16_t)(VGIC5_ENCODING(3, 0, 0, 0, 0) | index);
    }
    return count;
}

/* ---- Getting and setting --------------------------------------------------------------------- */

int identification_get(const struct kvmd_vcpu *vcpu, uint32_t encoding, uint64_t *value)
{
    const uint64_t *place = place_of((struct kvmd_vcpu *)vcpu, encoding);

    if (!place)
        return -ENOENT;
    *value = *place;
    return 0;
}

/* Those of AArch32, which there is not, read as zero, and a write goes nowhere; but ID_AFR0,
 * ID_DFR1 and what is reserved among them can only be written with what they are. */
static bool is_write_ignored(uint32_t encoding)
{
    unsigned index = INDEX(encoding);

    return is_feature(encoding) && index < ID(4, 0) && index != ID(1, 3) && index != ID(3, 3) &&
           index != ID(3, 5) && index != ID(3, 7);
}

static bool is_possible(const struct kvmd_vcpu *vcpu, uint32_t encoding, uint64_t value,
                        uint64_t present)
{
    const struct kvmd_vm *vm = vcpu->vm;

    switch (encoding) {
    case CLIDR_EL1:
        return clidr_is_possible(value);
    case CTR_EL0:
        return ctr_fits(value, own_value(vm, CTR_EL0));
    case MIDR_EL1:
        return value == present || (vm->identification.implementation_writable && !(value >> 32));
    case REVIDR_EL1:
    case AIDR_EL1:
        return value == present || vm->identification.implementation_writable;
    }
    return fits(rule_of(INDEX(encoding)), value, own_id(vm, INDEX(encoding)));
}

int identification_set(struct kvmd_vcpu *vcpu, uint32_t encoding, uint64_t value)
{
    uint64_t *place = place_of(vcpu, encoding);

    if (!place)
        return -ENOENT;
    if (encoding == MPIDR_EL1) {
        *place = value;
        return 0;
    }
    if (*place == value || is_write_ignored(encoding))
        return 0;
    if (vcpu->vm->identification.frozen)
        return -EBUSY;
    if (!is_possible(vcpu, encoding, value, *place))
        return -EINVAL;
    *place = value;
    return 0;
}

/* ---- KVM_ARM_GET_REG_WRITABLE_MASKS ---------------------------------------------------------- */

#define MASK_INDEX(encoding) ((OP1(encoding) == 3 ? 2u : OP1(encoding)) << 6 | INDEX(encoding))

static void fill_masks(const struct kvmd_vm *vm, uint64_t *masks)
{
    for (size_t n = 0; n < sizeof(rules) / sizeof(rules[0]); n++)
        masks[rules[n].index] = rules[n].writable;
    masks[MASK_INDEX(CLIDR_EL1)] = CLIDR_MASK;
    masks[MASK_INDEX(CTR_EL0)] = CTR_MASK;
    if (!vm->identification.implementation_writable)
        return;
    masks[MASK_INDEX(MIDR_EL1)] = UINT32_MAX;
    masks[MASK_INDEX(REVIDR_EL1)] = masks[MASK_INDEX(AIDR_EL1)] = UINT64_MAX;
}

int64_t kvmd_get_reg_writable_masks(struct kvmd_call *call)
{
    const struct kvmd_client *client = call->client;
    uint64_t masks[KVMD_NR_ID_MASKS] = {0};
    struct kvmd_reg_mask_range range;
    int ret = call_read(call, &range, sizeof(range));

    if (ret)
        return ret;
    for (size_t n = 0; n < sizeof(range.reserved) / sizeof(range.reserved[0]); n++) {
        if (range.reserved[n] || range.range)
            return -EINVAL;
    }
    fill_masks(call->vm, masks);
    return client->write(client->opaque, range.addr, masks, sizeof(masks));
}
