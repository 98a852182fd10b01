/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How long a round takes: an LPI is made pending, acknowledged, its priority dropped, and
 * deactivated; polled with interrupts masked, by exception with a handler of five instructions, and
 * by exception with the kit's dispatcher and a handler in C; with no other LPI pending, and with
 * 65,534 of lower priority. In guest time: run it without --deterministic. QEMU 11 runs it too:
 *
 *   qemu-system-aarch64 -M virt,gic-version=x-5 -cpu max -nographic -semihosting -kernel rounds.elf
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
#define ROUNDS 400u       /* of a batch, or fewer: */
#define BATCH_NS 1000000u /* about as long as a batch may take */

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

static uint64_t batch(void (*round)(void), uint64_t rounds)
{
    uint64_t start = counter();
    for (uint64_t i = 0; i < rounds; i++)
        round();
    return counter() - start;
}

/* The median of the batches, in ns per round. */
static uint64_t measure(void (*round)(void))
{
    uint64_t ticks[BATCHES];
    uint64_t one = ns_of(batch(round, 4)) / 4 + 1;
    uint64_t rounds = one < BATCH_NS / ROUNDS ? ROUNDS : one < BATCH_NS ? BATCH_NS / one : 1;
    for (uint32_t i = 0; i < BATCHES; i++)
        ticks[i] = batch(round, rounds);
    sort(ticks, BATCHES);
    return ns_of(ticks[BATCHES / 2]) / rounds;
}

static void measure_both(uint32_t pending)
{
    print("rounds: polled, %u pending: %lu ns\n", pending, measure(polled_round));
    irq_unmask();
    print("rounds: in C, %u pending: %lu ns\n", pending, measure(exception_round));
    uint64_t vectors = read_register("vbar_el1");
    write_register("vbar_el1", bare_vectors);
    isb();
    uint64_t bare = measure(bare_exception_round);
    write_register("vbar_el1", vectors);
    isb();
    irq_mask();
    print("rounds: by exception, %u pending: %lu ns\n", pending, bare);
}

/* Lower priority than what is measured, and than what the CPU interface lets through. Once, as it
 * comes: each of them for the first time. */
static void make_pending(void)
{
    uint64_t start = counter();
    for (uint32_t id = 0; id < NR_PENDING; id++)
        gic_cdpend(LPI(id), true);
    print("rounds: making %u pending: %lu ns\n", NR_PENDING, ns_of(counter() - start));
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
