/* SPDX-License-Identifier: BSD-3-Clause */
/* Everything else that a guest or a device does often, once with nothing else pending and once with
 * 65,534 LPIs pending. */
#include "machine.h"
#include "measure.h"
#include "report.h"

#define BATCHES 31u
#define TIMES 4000u
#define ID_BITS 16u
#define PENDING 65534u
#define PROBED 65535u /* the LPI that is reconfigured; pending too */
#define SPI_EDGE 3u
#define SPI_LEVEL 4u

static void spi_edge(void *context, uint32_t times)
{
    struct machine *m = context;
    for (uint32_t i = 0; i < times; i++)
        vgic5_irq_line(m->device, VGIC5_IRQ_SPI(SPI_EDGE), i & 1);
}

static void spi_level(void *context, uint32_t times)
{
    struct machine *m = context;
    for (uint32_t i = 0; i < times; i++)
        vgic5_irq_line(m->device, VGIC5_IRQ_SPI(SPI_LEVEL), i & 1);
}

static void ppi_level(void *context, uint32_t times)
{
    struct machine *m = context;
    for (uint32_t i = 0; i < times; i++)
        vgic5_ppi_line(m->pe[0], VGIC5_PPI_CNTV, i & 1);
}

static void frame_read(void *context, uint32_t times)
{
    for (uint32_t i = 0; i < times; i++)
        mmio_read(context, IRS_IST_STATUSR, 4);
}

static void frame_write(void *context, uint32_t times)
{
    for (uint32_t i = 0; i < times; i++)
        mmio_write(context, IRS_SPI_SELR, 4, i % 32);
}

static void cdpri(void *context, uint32_t times)
{
    struct machine *m = context;
    for (uint32_t i = 0; i < times; i++)
        msr(m->pe[0], CDPRI, (uint64_t)(8 + i % 2) << 35 | LPI(PROBED));
}

static void cdaff(void *context, uint32_t times)
{
    struct machine *m = context;
    for (uint32_t i = 0; i < times; i++)
        msr(m->pe[0], CDAFF, (uint64_t)((i + 1) % 2) << 32 | LPI(PROBED));
}

static void enable_and_disable(void *context, uint32_t times)
{
    struct machine *m = context;
    for (uint32_t i = 0; i < times; i++)
        msr(m->pe[0], i & 1 ? CDEN : CDDIS, LPI(PROBED));
}

static void cdrcfg(void *context, uint32_t times)
{
    struct machine *m = context;
    for (uint32_t i = 0; i < times; i++) {
        msr(m->pe[0], CDRCFG, LPI(PROBED));
        mrs(m->pe[0], ICC_ICSR);
    }
}

static void irsen(void *context, uint32_t times)
{
    for (uint32_t i = 0; i < times; i++)
        mmio_write(context, IRS_CR0, 4, i & 1);
}

static void hppir(void *context, uint32_t times)
{
    struct machine *m = context;
    for (uint32_t i = 0; i < times; i++)
        mrs(m->pe[0], ICC_HPPIR);
}

static void pcr(void *context, uint32_t times)
{
    struct machine *m = context;
    for (uint32_t i = 0; i < times; i++)
        msr(m->pe[0], ICC_PCR, i & 1 ? 31 : 0);
}

static const struct {
    const char *name;
    void (*batch)(void *context, uint32_t times);
} accesses[] = {
    {"SPI wire, edge: up or down", spi_edge},
    {"SPI wire, level: up or down", spi_level},
    {"PPI wire, level: up or down", ppi_level},
    {"config frame: read of IST_STATUSR", frame_read},
    {"config frame: write of SPI_SELR", frame_write},
    {"CDPRI of a pending LPI", cdpri},
    {"CDAFF of a pending LPI, to the other PE", cdaff},
    {"CDDIS or CDEN of a pending LPI", enable_and_disable},
    {"CDRCFG and a read of ICC_ICSR", cdrcfg},
    {"IRSEN, on or off", irsen},
    {"read of ICC_HPPIR", hppir},
    {"write of ICC_PCR", pcr},
};
#define NR_ACCESSES (sizeof(accesses) / sizeof(*accesses))

static void configure(struct machine *m)
{
    for (uint32_t spi = SPI_EDGE; spi <= SPI_LEVEL; spi++) {
        mmio_write(m, IRS_SPI_SELR, 4, spi);
        mmio_write(m, IRS_SPI_CFGR, 4, spi == SPI_LEVEL);
        msr(m->pe[0], CDEN, VGIC5_INTID(VGIC5_SPI, spi));
    }
    msr(m->pe[0], ICC_PPI_ENABLER0, ~0ull);
    msr(m->pe[0], CDPEND, LPI(PROBED) | 1ull << 32);
}

static struct machine *set_up(uint32_t pending)
{
    struct machine_shape shape = {.nr_pes = 2, .lpi_id_bits = ID_BITS, .ram_size = 4u << ID_BITS};
    struct machine *m = machine_new(&shape);
    if (!m)
        return NULL;
    machine_fill_table(m, 1u << ID_BITS, ISTE_ENABLE | ISTE_PRIORITY(24));
    machine_linear_table(m, ID_BITS);
    machine_enable(m);
    for (uint32_t id = 0; id < pending; id++)
        msr(m->pe[0], CDPEND, LPI(id) | 1ull << 32);
    configure(m);
    return m;
}

static void say(const struct measure_case cases[2 * NR_ACCESSES], struct bench_report *report)
{
    for (size_t i = 0; i < NR_ACCESSES; i++) {
        const struct measure_case *c = &cases[2 * i];
        report_value(report, c[0].ns, "ns", "%s", accesses[i].name);
        report_limited(report, c[1].ns / c[0].ns, "ratio", BENCH_AT_MOST, 1.5,
                       "  with %u pending to none", PENDING);
    }
}

int bench_accesses(const struct bench_options *options, struct bench_report *report)
{
    struct machine *quiet = set_up(0), *busy = set_up(PENDING);
    struct measure_case cases[2 * NR_ACCESSES];
    int status = quiet && busy ? 0 : -1;
    (void)options;
    for (size_t i = 0; i < NR_ACCESSES; i++) {
        cases[2 * i] = (struct measure_case){accesses[i].batch, quiet, TIMES, 0};
        cases[2 * i + 1] = (struct measure_case){accesses[i].batch, busy, TIMES, 0};
    }
    if (!status) {
        measure(cases, 2 * NR_ACCESSES, BATCHES);
        say(cases, report);
    }
    machine_drop(quiet);
    machine_drop(busy);
    return status;
}
