/* SPDX-License-Identifier: BSD-3-Clause */
/* Everything else that a guest or a device does often, once with nothing else pending and once with
 * 65,534 LPIs pending; what concerns the config frame alone, on one PE and on 512. */
#include "subject.h"
#include "measure.h"
#include "report.h"

#define BATCHES 31u
#define TIMES 4000u
#define ID_BITS 16u
#define PENDING 65534u
#define PROBED 65535u /* the LPI that is reconfigured; pending too */
#define SPI_EDGE 3u
#define SPI_LEVEL 4u
#define SPI_TAKEN 5u /* an edge that is acknowledged and retired; the others stay pending */
#define PRIORITY_TAKEN 4u
#define PRIORITY_OTHERS 20u
#define NR_PES 512u

static void spi_edge(void *context, uint32_t times)
{
    struct vmm *vmm = context;
    for (uint32_t i = 0; i < times; i++)
        vgic5_irq_line(vmm->device, VGIC5_IRQ_SPI(SPI_EDGE), i & 1);
}

static void spi_edge_taken(void *context, uint32_t times)
{
    struct vmm *vmm = context;
    for (uint32_t i = 0; i < times; i++) {
        vgic5_irq_line(vmm->device, VGIC5_IRQ_SPI(SPI_TAKEN), true);
        uint64_t taken = vmm_mrs(vmm->vcpu[0], VGIC5_CDIA);
        vmm_msr(vmm->vcpu[0], VGIC5_CDEOI, 0);
        vmm_msr(vmm->vcpu[0], VGIC5_CDDI, taken & 0xffffffffu);
        vgic5_irq_line(vmm->device, VGIC5_IRQ_SPI(SPI_TAKEN), false);
    }
}

static void spi_level(void *context, uint32_t times)
{
    struct vmm *vmm = context;
    for (uint32_t i = 0; i < times; i++)
        vgic5_irq_line(vmm->device, VGIC5_IRQ_SPI(SPI_LEVEL), i & 1);
}

static void ppi_level(void *context, uint32_t times)
{
    struct vmm *vmm = context;
    for (uint32_t i = 0; i < times; i++)
        vgic5_ppi_line(vmm->vcpu[0], VGIC5_PPI_CNTV, i & 1);
}

static void frame_read(void *context, uint32_t times)
{
    uint64_t value;

    for (uint32_t i = 0; i < times; i++)
        vmm_mmio_read(context, VGIC5_IRS_IST_STATUSR, 4, &value);
}

static void frame_write(void *context, uint32_t times)
{
    for (uint32_t i = 0; i < times; i++)
        vmm_mmio_write(context, VGIC5_IRS_SPI_SELR, 4, i % 32);
}

static void cdpri(void *context, uint32_t times)
{
    struct vmm *vmm = context;
    for (uint32_t i = 0; i < times; i++)
        vmm_msr(vmm->vcpu[0], VGIC5_CDPRI, (uint64_t)(8 + i % 2) << 35 | LPI(PROBED));
}

static void cdaff(void *context, uint32_t times)
{
    struct vmm *vmm = context;
    for (uint32_t i = 0; i < times; i++)
        vmm_msr(vmm->vcpu[0], VGIC5_CDAFF, (uint64_t)((i + 1) % 2) << 32 | LPI(PROBED));
}

static void enable_and_disable(void *context, uint32_t times)
{
    struct vmm *vmm = context;
    for (uint32_t i = 0; i < times; i++)
        vmm_msr(vmm->vcpu[0], i & 1 ? VGIC5_CDEN : VGIC5_CDDIS, LPI(PROBED));
}

static void cdrcfg(void *context, uint32_t times)
{
    struct vmm *vmm = context;
    for (uint32_t i = 0; i < times; i++) {
        vmm_msr(vmm->vcpu[0], VGIC5_CDRCFG, LPI(PROBED));
        vmm_mrs(vmm->vcpu[0], VGIC5_ICC_ICSR);
    }
}

static void irsen(void *context, uint32_t times)
{
    for (uint32_t i = 0; i < times; i++)
        vmm_mmio_write(context, VGIC5_IRS_CR0, 4, i & 1);
}

static void hppir(void *context, uint32_t times)
{
    struct vmm *vmm = context;
    for (uint32_t i = 0; i < times; i++)
        vmm_mrs(vmm->vcpu[0], VGIC5_ICC_HPPIR);
}

static void pcr(void *context, uint32_t times)
{
    struct vmm *vmm = context;
    for (uint32_t i = 0; i < times; i++)
        vmm_msr(vmm->vcpu[0], VGIC5_ICC_PCR, i & 1 ? 31 : 0);
}

static void register_reads(void *context, uint32_t times)
{
    static const uint16_t encodings[] = {VGIC5_ICC_CR0, VGIC5_ICC_PCR, VGIC5_ICC_APR,
                                         VGIC5_ICC_ICSR, VGIC5_ICC_PPI_ENABLER(0)};
    struct vmm *vmm = context;
    for (uint32_t i = 0; i < times; i++)
        vmm_mrs(vmm->vcpu[0], encodings[i % (sizeof(encodings) / sizeof(*encodings))]);
}

static void ppi_enabler(void *context, uint32_t times)
{
    struct vmm *vmm = context;
    for (uint32_t i = 0; i < times; i++)
        vmm_msr(vmm->vcpu[0], VGIC5_ICC_PPI_ENABLER(0), i & 1 ? ~0ull : 0);
}

static void ppi_priorityr(void *context, uint32_t times)
{
    struct vmm *vmm = context;
    for (uint32_t i = 0; i < times; i++)
        vmm_msr(vmm->vcpu[0], VGIC5_ICC_PPI_PRIORITYR(0) + VGIC5_PPI_CNTV / 8,
                (uint64_t)PRIORITY_OTHERS << VGIC5_PPI_CNTV % 8 * 8);
}

static const struct {
    const char *name;
    void (*batch)(void *context, uint32_t times);
} accesses[] = {
    {"SPI wire, edge: up or down", spi_edge},
    {"SPI wire, edge: up, acknowledged, EOI, deactivated, down", spi_edge_taken},
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
    {"read of ICC_CR0, PCR, APR, ICSR or PPI_ENABLER", register_reads},
    {"write of ICC_PPI_ENABLER", ppi_enabler},
    {"write of ICC_PPI_PRIORITYR", ppi_priorityr},
};
#define NR_ACCESSES (sizeof(accesses) / sizeof(*accesses))

static void configure(struct vmm *vmm)
{
    for (uint32_t spi = SPI_EDGE; spi <= SPI_TAKEN; spi++) {
        uint64_t priority = spi == SPI_TAKEN ? PRIORITY_TAKEN : PRIORITY_OTHERS;
        vmm_mmio_write(vmm, VGIC5_IRS_SPI_SELR, 4, spi);
        vmm_mmio_write(vmm, VGIC5_IRS_SPI_CFGR, 4, spi == SPI_LEVEL);
        vmm_msr(vmm->vcpu[0], VGIC5_CDEN, VGIC5_INTID(VGIC5_SPI, spi));
        vmm_msr(vmm->vcpu[0], VGIC5_CDPRI, priority << 35 | VGIC5_INTID(VGIC5_SPI, spi));
    }
    vmm_msr(vmm->vcpu[0], VGIC5_ICC_PPI_ENABLER(0), ~0ull);
    ppi_priorityr(vmm, 1);
    vmm_msr(vmm->vcpu[0], VGIC5_CDPEND, LPI(PROBED) | VGIC5_CDPEND_PENDING);
}

static struct vmm *set_up(uint32_t pending)
{
    struct subject_shape shape = {.nr_pes = 2, .lpi_id_bits = ID_BITS, .ram_size = 4u << ID_BITS};
    struct vmm *vmm = subject_open(&shape);
    if (!vmm)
        return NULL;
    subject_fill_table(vmm, 1u << ID_BITS, VGIC5_ISTE_ENABLE | VGIC5_FIELD(ISTE_PRIORITY, 24));
    subject_linear_table(vmm, ID_BITS);
    subject_enable(vmm);
    for (uint32_t id = 0; id < pending; id++)
        vmm_msr(vmm->vcpu[0], VGIC5_CDPEND, LPI(id) | VGIC5_CDPEND_PENDING);
    configure(vmm);
    return vmm;
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

/* With locks, which a machine of many PEs has many of. */
static struct vmm *set_up_pes(uint32_t nr_pes)
{
    struct subject_shape shape = {
        .nr_pes = nr_pes, .lpi_id_bits = ID_BITS, .threads = true, .ram_size = 4096};
    return subject_open(&shape);
}

static int compare_pes(struct bench_report *report)
{
    struct vmm *one = set_up_pes(1), *many = set_up_pes(NR_PES);
    struct measure_case cases[] = {{frame_read, one, TIMES, 0},
                                   {frame_read, many, TIMES, 0},
                                   {frame_write, one, TIMES, 0},
                                   {frame_write, many, TIMES, 0}};
    int ret = one && many ? 0 : -1;
    if (!ret) {
        measure(cases, 4, BATCHES);
        report_value(report, cases[1].ns, "ns", "config frame: read of IST_STATUSR, %u PEs, locks",
                     NR_PES);
        report_limited(report, cases[1].ns / cases[0].ns, "ratio", BENCH_AT_MOST, 1.5,
                       "  to one PE");
        report_value(report, cases[3].ns, "ns", "config frame: write of SPI_SELR, %u PEs, locks",
                     NR_PES);
        report_limited(report, cases[3].ns / cases[2].ns, "ratio", BENCH_AT_MOST, 1.5,
                       "  to one PE");
    }
    subject_close(one);
    subject_close(many);
    return ret;
}

int bench_accesses(const struct bench_options *options, struct bench_report *report)
{
    struct vmm *quiet = set_up(0), *busy = set_up(PENDING);
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
    subject_close(quiet);
    subject_close(busy);
    return status ? status : compare_pes(report);
}
