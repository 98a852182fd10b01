/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include "facts/fields.h"
#include "gicv5/irs_access.h"
#include "gicv5/ist.h"
#include "gicv5/ppi.h"

static struct gicv5_pe *create_pe(struct gicv5 *gic, uint32_t index, uint32_t iaffid)
{
    struct gicv5_pe *pe = services_alloc(&gic->services, sizeof(*pe));
    if (!pe)
        return NULL;
    pe->gic = gic;
    pe->lock.needed = gic->config.threads;
    pe->lock.services = &gic->services;
    pe->index = (uint16_t)index;
    pe->iaffid = (uint16_t)iaffid;
    tree_init(&pe->spis, &gic->services, 1);
    tree_init(&pe->lpis, &gic->services, 1);
    for (uint32_t i = 0; i < gic->nr_spi_blocks; i++)
        tree_fix_leaf(&pe->spis, &pe->spi_leaf[i], &gic->spis[i].block);
    ppi_select(pe);
    return pe;
}

static bool create_spis(struct gicv5 *gic)
{
    gic->nr_spi_blocks = (gic->config.nr_spis + BLOCK_SIZE - 1) / BLOCK_SIZE;
    gic->spis = services_alloc(&gic->services, gic->nr_spi_blocks * sizeof(*gic->spis));
    if (!gic->spis)
        return false;
    for (uint32_t i = 0; i < gic->nr_spi_blocks; i++)
        gic->spis[i].block.number = i;
    return true;
}

/* IAFFIDs may be sparse: a table of small indices, as long as the highest of them needs. */
static bool create_pe_index(struct gicv5 *gic, const uint16_t *iaffids)
{
    uint32_t highest = 0;
    for (uint32_t i = 0; i < gic->nr_pes; i++)
        highest = iaffids[i] > highest ? iaffids[i] : highest;
    gic->nr_iaffids = highest + 1;
    gic->pe_index = services_alloc(&gic->services, gic->nr_iaffids * sizeof(*gic->pe_index));
    if (!gic->pe_index)
        return false;
    for (uint32_t i = 0; i < gic->nr_iaffids; i++)
        gic->pe_index[i] = (uint16_t)gic->nr_pes;
    for (uint32_t i = 0; i < gic->nr_pes; i++)
        gic->pe_index[iaffids[i]] = (uint16_t)i;
    return true;
}

static bool create_pes(struct gicv5 *gic, const uint16_t *iaffids)
{
    gic->pes = services_alloc(&gic->services, (gic->nr_pes + 1) * sizeof(*gic->pes));
    if (!gic->pes)
        return false;
    for (uint32_t i = 0; i <= gic->nr_pes; i++) {
        gic->pes[i] = create_pe(gic, i, i < gic->nr_pes ? iaffids[i] : 0);
        if (!gic->pes[i])
            return false;
    }
    gic->nowhere = gic->pes[gic->nr_pes]; /* its ICC_CR0.EN is 0 for ever */
    return true;
}

static void reset(struct gicv5 *gic)
{
    gic->spi_selr = (uint32_t)FIELD_MASK(IRS_SPI_SELR_ID);
    gic->pe_selr = (uint32_t)FIELD_MASK(IRS_PE_SELR_IAFFID);
    irs_identify(gic);
}

int gicv5_create(const struct gicv5_config *config, const uint16_t *iaffids, uint32_t nr_pes,
                 const struct vgic5_host *host, void *opaque, struct gicv5 **gic)
{
    struct services services = {.host = host, .opaque = opaque};
    struct gicv5 *created = services_alloc(&services, sizeof(*created));
    if (!created)
        return -ENOMEM;
    created->services = services;
    created->config = *config;
    created->loading.needed = config->threads;
    created->loading.services = &created->services;
    created->nr_pes = nr_pes;
    if (!create_spis(created) || !create_pe_index(created, iaffids) ||
        !create_pes(created, iaffids)) {
        gicv5_destroy(created);
        return -ENOMEM;
    }
    reset(created);
    *gic = created;
    return 0;
}

static void destroy_pes(struct gicv5 *gic)
{
    if (!gic->pes)
        return;
    for (uint32_t i = 0; i <= gic->nr_pes; i++)
        services_free(&gic->services, gic->pes[i], sizeof(*gic->pes[i]));
    services_free(&gic->services, gic->pes, (gic->nr_pes + 1) * sizeof(*gic->pes));
}

void gicv5_destroy(struct gicv5 *gic)
{
    if (!gic)
        return;
    struct services services = gic->services;
    ist_drop(gic);
    destroy_pes(gic);
    services_free(&services, gic->pe_index, gic->nr_iaffids * sizeof(*gic->pe_index));
    services_free(&services, gic->spis, gic->nr_spi_blocks * sizeof(*gic->spis));
    services_free(&services, gic, sizeof(*gic));
}

struct gicv5_pe *gicv5_pe(struct gicv5 *gic, uint32_t index)
{
    return index < gic->nr_pes ? gic->pes[index] : NULL;
}

int gicv5_pe_index(const struct gicv5 *gic, uint32_t iaffid)
{
    const struct gicv5_pe *pe = owner_of(gic, iaffid);
    return pe == gic->nowhere ? -1 : pe->index;
}
