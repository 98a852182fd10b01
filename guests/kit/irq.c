/* SPDX-License-Identifier: BSD-3-Clause */
#include "kit.h"

static const struct irq_range *ranges;
static size_t nr_ranges;
static void (*observe_taken)(uint32_t intid, enum irq_policy *policy);
static void (*observe_done)(uint32_t intid);

void irq_taken(void);

void irq_table(const struct irq_range *table, size_t n)
{
    ranges = table;
    nr_ranges = n;
}

void irq_observe(void (*taken)(uint32_t intid, enum irq_policy *policy),
                 void (*done)(uint32_t intid))
{
    observe_taken = taken;
    observe_done = done;
}

static const struct irq_range *find(uint32_t intid)
{
    for (size_t i = 0; i < nr_ranges; i++) {
        if (intid >= ranges[i].first && intid <= ranges[i].last)
            return &ranges[i];
    }
    panic("nobody handles INTID %x", intid);
}

static void run(const struct irq_range *range, uint32_t intid, enum irq_policy policy)
{
    if (policy == IRQ_SPLIT)
        gic_cdeoi();
    if (policy != IRQ_PLAIN)
        irq_unmask();
    range->handler(intid);
    irq_mask();
    if (policy != IRQ_SPLIT)
        gic_cdeoi();
    gic_cddi(intid);
    gsb_sys();
}

/* From the vector, interrupts masked. One interrupt per exception. */
void irq_taken(void)
{
    uint64_t acknowledged = gic_cdia();
    uint32_t intid = (uint32_t)acknowledged;
    const struct irq_range *range;
    enum irq_policy policy;

    gsb_ack();
    isb();
    if (!(acknowledged & CDIA_VALID)) {
        this_cpu()->spurious++;
        return;
    }
    range = find(intid);
    policy = range->policy;
    if (observe_taken)
        observe_taken(intid, &policy);
    run(range, intid, policy);
    if (observe_done)
        observe_done(intid);
}
