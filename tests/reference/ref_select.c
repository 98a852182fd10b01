/* SPDX-License-Identifier: BSD-3-Clause */
/* Selection and signalling (§5.3). */
#include "reference.h"

/* Among equals: PPI (type 1), SPI (3), LPI (2), then the lowest id. */
static uint64_t rank(const struct ref_irq *irq, uint32_t intid)
{
    static const uint64_t type_order[8] = {9, 0, 2, 1, 9, 9, 9, 9};
    return (uint64_t)irq->priority << 32 | type_order[intid >> 29] << 24 | (intid & 0xffffff);
}

static void consider(struct ref_hppi *best, struct ref_irq *irq, uint32_t intid)
{
    if (!irq->reachable || !irq->pending || irq->active || !irq->enable)
        return;
    if (!best->irq || rank(irq, intid) < rank(best->irq, best->intid))
        *best = (struct ref_hppi){irq, intid};
}

struct ref_hppi ref_hppi(struct ref *r, uint32_t pe)
{
    struct ref_hppi best = {0};
    for (uint32_t p = 0; p < REF_NR_PPIS; p++)
        consider(&best, &r->pe[pe].ppi[p], REF_INTID(1, p));
    for (uint32_t i = 0; r->irsen && i < r->nr_seen; i++) {
        uint32_t id = r->seen[i] & 0xffffff;
        struct ref_irq *irq = r->seen[i] >> 29 == 3 ? &r->spi[id] : &r->lpi[id];
        if (irq->iaffid == r->pe[pe].id)
            consider(&best, irq, r->seen[i]);
    }
    return best;
}

/* D_XMBQZ: the running priority is the lowest active one, 32 when none is. */
static uint32_t running_priority(const struct ref_pe *pe)
{
    for (uint32_t p = 0; p < 32; p++)
        if (pe->apr >> p & 1)
            return p;
    return 32;
}

/* D_MSQKF */
bool ref_signalled(struct ref *r, uint32_t pe, struct ref_hppi *hppi)
{
    const struct ref_pe *p = &r->pe[pe];
    *hppi = ref_hppi(r, pe);
    return p->en && hppi->irq && hppi->irq->priority <= p->pcr &&
           hppi->irq->priority < running_priority(p);
}

/* R_QLGBG, R_CSBDX */
uint32_t ref_line(struct ref *r, uint32_t pe)
{
    struct ref_hppi hppi;
    if (!ref_signalled(r, pe, &hppi))
        return 0;
    return hppi.irq->priority == 0 ? 3 : 1;
}
