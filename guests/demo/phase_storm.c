/* SPDX-License-Identifier: BSD-3-Clause */
/* Everything at once, from a fixed seed: this is most of the run. */
#include "demo.h"

#define STEPS 1100u
#define STEPS_BETWEEN_DRAINS 64u
#define STEPS_MASKED 7u
#define STEPS_DISABLED 9u

/* What one vCPU has to undo after a while. */
struct storm {
    uint32_t mask_left;
    uint32_t disable_left;
    struct source *disabled;
};

static struct storm storms[MAX_CPUS];

/* A handler that causes something better than itself. */
static void chain(struct source *source)
{
    (void)source;
    cause(lpi_of(me(), LPI_CHAIN + next_random() % NR_CHAIN));
}

/* ---- What a step may do, with one of the vCPU's general LPIs and a random number ------------- */

static void do_cause(struct source *source, uint32_t random)
{
    (void)random;
    cause(source);
}

static void do_sw_ppi(struct source *source, uint32_t random)
{
    (void)source;
    (void)random;
    cause(&ppis[me()][SW]);
}

static void do_spi(struct source *source, uint32_t random)
{
    (void)source;
    cause(spi_of(me(), random % spis_each()));
}

static void do_mask(struct source *source, uint32_t random)
{
    (void)source;
    if (storms[me()].mask_left)
        return;
    storms[me()].mask_left = STEPS_MASKED;
    set_pcr(random % 24);
}

/* Disabled first: whoever would take it is not disturbed between its vector and its CDIA. */
static void do_disable(struct source *source, uint32_t random)
{
    struct storm *storm = &storms[me()];

    (void)random;
    if (storm->disabled || !source_is_idle(source))
        return;
    source_set_disabled(source, true);
    cause(source);
    storm->disabled = source;
    storm->disable_left = STEPS_DISABLED;
}

static void do_move(struct source *source, uint32_t random)
{
    if (!source_is_idle(source))
        return;
    source_set_target(source, random % nr_cpus);
    cause(source);
}

static void do_priority(struct source *source, uint32_t random)
{
    if (!source_is_idle(source))
        return;
    source_set_priority(source, 9 + random % 23);
    cause(source);
}

static void do_level(struct source *source, uint32_t random)
{
    if (!source_is_idle(source))
        return;
    source_set_level(source, random & 1);
    cause(source);
}

/* ---- The phase ------------------------------------------------------------------------------- */

static void undo_mask(struct storm *storm)
{
    storm->mask_left = 0;
    set_pcr(31);
}

static void undo_disable(struct storm *storm)
{
    source_set_disabled(storm->disabled, false);
    storm->disabled = NULL;
}

static void step(struct storm *storm)
{
    static void (*const actions[16])(struct source *, uint32_t) = {
        do_cause, do_cause, do_cause, do_cause, do_cause,   do_cause, do_cause, do_sw_ppi,
        do_spi,   do_spi,   do_mask,  do_move,  do_disable, do_move,  do_level, do_priority,
    };
    uint32_t random = next_random();
    uint32_t n = LPI_GENERAL + (random >> 4) % (lpis_each() - LPI_GENERAL);

    timers_keep_running();
    actions[random & 15](lpi_of(me(), n), random >> 16);
    if (storm->mask_left && --storm->mask_left == 0)
        undo_mask(storm);
    if (storm->disabled && --storm->disable_left == 0)
        undo_disable(storm);
}

static void settle(struct storm *storm)
{
    undo_mask(storm);
    if (storm->disabled)
        undo_disable(storm);
    drain();
}

void phase_storm(void)
{
    struct storm *storm = &storms[me()];

    for (uint32_t i = LPI_GENERAL; i < lpis_each(); i += 4)
        lpi_of(me(), i)->handle = chain;
    for (uint32_t i = 1; i <= STEPS; i++) {
        step(storm);
        if (i % STEPS_BETWEEN_DRAINS == 0)
            settle(storm);
    }
    settle(storm);
    barrier();
    drain();
    for (uint32_t i = LPI_GENERAL; i < lpis_each(); i++)
        source_usual(lpi_of(me(), i));
}
