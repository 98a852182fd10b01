/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * GRP_IST, out of a device and into a new one, against memcpy of the same bytes. A save writes
 * where there is memory; a restore must find new memory for what it holds, and so does the memcpy
 * that it is compared with.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "machine.h"
#include "measure.h"
#include "report.h"

#define NR_PES 8u
#define USED 1000u  /* of a sparse table */
#define PENDING 64u /* of a dense one */
#define SPIS VGIC5_NR_SPIS_DEFAULT
#define MAX_REPEATS 64u

/* What is in the table. */
enum content {
    DENSE,     /* every LPI configured, neighbours target different PEs; 64 are pending */
    IN_FLIGHT, /* every LPI configured, every 16th pending, 64 neighbours target one PE */
    SPARSE,    /* 1,000 LPIs configured, scattered over all of a two-level table */
};

struct setting {
    const char *name;
    uint32_t id_bits, abi, repeats;
    enum content content;
};

static const struct setting settings[] = {
    {"v1, 2^16, dense", 16, VGIC5_ABI_V1, 41, DENSE},
    {"v1, 2^16, every 16th pending", 16, VGIC5_ABI_V1, 41, IN_FLIGHT},
    {"7.4, 2^16, dense", 16, VGIC5_ABI_7_4, 41, DENSE},
    {"7.4, 2^16, every 16th pending", 16, VGIC5_ABI_7_4, 41, IN_FLIGHT},
    {"v1, 2^24, dense", 24, VGIC5_ABI_V1, 7, DENSE},
    {"v1, 2^24, every 16th pending", 24, VGIC5_ABI_V1, 7, IN_FLIGHT},
    {"7.4, 2^24, dense", 24, VGIC5_ABI_7_4, 7, DENSE},
    {"7.4, 2^24, every 16th pending", 24, VGIC5_ABI_7_4, 7, IN_FLIGHT},
    {"v1, 1000 of 2^24, two-level", 24, VGIC5_ABI_V1, 41, SPARSE},
};
#define NR_SETTINGS (sizeof(settings) / sizeof(*settings))

/* GRP_IST's payload of 7.4. */
struct buffers {
    uint64_t spi_addr, spi_size, lpi_addr, lpi_size;
};

struct transfer {
    const struct setting *setting;
    struct machine *m;
    size_t bytes; /* of the table */
    uint32_t *image, *copy;
    uint32_t spis[SPIS];
    double save[MAX_REPEATS], restore[MAX_REPEATS], warm[MAX_REPEATS], fresh[MAX_REPEATS];
};

static uint32_t scattered(uint32_t n)
{
    return n * 2654435761u >> 8; /* 24 bits */
}

static void fill(const struct transfer *t, uint32_t *words)
{
    for (uint32_t id = 0; id < t->bytes / 4; id++) {
        bool dense = t->setting->content == DENSE;
        words[id] = ISTE_ENABLE | ISTE_PRIORITY(scattered(id) % 32) |
                    ISTE_IAFFID((dense ? id : id / 64) % NR_PES) |
                    (!dense && id % 16 == 0 ? ISTE_PENDING : 0);
    }
    for (uint32_t n = 0; n < PENDING; n++)
        words[scattered(n) % (t->bytes / 4)] |= ISTE_PENDING;
}

static struct machine *new_machine(const struct setting *s)
{
    bool sparse = s->content == SPARSE;
    struct machine_shape shape = {.nr_pes = NR_PES, .lpi_id_bits = (uint8_t)s->id_bits,
                                  .abi = s->abi, .two_level = sparse,
                                  .ram_size = ((size_t)4 << s->id_bits) + (1u << 20)};
    return machine_new(&shape);
}

static int attr_ist(struct transfer *t, struct machine *m, bool is_set)
{
    struct buffers buffers = {(uintptr_t)t->spis, sizeof(t->spis), (uintptr_t)t->image, t->bytes};
    void *payload = t->setting->abi == VGIC5_ABI_V1 ? (void *)t->spis : (void *)&buffers;
    return is_set ? attr_set(m, VGIC5_GRP_IST, 0, payload) : attr_get(m, VGIC5_GRP_IST, 0, payload);
}

/* The registers that a restore sets before GRP_IST. */
static void restore_registers(struct transfer *t, struct machine *m)
{
    uint64_t cfgr = t->setting->id_bits | (t->setting->content == SPARSE ? 1u << 16 : 0);
    uint64_t baser = MACHINE_RAM | 1;
    attr_set(m, VGIC5_GRP_IRS_REGS, IRS_IST_CFGR, &cfgr);
    attr_set(m, VGIC5_GRP_IRS_REGS, IRS_IST_BASER, &baser);
}

static int populate_sparse(struct machine *m, uint32_t id_bits)
{
    machine_two_level_table(m, id_bits);
    for (uint32_t n = 0; n < USED; n++) {
        machine_map_l2(m, scattered(n));
        msr(m->pe[0], CDAFF, (uint64_t)(n % NR_PES) << 32 | LPI(scattered(n)));
        msr(m->pe[0], CDEN, LPI(scattered(n)));
    }
    return 0;
}

static int set_up(struct transfer *t, const struct setting *s)
{
    *t = (struct transfer){.setting = s, .bytes = (size_t)4 << s->id_bits};
    t->m = new_machine(s);
    t->image = malloc(t->bytes);
    t->copy = calloc(1, t->bytes);
    if (!t->m || !t->image || !t->copy)
        return report_failure("no memory");
    memset(t->copy, 1, t->bytes);
    if (s->content == SPARSE)
        return populate_sparse(t->m, s->id_bits);
    fill(t, t->image);
    if (s->abi == VGIC5_ABI_V1)
        memcpy(machine_words(t->m), t->image, t->bytes);
    restore_registers(t, t->m);
    return attr_ist(t, t->m, true) ? report_failure("GRP_IST refused") : 0;
}

/* So that every block that is used has to be written. */
static void touch(struct transfer *t)
{
    bool sparse = t->setting->content == SPARSE;
    uint32_t nr = sparse ? USED : (uint32_t)(t->bytes / 256);
    for (uint32_t n = 0; n < nr; n++)
        msr(t->m->pe[0], CDPRI, 3ull << 35 | LPI(sparse ? scattered(n) : n * 64));
}

static double timed_save(struct transfer *t)
{
    touch(t);
    uint64_t start = measure_cpu_ns();
    int error = attr_ist(t, t->m, false);
    double ns = (double)(measure_cpu_ns() - start);
    return error ? report_failure("GRP_IST cannot be got: %d", error) : ns;
}

static double timed_restore(struct transfer *t)
{
    struct machine *m = new_machine(t->setting);
    if (!m)
        return -1;
    void *own = m->ram; /* the guest's memory is there already */
    m->ram = t->m->ram;
    restore_registers(t, m);
    uint64_t start = measure_cpu_ns();
    int error = attr_ist(t, m, true);
    double ns = (double)(measure_cpu_ns() - start);
    m->ram = own;
    machine_drop(m);
    return error ? report_failure("GRP_IST cannot be set: %d", error) : ns;
}

static double timed_memcpy(struct transfer *t, bool fresh)
{
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
        bool compared = t->setting->content != SPARSE;
        t->save[i] = timed_save(t);
        t->warm[i] = compared ? timed_memcpy(t, false) : 0;
        t->restore[i] = timed_restore(t);
        t->fresh[i] = compared ? timed_memcpy(t, true) : 0;
        if (t->save[i] < 0 || t->restore[i] < 0 || t->fresh[i] < 0)
            return -1;
    }
    return 0;
}

static void say_direction(struct transfer *t, double *own, double *memcpys, const char *direction,
                          struct bench_report *report)
{
    double ns = measure_median(own, t->setting->repeats);
    if (t->setting->content == SPARSE) {
        report_limited(report, ns / 1e6, "ms", BENCH_AT_MOST, 1, "%s, %s", direction,
                       t->setting->name);
        return;
    }
    double copy = measure_median(memcpys, t->setting->repeats);
    report_value(report, ns / 1e3, "us", "%s, %s", direction, t->setting->name);
    report_value(report, copy / 1e3, "us", "  memcpy of the same bytes");
    report_limited(report, copy / ns, "ratio",
                   t->setting->content == DENSE ? BENCH_AT_LEAST : BENCH_NO_LIMIT, 0.5,
                   "  bandwidth to memcpy's");
}

int bench_transfer(const struct bench_options *options, struct bench_report *report)
{
    struct transfer *t = calloc(1, sizeof(*t));
    int status = t ? 0 : report_failure("no memory");
    (void)options;
    for (size_t i = 0; i < NR_SETTINGS && !status; i++) {
        status = set_up(t, &settings[i]);
        if (!status)
            status = measure_all(t);
        if (!status) {
            say_direction(t, t->save, t->warm, "save", report);
            say_direction(t, t->restore, t->fresh, "restore", report);
        }
        machine_drop(t->m);
        free(t->image);
        free(t->copy);
    }
    free(t);
    return status;
}
