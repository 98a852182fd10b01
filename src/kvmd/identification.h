/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a guest reads about itself, and what a VMM may make of it before the first KVM_RUN of the
 * VM: each feature as it is or less, field by field (KVM_SET_ONE_REG). Afterwards only the same
 * value is accepted. A feature that was taken away is not announced; it is not disabled.
 */
#ifndef KVMD_IDENTIFICATION_H
#define KVMD_IDENTIFICATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KVMD_NR_ID 64u /* Op1 0, CRn 0: CRm << 3 | Op2 */

struct identification {
    uint64_t id[KVMD_NR_ID]; /* MIDR_EL1, REVIDR_EL1, ID_… */
    uint64_t ctr, aidr;
    bool implementation_writable; /* KVM_CAP_ARM_WRITABLE_IMP_ID_REGS */
    bool frozen;
};

struct kvmd_vm;
struct kvmd_vcpu;

void identification_of_vm(struct kvmd_vm *vm);
/* Its own: MPIDR_EL1 and CLIDR_EL1. */
void identification_of_vcpu(struct kvmd_vcpu *vcpu);
/* The VM runs: GCIE says whether it has a VGICv5, and all of it stays as it is. */
void identification_freeze(struct kvmd_vm *vm);

/* Is it one of these registers? */
bool identification_has(uint32_t encoding);
/* 0, or -ENOENT: none of these. */
int identification_get(const struct kvmd_vcpu *vcpu, uint32_t encoding, uint64_t *value);
/* -EINVAL: more than there is, or a field that is fixed; -EBUSY: the VM has run. */
int identification_set(struct kvmd_vcpu *vcpu, uint32_t encoding, uint64_t value);
/* Their encodings; how many. `encodings` may be NULL. */
size_t identification_list(uint16_t *encodings);

#endif
