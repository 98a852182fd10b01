/* SPDX-License-Identifier: BSD-3-Clause */
/* Threads pinned to CPUs, and wake-ups between them: a futex woken on another CPU is an IPI. */
#include "init.h"

#define STACK_SIZE 16384u
#define FUTEX_WAIT 0
#define FUTEX_WAKE 1
#define EAGAIN 11
#define EINTR 4

/* A word that one side sets and the other waits for. */
static void set_and_wake(uint32_t *word, uint32_t value)
{
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
    CALL(SYS_FUTEX, word, FUTEX_WAKE, 1, 0, 0);
}

static void wait_for(uint32_t *word, uint32_t value)
{
    uint32_t seen;

    while ((seen = __atomic_load_n(word, __ATOMIC_ACQUIRE)) != value) {
        long ret = CALL(SYS_FUTEX, word, FUTEX_WAIT, seen, 0, 0);

        if (ret != 0 && ret != -EAGAIN && ret != -EINTR)
            fail("futex");
    }
}

static bool pin(unsigned cpu)
{
    uint64_t mask = UINT64_C(1) << cpu;

    return CALL(SYS_SCHED_SETAFFINITY, 0, sizeof(mask), &mask, 0, 0) == 0;
}

/* The CPUs are those to which a thread can be pinned. */
unsigned work_nr_cpus(void)
{
    unsigned n = 0;

    while (n < MAX_CPUS && pin(n))
        n++;
    pin(0);
    return n;
}

struct job {
    uint32_t done;
    unsigned cpu;
    void (*function)(unsigned cpu);
};

static char stacks[MAX_CPUS][STACK_SIZE] __attribute__((aligned(16)));

static void run_job(void *argument)
{
    struct job *job = argument;

    if (!pin(job->cpu))
        fail("a thread cannot be pinned");
    job->function(job->cpu);
    set_and_wake(&job->done, 1);
}

void work_on(unsigned cpu, void (*function)(unsigned cpu))
{
    static struct job jobs[MAX_CPUS];
    struct job *job = &jobs[cpu];

    job->done = 0;
    job->cpu = cpu;
    job->function = function;
    if (thread_start(run_job, job, stacks[cpu] + STACK_SIZE) < 0)
        fail("no thread");
    else
        wait_for(&job->done, 1);
}

/* ---- Ping-pong ---------------------------------------------------------------------------------
 */

static struct partner {
    uint32_t ping, pong;
    unsigned cpu;
    bool alive;
} partners[MAX_CPUS];

static char partner_stacks[MAX_CPUS][STACK_SIZE] __attribute__((aligned(16)));

static void answer(void *argument)
{
    struct partner *partner = argument;

    if (!pin(partner->cpu))
        fail("a thread cannot be pinned");
    for (uint32_t n = 1;; n++) {
        wait_for(&partner->ping, n);
        set_and_wake(&partner->pong, n);
    }
}

static void begin(unsigned cpu)
{
    struct partner *partner = &partners[cpu];

    partner->cpu = cpu;
    partner->alive = thread_start(answer, partner, partner_stacks[cpu] + STACK_SIZE) >= 0;
    if (!partner->alive)
        fail("no thread");
}

void work_wake(unsigned rounds)
{
    unsigned nr_cpus = work_nr_cpus();

    for (unsigned cpu = 0; cpu < nr_cpus; cpu++) {
        struct partner *partner = &partners[cpu];

        if (!partner->alive)
            begin(cpu);
        for (unsigned n = 0; partner->alive && n < rounds; n++) {
            uint32_t next = partner->pong + 1;

            set_and_wake(&partner->ping, next);
            wait_for(&partner->pong, next);
        }
    }
}
