/* SPDX-License-Identifier: BSD-3-Clause */
/* The VMM of the tests of the contract: how far its VM has lived, and the doors, asserted. */
#ifndef TESTS_CONTRACT_VMM_H
#define TESTS_CONTRACT_VMM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <vgic5/migration.h>

#include "kit/vmm.h"

#define RAM_BASE VMM_RAM_BASE
#define RAM_SIZE VMM_RAM_SIZE

/* In nobody's memory. */
#define BAD_ADDR UINT64_C(1)

enum { NEVER = 0 };

/* How far the life of the VM has come. */
enum life {
    LIFE_CREATED, /* no vCPU */
    LIFE_VCPUS,   /* two vCPUs, ids 3 and 17 */
    LIFE_ADDRESS, /* and ADDR */
    LIFE_INIT,    /* vCPUs, NR_IRQS = 64, CTRL_INIT; no ADDR */
    LIFE_READY,   /* and ADDR */
    LIFE_RUNNING, /* vCPU 17 has been entered */
    LIFE_HAS_RUN, /* and has left */
};
#define NR_SPIS 64u
extern const uint32_t vmm_vcpu_ids[2];

/* `config` may be NULL. Fails the test when anything goes wrong. */
void vmm_create(struct vmm *vmm, const struct vgic5_config *config);
void vmm_create_with(struct vmm *vmm, const struct vgic5_config *config, uint64_t ram_size);
void vmm_live_until(struct vmm *vmm, enum life life);
void vmm_destroy(struct vmm *vmm); /* fails the test when memory is left */

/* A VM of one profile, that far. */
void vmm_open(struct vmm *vmm, uint32_t abi, enum life life);

/* Must succeed. */
uint64_t vmm_get_u64(struct vmm *vmm, uint32_t group, uint64_t attr);
#define IRS(vmm, offset) vmm_get_u64(vmm, VGIC5_GRP_IRS_REGS, offset)
#define SET_IRS(vmm, offset, value) vmm_set_u64(vmm, VGIC5_GRP_IRS_REGS, offset, value)

/* The guest's door: a register of the frame, a CPU register or GIC instruction of a vCPU. */
void guest_write(struct vmm *vmm, uint64_t offset, unsigned size, uint64_t value);
uint64_t guest_read(struct vmm *vmm, uint64_t offset, unsigned size);
void guest_msr(struct vmm *vmm, uint32_t vcpu_id, uint16_t encoding, uint64_t value);
uint64_t guest_mrs(struct vmm *vmm, uint32_t vcpu_id, uint16_t encoding);

#define SYSREG(id, encoding) VGIC5_SYSREG_ATTR(vgic5_mpidr_of_vcpu(id), encoding)

/* Everything that the three doors show of a device, to compare. The caller frees it. */
struct portrait {
    size_t size;
    uint8_t *bytes;
};
struct portrait portrait_of(struct vmm *vmm);
bool portrait_equal(const struct portrait *a, const struct portrait *b);
/* Where the first difference is; -1: there is none. */
long portrait_difference(const struct portrait *a, const struct portrait *b);
void portrait_free(struct portrait *portrait);

/* A busy VM of profile `abi`: READY or, with `run`, HAS_RUN: pending and active interrupts of every
 * kind on both vCPUs, wires high, selectors set, an LPI IST at RAM_BASE + 0x10000 (two-level if
 * `two_level`). The config it was created with is `vmm_busy_config`. */
struct vgic5_config vmm_busy_config(uint32_t abi);
void vmm_make_busy(struct vmm *vmm, bool two_level);
#define BUSY_IST (RAM_BASE + 0x10000)

#endif
