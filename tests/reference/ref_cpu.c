/* SPDX-License-Identifier: BSD-3-Clause */
/* The ICC_* registers (§4), by the numbers of the architecture's list. */
#include "reference.h"

enum field { PENDING, ACTIVE, ENABLE, HM };

static bool get_field(const struct ref_irq *irq, enum field field)
{
    switch (field) {
    case PENDING:
        return irq->pending;
    case ACTIVE:
        return irq->active;
    case ENABLE:
        return irq->enable;
    default:
        return irq->hm;
    }
}

static uint64_t bitmap(const struct ref_pe *pe, enum field field)
{
    uint64_t bits = 0;
    for (uint32_t p = 0; p < REF_NR_PPIS; p++)
        if (pe->ppi[p].reachable && get_field(&pe->ppi[p], field))
            bits |= 1ull << p;
    return bits;
}

/* ICC_PPI_{S,C}ACTIVER0: ones act, zeros do nothing. */
static void write_active(struct ref_pe *pe, uint64_t ones, bool active)
{
    for (uint32_t p = 0; p < REF_NR_PPIS; p++)
        if (pe->ppi[p].reachable && (ones >> p & 1))
            pe->ppi[p].active = active;
}

/* ICC_PPI_{S,C}PENDR0: only edge PPIs; a level PPI mirrors its wire. */
static void write_pending(struct ref_pe *pe, uint64_t ones, bool pending)
{
    for (uint32_t p = 0; p < REF_NR_PPIS; p++)
        if (pe->ppi[p].reachable && !pe->ppi[p].hm && (ones >> p & 1))
            pe->ppi[p].pending = pending;
}

static void write_enable(struct ref_pe *pe, uint64_t bits)
{
    for (uint32_t p = 0; p < REF_NR_PPIS; p++)
        if (pe->ppi[p].reachable)
            pe->ppi[p].enable = bits >> p & 1;
}

/* PRIORITYR0..7: PPI 8n+k at [8k+4:8k]; registers 8..15 are of PPIs that do not exist. */
static uint64_t read_priorities(const struct ref_pe *pe, uint32_t n)
{
    uint64_t value = 0;
    for (uint32_t k = 0; n < 8 && k < 8; k++)
        value |= (uint64_t)pe->ppi[8 * n + k].priority << (8 * k);
    return value;
}

static void write_priorities(struct ref_pe *pe, uint32_t n, uint64_t value)
{
    for (uint32_t k = 0; n < 8 && k < 8; k++)
        if (pe->ppi[8 * n + k].reachable)
            pe->ppi[8 * n + k].priority = value >> (8 * k) & 0x1f;
}

static uint64_t read_hppir(struct ref *r, uint32_t pe)
{
    struct ref_hppi hppi;
    return ref_signalled(r, pe, &hppi) ? 1ull << 32 | hppi.intid : 0;
}

static enum ref_result read_register(struct ref *r, uint32_t index, uint16_t encoding,
                                     uint64_t *value)
{
    struct ref_pe *pe = &r->pe[index];
    *value = 0;
    if ((encoding & 0xfff0) == 0xc670) {
        *value = read_priorities(pe, encoding & 0xf);
        return REF_HANDLED;
    }
    switch (encoding) {
    case 0xc650:
        *value = bitmap(pe, HM);
        break;
    case 0xc652:
        *value = r->config.id_bits > 16 ? 0x41 : 0x40;
        break; /* 24 or 16 id bits, 5 priority bits */
    case 0xc653:
        *value = read_hppir(r, index);
        break;
    case 0xc654:
        *value = pe->icsr;
        break;
    case 0xc655:
        *value = pe->id;
        break;
    case 0xc656:
        *value = bitmap(pe, ENABLE);
        break;
    case 0xc668:
    case 0xc66a:
        *value = bitmap(pe, ACTIVE);
        break;
    case 0xc66c:
    case 0xc66e:
        *value = bitmap(pe, PENDING);
        break;
    case 0xc651:
    case 0xc657:
    case 0xc669:
    case 0xc66b:
    case 0xc66d:
    case 0xc66f:
        break; /* PPIs 64..127: none */
    case 0xce00:
        *value = pe->apr;
        break;
    case 0xce01:
        *value = pe->en ? 7 : 6;
        break; /* LINK and LINK_IDLE are always 1 */
    case 0xce02:
        *value = pe->pcr;
        break;
    case 0xce03:
        return REF_UNDEFINED; /* ICC_HAPR_EL1 was removed */
    default:
        return REF_ABSENT;
    }
    return REF_HANDLED;
}

static enum ref_result write_register(struct ref_pe *pe, uint16_t encoding, uint64_t value)
{
    if ((encoding & 0xfff0) == 0xc670) {
        write_priorities(pe, encoding & 0xf, value);
        return REF_HANDLED;
    }
    switch (encoding) {
    case 0xc650:
    case 0xc651:
    case 0xc652:
    case 0xc653:
    case 0xc655:
    case 0xce03:
        return REF_UNDEFINED;
    case 0xc654:
        pe->icsr = value & 0x0000ffff0000f83f;
        break;
    case 0xc656:
        write_enable(pe, value);
        break;
    case 0xc668:
        write_active(pe, value, false);
        break;
    case 0xc66a:
        write_active(pe, value, true);
        break;
    case 0xc66c:
        write_pending(pe, value, false);
        break;
    case 0xc66e:
        write_pending(pe, value, true);
        break;
    case 0xc657:
    case 0xc669:
    case 0xc66b:
    case 0xc66d:
    case 0xc66f:
        break;
    case 0xce00:
        pe->apr = (uint32_t)value;
        break;
    case 0xce01:
        pe->en = value & 1;
        break;
    case 0xce02:
        pe->pcr = value & 0x1f;
        break;
    default:
        return REF_ABSENT;
    }
    return REF_HANDLED;
}

enum ref_result ref_cpu(struct ref *r, uint32_t pe, uint16_t encoding, bool is_write,
                        uint64_t *value)
{
    if ((encoding & 0xff80) == 0x4600) /* op0 1, op1 0, CRn 12 */
        return ref_gic(r, pe, encoding & 0x7f, is_write, value);
    return is_write ? write_register(&r->pe[pe], encoding, *value)
                    : read_register(r, pe, encoding, value);
}
