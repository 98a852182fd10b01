/* SPDX-License-Identifier: BSD-3-Clause */
/* What a device keeps of the host's memory: every allocation is counted, and what the process has
 * resident is read before and after. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "subject.h"
#include "report.h"

#define ID_BITS 24u
#define TABLE_BYTES ((size_t)4 << ID_BITS)
#define USED 1000u
#define KIB 1024.0

static double resident_bytes(void)
{
    unsigned long all = 0, resident = 0;
    malloc_trim(0); /* what was freed would be used again, and not counted */
    FILE *statm = fopen("/proc/self/statm", "r");
    if (!statm)
        return 0;
    if (fscanf(statm, "%lu %lu", &all, &resident) != 2)
        resident = 0;
    fclose(statm);
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

static uint32_t scattered(uint32_t n)
{
    return n * 2654435761u >> (32 - ID_BITS);
}

static void say(const struct vmm *vmm, double before, const char *how, struct bench_report *report)
{
    report_limited(report, (resident_bytes() - before) / KIB / KIB, "MiB", BENCH_AT_MOST, 8,
                   "2^24 LPIs configured, 1000 %s: resident", how);
    report_limited(report, (double)vmm->allocated / KIB / KIB, "MiB", BENCH_AT_MOST, 8,
                   "2^24 LPIs configured, 1000 %s: allocated", how);
}

/* The guest's table is only read, so that no page of it becomes resident (they are all the zero
 * page). */
static int use_scattered(struct bench_report *report)
{
    struct subject_shape shape = {.nr_pes = 1, .lpi_id_bits = ID_BITS, .ram_size = TABLE_BYTES};
    double before = resident_bytes();
    struct vmm *vmm = subject_open(&shape);
    if (!vmm)
        return -1;
    subject_linear_table(vmm, ID_BITS);
    subject_enable(vmm);
    for (uint32_t n = 0; n < USED; n++) {
        vmm_msr(vmm->vcpu[0], VGIC5_CDEN, LPI(scattered(n)));
        vmm_msr(vmm->vcpu[0], VGIC5_CDPEND, LPI(scattered(n)) | VGIC5_CDPEND_PENDING);
    }
    say(vmm, before, "used and pending", report);
    subject_close(vmm);
    return 0;
}

/* GRP_IST of 7.4: the whole table comes as an image, which is the VMM's memory. */
static int restore_image(struct vmm *vmm, uint32_t *image)
{
    uint32_t spis[VGIC5_NR_SPIS_DEFAULT] = {0};
    const uint64_t buffers[4] = {(uintptr_t)spis, sizeof(spis), (uintptr_t)image, TABLE_BYTES};
    const uint64_t cfgr = ID_BITS, baser = VMM_RAM_BASE | 1;
    int ret = vmm_set(vmm, VGIC5_GRP_IRS_REGS, VGIC5_IRS_IST_CFGR, &cfgr);
    if (!ret)
        ret = vmm_set(vmm, VGIC5_GRP_IRS_REGS, VGIC5_IRS_IST_BASER, &baser);
    return ret ? ret : vmm_set(vmm, VGIC5_GRP_IST, 0, buffers);
}

static int restore_scattered(struct bench_report *report)
{
    struct subject_shape shape = {
        .nr_pes = 1, .lpi_id_bits = ID_BITS, .abi = VGIC5_ABI_7_4, .ram_size = 4096};
    uint32_t *image = calloc(1, TABLE_BYTES);
    for (uint32_t n = 0; image && n < USED; n++)
        image[scattered(n)] = VGIC5_ISTE_ENABLE;
    double before = resident_bytes();
    struct vmm *vmm = image ? subject_open(&shape) : NULL;
    int ret = vmm && restore_image(vmm, image) == 0 ? 0 : report_failure("no restore");
    if (!ret)
        say(vmm, before, "enabled and restored, 7.4", report);
    subject_close(vmm);
    free(image);
    return ret;
}

static int per_pe(struct bench_report *report)
{
    struct subject_shape one = {.nr_pes = 1, .lpi_id_bits = ID_BITS, .ram_size = 4096};
    struct subject_shape many = {.nr_pes = 512, .lpi_id_bits = ID_BITS, .ram_size = 4096};
    struct vmm *a = subject_open(&one), *b = subject_open(&many);
    int ret = a && b ? 0 : -1;
    if (!ret)
        report_limited(report, (double)(b->allocated - a->allocated) / 511 / KIB, "KiB",
                       BENCH_AT_MOST, 16, "each PE of 512");
    subject_close(a);
    subject_close(b);
    return ret;
}

int bench_memory(const struct bench_options *options, struct bench_report *report)
{
    (void)options;
    int ret = use_scattered(report);
    if (!ret)
        ret = restore_scattered(report);
    return ret ? ret : per_pe(report);
}
