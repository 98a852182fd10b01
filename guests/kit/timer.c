/* SPDX-License-Identifier: BSD-3-Clause */
#include "kit.h"

/* WFI ends when the interrupt is signalled, masked by PSTATE or not; stopping the timer lowers its
 * wire, so nothing stays pending. */
void timer_sleep(uint64_t ticks)
{
    uint64_t daif = irq_save();

    gic_ppi_setup(PPI_CNTV, 0);
    timer_virtual_set(counter() + ticks);
    wfi();
    timer_virtual_stop();
    irq_restore(daif);
}
