/* SPDX-License-Identifier: BSD-3-Clause */
#include "gicv5/select.h"

/* Among equals PPI, SPI, LPI, and the lowest ID first: R_VVBPS leaves the choice, and this one is a
 * function of architected state alone. */
bool select_signalled(const struct gicv5_pe *pe, struct hppi *hppi)
{
    uint32_t priority = select_priority(pe);
    if (priority >= pe->threshold)
        return false;
    hppi->priority = priority;
    if (pe->ppis.priorities >> priority & 1) {
        hppi->type = VGIC5_PPI;
        hppi->id = pe->ppis.best;
        hppi->leaf = NULL;
        return true;
    }
    bool spi = pe->spis.root.priorities >> priority & 1;
    uint32_t bit;
    hppi->type = spi ? VGIC5_SPI : VGIC5_LPI;
    hppi->leaf = tree_first(spi ? &pe->spis : &pe->lpis, priority, &bit);
    hppi->id = hppi->leaf->block->number << BLOCK_BITS | bit;
    return true;
}

void select_change_line(struct gicv5_pe *pe, enum vgic5_line line)
{
    const struct services *services = &pe->gic->services;
    __atomic_store_n(&pe->line, line, __ATOMIC_RELEASE);
    if (services->host->line)
        services->host->line(services->opaque, pe->iaffid, line);
}

void select_update_all_lines(struct gicv5 *gic)
{
    for (uint32_t i = 0; i < gic->nr_pes; i++)
        select_update_line(gic->pes[i]);
}

enum vgic5_line gicv5_line(const struct gicv5_pe *pe)
{
    return __atomic_load_n(&pe->line, __ATOMIC_ACQUIRE);
}
