/* SPDX-License-Identifier: BSD-3-Clause */
/* What is measured: a device with PEs and guest memory, and a guest's actions on it in few words.
 */
#ifndef BENCH_SUBJECT_H
#define BENCH_SUBJECT_H

#include "kit/vmm.h"

#define LPI(id) VGIC5_INTID(VGIC5_LPI, id)

struct subject_shape {
    uint32_t nr_pes; /* ids 0.. */
    uint8_t lpi_id_bits;
    uint32_t abi;
    bool two_level; /* with L2 tables of 4 KiB */
    bool threads;
    size_t ram_size;
};

/* CTRL_INIT is done, nothing is enabled. NULL after words on stderr. */
struct vmm *subject_open(const struct subject_shape *shape);
void subject_close(struct vmm *vmm);

/* IRSEN; EN and the lowest PCR on every PE. */
void subject_enable(struct vmm *vmm);
/* A linear table at the start of RAM, as it is in memory. */
void subject_linear_table(struct vmm *vmm, uint32_t id_bits);
/* A two-level one: level 1 at the start of RAM, L2 tables behind it as they are mapped. */
void subject_two_level_table(struct vmm *vmm, uint32_t id_bits);
void subject_map_l2(struct vmm *vmm, uint32_t id);

/* The words of `nr` LPIs in a linear table that is not valid yet. */
void subject_fill_table(struct vmm *vmm, uint32_t nr, uint32_t word);
uint32_t *subject_words(struct vmm *vmm);

/* One round of an LPI that is the PE's own: pending, acknowledge, EOI, deactivate. */
static inline void subject_round(struct vgic5_vcpu *pe, uint32_t id)
{
    uint64_t taken;

    vmm_msr(pe, VGIC5_CDPEND, LPI(id) | VGIC5_CDPEND_PENDING);
    taken = vmm_mrs(pe, VGIC5_CDIA);
    vmm_msr(pe, VGIC5_CDEOI, 0);
    vmm_msr(pe, VGIC5_CDDI, taken & 0xffffffffu);
}

#endif
