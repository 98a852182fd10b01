/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The demonstration guest. Every interrupt has a source; every source numbers what it causes; every
 * interrupt taken must be the next number of its source, on the right vCPU, in the right order.
 */
#ifndef DEMO_H
#define DEMO_H

#include "kit.h"

/* ---- Sources (source.c) ---------------------------------------------------------------------- */

enum kind { KIND_PPI, KIND_SPI, KIND_LPI, NR_KINDS };

#define NR_PPIS 3u  /* per vCPU: SW_PPI, CNTV, CNTP */
#define NR_SPIS 25u /* the UART's, and those that no wire drives */
#define NR_LPIS 320u

struct source {
    uint32_t intid;
    uint8_t kind;
    uint32_t owner; /* index of the vCPU that configures and causes it */
    struct {
        uint8_t priority;
        uint8_t policy; /* enum irq_policy */
        bool level;
    } usual;
    void (*raise)(struct source *source);

    uint32_t target; /* index of the vCPU that must take it */
    uint8_t priority;
    uint8_t policy;
    bool level; /* handling mode of an SPI or LPI: the handler clears it with CDPEND */
    bool disabled;
    void (*handle)(struct source *source); /* may be NULL */
    uint32_t caused, taken, retired;       /* numbers; taken == caused: none on its way */
};

extern struct source ppis[MAX_CPUS][NR_PPIS];
extern struct source spis[NR_SPIS];
extern struct source lpis[NR_LPIS];

enum { SW, CNTV, CNTP }; /* in ppis[vCPU] */

/* What each vCPU owns. */
#define UART_SOURCE (&spis[0])
uint32_t spis_each(void);
struct source *spi_of(uint32_t vcpu, uint32_t n);
uint32_t lpis_each(void);
struct source *lpi_of(uint32_t vcpu, uint32_t n);

/* LPI 0 of each vCPU wakes it at a barrier; the next ones are caused by handlers. */
#define LPI_WAKE 0u
#define LPI_CHAIN 1u
#define NR_CHAIN 16u
#define LPI_GENERAL (LPI_CHAIN + NR_CHAIN)

void sources_make(void);
void sources_make_ppis(void); /* on each vCPU */
struct source *source_of(uint32_t intid);

/* Nothing of it pending or active? */
bool source_is_idle(const struct source *source);
/* Make the next interrupt pending, unless one is still on its way: then false. */
bool cause(struct source *source);
/* The same where none can be on its way. */
void must_cause(struct source *source);
/* The last one was taken back before anyone took it; it does not count. */
void withdraw(struct source *source);

/* While idle. */
void source_set_priority(struct source *source, uint32_t priority);
void source_set_target(struct source *source, uint32_t vcpu);
void source_set_level(struct source *source, bool level);
void source_set_disabled(struct source *source, bool disabled); /* at any time */
void source_usual(struct source *source);                       /* as it was made */

/* ---- The book of one vCPU (book.c) ----------------------------------------------------------- */

#define BATCH_MAX 512u

struct book {
    uint32_t running; /* what ICC_APR_EL1 must read */
    uint32_t pcr;
    uint32_t random;
    bool timers_run;
    uint64_t deadline[NR_PPIS]; /* of CNTV and CNTP */
    uint64_t digest;            /* of all that it took, in order */
    uint32_t taken, duplicated, out_of_order, misrouted, early, wrong_state, late, withdrawn;
    uint32_t batch_n, batch_at; /* expected order, while batch_n > 0 */
    const struct source *batch[BATCH_MAX];
};

extern struct book books[MAX_CPUS];

struct book *my_book(void);
uint32_t me(void);
void book_open(void); /* on each vCPU */
void set_pcr(uint32_t priority);
uint32_t next_random(void);
/* Count one kind of anomaly, and tell the first few. Too many end the run. */
void anomaly(uint32_t *counter, const char *what, const struct source *source);

/* Expect exactly what is pending for this vCPU now, by priority, then PPI before SPI before LPI,
 * then lowest id; until batch_end(). */
void batch_begin(void);
/* How many of it are at least as important as `priority`. */
uint32_t batch_count(uint32_t priority);
void batch_wait(uint32_t n);
void batch_end(void);

/* ---- Waiting (wait.c) ------------------------------------------------------------------------ */

void barrier(void);
void wait_idle(const struct source *source);
/* Until nothing that this vCPU owns is on its way. */
void drain(void);
void timers_start(void);
void timers_keep_running(void); /* called now and then */
void timers_stop(void);

/* ---- Audits (audit.c) ------------------------------------------------------------------------ */

/* Compare the state of everything that this vCPU owns with the book. */
void audit_own(void);

#define WITNESSES_MAX 64u

struct witness {
    uint64_t values[WITNESSES_MAX];
    uint32_t n;
    uint64_t counter;
};

/* Read registers that must not change by themselves, and compare them later. */
void witness(struct witness *witness);
void witness_again(const struct witness *before);

/* ---- Phases: each runs on every vCPU --------------------------------------------------------- */

void phase_self(void);
void phase_order(void);
void phase_nest(void);
void phase_ipi(void);
void phase_storm(void);
void phase_rendezvous(void);
void phase_move(void);
void phase_uart(void);
void phase_end(void);

/* report.c */
void report_start(void);
void report_phase(const char *name);
int report_verdict(void);

#endif
