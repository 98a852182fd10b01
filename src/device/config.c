/* SPDX-License-Identifier: BSD-3-Clause */
/* What the caller of vgic5_create gave, checked, with the defaults filled in. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "device/internal.h"
#include "facts/config_ranges.h"

/* The bytes that the first version of each struct has. A caller with fewer is refused; a caller
 * with more must not ask for anything that this library does not know. */
#define CONFIG_FIRST_SIZE (offsetof(struct vgic5_config, ppis) + sizeof(uint64_t[2]))
#define HOST_FIRST_SIZE (offsetof(struct vgic5_host, log) + sizeof(void (*)(void)))

/* IDR0.PA_RANGE codes, in order. */
static const uint8_t pa_ranges[] = {32, 36, 40, 42, 44, 48, 52, 56};

int device_pa_range(uint32_t ipa_bits)
{
    for (size_t code = 0; code < sizeof(pa_ranges); code++) {
        if (pa_ranges[code] == ipa_bits)
            return (int)code;
    }
    return -1;
}

/* KVM offers SW_PPI and the PPIs that have an owner in the kernel (gicv5.md §6). */
#define DEFAULT_PPIS                                                 \
    (UINT64_C(1) << VGIC5_PPI_SW | UINT64_C(1) << VGIC5_PPI_PMUIRQ | \
     UINT64_C(1) << VGIC5_PPI_CNTV | UINT64_C(1) << VGIC5_PPI_CNTP)

static bool fill_ranges(struct vgic5_config *config)
{
    for (size_t n = 0; n < nr_config_ranges; n++) {
        const struct config_range *range = &config_ranges[n];
        uint8_t *field = (uint8_t *)config + range->offset;

        if (*field == 0)
            *field = range->fallback;
        if (*field < range->min || *field > range->max)
            return false;
    }
    return true;
}

/* A newer caller's fields that this library lacks: only their defaults can be honoured. */
static bool tail_is_zero(const struct vgic5_config *given)
{
    const uint8_t *bytes = (const uint8_t *)given;

    for (size_t n = sizeof(*given); n < given->size; n++) {
        if (bytes[n] != 0)
            return false;
    }
    return true;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

int device_config_fill(struct vgic5_config *config, const struct vgic5_config *given)
{
    memset(config, 0, sizeof(*config));
    if (given) {
        if (given->size < CONFIG_FIRST_SIZE || !tail_is_zero(given))
            return -EINVAL;
        memcpy(config, given, smaller(given->size, sizeof(*config)));
    }
    config->size = sizeof(*config);
    if (config->abi == 0)
        config->abi = VGIC5_ABI_V1;
    if (config->ppis[0] == 0)
        config->ppis[0] = DEFAULT_PPIS;
    if (!device_profile_of(config->abi))
        return -ENODEV;
    if (!fill_ranges(config) || config->ppis[1] != 0)
        return -EINVAL;
    if (device_pa_range(config->ipa_bits) < 0 || config->lpi_id_bits < config->min_lpi_id_bits)
        return -EINVAL;
    return 0;
}

int device_config_give(struct vgic5_config *config, const struct vgic5_config *own)
{
    uint32_t size = (uint32_t)smaller(config->size, sizeof(*own));

    if (size < CONFIG_FIRST_SIZE)
        return -EINVAL;
    memcpy(config, own, size);
    config->size = size;
    return 0;
}

static void *c_alloc(void *opaque, size_t size)
{
    void *memory;

    (void)opaque;
    if (size < 64)
        return calloc(1, size);
    if (posix_memalign(&memory, 64, size))
        return NULL;
    return memset(memory, 0, size);
}

static void c_free(void *opaque, void *memory, size_t size)
{
    (void)opaque;
    (void)size;
    free(memory);
}

static int no_guest_read(void *opaque, uint64_t ipa, void *to, size_t size)
{
    (void)opaque, (void)ipa, (void)to, (void)size;
    return -EFAULT;
}

static int no_guest_write(void *opaque, uint64_t ipa, const void *from, size_t size)
{
    (void)opaque, (void)ipa, (void)from, (void)size;
    return -EFAULT;
}

static int process_read(void *opaque, void *to, uint64_t addr, size_t size)
{
    (void)opaque;
    memcpy(to, (const void *)(uintptr_t)addr, size);
    return 0;
}

static int process_write(void *opaque, uint64_t addr, const void *from, size_t size)
{
    (void)opaque;
    memcpy((void *)(uintptr_t)addr, from, size);
    return 0;
}

int device_host_fill(struct vgic5_host *host, const struct vgic5_host *given)
{
    memset(host, 0, sizeof(*host));
    if (given) {
        if (given->size < HOST_FIRST_SIZE || given->size % sizeof(void (*)(void)) != 0)
            return -EINVAL; /* half a function */
        memcpy(host, given, smaller(given->size, sizeof(*host)));
    }
    host->size = sizeof(*host);
    /* Half a pair is a mistake of the caller: the other half would meet foreign memory. */
    if (!host->alloc != !host->free || !host->read_guest != !host->write_guest ||
        !host->read_caller != !host->write_caller)
        return -EINVAL;
    if (!host->alloc) {
        host->alloc = c_alloc;
        host->free = c_free;
    }
    if (!host->read_guest) {
        host->read_guest = no_guest_read;
        host->write_guest = no_guest_write;
    }
    if (!host->read_caller) {
        host->read_caller = process_read;
        host->write_caller = process_write;
    }
    return 0;
}
