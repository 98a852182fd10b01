/* SPDX-License-Identifier: BSD-3-Clause */
/* PCR holds everything back, much is made pending, PCR opens: the order is fully determined. */
#include "demo.h"

static void pend_all(void)
{
    struct source *own = ppis[me()];

    my_book()->deadline[CNTV] = my_book()->deadline[CNTP] = counter();
    for (uint32_t i = 0; i < NR_PPIS; i++)
        must_cause(&own[i]);
    for (uint32_t i = 0; i < spis_each(); i++)
        must_cause(spi_of(me(), i));
    for (uint32_t i = LPI_CHAIN; i < lpis_each(); i++)
        must_cause(lpi_of(me(), i));
}

static void open_to(uint32_t priority)
{
    set_pcr(priority);
    batch_wait(batch_count(priority));
}

/* ---- Changes to an interrupt that is pending ------------------------------------------------- */

static void disable(struct source *source)
{
    source_set_disabled(source, true);
}

static void change_priority(struct source *source)
{
    source_set_priority(source, 31 - source->priority / 2u);
}

static void take_back(struct source *source)
{
    gic_cdpend(source->intid, false);
    gsb_sys();
    withdraw(source);
}

static void make_level(struct source *source)
{
    source_set_level(source, true);
}

static void change_some(void)
{
    static void (*const changes[])(struct source *) = {disable, change_priority, take_back,
                                                       make_level, NULL};

    for (uint32_t i = LPI_GENERAL; i < lpis_each(); i++) {
        void (*change)(struct source *) = changes[i % (sizeof(changes) / sizeof(*changes))];

        if (change)
            change(lpi_of(me(), i));
    }
    take_back(spi_of(me(), 0));
    disable(spi_of(me(), 1));
}

static void enable(struct source *source)
{
    if (source->disabled)
        source_set_disabled(source, false);
}

static void enable_all(void)
{
    for (uint32_t i = 0; i < spis_each(); i++)
        enable(spi_of(me(), i));
    for (uint32_t i = LPI_GENERAL; i < lpis_each(); i++)
        enable(lpi_of(me(), i));
}

/* ---- The phase ------------------------------------------------------------------------------- */

static void at_once(void)
{
    set_pcr(0);
    pend_all();
    batch_begin();
    open_to(31);
    batch_end();
}

static void in_steps_with_changes(void)
{
    set_pcr(0);
    pend_all();
    change_some();
    audit_own();
    batch_begin();
    for (uint32_t priority = 3; priority <= 31; priority += 4)
        open_to(priority);
    batch_end();

    set_pcr(0);
    enable_all();
    batch_begin();
    open_to(31);
    batch_end();
}

void phase_order(void)
{
    drain();
    timers_stop();
    barrier();
    at_once();
    in_steps_with_changes();
    for (uint32_t i = LPI_GENERAL; i < lpis_each(); i++)
        source_usual(lpi_of(me(), i));
    timers_start();
}
