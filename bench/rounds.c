/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A round: an LPI is made pending, acknowledged, its priority dropped, and deactivated. How many
 * others are enabled, or pending at lower priority, and how many PEs there are, must not matter.
 */
#include "subject.h"
#include "measure.h"
#include "report.h"

#define BATCHES 41u
#define ROUNDS 20000u
#define HIGH 8u /* priority of the interrupts of the rounds */
#define LOW 24u /* of those that stay pending */

/* One setting: M enabled, P of them pending, each PE with as many. */
struct rounds_setting {
    uint32_t id_bits;
    uint32_t pending;
    uint32_t nr_pes;
    bool spread;  /* another LPI in each round */
    bool threads; /* config.threads: with locks */
    struct vmm *vmm;
    uint32_t next;
};

#define ALL ((1u << 24) - 1)

static struct rounds_setting settings[] = {
    {.id_bits = 5, .nr_pes = 1},
    {.id_bits = 10, .nr_pes = 1},
    {.id_bits = 16, .nr_pes = 1},
    {.id_bits = 20, .nr_pes = 1},
    {.id_bits = 24, .nr_pes = 1},
    {.id_bits = 5, .pending = 31, .nr_pes = 1},
    {.id_bits = 16, .pending = 1, .nr_pes = 1},
    {.id_bits = 16, .pending = 1000, .nr_pes = 1},
    {.id_bits = 16, .pending = 65534, .nr_pes = 1},
    {.id_bits = 24, .pending = 65534, .nr_pes = 1},
    {.id_bits = 24, .pending = ALL, .nr_pes = 1},
    {.id_bits = 16, .nr_pes = 1, .spread = true},
    {.id_bits = 24, .nr_pes = 1, .spread = true},
    {.id_bits = 16, .nr_pes = 8},
    {.id_bits = 16, .nr_pes = 64},
    {.id_bits = 16, .nr_pes = 512},
    {.id_bits = 16, .pending = 65024, .nr_pes = 512},
    {.id_bits = 16, .nr_pes = 1, .threads = true},
};
#define NR_SETTINGS (sizeof(settings) / sizeof(*settings))

/* LPI n of the table is PE n's for its rounds. */
static void rounds(void *context, uint32_t times)
{
    struct rounds_setting *s = context;
    uint32_t mask = (1u << s->id_bits) - 1, pe = 0;
    for (uint32_t i = 0; i < times; i++) {
        uint32_t id = s->spread ? (s->next += 4099) & mask : pe;
        subject_round(s->vmm->vcpu[pe], id);
        pe = pe + 1 == s->nr_pes ? 0 : pe + 1;
    }
}

/* Enabled in memory; touched once each, so that the device holds all of them. */
static void enable_all(struct rounds_setting *s)
{
    uint32_t nr = 1u << s->id_bits;
    subject_fill_table(s->vmm, nr,
                       VGIC5_ISTE_ENABLE | VGIC5_FIELD(ISTE_PRIORITY, s->spread ? HIGH : LOW));
    subject_linear_table(s->vmm, s->id_bits);
    subject_enable(s->vmm);
    for (uint32_t id = 0; id < nr; id += 32)
        vmm_msr(s->vmm->vcpu[0], VGIC5_CDEN, LPI(id));
    for (uint32_t pe = 0; pe < s->nr_pes; pe++) {
        vmm_msr(s->vmm->vcpu[0], VGIC5_CDAFF, (uint64_t)pe << 32 | LPI(pe));
        vmm_msr(s->vmm->vcpu[0], VGIC5_CDPRI, (uint64_t)HIGH << 35 | LPI(pe));
    }
}

static int set_up(struct rounds_setting *s)
{
    struct subject_shape shape = {.nr_pes = s->nr_pes,
                                  .lpi_id_bits = 24,
                                  .threads = s->threads,
                                  .ram_size = ((size_t)4 << s->id_bits) + 4096};
    s->vmm = subject_open(&shape);
    if (!s->vmm)
        return -1;
    enable_all(s);
    for (uint32_t id = s->nr_pes; id < s->nr_pes + s->pending; id++) {
        vmm_msr(s->vmm->vcpu[0], VGIC5_CDAFF, (uint64_t)(id % s->nr_pes) << 32 | LPI(id));
        vmm_msr(s->vmm->vcpu[0], VGIC5_CDPEND, LPI(id) | VGIC5_CDPEND_PENDING);
    }
    uint64_t taken;
    vmm_msr(s->vmm->vcpu[0], VGIC5_CDPEND, LPI(0) | VGIC5_CDPEND_PENDING);
    taken = vmm_mrs(s->vmm->vcpu[0], VGIC5_CDIA);
    vmm_msr(s->vmm->vcpu[0], VGIC5_CDEOI, 0);
    vmm_msr(s->vmm->vcpu[0], VGIC5_CDDI, LPI(0));
    return taken == (1ull << 32 | LPI(0)) ? 0 : report_failure("LPI 0 was not acknowledged");
}

static const struct measure_case *of(const struct measure_case *cases, uint32_t id_bits,
                                     uint32_t pending)
{
    for (size_t i = 0; i < NR_SETTINGS; i++)
        if (settings[i].id_bits == id_bits && settings[i].pending == pending &&
            settings[i].nr_pes == 1 && !settings[i].spread && !settings[i].threads)
            return &cases[i];
    return NULL;
}

static void say(const struct measure_case *cases, struct bench_report *report)
{
    for (size_t i = 0; i < NR_SETTINGS; i++) {
        const struct rounds_setting *s = &settings[i];
        bool limited = s->pending == 0 && s->nr_pes == 1 && !s->spread;
        report_limited(report, cases[i].ns, "ns", limited ? BENCH_AT_MOST : BENCH_NO_LIMIT, 60,
                       "round, %u enabled, %u pending, %u PE%s%s%s", 1u << s->id_bits, s->pending,
                       s->nr_pes, s->nr_pes > 1 ? "s" : "",
                       s->spread ? ", another LPI each time" : "",
                       s->threads ? ", with locks" : "");
    }
    double none = of(cases, 16, 0)->ns, most = of(cases, 24, 0)->ns;
    report_limited(report, of(cases, 16, 65534)->ns / none, "ratio", BENCH_AT_MOST, 1.3,
                   "65534 pending to none, of 65536 enabled");
    report_limited(report, of(cases, 24, ALL)->ns / most, "ratio", BENCH_AT_MOST, 1.3,
                   "16777215 pending to none, of 16777216 enabled");
    report_limited(report, most / of(cases, 5, 0)->ns, "ratio", BENCH_AT_MOST, 1.5,
                   "16777216 enabled to 32, none pending");
}

int bench_rounds(const struct bench_options *options, struct bench_report *report)
{
    struct measure_case cases[NR_SETTINGS];
    int ret = 0;
    (void)options;
    for (size_t i = 0; i < NR_SETTINGS && !ret; i++) {
        ret = set_up(&settings[i]);
        cases[i] = (struct measure_case){rounds, &settings[i], ROUNDS, 0};
    }
    if (!ret) {
        measure(cases, NR_SETTINGS, BATCHES);
        say(cases, report);
    }
    for (size_t i = 0; i < NR_SETTINGS; i++) {
        subject_close(settings[i].vmm);
        settings[i].vmm = NULL;
    }
    return ret;
}
