/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Coalesced MMIO: stores into zones that the VMM has named are put into a ring, which it reads at
 * the next exit. KVM has one ring for a VM, that every vCPU's mapping shows. Here each vCPU has a
 * file of its own, so the ring is the first vCPU's, and stores of the others leave, as they do when
 * the ring is full.
 */
#ifndef KVMD_COALESCED_H
#define KVMD_COALESCED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kvmd_zone {
    uint64_t address, size;
    bool is_port; /* of another bus, on which nobody stores here */
};

struct kvmd_zones {
    struct kvmd_zone *all;
    size_t nr;
};

struct kvmd_vcpu;

/* A store of the guest: is it in the ring? */
bool coalesced_take(struct kvmd_vcpu *vcpu, uint64_t address, unsigned size, uint64_t value);

#endif
