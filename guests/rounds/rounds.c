/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How long a round takes: an LPI is made pending, acknowledged, its priority dropped, and
 * deactivated; polled with interrupts masked, by exception with a handler of five instructions, and
 * by exception with the kit's dispatcher and a handler in C; with no other LPI pending, and with
 * 65,534 of lower priority. In guest time: run it without --deterministic.
 */
#include "kit.h"

extern char bare_vectors[]; /* bare.S */
uint64_t bare_round(uint64_t xt);

#define ID_BITS 16u
#define NR_PENDING 65534u
#define THE_LPI LPI(65535u)
#define HIGH 8u
#define LOW 24u
#define BATCHES 41u
#define ROUNDS 400u
#define FILLS 9u
#define PIECE 1024u
#define NS_PER_TICK 16u /* 62.5 MHz */

static volatile uint32_t taken;

static void handler(uint32_t intid)
{
    (void)intid;
    taken++;
}

static const struct irq_range ranges[] = {{THE_LPI, THE_LPI, handler, IRQ_PLAIN}};

static void polled_round(void)
{
    gic_cdpend(THE_LPI, true);
    uint64_t acknowledged = gic_cdia();
    gic_cdeoi();
    gic_cddi((uint32_t)acknowledged);
    if (acknowledged != (CDIA_VALID | THE_LPI))
        panic("acknowledged %lx", acknowledged);
}

/* The handler's dispatcher acknowledges and retires. */
static void exception_round(void)
{
    uint32_t before = taken;
    gic_cdpend(THE_LPI, true);
    while (taken == before)
        ;
}

static void bare_exception_round(void)
{
    uint64_t acknowledged = bare_round(1ull << 32 | THE_LPI);
    if (acknowledged != (CDIA_VALID | THE_LPI))
        panic("acknowledged %lx", acknowledged);
}

static void sort(uint64_t *values, uint32_t nr)
{
    for (uint32_t i = 1; i < nr; i++)
        for (uint32_t j = i; j && values[j] < values[j - 1]; j--) {
            uint64_t swapped = values[j];
            values[j] = values[j - 1];
            values[j - 1] = swapped;
        }
}

/* The median of the batches, in ns per round. */
static uint64_t measure(void (*round)(void))
{
    uint64_t ticks[BATCHES];
    for (uint32_t batch = 0; batch < BATCHES; batch++) {
        uint64_t start = counter();
        for (uint32_t i = 0; i < ROUNDS; i++)
            round();
        ticks[batch] = counter() - start;
    }
    sort(ticks, BATCHES);
    return ticks[BATCHES / 2] * NS_PER_TICK / ROUNDS;
}

static void measure_both(uint32_t pending)
{
    print("rounds: polled, %u pending: %lu ns\n", pending, measure(polled_round));
    irq_unmask();
    print("rounds: in C, %u pending: %lu ns\n", pending, measure(exception_round));
    uint64_t vectors = read_register("vbar_el1");
    write_register("vbar_el1", bare_vectors);
    isb();
    uint64_t ns = measure(bare_exception_round);
    write_register("vbar_el1", vectors);
    isb();
    irq_mask();
    print("rounds: by exception, %u pending: %lu ns\n", pending, ns);
}

static uint64_t set_pending(uint32_t first, uint32_t end, bool pending)
{
    uint64_t start = counter();
    for (uint32_t id = first; id < end; id++)
        gic_cdpend(LPI(id), pending);
    return counter() - start;
}

/* Lower priority than what is measured, and than what the CPU interface lets through. The sum over
 * pieces of each one's best time of several: a host that is busy cannot leave all of it alone. */
static void make_pending(void)
{
    uint64_t sum = 0;
    for (uint32_t first = 0; first < NR_PENDING; first += PIECE) {
        uint32_t end = first + PIECE < NR_PENDING ? first + PIECE : NR_PENDING;
        uint64_t best = set_pending(first, end, true);
        for (uint32_t i = 1; i < FILLS; i++) {
            set_pending(first, end, false);
            uint64_t ticks = set_pending(first, end, true);
            best = ticks < best ? ticks : best;
        }
        sum += best;
    }
    print("rounds: making %u pending: %lu ns\n", NR_PENDING, sum * NS_PER_TICK);
}

int guest_main(void)
{
    irq_table(ranges, 1);
    gic_irs_init(ID_BITS);
    for (uint32_t id = 0; id < NR_PENDING; id++)
        gic_lpi_setup(LPI(id), LOW, this_cpu()->iaffid);
    gic_lpi_setup(THE_LPI, HIGH, this_cpu()->iaffid);
    write_register(ICC_PCR, LOW - 1);
    isb();
    measure_both(0);
    make_pending();
    measure_both(NR_PENDING);
    print("rounds: done\n");
    return 0;
}
