/* SPDX-License-Identifier: BSD-3-Clause */
/* One interrupt: its state, its events, its wire. */
#include <errno.h>
#include <stdlib.h>

#include "reference.h"

#define SW_PPI 3

struct ref *ref_create(const struct ref_config *config)
{
    struct ref *r = calloc(1, sizeof(*r));
    if (!r)
        abort();
    r->config = *config;
    r->ram = calloc(1, config->ram_size);
    r->lpi = calloc((size_t)1 << config->id_bits, sizeof(*r->lpi));
    if (!r->ram || !r->lpi)
        abort();
    r->spi_selr = 0xffffff;
    r->pe_selr = 0xffff;
    for (uint32_t i = 0; i < config->nr_spis; i++)
        r->spi[i].reachable = true;
    for (uint32_t i = 0; i < config->nr_pes; i++) {
        r->pe[i].id = config->pe_id[i];
        for (uint32_t p = 0; p < REF_NR_PPIS; p++) {
            r->pe[i].ppi[p].reachable = config->ppis >> p & 1;
            r->pe[i].ppi[p].hm = p != SW_PPI;
        }
    }
    return r;
}

void ref_destroy(struct ref *r)
{
    free(r->lpi);
    free(r->ram);
    free(r);
}

struct ref_irq *ref_spi_or_lpi(struct ref *r, uint32_t intid)
{
    uint32_t type = intid >> 29, id = intid & 0xffffff;
    struct ref_irq *irq = NULL;
    if (type == 3 && id < REF_MAX_SPIS)
        irq = &r->spi[id];
    if (type == 2 && !(id >> r->config.id_bits))
        irq = &r->lpi[id];
    return irq && irq->reachable ? irq : NULL;
}

void ref_set_pending(struct ref *r, uint32_t intid, struct ref_irq *irq, bool pending)
{
    irq->pending = pending;
    if (pending && !irq->listed) {
        if (r->nr_seen == REF_MAX_SEEN)
            abort();
        irq->listed = true;
        r->seen[r->nr_seen++] = intid;
    }
}

/* The wire as it is now makes its event: the change of the wire, or R_DMTFM's new sample. */
void ref_wire_event(struct ref *r, uint32_t spi)
{
    struct ref_irq *irq = &r->spi[spi];
    if (irq->wire) {
        ref_set_pending(r, REF_INTID(3, spi), irq, true); /* SET_EDGE or SET_LEVEL */
        irq->hm = irq->tm;
    } else if (irq->tm) {
        irq->pending = false; /* CLEAR */
    }
}

int ref_spi_line(struct ref *r, uint32_t spi, bool level)
{
    if (spi >= r->config.nr_spis)
        return -EINVAL;
    bool again = level && !r->spi[spi].tm; /* KVM: each raise of an edge interrupt injects */
    if (r->spi[spi].wire != level || again) {
        r->spi[spi].wire = level;
        ref_wire_event(r, spi);
    }
    return 0;
}

int ref_level_ppi_line(struct ref *r, uint32_t pe, uint32_t ppi, bool level)
{
    if (ppi >= REF_NR_PPIS || !r->pe[pe].ppi[ppi].reachable || !r->pe[pe].ppi[ppi].hm)
        return -EINVAL;
    r->pe[pe].ppi[ppi].wire = level;
    r->pe[pe].ppi[ppi].pending = level; /* §6: Pending == wire */
    return 0;
}

int ref_userspace_ppi_line(struct ref *r, uint32_t pe, uint32_t ppi, bool level)
{
    if (ppi != SW_PPI || !r->pe[pe].ppi[ppi].reachable)
        return -EINVAL;
    struct ref_irq *irq = &r->pe[pe].ppi[ppi];
    if (level)
        irq->pending = true;
    irq->wire = level;
    return 0;
}

/* With N bits, bits [4:5-N] of the field are kept. */
uint8_t ref_mask_priority(const struct ref *r, uint32_t priority)
{
    return (uint8_t)(priority & 0x1f & ~((1u << (5 - r->config.pri_bits)) - 1));
}

uint32_t ref_word(const struct ref_irq *irq)
{
    return (uint32_t)irq->pending | (uint32_t)irq->active << 1 | (uint32_t)irq->hm << 2 |
           (uint32_t)irq->enable << 3 | (uint32_t)irq->priority << 11 | (uint32_t)irq->iaffid << 16;
}
