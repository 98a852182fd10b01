/* SPDX-License-Identifier: BSD-3-Clause */
/* The demonstration guest: start every vCPU, run the phases in step, give the verdict. */
#include "demo.h"

#define SLEEP_TICKS 500u

static const struct {
    const char *name;
    void (*run)(void);
} phases[] = {
    {"self", phase_self},
    {"order", phase_order},
    {"nest", phase_nest},
    {"first storm", phase_storm},
    {"rendezvous", phase_rendezvous},
    {"second storm", phase_storm},
    {"ipi", phase_ipi},
    {"move", phase_move},
    {"uart", phase_uart},
    {"end", phase_end},
};

static bool ready;

static void handle(uint32_t intid)
{
    struct source *source = source_of(intid);

    if (source->level) {
        gic_cdpend(intid, false);
        gsb_sys();
    }
    if (source->handle)
        source->handle(source);
}

/* The policy is each source's own (book.c). */
static const struct irq_range ranges[] = {{0, ~0u, handle, IRQ_PLAIN}};

static void run_phases(void)
{
    book_open();
    sources_make_ppis();
    irq_unmask();
    barrier();
    timers_start();
    for (size_t i = 0; i < sizeof(phases) / sizeof(*phases); i++) {
        phases[i].run();
        barrier();
        if (me() == 0)
            report_phase(phases[i].name);
    }
    barrier();
    irq_mask();
}

static void secondary(void)
{
    while (!load_acquire(&ready))
        timer_sleep(SLEEP_TICKS);
    run_phases();
}

int guest_main(void)
{
    if (nr_cpus < 2) {
        print("demo: FAIL, needs at least 2 vCPUs\n");
        return 1;
    }
    irq_table(ranges, 1);
    gic_irs_init(16);
    cpus_start(secondary);
    sources_make();
    report_start();
    store_release(&ready, true);
    run_phases();
    cpus_wait_off();
    return report_verdict();
}
