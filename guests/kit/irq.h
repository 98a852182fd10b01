/* SPDX-License-Identifier: BSD-3-Clause */
/* Interrupt dispatch: which function handles which INTIDs, and when priority drops. */
#ifndef KIT_IRQ_H
#define KIT_IRQ_H

#include <stddef.h>
#include <stdint.h>

enum irq_policy {
    IRQ_PLAIN,  /* run with interrupts masked, then CDEOI, then CDDI */
    IRQ_NESTED, /* run unmasked: what is more important preempts; then CDEOI, CDDI */
    IRQ_SPLIT,  /* CDEOI first, run unmasked: active, but of no running priority; then CDDI */
};

struct irq_range {
    uint32_t first, last; /* INTIDs of one type, inclusive */
    void (*handler)(uint32_t intid);
    enum irq_policy policy;
};

/* The first range that contains the INTID wins. The table must stay. */
void irq_table(const struct irq_range *ranges, size_t n);

/*
 * For guests that keep a book: `taken` follows the acknowledge and may choose another policy for
 * this one interrupt, `done` follows CDEOI and CDDI. Interrupts are masked in both.
 */
void irq_observe(void (*taken)(uint32_t intid, enum irq_policy *policy),
                 void (*done)(uint32_t intid));

#endif
