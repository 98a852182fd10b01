/* SPDX-License-Identifier: BSD-3-Clause */
/* Every source once, one at a time, to its owner. */
#include "demo.h"

static void once(struct source *source)
{
    must_cause(source);
    wait_idle(source);
}

void phase_self(void)
{
    once(&ppis[me()][SW]);
    for (uint32_t i = 0; i < spis_each(); i++)
        once(spi_of(me(), i));
    for (uint32_t i = LPI_CHAIN; i < lpis_each(); i++)
        once(lpi_of(me(), i));
}
