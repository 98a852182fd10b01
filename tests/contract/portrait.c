/* SPDX-License-Identifier: BSD-3-Clause */
/* Everything that a device shows, to find out whether a call has changed anything. */
#include <stdlib.h>
#include <string.h>

#include "device/internal.h"
#include "vmm.h"

static void add(struct portrait *portrait, const void *bytes, size_t size)
{
    size_t room = 4096;

    /* Its size rounded up to a power of two: what is added word by word is moved rarely. */
    while (room < portrait->size)
        room *= 2;
    if (portrait->size == 0 || portrait->size + size > room) {
        while (room < portrait->size + size)
            room *= 2;
        portrait->bytes = realloc(portrait->bytes, room);
        assert_non_null(portrait->bytes);
    }
    memcpy(portrait->bytes + portrait->size, bytes, size);
    portrait->size += size;
}

static void add_u64(struct portrait *portrait, uint64_t value)
{
    add(portrait, &value, sizeof(value));
}

static void add_frame(struct portrait *portrait, struct vgic5 *device)
{
    for (unsigned row = 0; row < IRS_NR_ROWS; row++)
        add_u64(portrait, gicv5_irs_read(device->gic, (enum irs_row)row));
}

static void add_spis(struct portrait *portrait, struct vgic5 *device)
{
    uint64_t wires[VGIC5_NR_SPIS_MAX / 64];

    for (uint32_t id = 0; id < device->nr_spis; id++) {
        add_u64(portrait, gicv5_spi_get(device->gic, id));
        add_u64(portrait, gicv5_spi_tm(device->gic, id));
    }
    gicv5_spi_wires_get(device->gic, wires, VGIC5_NR_SPIS_MAX / 64);
    add(portrait, wires, sizeof(wires));
}

static void add_interface(struct portrait *portrait, struct vgic5_vcpu *vcpu)
{
    for (size_t n = 0; n < nr_cpu_registers; n++) {
        if (cpu_registers[n].carried)
            add_u64(portrait, gicv5_cpu_get(vcpu->pe, &cpu_registers[n]));
    }
    add_u64(portrait, vgic5_vcpu_line(vcpu));
}

/* The LPIs as vCPU 0 sees them; its ICC_ICSR_EL1 stays as it is. */
static void add_lpis(struct portrait *portrait, struct vgic5 *device)
{
    struct gicv5_pe *pe = device->vcpus[0]->pe;
    int bits = gicv5_lpi_id_bits(device->gic);
    uint64_t before = 0, icsr = 0;

    add_u64(portrait, (uint64_t)(int64_t)bits);
    gicv5_cpu_access(pe, VGIC5_ICC_ICSR, false, &before);
    for (uint32_t id = 0; bits >= 0 && id < 1u << bits; id++) {
        uint64_t xt = VGIC5_INTID(VGIC5_LPI, id);
        gicv5_cpu_access(pe, VGIC5_CDRCFG, true, &xt);
        gicv5_cpu_access(pe, VGIC5_ICC_ICSR, false, &icsr);
        add_u64(portrait, icsr);
    }
    gicv5_cpu_access(pe, VGIC5_ICC_ICSR, true, &before);
}

struct portrait portrait_of(struct vmm *vmm)
{
    struct vgic5 *device = vmm->device;
    struct portrait portrait = {0};

    add_u64(&portrait, device->addr);
    add_u64(&portrait, device->nr_spis);
    add_u64(&portrait, device->nr_vcpus);
    for (uint32_t n = 0; n < device->nr_vcpus; n++)
        add_u64(&portrait, device->vcpus[n]->running);
    add_u64(&portrait, device->has_run);
    add_u64(&portrait, device->gic != NULL);
    if (device->gic) {
        add_frame(&portrait, device);
        add_spis(&portrait, device);
        add_lpis(&portrait, device);
        for (uint32_t n = 0; n < device->nr_vcpus; n++)
            add_interface(&portrait, device->vcpus[n]);
    }
    return portrait;
}

long portrait_difference(const struct portrait *a, const struct portrait *b)
{
    size_t n = 0;

    while (n < a->size && n < b->size && a->bytes[n] == b->bytes[n])
        n++;
    return n == a->size && n == b->size ? -1 : (long)n;
}

bool portrait_equal(const struct portrait *a, const struct portrait *b)
{
    return portrait_difference(a, b) < 0;
}

void portrait_free(struct portrait *portrait)
{
    free(portrait->bytes);
    portrait->bytes = NULL;
}
