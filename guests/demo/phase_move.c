/* SPDX-License-Identifier: BSD-3-Clause */
/* Interrupts that change their vCPU while they are pending. */
#include "demo.h"

#define NR_MOVED 16u

static uint32_t next_vcpu(void)
{
    return (me() + 1) % nr_cpus;
}

static void stay(struct source *source)
{
    (void)source;
}

static void away(struct source *source)
{
    source_set_target(source, next_vcpu());
}

static void away_and_back(struct source *source)
{
    source_set_target(source, next_vcpu());
    source_set_target(source, me());
}

static void away_disabled(struct source *source)
{
    source_set_disabled(source, true);
    source_set_target(source, next_vcpu());
    source_set_priority(source, 2 + source->priority / 2u);
    source_set_disabled(source, false);
}

static void move(struct source *source, uint32_t n)
{
    static void (*const ways[])(struct source *) = {stay, away, away_and_back, away_disabled};

    ways[n % (sizeof(ways) / sizeof(*ways))](source);
}

void phase_move(void)
{
    drain();
    timers_stop();
    set_pcr(0);
    barrier();
    for (uint32_t i = 0; i < spis_each(); i++)
        must_cause(spi_of(me(), i));
    for (uint32_t i = 0; i < NR_MOVED; i++)
        must_cause(lpi_of(me(), LPI_GENERAL + i));
    for (uint32_t i = 0; i < spis_each(); i++)
        move(spi_of(me(), i), i);
    for (uint32_t i = 0; i < NR_MOVED; i++)
        move(lpi_of(me(), LPI_GENERAL + i), i);
    barrier();
    batch_begin();
    set_pcr(31);
    batch_wait(batch_count(31));
    batch_end();
    barrier();
    for (uint32_t i = 0; i < spis_each(); i++)
        source_usual(spi_of(me(), i));
    for (uint32_t i = 0; i < NR_MOVED; i++)
        source_usual(lpi_of(me(), LPI_GENERAL + i));
    timers_start();
}
