/* SPDX-License-Identifier: BSD-3-Clause */
/* Bursts of LPIs to the next vCPU, which answers each with one of its own. */
#include "demo.h"

#define BURST 16u /* not more than there are for answers */
#define ROUNDS 8u

static void answer(struct source *source)
{
    uint32_t n = (uint32_t)(source - lpi_of(source->owner, LPI_GENERAL));

    cause(lpi_of(me(), LPI_CHAIN + n));
}

void phase_ipi(void)
{
    uint32_t next = (me() + 1) % nr_cpus, previous = (me() + nr_cpus - 1) % nr_cpus;

    drain();
    for (uint32_t i = 0; i < BURST; i++) {
        source_set_target(lpi_of(me(), LPI_CHAIN + i), previous);
        source_set_target(lpi_of(me(), LPI_GENERAL + i), next);
        lpi_of(me(), LPI_GENERAL + i)->handle = answer;
    }
    barrier();
    for (uint32_t round = 0; round < ROUNDS; round++) {
        for (uint32_t i = 0; i < BURST; i++)
            cause(lpi_of(me(), LPI_GENERAL + i));
        drain();
    }
    barrier();
    drain();
    for (uint32_t i = 0; i < BURST; i++) {
        source_usual(lpi_of(me(), LPI_CHAIN + i));
        source_usual(lpi_of(me(), LPI_GENERAL + i));
    }
}
