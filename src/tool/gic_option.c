/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/gic_option.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vgic5/migration.h>

#define IST_L2SZ_ALL 7u /* 4K, 16K and 64K */

/* The machine has timers and no PMU; SW_PPI needs no device (gicv5.md §6). */
#define MACHINE_PPIS (1ull << VGIC5_PPI_SW | 1ull << VGIC5_PPI_CNTV | 1ull << VGIC5_PPI_CNTP)

struct gic_value {
    struct vgic5_config *config;
    uint32_t *nr_spis;
};

static bool number_in(const char *text, unsigned long low, unsigned long high, unsigned long *value)
{
    char *end;

    if (*text < '0' || *text > '9')
        return false;
    *value = strtoul(text, &end, 10);
    return *end == '\0' && *value >= low && *value <= high;
}

uint32_t gic_option_abi(const char *name)
{
    static const uint32_t abis[] = {VGIC5_ABI_V1, VGIC5_ABI_7_4};

    for (size_t n = 0; n < sizeof(abis) / sizeof(*abis); n++)
        if (strcmp(vgic5_abi_name(abis[n]), name) == 0)
            return abis[n];
    return 0;
}

static bool set_abi(const char *text, struct gic_value *to)
{
    to->config->abi = gic_option_abi(text);
    return to->config->abi != 0;
}

static bool set_spis(const char *text, struct gic_value *to)
{
    unsigned long value;

    if (!number_in(text, VGIC5_NR_SPIS_MIN, VGIC5_NR_SPIS_MAX, &value) || value % 32 != 0)
        return false;
    *to->nr_spis = (uint32_t)value;
    return true;
}

static bool set_lpi_bits(const char *text, struct gic_value *to)
{
    unsigned long value;

    if (!number_in(text, 1, 24, &value))
        return false;
    to->config->lpi_id_bits = (uint8_t)value;
    return true;
}

static bool set_ist(const char *text, struct gic_value *to)
{
    bool two_level = strcmp(text, "two-level") == 0;

    to->config->ist_l2sz = two_level ? IST_L2SZ_ALL : 0;
    return two_level || strcmp(text, "linear") == 0;
}

static const struct {
    const char *key, *values;
    bool (*set)(const char *text, struct gic_value *to);
} keys[] = {
    {"abi", "v1 or 7.4", set_abi},
    {"spis", "a multiple of 32 from 32 to 1024", set_spis},
    {"lpi-bits", "1 to 24", set_lpi_bits},
    {"ist", "linear or two-level", set_ist},
};

static bool parse_pair(char *pair, struct gic_value *to)
{
    char *equals = strchr(pair, '=');

    if (equals)
        *equals = '\0';
    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
        if (strcmp(keys[i].key, pair) != 0)
            continue;
        if (equals && keys[i].set(equals + 1, to))
            return true;
        fprintf(stderr, "vgic5: --gic %s is '%s', expected %s\n", pair, equals ? equals + 1 : "",
                keys[i].values);
        return false;
    }
    fprintf(stderr, "vgic5: --gic has no key '%s'; keys: abi, spis, lpi-bits, ist\n", pair);
    return false;
}

bool gic_option_parse(const char *text, struct vgic5_config *config, uint32_t *nr_spis)
{
    struct gic_value to = {config, nr_spis};
    char *copy, *pair, *rest;
    bool good = true;

    memset(config, 0, sizeof(*config));
    config->size = sizeof(*config);
    config->abi = VGIC5_ABI_V1;
    config->lpi_id_bits = 16;
    config->ist_l2sz = IST_L2SZ_ALL;
    config->ppis[0] = MACHINE_PPIS;
    *nr_spis = 128;
    if (!text)
        return true;
    copy = strdup(text);
    if (!copy)
        return false;
    for (pair = strtok_r(copy, ",", &rest); pair && good; pair = strtok_r(NULL, ",", &rest))
        good = parse_pair(pair, &to);
    free(copy);
    return good;
}
