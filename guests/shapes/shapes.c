/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A small guest for an IRS of any shape: 1 to 64 vCPUs, any number of SPIs and LPI id bits, tables
 * of either structure, or no table ("ist=none" in the boot arguments). Each round makes the first,
 * the middle and the last interrupt of each kind pending at another vCPU, some of them several at a
 * time, and waits until each has been taken once, where it was sent.
 */
#include "kit.h"

#define NR_PLACES 6u
#define SLEEP_TICKS 300u

static struct place {
    uint32_t intid;
    uint32_t target; /* index of the vCPU */
    uint32_t caused, taken, wrong;
} places[NR_PLACES];
static uint32_t nr_places;
static bool over;

static void handler(uint32_t intid)
{
    for (uint32_t n = 0; n < nr_places; n++) {
        if (places[n].intid != intid)
            continue;
        if (this_cpu()->index != places[n].target)
            atomic_add(&places[n].wrong, 1);
        atomic_add(&places[n].taken, 1);
        return;
    }
    panic("nobody has caused INTID %x", intid);
}

static const struct irq_range ranges[] = {{0, ~0u, handler, IRQ_NESTED}};

static void secondary(void)
{
    irq_unmask();
    while (!load_acquire(&over))
        timer_sleep(SLEEP_TICKS);
    irq_mask();
}

static void place(uint32_t intid)
{
    for (uint32_t n = 0; n < nr_places; n++) {
        if (places[n].intid == intid)
            return;
    }
    places[nr_places++].intid = intid;
}

static void make_places(bool lpis)
{
    uint32_t last = gic_nr_spis() - 1;

    /* SPIs 0 to 4 have wires. */
    place(SPI(5));
    place(SPI(last / 2));
    place(SPI(last));
    if (lpis) {
        last = (1u << ist.id_bits) - 1;
        place(LPI(0));
        place(LPI(last / 2 + 1));
        place(LPI(last));
    }
    for (uint32_t n = 0; n < nr_places; n++) {
        if (INTID_TYPE(places[n].intid) == INTID_TYPE(LPI(0)))
            gic_lpi_setup(places[n].intid, 8 * (n % 3) + 4, cpus[0].iaffid);
        else
            gic_spi_setup(places[n].intid, 8 * (n % 3) + 4, cpus[0].iaffid, false);
    }
}

static void cause(struct place *place, uint32_t round, uint32_t n)
{
    place->target = (round + n) % nr_cpus;
    gic_cdaff(place->intid, cpus[place->target].iaffid);
    gsb_sys();
    place->caused++;
    gic_cdpend(place->intid, true);
}

/* Masked here, so that those for this vCPU pile up. */
static void run_round(uint32_t round)
{
    irq_mask();
    for (uint32_t n = 0; n < nr_places; n++)
        cause(&places[n], round, n);
    gsb_sys();
    irq_unmask();
    for (uint32_t n = 0; n < nr_places; n++) {
        while (load_acquire(&places[n].taken) != places[n].caused)
            timer_sleep(SLEEP_TICKS);
    }
}

static uint32_t verdict(void)
{
    uint32_t wrong = 0;

    for (uint32_t n = 0; n < nr_places; n++) {
        print("shapes: INTID %x caused %u, taken %u, elsewhere %u\n", places[n].intid,
              places[n].caused, places[n].taken, places[n].wrong);
        wrong += places[n].wrong + (places[n].taken != places[n].caused);
    }
    return wrong;
}

int guest_main(void)
{
    bool lpis = !bootargs_have("ist=none");
    uint32_t rounds = 2 * nr_cpus + 8;

    irq_table(ranges, 1);
    if (lpis)
        gic_irs_init(24);
    else
        gic_irs_enable();
    cpus_start(secondary);
    make_places(lpis);
    print("shapes: %u vCPUs, %u SPIs, IST_CFGR %x%s\n", nr_cpus, gic_nr_spis(), ist.cfgr,
          lpis ? "" : ", no IST");
    for (uint32_t round = 0; round < rounds; round++)
        run_round(round);
    store_release(&over, true);
    cpus_wait_off();
    irq_mask();
    if (verdict() != 0)
        return 1;
    print("shapes: PASS\n");
    return 0;
}
