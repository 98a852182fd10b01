/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VMM with a thread for each vCPU: rounds on 1 to 512 PEs by 1 to 64 threads, each PE with an LPI
 * of its own, whose ids lie far apart or are neighbours of each other's. Throughput counts wall
 * time, each thread bound to a processor; of many short runs the best counts, since other load on
 * the machine can only take away from it.
 */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "subject.h"
#include "measure.h"
#include "report.h"

#define REPEATS 200u
#define ROUNDS 16000u /* by each thread: about a millisecond */
#define MAX_THREADS 64u
#define ID_BITS 16u
#define FAR 64u

struct crew;

struct bench_worker {
    _Alignas(64) struct crew *crew;
    pthread_t thread;
    uint32_t number;
    uint32_t rounds;
    uint64_t start, end;
    double cpu_ns; /* of a round */
};

/* Threads that go at the same time. */
struct crew {
    struct vmm *vmm;
    uint32_t nr_threads, nr_pes, distance;
    uint32_t arrived; /* threads at the start */
    bool off;         /* one of them could not be created: nobody goes */
    struct bench_worker worker[MAX_THREADS];
    double best; /* rounds per second */
    double cpu_ns[REPEATS];
};

static void bind(uint32_t number)
{
    cpu_set_t allowed, one;
    if (sched_getaffinity(0, sizeof(allowed), &allowed))
        return;
    uint32_t which = number % (uint32_t)CPU_COUNT(&allowed);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, &allowed) || which--)
            continue;
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        sched_setaffinity(0, sizeof(one), &one);
        return;
    }
}

/* All threads go at once; a short wait, so that none has to be woken. */
static bool meet(struct crew *crew)
{
    __atomic_fetch_add(&crew->arrived, 1, __ATOMIC_ACQ_REL);
    while (__atomic_load_n(&crew->arrived, __ATOMIC_ACQUIRE) < crew->nr_threads) {
        if (__atomic_load_n(&crew->off, __ATOMIC_ACQUIRE))
            return false;
        sched_yield();
    }
    return true;
}

/* PE n belongs to thread n modulo their number. */
static void *work(void *context)
{
    struct bench_worker *w = context;
    const struct crew *crew = w->crew;
    bind(w->number);
    if (!meet(w->crew))
        return NULL;
    uint64_t cpu = measure_cpu_ns();
    w->start = measure_wall_ns();
    for (uint32_t i = 0, pe = w->number; i < w->rounds; i++) {
        subject_round(crew->vmm->vcpu[pe], pe * crew->distance);
        pe += crew->nr_threads;
        pe = pe < crew->nr_pes ? pe : w->number;
    }
    w->end = measure_wall_ns();
    w->cpu_ns = (double)(measure_cpu_ns() - cpu) / w->rounds;
    return NULL;
}

static int set_up(struct crew *crew)
{
    struct subject_shape shape = {
        .nr_pes = crew->nr_pes, .lpi_id_bits = ID_BITS, .threads = 1, .ram_size = 4u << ID_BITS};
    crew->vmm = subject_open(&shape);
    if (!crew->vmm)
        return -1;
    subject_fill_table(crew->vmm, 1u << ID_BITS, VGIC5_ISTE_ENABLE);
    subject_linear_table(crew->vmm, ID_BITS);
    subject_enable(crew->vmm);
    for (uint32_t pe = 0; pe < crew->nr_pes; pe++)
        vmm_msr(crew->vmm->vcpu[pe], VGIC5_CDAFF, (uint64_t)pe << 32 | LPI(pe * crew->distance));
    return 0;
}

/* How many could be created; if not all, they are sent home. */
static uint32_t start(struct crew *crew)
{
    crew->arrived = 0;
    for (uint32_t i = 0; i < crew->nr_threads; i++) {
        crew->worker[i] = (struct bench_worker){
            .crew = crew, .number = i, .rounds = ROUNDS / (crew->nr_threads > 4 ? 8 : 1)};
        if (pthread_create(&crew->worker[i].thread, NULL, work, &crew->worker[i])) {
            __atomic_store_n(&crew->off, true, __ATOMIC_RELEASE);
            return i;
        }
    }
    return crew->nr_threads;
}

static int run(struct crew *crew, uint32_t repeat)
{
    uint64_t first = UINT64_MAX, last = 0, rounds = 0;
    double cpu = 0;
    uint32_t started = start(crew);
    for (uint32_t i = 0; i < started; i++) {
        struct bench_worker *w = &crew->worker[i];
        pthread_join(w->thread, NULL);
        first = w->start < first ? w->start : first;
        last = w->end > last ? w->end : last;
        rounds += w->rounds;
        cpu += w->cpu_ns / crew->nr_threads;
    }
    if (started < crew->nr_threads)
        return report_failure("thread %u could not be created", started);
    double throughput = (double)rounds / (double)(last - first) * 1e9;
    crew->best = throughput > crew->best ? throughput : crew->best;
    crew->cpu_ns[repeat] = cpu;
    return 0;
}

/* What is compared runs in turns. */
static const struct {
    uint32_t nr_threads, nr_pes, distance;
} settings[] = {
    {1, 2, FAR}, {2, 2, FAR}, {1, 2, 1},     {2, 2, 1},      {1, 64, FAR}, {2, 64, FAR},
    {1, 512, 1}, {2, 512, 1}, {8, 512, FAR}, {64, 512, FAR}, {64, 512, 1},
};
#define NR_SETTINGS (sizeof(settings) / sizeof(*settings))

static void say(struct crew *crews, struct bench_report *report)
{
    for (size_t i = 0; i < NR_SETTINGS; i++) {
        const char *where = crews[i].distance == 1 ? "neighbours" : "far apart";
        report_value(report, crews[i].best / 1e6, "M/s", "rounds, %u threads on %u PEs, LPIs %s",
                     crews[i].nr_threads, crews[i].nr_pes, where);
        report_value(report, measure_median(crews[i].cpu_ns, REPEATS), "ns",
                     "  CPU time of a round");
    }
    for (size_t i = 1; i < NR_SETTINGS; i++) {
        const char *where = crews[i].distance == 1 ? "neighbours" : "far apart";
        if (crews[i].nr_threads == 2)
            report_limited(report, crews[i].best / crews[i - 1].best, "ratio", BENCH_AT_LEAST, 1.7,
                           "2 threads to 1, %u PEs, LPIs %s", crews[i].nr_pes, where);
    }
}

/* ---- The registers of all PEs, with locks and without ---------------------------------------- */

#define REGISTERS 26u
#define CYCLES 24u

/* One register, as often as a save of all PEs has one. */
static void get_registers(void *context, uint32_t times)
{
    struct vmm *vmm = context;
    uint64_t value;
    for (uint32_t i = 0; i < times * REGISTERS * vmm->nr_vcpus; i++) {
        uint64_t mpidr = vgic5_mpidr_of_vcpu(i % vmm->nr_vcpus);
        vmm_get(vmm, VGIC5_GRP_CPU_SYSREGS, VGIC5_SYSREG_ATTR(mpidr, VGIC5_ICC_PCR), &value);
    }
}

static int say_registers(uint32_t nr_pes, struct bench_report *report)
{
    struct vmm *vmm[2];
    struct measure_case cases[2];
    int ret = 0;
    for (uint32_t threads = 0; threads < 2; threads++) {
        vmm[threads] = subject_open(&(struct subject_shape){
            .nr_pes = nr_pes, .lpi_id_bits = ID_BITS, .threads = threads, .ram_size = 4096});
        cases[threads] = (struct measure_case){get_registers, vmm[threads], 1, 0};
        ret |= vmm[threads] ? 0 : -1;
    }
    if (!ret) {
        measure(cases, 2, CYCLES);
        report_value(report, cases[1].ns / 1e6, "ms", "registers of %u PEs, with locks", nr_pes);
        report_limited(report, cases[1].ns / cases[0].ns, "ratio", BENCH_AT_MOST, 1.3,
                       "registers of %u PEs, with locks to without", nr_pes);
    }
    subject_close(vmm[0]);
    subject_close(vmm[1]);
    return ret;
}

int bench_threads(const struct bench_options *options, struct bench_report *report)
{
    struct crew *crews = aligned_alloc(64, NR_SETTINGS * sizeof(*crews));
    int ret = crews ? 0 : report_failure("no memory");
    (void)options;
    for (size_t i = 0; i < NR_SETTINGS && crews; i++) {
        crews[i] = (struct crew){.nr_threads = settings[i].nr_threads,
                                 .nr_pes = settings[i].nr_pes,
                                 .distance = settings[i].distance};
        ret |= set_up(&crews[i]);
    }
    for (uint32_t repeat = 0; repeat < REPEATS && !ret; repeat++)
        for (size_t i = 0; i < NR_SETTINGS && !ret; i++)
            ret = run(&crews[i], repeat);
    if (!ret)
        say(crews, report);
    if (!ret)
        ret = say_registers(64, report) | say_registers(512, report);
    for (size_t i = 0; i < NR_SETTINGS && crews; i++)
        subject_close(crews[i].vmm);
    free(crews);
    return ret;
}
