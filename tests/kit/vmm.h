/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The miniature VMM of all tests, fuzzers and benchmarks: guest memory, allocations, lines and the
 * caller's memory behind the library's host services. Each is counted, and fails on request.
 * Nothing here ends a test: who asserts looks at the answers and the counts.
 */
#ifndef TESTS_KIT_VMM_H
#define TESTS_KIT_VMM_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vgic5/device.h>

#include "facts/map.h"

#define VMM_RAM_BASE ((uint64_t)MAP_RAM_BASE)
#define VMM_RAM_SIZE 0x100000u
/* Addresses below this are in nobody's memory: a caller's access there is EFAULT. */
#define VMM_NOWHERE_BELOW UINT64_C(4096)

struct vmm {
    struct vgic5 *device;
    struct vgic5_vcpu *vcpu[VGIC5_MAX_VCPUS]; /* those of vmm_add_vcpu, in that order */
    uint32_t id[VGIC5_MAX_VCPUS];
    uint32_t nr_vcpus;
    uint32_t nr_spis;

    uint8_t *ram;
    uint64_t ram_base;
    size_t ram_size;
    bool ram_is_gone; /* guest memory cannot be reached, */
    /* nor can [hole, hole + hole_size), by reads, by writes or by both. hole_size 0: a page;
     * hole_answer 0: -EFAULT. */
    uint64_t hole, hole_size;
    enum { VMM_NO_ACCESS, VMM_NO_READS, VMM_NO_WRITES } hole_for;
    int hole_answer;
    unsigned guest_reads, guest_writes;
    unsigned valid_writes; /* of these: one that sets bit 0 of 8 bytes */

    unsigned alloc_fault_at; /* the n-th allocation fails, */
    bool alloc_faults_go_on; /* and all after it */
    unsigned alloc_failures;
    unsigned outstanding; /* allocations that were not freed, */
    size_t allocated;     /* and their bytes */
    unsigned wrong_frees; /* freed with another size than allocated */

    unsigned caller_fault_at; /* the n-th access to the caller's memory faults */

    int quiesce_answer;     /* of host.quiesce, */
    unsigned quiesce_times; /* for that many calls (UINT_MAX: for ever) */
    unsigned quiesce_calls;
    int claim_answer;        /* of host.claim, once */
    unsigned claims;         /* how often it was asked, */
    uint32_t claimed;        /* and for which highest id; */
    unsigned bad_claims;     /* not for the vCPUs that there are */
    unsigned deactivations;  /* of level SPIs, that were heard of, */
    uint32_t deactivated;    /* and the last one's number; */
    bool lowers_deactivated; /* whose wire is lowered then */
    unsigned logs;
    unsigned bad_logs;                     /* no words, or a newline */
    unsigned lines;                        /* calls of host.line */
    unsigned useless_lines;                /* that said what the vCPU had heard */
    enum vgic5_line told[VGIC5_MAX_VCPUS]; /* what the vCPU heard last */
};

/* ---- The host services ----------------------------------------------------------------------- */

/* All of them; `opaque` is the struct vmm, or a struct that begins with one. Copy, and replace what
 * a test does otherwise. Threads may call them at a time, as far as guest memory allows. */
extern const struct vgic5_host vmm_host;

int vmm_read_guest(void *vmm, uint64_t ipa, void *to, size_t size);
int vmm_write_guest(void *vmm, uint64_t ipa, const void *from, size_t size);
/* The bytes, where all of them are RAM (a hole or not); or NULL. */
static inline uint8_t *vmm_ram_at(const struct vmm *vmm, uint64_t ipa, size_t size)
{
    if (ipa < vmm->ram_base || size > vmm->ram_size || ipa - vmm->ram_base > vmm->ram_size - size)
        return NULL;
    return vmm->ram + (ipa - vmm->ram_base);
}

/* ---- Life ------------------------------------------------------------------------------------ */

struct vmm_shape {
    const struct vgic5_config *config; /* NULL: defaults */
    const struct vgic5_host *host;     /* NULL: vmm_host */
    uint32_t nr_vcpus;                 /* ids[], or 0, 1, … */
    const uint32_t *ids;
    uint32_t nr_spis; /* 0: not set */
    uint64_t ram_base;
    size_t ram_size;
    bool no_init;
};

/* All zero, with RAM of this size at this address; 0: VMM_RAM_SIZE and VMM_RAM_BASE. False: there
 * is no memory. */
bool vmm_prepare(struct vmm *vmm, uint64_t ram_base, size_t ram_size);
/* A device (`host` may be NULL), its vCPUs, and all of it: vCPUs, ADDR, NR_IRQS, CTRL_INIT. 0 or
 * the first errno; the device may exist then. */
int vmm_create_device(struct vmm *vmm, const struct vgic5_config *config,
                      const struct vgic5_host *host);
int vmm_add_vcpu(struct vmm *vmm, uint32_t id);
int vmm_build(struct vmm *vmm, const struct vmm_shape *shape);
/* The device goes. False: it has left memory, freed with a wrong size, or said nonsense. */
bool vmm_drop_device(struct vmm *vmm);
void vmm_free_ram(struct vmm *vmm);

/* ---- The doors ------------------------------------------------------------------------------- */

int vmm_has(struct vmm *vmm, uint32_t group, uint64_t attr);
int vmm_get(struct vmm *vmm, uint32_t group, uint64_t attr, void *payload);
int vmm_set(struct vmm *vmm, uint32_t group, uint64_t attr, const void *payload);
int vmm_set_u64(struct vmm *vmm, uint32_t group, uint64_t attr, uint64_t value);

/* The guest's: false where the library says UNDEFINED, or no register. */
static inline bool vmm_mmio_write(struct vmm *vmm, uint64_t offset, unsigned size, uint64_t value)
{
    struct vgic5_mmio access = {
        .offset = offset, .value = value, .size = (uint8_t)size, .is_write = true};

    return vgic5_mmio(vmm->device, &access) == VGIC5_HANDLED;
}

static inline bool vmm_mmio_read(struct vmm *vmm, uint64_t offset, unsigned size, uint64_t *value)
{
    struct vgic5_mmio access = {.offset = offset, .size = (uint8_t)size};
    bool handled = vgic5_mmio(vmm->device, &access) == VGIC5_HANDLED;

    *value = access.value;
    return handled;
}

/* A GIC instruction or MSR, an MRS or SYSL, of one PE. */
static inline bool vmm_msr(struct vgic5_vcpu *vcpu, uint16_t encoding, uint64_t value)
{
    return vgic5_cpu_access(vcpu, encoding, true, &value) == VGIC5_HANDLED;
}

static inline uint64_t vmm_mrs(struct vgic5_vcpu *vcpu, uint16_t encoding)
{
    uint64_t value = 0;

    vgic5_cpu_access(vcpu, encoding, false, &value);
    return value;
}

#endif
