/* SPDX-License-Identifier: BSD-3-Clause */
/* The raw door to the LPIs: save and restore. */
#include <errno.h>

#include "fields.h"
#include "interrupt.h"
#include "ist.h"

int gicv5_ist_create(struct gicv5 *gic)
{
    if (gic->ist.live)
        return -EEXIST;
    if (!FIELD_GET(IRS_IST_BASER_VALID, gic->ist_baser) ||
        !gicv5_ist_cfgr_is_legal(gic, gic->ist_cfgr))
        return -EINVAL;
    ist_make_live(gic);
    return 0;
}

int gicv5_lpi_id_bits(const struct gicv5 *gic)
{
    return gic->ist.live ? gic->ist.id_bits : -1;
}

int gicv5_lpi_get(struct gicv5 *gic, uint32_t id, uint32_t *iste)
{
    struct block *block = ist_block(gic, &gic->nowhere->lpis, id);
    if (!block && ist_has(gic, id))
        block = ist_load(gic, id >> BLOCK_BITS);
    if (!block)
        return -EFAULT;
    struct interrupt interrupt = interrupt_of(gic, VGIC5_LPI, block, id);
    *iste = interrupt_get_iste(&interrupt);
    return 0;
}
