/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * GRP_IST, out of a device and into a new one: against memcpy of the same bytes where all of the
 * table is used, against each other where little of it is.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "subject.h"
#include "measure.h"
#include "report.h"

#define NR_PES 8u
#define SPIS VGIC5_NR_SPIS_DEFAULT
#define MAX_REPEATS 64u
#define ALL 0u
#define NONE 0u
#define FEW 100u

/* What it is measured against. */
enum limit {
    UNLIMITED,
    BANDWIDTH,   /* at least half of memcpy's */
    MILLISECOND, /* less than one */
};

struct transfer_setting {
    const char *name;
    uint32_t id_bits, abi;
    bool two_level;
    uint32_t used;    /* LPIs scattered over the table, or ALL */
    uint32_t pending; /* every so many-th, 64 neighbours of which target one PE; or NONE, and
                         neighbours target different PEs */
    enum limit limit;
    uint32_t repeats;
    bool cold; /* other memory is used in between */
};

static const struct transfer_setting settings[] = {
    {"v1, 2^16, dense", 16, VGIC5_ABI_V1, false, ALL, NONE, BANDWIDTH, 41, true},
    {"v1, 2^16, every 1024th pending", 16, VGIC5_ABI_V1, false, ALL, 1024, UNLIMITED, 41, true},
    {"v1, 2^16, every 16th pending", 16, VGIC5_ABI_V1, false, ALL, 16, UNLIMITED, 41, true},
    {"7.4, 2^16, dense", 16, VGIC5_ABI_7_4, false, ALL, NONE, BANDWIDTH, 41, true},
    {"7.4, 2^16, every 1024th pending", 16, VGIC5_ABI_7_4, false, ALL, 1024, UNLIMITED, 41, true},
    {"7.4, 2^16, every 16th pending", 16, VGIC5_ABI_7_4, false, ALL, 16, UNLIMITED, 41, true},
    {"v1, 2^24, dense", 24, VGIC5_ABI_V1, false, ALL, NONE, BANDWIDTH, 7, true},
    {"v1, 2^24, every 1024th pending", 24, VGIC5_ABI_V1, false, ALL, 1024, UNLIMITED, 7, true},
    {"v1, 2^24, every 16th pending", 24, VGIC5_ABI_V1, false, ALL, 16, UNLIMITED, 7, true},
    {"7.4, 2^24, dense", 24, VGIC5_ABI_7_4, false, ALL, NONE, BANDWIDTH, 7, true},
    {"7.4, 2^24, every 1024th pending", 24, VGIC5_ABI_7_4, false, ALL, 1024, UNLIMITED, 7, true},
    {"7.4, 2^24, every 16th pending", 24, VGIC5_ABI_7_4, false, ALL, 16, UNLIMITED, 7, true},
    {"v1, two-level, 100 of 2^24", 24, VGIC5_ABI_V1, true, FEW, NONE, MILLISECOND, 41, false},
    {"v1, two-level, 1000 of 2^24", 24, VGIC5_ABI_V1, true, 10 * FEW, NONE, MILLISECOND, 41, false},
    {"v1, two-level, 1000 of 2^24, cold", 24, VGIC5_ABI_V1, true, 10 * FEW, NONE, UNLIMITED, 41,
     true},
    {"v1, two-level, 10000 of 2^24", 24, VGIC5_ABI_V1, true, 100 * FEW, NONE, UNLIMITED, 41, false},
    {"v1, linear, 1000 of 2^22", 22, VGIC5_ABI_V1, false, 1000, NONE, BANDWIDTH, 21, true},
    {"v1, linear, 1000 of 2^24", 24, VGIC5_ABI_V1, false, 1000, NONE, BANDWIDTH, 7, true},
    {"7.4, 1000 of 2^22", 22, VGIC5_ABI_7_4, false, 1000, NONE, BANDWIDTH, 21, true},
    {"7.4, 1000 of 2^24", 24, VGIC5_ABI_7_4, false, 1000, NONE, BANDWIDTH, 7, true},
};
#define NR_SETTINGS (sizeof(settings) / sizeof(*settings))

enum direction { SAVE, RESTORE, NR_DIRECTIONS };
static const char *const directions[] = {[SAVE] = "save", [RESTORE] = "restore"};

struct transfer {
    const struct transfer_setting *setting;
    struct vmm *vmm;
    size_t bytes; /* of the table */
    uint32_t *image, *copy;
    uint32_t spis[SPIS];
    double ns[NR_DIRECTIONS][MAX_REPEATS], memcpy_ns[NR_DIRECTIONS][MAX_REPEATS];
};

/* The n-th LPI that is used, of 2^id_bits. */
static uint32_t scattered(uint32_t n, uint32_t id_bits)
{
    return n * 2654435761u >> (32 - id_bits);
}

static uint32_t some_word(const struct transfer_setting *s, uint32_t id)
{
    return VGIC5_ISTE_ENABLE | VGIC5_FIELD(ISTE_PRIORITY, scattered(id, 5)) |
           VGIC5_FIELD(ISTE_IAFFID, (s->pending ? id / 64 : id) % NR_PES) |
           (s->pending && id % s->pending == 0 ? VGIC5_ISTE_PENDING : 0);
}

static void fill(const struct transfer_setting *s, uint32_t *words)
{
    for (uint32_t id = 0; s->used == ALL && id < 1u << s->id_bits; id++)
        words[id] = some_word(s, id);
    for (uint32_t n = 0; n < s->used; n++)
        words[scattered(n, s->id_bits)] = some_word(s, n);
}

static struct vmm *open_subject(const struct transfer_setting *s)
{
    struct subject_shape shape = {.nr_pes = NR_PES,
                                  .lpi_id_bits = (uint8_t)s->id_bits,
                                  .abi = s->abi,
                                  .two_level = s->two_level,
                                  .ram_size = ((size_t)4 << s->id_bits) + (1u << 20)};
    return subject_open(&shape);
}

static int attr_ist(struct transfer *t, struct vmm *vmm, bool is_set)
{
    struct vgic5_ist buffers = {(uintptr_t)t->spis, sizeof(t->spis), (uintptr_t)t->image, t->bytes};
    void *payload = t->setting->abi == VGIC5_ABI_V1 ? (void *)t->spis : (void *)&buffers;
    return is_set ? vmm_set(vmm, VGIC5_GRP_IST, 0, payload)
                  : vmm_get(vmm, VGIC5_GRP_IST, 0, payload);
}

/* The registers that a restore sets before GRP_IST. */
static void restore_registers(const struct transfer_setting *s, struct vmm *vmm)
{
    uint64_t cfgr = s->id_bits | (s->two_level ? 1u << 16 : 0);
    uint64_t baser = VMM_RAM_BASE | 1;
    vmm_set(vmm, VGIC5_GRP_IRS_REGS, VGIC5_IRS_IST_CFGR, &cfgr);
    vmm_set(vmm, VGIC5_GRP_IRS_REGS, VGIC5_IRS_IST_BASER, &baser);
}

static int populate_two_levels(const struct transfer_setting *s, struct vmm *vmm)
{
    subject_two_level_table(vmm, s->id_bits);
    for (uint32_t n = 0; n < s->used; n++) {
        uint32_t id = scattered(n, s->id_bits);
        subject_map_l2(vmm, id);
        vmm_msr(vmm->vcpu[0], VGIC5_CDAFF, (uint64_t)(n % NR_PES) << 32 | LPI(id));
        vmm_msr(vmm->vcpu[0], VGIC5_CDEN, LPI(id));
    }
    return 0;
}

static int set_up(struct transfer *t, const struct transfer_setting *s)
{
    *t = (struct transfer){.setting = s, .bytes = (size_t)4 << s->id_bits};
    t->vmm = open_subject(s);
    t->image = calloc(1, t->bytes);
    t->copy = calloc(1, t->bytes);
    if (!t->vmm || !t->image || !t->copy)
        return report_failure("no memory");
    memset(t->copy, 1, t->bytes);
    if (s->two_level)
        return populate_two_levels(s, t->vmm);
    fill(s, t->image);
    if (s->abi == VGIC5_ABI_V1)
        memcpy(subject_words(t->vmm), t->image, t->bytes);
    restore_registers(s, t->vmm);
    return attr_ist(t, t->vmm, true) ? report_failure("GRP_IST refused") : 0;
}

/* So that every block that is used has to be written. */
static void touch(struct transfer *t)
{
    const struct transfer_setting *s = t->setting;
    uint32_t nr = s->used == ALL ? (uint32_t)(t->bytes / 256) : s->used;
    for (uint32_t n = 0; n < nr; n++)
        vmm_msr(t->vmm->vcpu[0], VGIC5_CDPRI,
                3ull << 35 | LPI(s->used == ALL ? n * 64 : scattered(n, s->id_bits)));
}

static double timed_save(struct transfer *t)
{
    touch(t);
    uint64_t start = measure_cpu_ns();
    int ret = attr_ist(t, t->vmm, false);
    double ns = (double)(measure_cpu_ns() - start);
    return ret ? report_failure("GRP_IST cannot be got: %d", ret) : ns;
}

static double timed_restore(struct transfer *t)
{
    struct vmm *vmm = open_subject(t->setting);
    if (!vmm)
        return -1;
    void *own = vmm->ram; /* the guest's memory is there already */
    vmm->ram = t->vmm->ram;
    restore_registers(t->setting, vmm);
    uint64_t start = measure_cpu_ns();
    int ret = attr_ist(t, vmm, true);
    double ns = (double)(measure_cpu_ns() - start);
    vmm->ram = own;
    subject_close(vmm);
    return ret ? report_failure("GRP_IST cannot be set: %d", ret) : ns;
}

/* Under 7.4 a restore has to find memory for what the table says. Otherwise the table is where it
 * was, and the memcpy too writes where there is memory. */
static double timed_memcpy(struct transfer *t, enum direction direction)
{
    const struct transfer_setting *s = t->setting;
    bool fresh = direction == RESTORE && s->abi == VGIC5_ABI_7_4 && s->used == ALL;
    void *to = t->copy;
    uint64_t start = measure_cpu_ns();
    if (fresh)
        to = mmap(NULL, t->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (to == MAP_FAILED)
        return report_failure("no memory");
    memcpy(to, t->image, t->bytes);
    __asm__ volatile("" : : "r"(to) : "memory");
    double ns = (double)(measure_cpu_ns() - start);
    if (fresh)
        munmap(to, t->bytes);
    return ns;
}

static int measure_all(struct transfer *t)
{
    for (uint32_t i = 0; i < t->setting->repeats; i++) {
        for (int d = 0; d < NR_DIRECTIONS; d++) {
            t->ns[d][i] = d == SAVE ? timed_save(t) : timed_restore(t);
            t->memcpy_ns[d][i] = t->setting->cold ? timed_memcpy(t, d) : 0;
            if (t->ns[d][i] < 0 || t->memcpy_ns[d][i] < 0)
                return -1;
        }
    }
    return 0;
}

static void say_bandwidth(const struct transfer_setting *s, double ns, double memcpy_ns,
                          struct bench_report *report)
{
    report_value(report, memcpy_ns / 1e3, "us", "  memcpy of the same bytes");
    report_limited(report, memcpy_ns / ns, "ratio",
                   s->limit == BANDWIDTH ? BENCH_AT_LEAST : BENCH_NO_LIMIT, 0.5,
                   "  bandwidth to memcpy's");
}

/* Returns the median. */
static double say(struct transfer *t, enum direction d, struct bench_report *report)
{
    const struct transfer_setting *s = t->setting;
    double ns = measure_median(t->ns[d], s->repeats);
    report_limited(report, ns / 1e3, "us", s->limit == MILLISECOND ? BENCH_AT_MOST : BENCH_NO_LIMIT,
                   1000, "%s, %s", directions[d], s->name);
    if (!s->two_level)
        say_bandwidth(s, ns, measure_median(t->memcpy_ns[d], s->repeats), report);
    return ns;
}

/* Ten times the use, and a quarter for what does not grow evenly. */
static void say_growth(double ns[NR_SETTINGS][NR_DIRECTIONS], struct bench_report *report)
{
    size_t few = 0;
    while (settings[few].used != FEW)
        few++;
    for (int d = 0; d < NR_DIRECTIONS; d++)
        report_limited(report, ns[few + 1][d] / ns[few][d], "ratio", BENCH_AT_MOST, 12.5,
                       "%s, two-level, %u used to %u", directions[d], settings[few + 1].used, FEW);
}

static void tear_down(struct transfer *t)
{
    subject_close(t->vmm);
    free(t->image);
    free(t->copy);
}

int bench_transfer(const struct bench_options *options, struct bench_report *report)
{
    double ns[NR_SETTINGS][NR_DIRECTIONS];
    struct transfer *t = calloc(1, sizeof(*t));
    int ret = t ? 0 : report_failure("no memory");
    (void)options;
    for (size_t i = 0; i < NR_SETTINGS && !ret; i++) {
        ret = set_up(t, &settings[i]);
        if (!ret)
            ret = measure_all(t);
        for (int d = 0; d < NR_DIRECTIONS && !ret; d++)
            ns[i][d] = say(t, d, report);
        tear_down(t);
    }
    if (!ret)
        say_growth(ns, report);
    free(t);
    return ret;
}
