/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How late a timer is taken: each vCPU sets its own again and again, and the handler reads the
 * counter. What a vCPU does meanwhile is a word of the boot arguments for it: "b3", vCPU 3
 * computes; "p0 p1", these two wake each other and wait, for ever; without a word it waits. In
 * guest time: run it without --deterministic.
 */
#include "kit.h"

#define ID_BITS 8u
#define SAMPLES 1000u
#define BELL(cpu) LPI(16u + (cpu))
#define TIMER_PRIORITY 4u
#define BELL_PRIORITY 8u

static uint64_t late[SAMPLES]; /* in ticks */
static uint32_t nr_late;
static bool begun;

static struct waiter {
    uint64_t due;
    uint64_t noise;
    volatile uint32_t rung;
    uint32_t rang;
} waiters[MAX_CPUS];

static bool is_over(void)
{
    return load_acquire(&nr_late) >= SAMPLES;
}

static void arm(void)
{
    struct waiter *waiter = &waiters[this_cpu()->index];
    uint64_t least = nr_cpus * read_register("cntfrq_el0") / 4000; /* so that all take 500 ms */

    waiter->noise = waiter->noise * 6364136223846793005u + 1442695040888963407u;
    waiter->due = counter() + least + (waiter->noise >> 33) % (2 * least);
    timer_virtual_set(waiter->due);
}

static void take_timer(uint32_t intid)
{
    uint64_t now = counter();
    uint32_t n = atomic_add(&nr_late, 1) - 1;

    (void)intid;
    timer_virtual_stop();
    if (n < SAMPLES)
        late[n] = now - waiters[this_cpu()->index].due;
    if (n + 1 < SAMPLES)
        arm();
}

static void take_bell(uint32_t intid)
{
    (void)intid;
    waiters[this_cpu()->index].rung++;
}

static const struct irq_range ranges[] = {
    {PPI(PPI_CNTV), PPI(PPI_CNTV), take_timer, IRQ_PLAIN},
    {BELL(0), BELL(MAX_CPUS - 1), take_bell, IRQ_PLAIN},
};

/* Masked between the question and the WFI: no wake-up is lost. */
static void wait_for(volatile const uint32_t *word, uint32_t old)
{
    irq_mask();
    if (*word == old && !is_over())
        wfi();
    irq_unmask();
}

static void compute(void)
{
    while (!is_over())
        ;
}

/* The lower of the two begins. */
static void ping_pong(uint32_t me)
{
    struct waiter *waiter = &waiters[me];
    uint32_t heard = 0;

    if ((me & 1) == 0)
        gic_cdpend(BELL(me ^ 1), true);
    while (!is_over()) {
        wait_for(&waiter->rung, heard);
        if (waiter->rung == heard)
            continue;
        heard = waiter->rung;
        gic_cdpend(BELL(me ^ 1), true);
        waiter->rang++;
    }
}

static bool has_word(char kind, uint32_t me)
{
    const char word[] = {kind, (char)('0' + me), '\0'};

    return bootargs_have(word);
}

static void live(void)
{
    uint32_t me = this_cpu()->index;

    while (!load_acquire(&begun))
        ;
    waiters[me].noise = me;
    gic_ppi_setup(PPI_CNTV, TIMER_PRIORITY);
    arm();
    irq_unmask();
    if (has_word('b', me))
        compute();
    else if (has_word('p', me))
        ping_pong(me);
    while (!is_over())
        wait_for(&nr_late, nr_late);
    irq_mask();
}

static void report(uint64_t ticks)
{
    uint64_t rang = 0;

    for (uint32_t i = 0; i < nr_cpus; i++)
        rang += waiters[i].rang;
    sort(late, SAMPLES);
    print("lateness: timers %u, median %lu ns, 99 of 100 %lu ns, worst %lu ns\n", SAMPLES,
          ns_of(late[SAMPLES / 2]), ns_of(late[SAMPLES * 99 / 100]), ns_of(late[SAMPLES - 1]));
    print("lateness: hand-overs %lu in %lu ns\n", rang, ns_of(ticks));
}

int guest_main(void)
{
    uint64_t start;

    irq_table(ranges, sizeof(ranges) / sizeof(*ranges));
    gic_irs_init(ID_BITS);
    for (uint32_t i = 0; i < nr_cpus; i++)
        gic_lpi_setup(BELL(i), BELL_PRIORITY, cpus[i].iaffid);
    cpus_start(live);
    start = counter();
    store_release(&begun, true);
    live();
    start = counter() - start;
    cpus_wait_off();
    report(start);
    return 0;
}
