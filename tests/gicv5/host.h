/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VMM for tests: guest memory, allocation and lines behind the library's host services, each of
 * which can be made to fail.
 */
#ifndef TESTS_GICV5_HOST_H
#define TESTS_GICV5_HOST_H

#include <vgic5/device.h>

#define HOST_MAX_VCPUS VGIC5_MAX_VCPUS
#define HOST_RAM_BASE 0x40000000ull
#define HOST_RAM_SIZE 0x100000u

struct machine {
    struct vgic5 *device;
    struct vgic5_vcpu *vcpu[HOST_MAX_VCPUS];
    uint32_t id[HOST_MAX_VCPUS];
    uint32_t nr_vcpus;
    uint32_t nr_spis;

    uint8_t *ram;
    uint64_t ram_base;
    size_t ram_size;
    /* Accesses that touch [fault_base, fault_base + fault_size) answer -EFAULT. */
    uint64_t fault_base, fault_size;
    bool fault_reads, fault_writes;
    unsigned guest_reads, guest_writes;

    /* The allocation that fails: counts down to 0, then that one or all from there on. */
    bool alloc_faults, alloc_faults_go_on;
    long allocs_before_fault;
    long alloc_failures;
    size_t live_blocks;
    unsigned wrong_frees; /* freed with another size than allocated */

    enum vgic5_line told[HOST_MAX_VCPUS]; /* what the line callback said last */
    unsigned line_calls, useless_line_calls;
    int quiesce_answer;
    unsigned log_lines, bad_log_lines; /* bad: empty, or with a newline */
};

struct machine_options {
    const struct vgic5_config *config; /* NULL: defaults */
    uint32_t nr_vcpus;                 /* ids[], or 0..nr_vcpus-1 */
    const uint32_t *ids;
    uint32_t nr_spis; /* 0: not set */
    uint64_t ram_base;
    size_t ram_size;
    bool no_init;
    bool plain_alloc; /* the C library's */
};

/* The memory of a machine, without a device. */
void machine_prepare(struct machine *m, const struct machine_options *options);
/* Create, add vCPUs, ADDR, NR_IRQS, INIT. 0 or the first error; the device may exist then. */
int machine_build(struct machine *m, const struct machine_options *options);
/* Destroy the device; false when it leaked, or freed with a wrong size. */
bool machine_drop_device(struct machine *m);
void machine_free_ram(struct machine *m);

int machine_enter(struct machine *m);
void machine_leave(struct machine *m);

int attr_get(struct machine *m, uint32_t group, uint64_t attr, void *value);
int attr_set(struct machine *m, uint32_t group, uint64_t attr, const void *value);
int sysreg_get(struct machine *m, uint32_t vcpu, uint16_t encoding, uint64_t *value);
int sysreg_set(struct machine *m, uint32_t vcpu, uint16_t encoding, uint64_t value);
int irs_get(struct machine *m, uint32_t offset, uint64_t *value);
int irs_set(struct machine *m, uint32_t offset, uint64_t value);

/* Encodings of the ICC_*_EL1 registers and GIC instructions, as the architecture lists them. */
enum {
    ICC_PPI_HMR0 = 0xc650,
    ICC_PPI_HMR1 = 0xc651,
    ICC_IDR0 = 0xc652,
    ICC_HPPIR = 0xc653,
    ICC_ICSR = 0xc654,
    ICC_IAFFIDR = 0xc655,
    ICC_PPI_ENABLER0 = 0xc656,
    ICC_PPI_ENABLER1 = 0xc657,
    ICC_PPI_CACTIVER0 = 0xc668,
    ICC_PPI_CACTIVER1 = 0xc669,
    ICC_PPI_SACTIVER0 = 0xc66a,
    ICC_PPI_SACTIVER1 = 0xc66b,
    ICC_PPI_CPENDR0 = 0xc66c,
    ICC_PPI_CPENDR1 = 0xc66d,
    ICC_PPI_SPENDR0 = 0xc66e,
    ICC_PPI_SPENDR1 = 0xc66f,
    ICC_PPI_PRIORITYR0 = 0xc670, /* ..15 */
    ICC_APR = 0xce00,
    ICC_CR0 = 0xce01,
    ICC_PCR = 0xce02,
    ICC_HAPR = 0xce03,

    GSB_SYS = 0x4600,
    GSB_ACK = 0x4601,
    GIC_CDDIS = 0x4608,
    GIC_CDEN = 0x4609,
    GIC_CDPRI = 0x460a,
    GIC_CDAFF = 0x460b,
    GIC_CDPEND = 0x460c,
    GIC_CDRCFG = 0x460d,
    GIC_CDEOI = 0x460f,
    GIC_CDDI = 0x4610,
    GIC_CDHM = 0x4611,
    GICR_CDIA = 0x4618,
    GICR_CDNMIA = 0x4619,
};

/* Offsets of the CONFIG frame. */
enum {
    IRS_IDR0 = 0x000,
    IRS_IDR1 = 0x004,
    IRS_IDR2 = 0x008,
    IRS_IDR3 = 0x00c,
    IRS_IDR4 = 0x010,
    IRS_IDR5 = 0x014,
    IRS_IDR6 = 0x018,
    IRS_IDR7 = 0x01c,
    IRS_IIDR = 0x040,
    IRS_AIDR = 0x044,
    IRS_CR0 = 0x080,
    IRS_CR1 = 0x084,
    IRS_SYNCR = 0x0c0,
    IRS_SYNC_STATUSR = 0x0c4,
    IRS_SPI_VMR = 0x100,
    IRS_SPI_SELR = 0x108,
    IRS_SPI_DOMAINR = 0x10c,
    IRS_SPI_RESAMPLER = 0x110,
    IRS_SPI_CFGR = 0x114,
    IRS_SPI_STATUSR = 0x118,
    IRS_PE_SELR = 0x140,
    IRS_PE_STATUSR = 0x144,
    IRS_PE_CR0 = 0x148,
    IRS_IST_BASER = 0x180,
    IRS_IST_CFGR = 0x190,
    IRS_IST_STATUSR = 0x194,
    IRS_MAP_L2_ISTR = 0x1c0,
    IRS_DEVARCH = 0xffbc,
};

#endif
