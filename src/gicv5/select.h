/* SPDX-License-Identifier: BSD-3-Clause */
/* What a PE is signalled: the highest priority pending interrupt, and the line. */
#ifndef GICV5_SELECT_H
#define GICV5_SELECT_H

#include "gicv5/state.h"

struct hppi {
    uint32_t priority; /* PRIORITY_IDLE: there is none */
    uint32_t type;     /* enum vgic5_type */
    uint32_t id;
    struct leaf *leaf; /* of an SPI or LPI */
};

/* The HPPI, if the PE is signalled (D_MSQKF). */
bool select_signalled(const struct gicv5_pe *pe, struct hppi *hppi);

static inline uint32_t select_lowest(uint32_t priorities)
{
    return (uint32_t)__builtin_ctzll(priorities | UINT64_C(1) << PRIORITY_IDLE);
}

/* Of the HPPI, or PRIORITY_IDLE. */
static inline uint32_t select_priority(const struct gicv5_pe *pe)
{
    uint32_t irs = (pe->spis.root.priorities | pe->lpis.root.priorities) & pe->forwarded;
    return select_lowest(irs | pe->ppis.priorities);
}

/* R_QLGBG, R_CSBDX. */
static inline enum vgic5_line select_line(const struct gicv5_pe *pe)
{
    uint32_t priority = select_priority(pe);
    if (priority >= pe->threshold)
        return VGIC5_LINE_NONE;
    return priority == 0 ? VGIC5_LINE_SUPERPRIORITY : VGIC5_LINE_IRQ;
}

/* After a change of EN, PCR or APR, before select_update_line: D_XMBQZ is the running priority,
 * D_MSQKF the sufficient one. */
static inline void select_update_threshold(struct gicv5_pe *pe)
{
    uint32_t running = select_lowest(pe->apr);
    uint32_t threshold = pe->pcr < running ? pe->pcr + 1 : running;
    pe->threshold = pe->enabled ? threshold : 0;
}

/* The line has another value now: tell the host. */
void select_change_line(struct gicv5_pe *pe, enum vgic5_line line);

/* Recompute the line: after every operation on the PE. */
static inline void select_update_line(struct gicv5_pe *pe)
{
    enum vgic5_line line = select_line(pe);
    if (line != pe->line)
        select_change_line(pe, line);
}

void select_update_all_lines(struct gicv5 *gic);

#endif
