/* SPDX-License-Identifier: BSD-3-Clause */
/* Waiting without burning instructions: WFI, with the running timers as the way out. */
#include "demo.h"

#define PERIOD_CNTV 2000u /* ticks; they differ, so that the two meet in all ways */
#define PERIOD_CNTP 3100u
/* Both must pass before a wait is given up: time alone passes while the host does something else.
 */
#define PATIENCE 100000u /* ticks; 1.6 ms */
#define NAPS_MAX 100u
#define POLLS_MAX 5000u
/* At a barrier: as long as the others may work, and then much longer. */
#define BARRIER_NAPS_MAX 200000u
#define BARRIER_POLLS_MAX 1000000u

static uint32_t arrived;

/* ---- The timers that run by themselves ------------------------------------------------------- */

static void check_time(struct source *timer, uint32_t which)
{
    if (counter() < my_book()->deadline[which])
        anomaly(&my_book()->early, "before its time", timer);
}

static void cntv_handle(struct source *timer)
{
    check_time(timer, CNTV);
    timer_virtual_stop();
}

static void cntp_handle(struct source *timer)
{
    check_time(timer, CNTP);
    timer_physical_stop();
}

static void arm(uint32_t which, uint32_t period)
{
    struct source *timer = &ppis[me()][which];

    if (!source_is_idle(timer))
        return;
    my_book()->deadline[which] = counter() + period;
    must_cause(timer);
}

/* Not from the handlers: on a slow host that would leave no time for anything else. */
void timers_keep_running(void)
{
    uint64_t daif = irq_save();

    if (my_book()->timers_run) {
        arm(CNTV, PERIOD_CNTV);
        arm(CNTP, PERIOD_CNTP);
    }
    irq_restore(daif);
}

void timers_start(void)
{
    ppis[me()][CNTV].handle = cntv_handle;
    ppis[me()][CNTP].handle = cntp_handle;
    my_book()->timers_run = true;
    timers_keep_running();
}

/* A level that falls before it is acknowledged is no interrupt (CLEAR). */
void timers_stop(void)
{
    struct source *own = ppis[me()];
    uint64_t daif = irq_save();

    my_book()->timers_run = false;
    timer_virtual_stop();
    timer_physical_stop();
    for (uint32_t i = CNTV; i <= CNTP; i++) {
        if (own[i].caused != own[i].taken)
            withdraw(&own[i]);
    }
    irq_restore(daif);
}

/* ---- Waiting --------------------------------------------------------------------------------- */

/* One chance for interrupts. Asleep only if something is sure to wake us. */
static void pause(void)
{
    timers_keep_running();
    if (my_book()->timers_run)
        wfi();
    irq_unmask();
    irq_mask();
}

/* Until the last number is taken and retired, or patience ends. */
void wait_idle(const struct source *source)
{
    uint32_t polls = my_book()->timers_run ? NAPS_MAX : POLLS_MAX, n = 0;
    uint64_t start = counter(), daif = irq_save();

    while (!source_is_idle(source)) {
        pause();
        if (++n < polls || counter() - start < PATIENCE)
            continue;
        anomaly(&my_book()->late, "does not come or does not end", source);
        break;
    }
    irq_restore(daif);
}

void drain(void)
{
    for (uint32_t i = 0; i < spis_each(); i++)
        wait_idle(spi_of(me(), i));
    for (uint32_t i = LPI_CHAIN; i < lpis_each(); i++)
        wait_idle(lpi_of(me(), i));
    wait_idle(&ppis[me()][SW]);
}

/* Nothing else will wake this vCPU, and the others will wait for it: that is the end. */
static void wait_woken(const struct source *wake, uint32_t seen)
{
    for (uint32_t n = 0; load_acquire(&wake->taken) == seen; n++) {
        if (n == (my_book()->timers_run ? BARRIER_NAPS_MAX : BARRIER_POLLS_MAX)) {
            anomaly(&my_book()->late, "does not wake its vCPU", wake);
            semihosting_exit((uint64_t)report_verdict());
        }
        pause();
    }
}

/* The last vCPU to arrive wakes the others, each by an interrupt that counts like any other. */
void barrier(void)
{
    struct source *wake = lpi_of(me(), LPI_WAKE);
    uint64_t daif = irq_save();
    uint32_t seen = wake->taken;

    if (atomic_add(&arrived, 1) == nr_cpus) {
        store_release(&arrived, 0);
        for (uint32_t i = 0; i < nr_cpus; i++) {
            if (i != me())
                must_cause(lpi_of(i, LPI_WAKE));
        }
    } else {
        wait_woken(wake, seen);
    }
    irq_restore(daif);
}
