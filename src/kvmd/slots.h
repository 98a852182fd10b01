/* SPDX-License-Identifier: BSD-3-Clause */
/* A VM's memory slots: which guest physical addresses are the VMM's memory, and what of it the
 * guest has written. */
#ifndef KVMD_SLOTS_H
#define KVMD_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vgic5/ram.h>

struct kvmd_client;

struct kvmd_slot {
    uint32_t id, flags;
    uint64_t gpa, size; /* bytes */
    uint64_t user;      /* where the VMM has it */
    uint8_t *host;
    void (*unmap)(void *host, uint64_t size);
    uint64_t *written;         /* a bit for each page; NULL: it is not logged */
    struct vgic5_ram *history; /* knows what was written since `root` */
    uint8_t root[VGIC5_SNAPSHOT_ROOT_SIZE];
    struct ring_log *ring_log; /* in its place, in a VM with dirty rings */
};

struct kvmd_slots {
    struct kvmd_slot *all; /* ascending by gpa */
    size_t nr;
    uint64_t generation; /* counts changes of what is mapped where */
    bool manual_protect; /* KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2: a get does not clear */
    uint32_t ring_size;  /* KVM_CAP_DIRTY_LOG_RING_ACQ_REL: bytes of each ring; 0: none */
    bool with_bitmap;    /* KVM_CAP_DIRTY_LOG_RING_WITH_BITMAP */
    bool left_over;      /* `written` has what no ring has yet, and a ring is to get */
    bool initially_set;  /* and KVM_DIRTY_LOG_INITIALLY_SET: a log begins with every page */
};

void slots_destroy(struct kvmd_slots *slots);
struct kvmd_slot *slots_of_id(const struct kvmd_slots *slots, uint32_t id); /* or NULL */
/* The host address of a range that lies in one slot, or NULL. */
uint8_t *slots_at(const struct kvmd_slots *slots, uint64_t gpa, uint64_t size, bool *read_only);
/* 0 or -EFAULT, across slots; a write counts as written. */
int slots_read(const struct kvmd_slots *slots, uint64_t gpa, void *to, size_t size);
int slots_write(struct kvmd_slots *slots, uint64_t gpa, const void *from, size_t size);

#endif
