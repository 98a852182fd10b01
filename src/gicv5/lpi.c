/* SPDX-License-Identifier: BSD-3-Clause */
/* The raw door to the LPI IST as a whole. */
#include <errno.h>

#include "facts/fields.h"
#include "gicv5/ist.h"

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

void ist_take_down(struct gicv5 *gic)
{
    gicv5_lpi_flush(gic); /* a fault has been logged, and the guest asked for it */
    ist_drop(gic);
    gic->ist.live = false;
}
