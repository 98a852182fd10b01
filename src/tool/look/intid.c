/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/look/intid.h"

#include <stdlib.h>
#include <string.h>

#include <vgic5/device.h>

static bool number(const char *text, uint64_t limit, uint64_t *value)
{
    char *end;

    if (*text < '0' || *text > '9')
        return false;
    *value = strtoull(text, &end, 0);
    return *end == '\0' && *value <= limit;
}

bool intid_parse(const char *text, uint32_t *intid)
{
    static const struct {
        const char *prefix;
        enum vgic5_type type;
    } types[] = {{"ppi:", VGIC5_PPI}, {"spi:", VGIC5_SPI}, {"lpi:", VGIC5_LPI}};
    uint64_t value;

    for (size_t n = 0; n < sizeof(types) / sizeof(*types); n++) {
        if (strncmp(text, types[n].prefix, 4) != 0)
            continue;
        if (!number(text + 4, VGIC5_INTID_ID(UINT32_MAX), &value))
            return false;
        *intid = VGIC5_INTID(types[n].type, value);
        return true;
    }
    if (!number(text, UINT32_MAX, &value) || VGIC5_INTID_TYPE(value) < VGIC5_PPI ||
        VGIC5_INTID_TYPE(value) > VGIC5_SPI)
        return false;
    *intid = (uint32_t)value;
    return true;
}
