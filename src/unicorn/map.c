/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The physical address space. All that is not RAM is MMIO, so that no access stops the engine;
 * Unicorn 2.0 moreover looks *virtual* addresses up in this map before it translates them, so there
 * may be no hole anywhere.
 */
#include "unicorn/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

static uint64_t read_gap(uc_engine *uc, uint64_t offset, unsigned size, void *opaque)
{
    const struct unicorn_gap *gap = opaque;

    (void)uc;
    return unicorn_device_read(gap->vcpu, gap->base + offset, size);
}

static void write_gap(uc_engine *uc, uint64_t offset, unsigned size, uint64_t value, void *opaque)
{
    const struct unicorn_gap *gap = opaque;

    (void)uc;
    unicorn_device_write(gap->vcpu, gap->base + offset, size, value);
}

/* How far the devices behind RAM reach: all physical addresses, or all there are. */
static uint64_t end_of_map(void)
{
    unsigned major, minor;

    uc_version(&major, &minor);
    return major == 2 && minor == 0 ? 0 : UINT64_C(1) << 48;
}

/* ---- The ranges of this instance ------------------------------------------------------------- */

/* Unicorn numbers the bytes of RAM in the order of mapping; each range begins at a multiple of
 * this, 64 of its smallest pages. The trial of stores.c fails where it is otherwise. */
#define NUMBER_ALIGNMENT UINT64_C(0x10000)

static int list_ranges(struct vcpu *vcpu)
{
    const struct memory_map *map = vcpu->engine->map;
    uint64_t number = 0;

    vcpu->nr_ranges = map->nr + 1;
    vcpu->ranges = calloc(vcpu->nr_ranges, sizeof(*vcpu->ranges));
    vcpu->gaps = calloc(vcpu->nr_ranges + 1, sizeof(*vcpu->gaps));
    if (!vcpu->ranges || !vcpu->gaps)
        return -ENOMEM;
    for (size_t n = 0; n < vcpu->nr_ranges; n++) {
        struct unicorn_range *range = &vcpu->ranges[n];

        range->memory = n < map->nr ? map->ranges[n]
                                    : (struct memory){.host = vcpu->scratch,
                                                      .base = SCRATCH_BASE,
                                                      .size = SCRATCH_SIZE};
        range->number = number;
        number += range->memory.size;
        vcpu->nr_pages = number / 4096;
        number = (number + NUMBER_ALIGNMENT - 1) & ~(NUMBER_ALIGNMENT - 1);
    }
    vcpu->map_version = vcpu->engine->map_version;
    return 0;
}

static uc_err map_gap(struct vcpu *vcpu, size_t n, uint64_t from, uint64_t to)
{
    struct unicorn_gap *gap = &vcpu->gaps[n];

    *gap = (struct unicorn_gap){.vcpu = vcpu, .base = from};
    return from == to ? UC_ERR_OK
                      : uc_mmio_map(vcpu->uc, from, to - from, read_gap, gap, write_gap, gap);
}

static uc_err map_range(struct vcpu *vcpu, const struct memory *memory)
{
    return uc_mem_map_ptr(vcpu->uc, memory->base, memory->size,
                          memory->read_only ? UC_PROT_READ | UC_PROT_EXEC : UC_PROT_ALL,
                          memory->host);
}

int unicorn_map(struct vcpu *vcpu)
{
    uc_err error = UC_ERR_OK;
    uint64_t at = 0;

    vcpu->scratch =
        mmap(NULL, SCRATCH_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (vcpu->scratch == MAP_FAILED)
        vcpu->scratch = NULL;
    if (!vcpu->scratch || list_ranges(vcpu) != 0)
        return -ENOMEM;
    for (size_t n = 0; n < vcpu->nr_ranges && error == UC_ERR_OK; n++)
        error = map_range(vcpu, &vcpu->ranges[n].memory);
    for (size_t n = 0; n < vcpu->nr_ranges && error == UC_ERR_OK; n++) {
        error = map_gap(vcpu, n, at, vcpu->ranges[n].memory.base);
        at = vcpu->ranges[n].memory.base + vcpu->ranges[n].memory.size;
    }
    if (error == UC_ERR_OK)
        error = map_gap(vcpu, vcpu->nr_ranges, at, end_of_map());
    return error == UC_ERR_OK ? 0 : -EIO;
}

void unicorn_unmap(struct vcpu *vcpu)
{
    if (vcpu->scratch)
        munmap(vcpu->scratch, SCRATCH_SIZE);
    free(vcpu->ranges);
    free(vcpu->gaps);
    vcpu->scratch = NULL;
    vcpu->ranges = NULL;
    vcpu->gaps = NULL;
    vcpu->nr_ranges = 0;
}
