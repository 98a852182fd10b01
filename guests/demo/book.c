/* SPDX-License-Identifier: BSD-3-Clause */
/* What one vCPU took, and whether it should have: number, vCPU, priority, order. */
#include "demo.h"

#define TOLD_MAX 12u
#define ANOMALIES_MAX 400u
#define PRIORITIES 32u
#define FNV_PRIME 0x100000001b3ull
#define FNV_BASIS 0xcbf29ce484222325ull
#define BATCH_POLLS 4000u

struct book books[MAX_CPUS];
static uint32_t told;

static void taken(uint32_t intid, enum irq_policy *policy);
static void done(uint32_t intid);

uint32_t me(void)
{
    return this_cpu()->index;
}

struct book *my_book(void)
{
    return &books[me()];
}

void book_open(void)
{
    struct book *book = my_book();

    *book = (struct book){.pcr = 31, .digest = FNV_BASIS, .random = 0x9e3779b9u * (me() + 1)};
    irq_observe(taken, done);
}

void set_pcr(uint32_t priority)
{
    my_book()->pcr = priority;
    write_register(ICC_PCR, priority);
    isb();
}

/* xorshift32 */
uint32_t next_random(void)
{
    struct book *book = my_book();

    book->random ^= book->random << 13;
    book->random ^= book->random >> 17;
    book->random ^= book->random << 5;
    return book->random;
}

void anomaly(uint32_t *counter, const char *what, const struct source *source)
{
    uint32_t n = atomic_add(&told, 1);

    ++*counter;
    if (n == ANOMALIES_MAX)
        semihosting_exit((uint64_t)report_verdict());
    if (n > TOLD_MAX)
        return;
    print("demo: vCPU %u: %s: INTID %x priority %u, caused %u taken %u, APR %lx PCR %u\n", me(),
          what, source->intid, source->priority, source->caused, source->taken,
          read_register(ICC_APR), my_book()->pcr);
}

/* ---- The order of a batch -------------------------------------------------------------------- */

static bool is_expected_here(const struct source *source)
{
    return source->caused != source->taken && source->target == me() && !source->disabled &&
           source->priority != 0;
}

/* Sources in the order of the tie rule: PPI, SPI, LPI, each by rising id. */
static void for_each_source(void (*visit)(const struct source *source, uint32_t *at), uint32_t *at)
{
    for (uint32_t i = 0; i < NR_PPIS; i++)
        visit(&ppis[me()][i], at);
    for (uint32_t i = 0; i < NR_SPIS; i++)
        visit(&spis[i], at);
    for (uint32_t i = 0; i < NR_LPIS; i++)
        visit(&lpis[i], at);
}

static void count(const struct source *source, uint32_t *at)
{
    if (is_expected_here(source))
        at[source->priority + 1]++;
}

static void place(const struct source *source, uint32_t *at)
{
    if (is_expected_here(source))
        my_book()->batch[at[source->priority]++] = source;
}

/* A counting sort, so that equals keep the order of the walk. */
void batch_begin(void)
{
    uint32_t at[PRIORITIES + 1] = {0};
    struct book *book = my_book();

    for_each_source(count, at);
    for (uint32_t i = 1; i <= PRIORITIES; i++)
        at[i] += at[i - 1];
    for_each_source(place, at);
    book->batch_at = 0;
    book->batch_n = at[PRIORITIES];
}

uint32_t batch_count(uint32_t priority)
{
    struct book *book = my_book();
    uint32_t n = 0;

    while (n < book->batch_n && book->batch[n]->priority <= priority)
        n++;
    return n;
}

/* Interrupts are unmasked; they are pending already, so they come without being waited for. */
void batch_wait(uint32_t n)
{
    struct book *book = my_book();

    for (uint32_t i = 0; load_acquire(&book->batch_at) < n && i < BATCH_POLLS; i++)
        isb();
}

void batch_end(void)
{
    struct book *book = my_book();

    for (uint32_t i = book->batch_at; i < book->batch_n; i++)
        anomaly(&book->out_of_order, "did not come", book->batch[i]);
    book->batch_n = 0;
}

static void check_batch(struct book *book, const struct source *source)
{
    if (book->batch_n == 0 || source->priority == 0)
        return;
    if (book->batch_at == book->batch_n) {
        anomaly(&book->out_of_order, "not expected now", source);
        return;
    }
    if (book->batch[book->batch_at] != source)
        anomaly(&book->out_of_order, "out of order", source);
    store_release(&book->batch_at, book->batch_at + 1);
}

/* ---- Each interrupt -------------------------------------------------------------------------- */

/* What must hold in any phase: it beat the running priority and the mask, and the CPU interface
 * knows it as active (D_MSQKF, D_XMBQZ). */
static void check_priority(struct book *book, const struct source *source)
{
    uint32_t bit = 1u << source->priority;

    if (source->priority > book->pcr || (book->running & (bit | (bit - 1))) ||
        read_register(ICC_APR) != (book->running | bit))
        anomaly(&book->out_of_order, "against the priority rule", source);
}

/* The acknowledge made it active, and not pending unless it is a level (CDIA). A PPI's own
 * registers say so for PPIs. */
static void check_state(struct book *book, const struct source *source)
{
    uint64_t icsr;

    if (source->kind == KIND_PPI) {
        if (!(read_register(ICC_PPI_SACTIVER0) >> INTID_ID(source->intid) & 1))
            anomaly(&book->wrong_state, "PPI not active", source);
        return;
    }
    icsr = gic_read_config(source->intid);
    if (!(icsr & ICSR_ACTIVE) || !(icsr & ICSR_HM) != !(icsr & ICSR_PENDING))
        anomaly(&book->wrong_state, "not as an acknowledge leaves it", source);
}

static void check_number(struct book *book, struct source *source)
{
    if (source->taken == load_acquire(&source->caused)) {
        anomaly(&book->duplicated, "duplicated", source);
        return;
    }
    store_release(&source->taken, source->taken + 1);
}

static void taken(uint32_t intid, enum irq_policy *policy)
{
    struct book *book = my_book();
    struct source *source = source_of(intid);

    if (source->target != me())
        anomaly(&book->misrouted, "wrong vCPU", source);
    check_priority(book, source);
    check_batch(book, source);
    check_state(book, source);
    check_number(book, source);
    book->taken++;
    book->digest = (book->digest ^ intid) * FNV_PRIME;
    book->digest = (book->digest ^ source->taken) * FNV_PRIME;
    *policy = source->policy;
    if (source->policy != IRQ_SPLIT)
        book->running |= 1u << source->priority;
}

/* After CDEOI and CDDI. */
static void done(uint32_t intid)
{
    struct book *book = my_book();
    struct source *source = source_of(intid);

    if (source->policy != IRQ_SPLIT)
        book->running &= ~(1u << source->priority);
    if (read_register(ICC_APR) != book->running)
        anomaly(&book->out_of_order, "APR after the end", source);
    store_release(&source->retired, source->taken);
}
