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

#endif
