/* SPDX-License-Identifier: BSD-3-Clause */
/* A CPU interface as it was created. */
#include "gicv5/gicv5.h"

/* What each register then holds; `n` registers with consecutive encodings. Disabled first, so that
 * nothing is signalled on the way. */
static const struct {
    uint16_t encoding;
    uint16_t n;
    uint64_t value;
} registers[] = {
    {VGIC5_ICC_CR0, 1, 0},
    {VGIC5_ICC_PCR, 1, 0},
    {VGIC5_ICC_APR, 1, 0},
    {VGIC5_ICC_PPI_ENABLER(0), 2, 0},
    {VGIC5_ICC_PPI_CACTIVER(0), 2, UINT64_MAX},
    {VGIC5_ICC_PPI_CPENDR(0), 2, UINT64_MAX},
    {VGIC5_ICC_PPI_PRIORITYR(0), 16, 0},
    {VGIC5_ICC_ICSR, 1, 0},
};

void gicv5_reset_interface(struct gicv5_pe *pe)
{
    for (size_t i = 0; i < sizeof(registers) / sizeof(registers[0]); i++) {
        for (uint16_t n = 0; n < registers[i].n; n++) {
            uint64_t value = registers[i].value;

            gicv5_cpu_access(pe, (uint16_t)(registers[i].encoding + n), true, &value);
        }
    }
    gicv5_set_nmi(pe, false);
}
