/* SPDX-License-Identifier: BSD-3-Clause */
/* What stands between a pending interrupt and its delivery, in the order in which it is decided: at
 * the interrupt, in the IRS, at the CPU interface. */
#include "facts/fields.h"
#include "gicv5/interrupt.h"
#include "gicv5/ppi.h"
#include "gicv5/select.h"

/* At the CPU interface (D_MSQKF): EN, the priority mask, the running priority, the HPPI. */
static enum vgic5_why_reason at_interface(const struct gicv5_pe *pe, const struct vgic5_why *why)
{
    if (!pe->enabled)
        return VGIC5_WHY_EN;
    if (why->priority > why->pcr)
        return VGIC5_WHY_PCR;
    if (why->priority >= why->running_priority)
        return VGIC5_WHY_RUNNING_PRIORITY;
    return why->intid == why->hppi ? VGIC5_WHY_DELIVERED : VGIC5_WHY_BEHIND;
}

static enum vgic5_why_reason reason_of(const struct gicv5_pe *pe, const struct vgic5_why *why)
{
    if (!why->pending)
        return VGIC5_WHY_NOT_PENDING;
    if (why->active)
        return VGIC5_WHY_ACTIVE;
    if (!why->enabled)
        return VGIC5_WHY_DISABLED;
    if (pe == pe->gic->nowhere)
        return VGIC5_WHY_NO_PE;
    if (VGIC5_INTID_TYPE(why->intid) != VGIC5_PPI && !pe->gic->irsen)
        return VGIC5_WHY_IRSEN;
    return at_interface(pe, why);
}

/* `pe` is the target, and locked. */
static void answer(const struct gicv5_pe *pe, struct vgic5_why *why)
{
    struct hppi hppi;
    if (select_signalled(pe, &hppi))
        why->hppi = VGIC5_INTID(hppi.type, hppi.id);
    why->pcr = (uint8_t)pe->pcr;
    why->running_priority = (uint8_t)select_lowest(pe->apr);
    why->line = (uint8_t)pe->line;
    why->nmi = pe->line == VGIC5_LINE_SUPERPRIORITY && pe->nmi;
    why->reason = reason_of(pe, why);
}

static void why_ppi(struct gicv5_pe *pe, struct vgic5_why *why)
{
    uint32_t id = VGIC5_INTID_ID(why->intid), word = id / 64, bit = id % 64;
    if (id >= NR_PPIS || !(pe->gic->config.ppis[word] >> bit & 1))
        return;
    lock_take(&pe->lock);
    why->iaffid = pe->iaffid;
    why->priority =
        (uint8_t)(ppi_read_priorityr(pe, id / PPIS_PER_PRIORITYR) >> 8 * (id % PPIS_PER_PRIORITYR));
    why->pending = pe->ppis.pending[word] >> bit & 1;
    why->active = pe->ppis.active[word] >> bit & 1;
    why->enabled = pe->ppis.enable[word] >> bit & 1;
    answer(pe, why);
    lock_drop(&pe->lock);
}

void gicv5_why(struct gicv5_pe *pe, uint32_t intid, struct vgic5_why *why)
{
    struct interrupt interrupt;
    why->intid = intid;
    why->reason = VGIC5_WHY_UNREACHABLE;
    if (VGIC5_INTID_TYPE(intid) == VGIC5_PPI) {
        why_ppi(pe, why);
    } else if (interrupt_lock(pe, intid, &interrupt)) {
        uint32_t iste = interrupt_get_iste(&interrupt);
        why->iaffid = FIELD_GET(ISTE_IAFFID, iste);
        why->priority = FIELD_GET(ISTE_PRIORITY, iste);
        why->pending = FIELD_GET(ISTE_PENDING, iste);
        why->active = FIELD_GET(ISTE_ACTIVE, iste);
        why->enabled = FIELD_GET(ISTE_ENABLE, iste);
        answer(interrupt.owner, why);
        interrupt_unlock(&interrupt);
    }
}
