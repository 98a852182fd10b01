/* SPDX-License-Identifier: BSD-3-Clause */
/* What the fields of a struct vgic5_config can be (config_ranges.def), as numbers and as data. */
#ifndef FACTS_CONFIG_RANGES_H
#define FACTS_CONFIG_RANGES_H

#include <stddef.h>
#include <stdint.h>

#include <vgic5/device.h>

/* CONFIG_LPI_ID_BITS_MIN, …_MAX, …_DEFAULT */
enum config_limits {
#define CONFIG_RANGE(field, name, min, max, fallback) \
    CONFIG_##name##_MIN = (min), CONFIG_##name##_MAX = (max), CONFIG_##name##_DEFAULT = (fallback),
#include "facts/config_ranges.def"
#undef CONFIG_RANGE
};

struct config_range {
    const char *name;
    size_t offset; /* of the byte in struct vgic5_config */
    uint8_t min, max, fallback;
};
extern const struct config_range config_ranges[];
extern const size_t nr_config_ranges;

#endif
