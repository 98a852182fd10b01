/* SPDX-License-Identifier: BSD-3-Clause */
/* The GIC instructions at EL1 (§4.1, §5.4). */
#include "reference.h"

#define INSN(crm, op2) ((crm) << 3 | (op2))

/* CDIA takes what is signalled and not an NMI, CDNMIA what is signalled and one. */
static uint64_t acknowledge(struct ref *r, uint32_t index, bool want_nmi)
{
    struct ref_pe *pe = &r->pe[index];
    struct ref_hppi hppi;
    if (!ref_signalled(r, index, &hppi))
        return 0;
    bool is_nmi = hppi.irq->priority == 0 && pe->nmi;
    if (is_nmi != want_nmi)
        return 0;
    pe->apr |= 1u << hppi.irq->priority;
    hppi.irq->active = true;
    if (!hppi.irq->hm)
        hppi.irq->pending = false;
    return 1ull << 32 | hppi.intid;
}

static void drop_priority(struct ref_pe *pe)
{
    for (uint32_t p = 0; p < 32; p++) {
        if (pe->apr >> p & 1) {
            pe->apr &= ~(1u << p);
            return;
        }
    }
}

static void deactivate(struct ref *r, struct ref_pe *pe, uint32_t intid)
{
    struct ref_irq *irq = ref_spi_or_lpi(r, intid);
    uint32_t id = intid & 0xffffff;
    if (intid >> 29 == 1 && id < REF_NR_PPIS && pe->ppi[id].reachable)
        irq = &pe->ppi[id];
    if (irq)
        irq->active = false;
}

static void request_configuration(struct ref *r, struct ref_pe *pe, uint32_t intid)
{
    const struct ref_irq *irq = ref_spi_or_lpi(r, intid);
    pe->icsr = 1; /* F */
    if (irq)
        pe->icsr = (uint64_t)irq->enable << 1 | (uint64_t)irq->pending << 2 |
                   (uint64_t)irq->active << 4 | (uint64_t)irq->hm << 5 |
                   (uint64_t)irq->priority << 11 | (uint64_t)irq->iaffid << 32;
}

static void configure(struct ref *r, uint32_t insn, uint64_t x)
{
    uint32_t intid = (uint32_t)x & 0xe0ffffff;
    struct ref_irq *irq = ref_spi_or_lpi(r, intid);
    if (!irq)
        return;
    switch (insn) {
    case INSN(1, 0):
        irq->enable = false;
        break;
    case INSN(1, 1):
        irq->enable = true;
        break;
    case INSN(1, 2):
        irq->priority = ref_mask_priority(r, x >> 35 & 0x1f);
        break;
    case INSN(1, 3):
        irq->iaffid = (uint16_t)(x >> 32);
        break;
    case INSN(1, 4):
        ref_set_pending(r, intid, irq, x >> 32 & 1);
        break;
    case INSN(2, 1):
        irq->hm = x >> 32 & 1;
        break;
    default:
        break;
    }
}

static enum ref_result sysl(struct ref *r, uint32_t pe, uint32_t insn, uint64_t *value)
{
    if (insn == INSN(3, 0) || insn == INSN(3, 1)) {
        *value = acknowledge(r, pe, insn == INSN(3, 1));
        return REF_HANDLED;
    }
    bool unallocated = insn >= INSN(2, 2) || (insn >= INSN(0, 2) && insn <= INSN(0, 7));
    return unallocated ? REF_ABSENT : REF_UNDEFINED; /* a write-only one, read */
}

enum ref_result ref_gic(struct ref *r, uint32_t pe, uint32_t insn, bool is_write, uint64_t *value)
{
    if (!is_write)
        return sysl(r, pe, insn, value);
    uint32_t intid = (uint32_t)*value & 0xe0ffffff;
    switch (insn) {
    case INSN(0, 0):
    case INSN(0, 1): /* GSB SYS, GSB ACK */
        break;
    case INSN(1, 0):
    case INSN(1, 1):
    case INSN(1, 2):
    case INSN(1, 3):
    case INSN(1, 4):
    case INSN(2, 1):
        configure(r, insn, *value);
        break;
    case INSN(1, 5):
        request_configuration(r, &r->pe[pe], intid);
        break;
    case INSN(1, 7):
        drop_priority(&r->pe[pe]);
        break;
    case INSN(2, 0):
        deactivate(r, &r->pe[pe], intid);
        break;
    case INSN(1, 6):
    case INSN(3, 0):
    case INSN(3, 1):
        return REF_UNDEFINED;
    default:
        return REF_ABSENT;
    }
    return REF_HANDLED;
}
