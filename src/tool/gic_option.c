/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/gic_option.h"

#include <stdlib.h>
#include <string.h>

#include <vgic5/migration.h>

#include "facts/config_ranges.h"
#include "tool/number.h"
#include "tool/report.h"

/* The machine has timers and no PMU; SW_PPI needs no device (gicv5.md §6). */
#define MACHINE_PPIS (1ull << VGIC5_PPI_SW | 1ull << VGIC5_PPI_CNTV | 1ull << VGIC5_PPI_CNTP)

struct gic_value {
    struct vgic5_config *config;
    uint32_t *nr_spis;
};

static bool number_in(const char *text, uint64_t low, uint64_t high, uint64_t *value)
{
    const char *end;

    return !number_read(text, NUMBER_PLAIN, &end, value) && *end == '\0' && *value >= low &&
           *value <= high;
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
    uint64_t value;

    if (!number_in(text, VGIC5_NR_SPIS_MIN, VGIC5_NR_SPIS_MAX, &value) || value % 32 != 0)
        return false;
    *to->nr_spis = (uint32_t)value;
    return true;
}

static bool set_lpi_bits(const char *text, struct gic_value *to)
{
    uint64_t value;

    if (!number_in(text, CONFIG_LPI_ID_BITS_MIN, CONFIG_LPI_ID_BITS_MAX, &value))
        return false;
    to->config->lpi_id_bits = (uint8_t)value;
    return true;
}

static bool set_ist(const char *text, struct gic_value *to)
{
    bool two_level = strcmp(text, "two-level") == 0;

    to->config->ist_l2sz = two_level ? CONFIG_IST_L2SZ_MAX : 0;
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

#define NR_KEYS (sizeof(keys) / sizeof(*keys))

static size_t find_key(const char *key)
{
    size_t n = 0;

    while (n < NR_KEYS && strcmp(keys[n].key, key) != 0)
        n++;
    return n;
}

/* `given` has a bit for each key that came before. */
static bool parse_pair(enum cli_verb verb, char *pair, struct gic_value *to, unsigned *given)
{
    char *value = strchr(pair, '=');
    size_t n;

    if (value)
        *value++ = '\0';
    n = find_key(pair);
    if (n == NR_KEYS)
        report(verb, EXIT_USAGE, "--gic has no key '%s'; keys: abi, spis, lpi-bits, ist", pair);
    else if (*given >> n & 1)
        report(verb, EXIT_USAGE, "--gic has the key '%s' twice", pair);
    else if (!value || !keys[n].set(value, to))
        report(verb, EXIT_USAGE, "--gic %s is '%s', expected %s", pair, value ? value : "",
               keys[n].values);
    else
        return *given |= 1u << n;
    return false;
}

bool gic_option_parse(enum cli_verb verb, const char *text, struct vgic5_config *config,
                      uint32_t *nr_spis)
{
    struct gic_value to = {config, nr_spis};
    unsigned given = 0;
    char *copy, *pair, *rest;
    bool good = true;

    memset(config, 0, sizeof(*config));
    config->size = sizeof(*config);
    config->abi = VGIC5_ABI_V1;
    config->lpi_id_bits = CONFIG_LPI_ID_BITS_DEFAULT;
    config->ist_l2sz = CONFIG_IST_L2SZ_MAX; /* 4K, 16K and 64K */
    config->ppis[0] = MACHINE_PPIS;
    *nr_spis = 128;
    if (!text)
        return true;
    copy = strdup(text);
    if (!copy) {
        report(verb, EXIT_ENVIRONMENT, "no memory for --gic");
        return false;
    }
    rest = copy;
    while (good && (pair = strsep(&rest, ",")) != NULL)
        good = parse_pair(verb, pair, &to, &given);
    free(copy);
    return good;
}
