/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Dirty rings: each vCPU has one, shared with the VMM, into which goes each page that it writes
 * first. What somebody else writes, and what finds no room, goes into the slot's bitmap; from there
 * into a ring as soon as one has room, unless the VMM has asked for the bitmap too.
 */
#ifndef KVMD_RING_H
#define KVMD_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kvm_dirty_gfn;
struct kvmd_slot;
struct kvmd_slots;
struct kvmd_vcpu;
struct ring_log; /* of a slot: notices the first write to each page */

struct kvmd_ring {
    struct kvm_dirty_gfn *entries;
    uint32_t size;          /* entries, a power of 2; 0: there is none */
    uint32_t pushed, reset; /* that ever were */
};

/* KVM_CAP_DIRTY_LOG_RING_ACQ_REL, of so many bytes. -EINVAL, -E2BIG. */
int ring_enable(struct kvmd_slots *slots, uint32_t size, bool has_vcpus);
uint32_t ring_used(const struct kvmd_ring *ring); /* entries, until they are reset */
/* KVM_RUN comes back to have it emptied. */
bool ring_is_full(const struct kvmd_ring *ring);
/* What this thread writes until it leaves is written by this vCPU. */
void ring_enter(struct kvmd_vcpu *vcpu);
void ring_leave(void);
/* What waits in bitmaps and is to be in a ring comes into this vCPU's, as far as there is room. */
void ring_take_left_over(struct kvmd_vcpu *vcpu);

/* `slot` has its bitmap. -ENOMEM. */
int ring_log_begin(struct kvmd_slots *slots, struct kvmd_slot *slot);
void ring_log_end(struct ring_log *log); /* NULL: nothing */
/* The next write to this page is noticed. */
void ring_log_clean(struct ring_log *log, uint64_t page);
/* Bytes have been written for somebody: if it was no vCPU then the bitmap has them, though a ring
 * may have the page already. NULL: nothing. */
void ring_note_write(struct ring_log *log, uint64_t offset, size_t size);

#endif
