/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every vCPU stands in four handlers at the same time: an LPI that has dropped its priority and is
 * pending again, a PPI (the virtual timer, its wire still high), an SPI, and an LPI; each of the
 * last three has preempted the one before. PPIs, SPIs and LPIs are pending behind them. "demo: in
 * flight" is printed then: the moment to save. Afterwards everything is compared with the book.
 */
#include "demo.h"

#define PRIORITY_AGAIN PCR_MEANWHILE /* after all that PCR lets through */
#define PRIORITY_OUTER 24u
#define PRIORITY_MIDDLE 16u
#define PRIORITY_INNER 8u
#define PCR_MEANWHILE 26u
#define SPINS 64u

enum waits_for { RUNNING_PRIORITY, OTHER_VCPU, ENABLE };

/* The LPIs behind, after the one that is active. */
static const struct {
    uint8_t priority;
    uint8_t waits_for;
} behind[] = {
    {8, RUNNING_PRIORITY},  {9, RUNNING_PRIORITY},  {16, RUNNING_PRIORITY}, {16, RUNNING_PRIORITY},
    {21, RUNNING_PRIORITY}, {24, RUNNING_PRIORITY}, {25, RUNNING_PRIORITY}, {11, OTHER_VCPU},
    {11, OTHER_VCPU},       {22, OTHER_VCPU},       {30, OTHER_VCPU},       {10, ENABLE},
    {23, ENABLE},           {28, RUNNING_PRIORITY}, {31, RUNNING_PRIORITY},
};

#define NR_BEHIND (sizeof(behind) / sizeof(*behind))

static uint32_t witnessed;
static bool printed;

static struct source *inner(void)
{
    return lpi_of(me(), LPI_GENERAL);
}

static struct source *again(void)
{
    return lpi_of(me(), LPI_GENERAL + 1);
}

static struct source *behind_lpi(uint32_t n)
{
    return lpi_of(me(), LPI_GENERAL + 2 + n);
}

/* ---- What is pending behind ------------------------------------------------------------------ */

static void pend_lpi(uint32_t n)
{
    struct source *lpi = behind_lpi(n);

    source_set_priority(lpi, behind[n].priority);
    if (behind[n].waits_for == OTHER_VCPU)
        source_set_target(lpi, (me() + 1) % nr_cpus);
    must_cause(lpi);
    if (behind[n].waits_for == ENABLE)
        source_set_disabled(lpi, true);
}

static void pend_behind(void)
{
    must_cause(&ppis[me()][SW]);
    my_book()->deadline[CNTP] = counter();
    must_cause(&ppis[me()][CNTP]);
    for (uint32_t i = 1; i < spis_each(); i++)
        must_cause(spi_of(me(), i));
    for (uint32_t n = 0; n < NR_BEHIND; n++)
        pend_lpi(n);
}

static void enable_behind(void)
{
    for (uint32_t n = 0; n < NR_BEHIND; n++) {
        if (behind[n].waits_for == ENABLE)
            source_set_disabled(behind_lpi(n), false);
    }
}

/* ---- The handlers ---------------------------------------------------------------------------- */

/* vCPU 0 says the word while the others wait; then all of them linger. No interrupt may come here:
 * the check of each one taken would overwrite ICC_ICSR_EL1. */
static void in_flight(void)
{
    atomic_add(&witnessed, 1);
    if (me() == 0) {
        while (load_acquire(&witnessed) < nr_cpus)
            ;
        print("demo: in flight\n");
        store_release(&printed, true);
    }
    while (!load_acquire(&printed))
        ;
    for (volatile uint32_t i = 0; i < SPINS; i++)
        ;
}

static void handle_inner(struct source *source)
{
    struct witness before;

    pend_behind();
    barrier();
    gic_read_config(source->intid);
    witness(&before);
    in_flight();
    witness_again(&before);
    barrier();
    audit_own();
    enable_behind();
    barrier();
    batch_begin();
}

static void handle_middle(struct source *source)
{
    (void)source;
    must_cause(inner());
    wait_idle(inner());
}

static void handle_outer(struct source *source)
{
    (void)source;
    must_cause(spi_of(me(), 0));
    wait_idle(spi_of(me(), 0));
    timer_virtual_stop();
}

/* Its priority has dropped already; only Active keeps its next number back. */
static void handle_again(struct source *source)
{
    source->handle = NULL;
    must_cause(source);
    my_book()->deadline[CNTV] = counter();
    must_cause(&ppis[me()][CNTV]);
    wait_idle(&ppis[me()][CNTV]);
}

/* ---- The phase ------------------------------------------------------------------------------- */

static void nest(struct source *source, uint32_t priority, void (*handle)(struct source *source))
{
    source_set_priority(source, priority);
    source->policy = IRQ_NESTED;
    source->handle = handle;
}

static void prepare(void)
{
    again()->policy = IRQ_SPLIT;
    again()->handle = handle_again;
    source_set_priority(again(), PRIORITY_AGAIN);
    nest(&ppis[me()][CNTV], PRIORITY_OUTER, handle_outer);
    nest(spi_of(me(), 0), PRIORITY_MIDDLE, handle_middle);
    nest(inner(), PRIORITY_INNER, handle_inner);
    source_set_priority(&ppis[me()][CNTP], 20);
    for (uint32_t i = 1; i < spis_each(); i++)
        source_set_priority(spi_of(me(), i), 12 + 6 * (i % 2));
}

static void all_usual(void)
{
    for (uint32_t i = 0; i < NR_PPIS; i++)
        source_usual(&ppis[me()][i]);
    for (uint32_t i = 0; i < spis_each(); i++)
        source_usual(spi_of(me(), i));
    for (uint32_t n = 0; n < 2 + NR_BEHIND; n++)
        source_usual(lpi_of(me(), LPI_GENERAL + n));
}

void phase_rendezvous(void)
{
    drain();
    timers_stop();
    prepare();
    set_pcr(PCR_MEANWHILE);
    must_cause(again());
    wait_idle(again());

    batch_wait(batch_count(PCR_MEANWHILE));
    set_pcr(31);
    batch_wait(batch_count(31));
    batch_end();
    barrier();
    all_usual();
    timers_start();
}
