/* SPDX-License-Identifier: BSD-3-Clause */
/* What an INTID's type is called. */
#ifndef FACTS_INTID_H
#define FACTS_INTID_H

#include <vgic5/device.h>

/* "ppi", "spi", "lpi"; "none" is no type of GICv5's. */
static inline const char *intid_type_name(uint32_t intid)
{
    static const char *const names[] = {
        [VGIC5_PPI] = "ppi", [VGIC5_LPI] = "lpi", [VGIC5_SPI] = "spi"};
    uint32_t type = VGIC5_INTID_TYPE(intid);

    return type >= VGIC5_PPI && type <= VGIC5_SPI ? names[type] : "none";
}

#endif
