/* SPDX-License-Identifier: BSD-3-Clause */
/* A device with PEs and guest memory, and a guest's actions on it in few letters. */
#ifndef BENCH_MACHINE_H
#define BENCH_MACHINE_H

#include <vgic5/device.h>

#define MACHINE_RAM 0x40000000ull
#define LPI(id) VGIC5_INTID(VGIC5_LPI, id)

struct machine {
    struct vgic5 *device;
    uint32_t nr_pes;
    struct vgic5_vcpu *pe[VGIC5_MAX_VCPUS];
    unsigned char *ram;
    size_t ram_size;
    size_t allocated; /* by the device, and not freed */
};

struct machine_shape {
    uint32_t nr_pes; /* ids 0.. */
    uint8_t lpi_id_bits;
    uint32_t abi;
    bool two_level; /* with L2 tables of 4 KiB */
    bool threads;
    size_t ram_size;
};

/* CTRL_INIT is done, nothing is enabled. NULL after words on stderr. */
struct machine *machine_new(const struct machine_shape *shape);
void machine_drop(struct machine *m);

/* A GIC instruction or MSR, an MRS or SYSL, of one PE. */
static inline void msr(struct vgic5_vcpu *pe, uint16_t encoding, uint64_t value)
{
    vgic5_cpu_access(pe, encoding, true, &value);
}

static inline uint64_t mrs(struct vgic5_vcpu *pe, uint16_t encoding)
{
    uint64_t value = 0;
    vgic5_cpu_access(pe, encoding, false, &value);
    return value;
}

void mmio_write(struct machine *m, uint64_t offset, uint8_t size, uint64_t value);
uint64_t mmio_read(struct machine *m, uint64_t offset, uint8_t size);
int attr_set(struct machine *m, uint32_t group, uint64_t attr, const void *payload);
int attr_get(struct machine *m, uint32_t group, uint64_t attr, void *payload);

/* IRSEN; EN and the lowest PCR on every PE. */
void machine_enable(struct machine *m);
/* A linear table at the start of RAM, as it is in memory. */
void machine_linear_table(struct machine *m, uint32_t id_bits);
/* A two-level one: level 1 at the start of RAM, L2 tables behind it as they are mapped. */
void machine_two_level_table(struct machine *m, uint32_t id_bits);
void machine_map_l2(struct machine *m, uint32_t id);

/* The words of `nr` LPIs in a linear table that is not valid yet. */
void machine_fill_table(struct machine *m, uint32_t nr, uint32_t word);
uint32_t *machine_words(struct machine *m);

/* One round of an LPI that is the PE's own: pending, acknowledge, EOI, deactivate. */
static inline void machine_round(struct vgic5_vcpu *pe, uint32_t id)
{
    msr(pe, VGIC5_CDPEND, LPI(id) | VGIC5_CDPEND_PENDING);
    uint64_t taken = mrs(pe, VGIC5_CDIA);
    msr(pe, VGIC5_CDEOI, 0);
    msr(pe, VGIC5_CDDI, taken & 0xffffffffu);
}

#endif
