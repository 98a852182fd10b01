/* SPDX-License-Identifier: BSD-3-Clause */
/* A ladder of preemption: each rung is preempted by the next, and by nothing that is not better. */
#include "demo.h"

#define RUNGS 7u
#define LOWEST 28u
#define STEP 4u

/* Of each rung: the one that climbs, an equal of it, and one that is less important. */
enum { UP, EQUAL, LESS, NR_ROLES };

static struct source *rung(uint32_t k, uint32_t role)
{
    return lpi_of(me(), LPI_GENERAL + k * NR_ROLES + role);
}

static void check_waits(struct source *source)
{
    if (source->taken == source->caused)
        anomaly(&my_book()->out_of_order, "preempted its better", source);
}

static void climb(struct source *source)
{
    uint32_t k = (uint32_t)(source - rung(0, UP)) / NR_ROLES;

    must_cause(rung(k, EQUAL));
    must_cause(rung(k, LESS));
    isb();
    check_waits(rung(k, EQUAL));
    check_waits(rung(k, LESS));
    if (k + 1 < RUNGS) {
        must_cause(rung(k + 1, UP));
        wait_idle(rung(k + 1, UP));
    }
    check_waits(rung(k, EQUAL));
    check_waits(rung(k, LESS));
}

static void prepare(uint32_t k)
{
    for (uint32_t role = UP; role < NR_ROLES; role++) {
        struct source *source = rung(k, role);

        source_set_priority(source, LOWEST - k * STEP + (role == LESS));
        source->policy = IRQ_NESTED;
        source->handle = role == UP ? climb : NULL;
    }
}

void phase_nest(void)
{
    drain();
    timers_stop();
    for (uint32_t k = 0; k < RUNGS; k++)
        prepare(k);
    must_cause(rung(0, UP));
    drain();
    for (uint32_t i = 0; i < RUNGS * NR_ROLES; i++)
        source_usual(lpi_of(me(), LPI_GENERAL + i));
    timers_start();
}
