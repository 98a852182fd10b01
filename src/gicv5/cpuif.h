/* SPDX-License-Identifier: BSD-3-Clause */
/* The CPU interface: GIC instructions, and what they share with the system registers. */
#ifndef GICV5_CPUIF_H
#define GICV5_CPUIF_H

#include "gicv5/state.h"

/* A GIC instruction, or an encoding in their space that is none (Op0 = 1, CRn = 12). */
static inline bool instructions_own(uint16_t encoding)
{
    return (encoding & 0xc780u) == VGIC5_ENCODING(1, 0, 12, 0, 0);
}

enum vgic5_access_result instructions_execute(struct gicv5_pe *pe, uint16_t encoding, bool is_write,
                                              uint64_t *value);

#endif
