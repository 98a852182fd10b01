/* SPDX-License-Identifier: BSD-3-Clause */
/* The CPU interface of the vCPU that runs this. */
#include "kit.h"

#define PRIORITY_LOWEST_IN_ALL 0x1f1f1f1f1f1f1f1full

void gic_cpu_init(void)
{
    write_register(ICC_PPI_ENABLER0, 0);
    write_register(ICC_PPI_ENABLER1, 0);
    write_register(ICC_PPI_PRIORITYR0, PRIORITY_LOWEST_IN_ALL);
    write_register(ICC_PPI_PRIORITYR3, PRIORITY_LOWEST_IN_ALL);
    isb();
    write_register(ICC_PCR, 0x1f);
    write_register(ICC_CR0, read_register(ICC_CR0) | 1);
    isb();
    this_cpu()->iaffid = (uint32_t)read_register(ICC_IAFFIDR) & 0xffff;
}

/* PPI p has bits [8k+4:8k] of PRIORITYR<p/8>, k = p % 8. The name of the register is part of the
 * instruction, so only the two that hold PPIs anyone implements are reachable here. */
void gic_ppi_setup(uint32_t ppi, uint32_t priority)
{
    uint32_t shift = ppi % 8 * 8;
    uint64_t field = 0x1full << shift, value = (uint64_t)priority << shift;

    if (ppi / 8 == 0)
        write_register(ICC_PPI_PRIORITYR0, (read_register(ICC_PPI_PRIORITYR0) & ~field) | value);
    else if (ppi / 8 == 3)
        write_register(ICC_PPI_PRIORITYR3, (read_register(ICC_PPI_PRIORITYR3) & ~field) | value);
    else
        panic("PPI %u is not one of those that the kit knows", ppi);
    write_register(ICC_PPI_ENABLER0, read_register(ICC_PPI_ENABLER0) | 1ull << ppi);
    isb();
}

uint32_t gic_ppi_priority(uint32_t ppi)
{
    uint64_t fields =
        ppi / 8 == 0 ? read_register(ICC_PPI_PRIORITYR0) : read_register(ICC_PPI_PRIORITYR3);

    return (uint32_t)(fields >> ppi % 8 * 8) & 31;
}

uint64_t gic_read_config(uint32_t intid)
{
    uint64_t daif = irq_save(), icsr;

    GIC(1, 5, intid);
    isb();
    icsr = read_register(ICC_ICSR);
    irq_restore(daif);
    return icsr;
}
