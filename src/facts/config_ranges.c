/* SPDX-License-Identifier: BSD-3-Clause */
#include "facts/config_ranges.h"

const struct config_range config_ranges[] = {
#define CONFIG_RANGE(field, name, min, max, fallback) \
    {#name, offsetof(struct vgic5_config, field), min, max, fallback},
#include "facts/config_ranges.def"
#undef CONFIG_RANGE
};
const size_t nr_config_ranges = sizeof(config_ranges) / sizeof(config_ranges[0]);
