/* SPDX-License-Identifier: BSD-3-Clause */
#include "kvmd/ring.h"

#include <errno.h>
#include <stdlib.h>

#include "kvmd/internal.h"
#include "ram/watch.h"

#define PAGE UINT64_C(4096)
#define RESERVED 64u /* entries that are left when the ring counts as full, as in KVM */

struct ring_log {
    struct ram_watch watch;
    struct ram_range range;
    struct kvmd_slots *slots;
    uint32_t id;
    uint64_t *written; /* the slot's */
};

/* Whose writes are those of this thread? */
static _Thread_local struct kvmd_vcpu *running;

/* ---- A ring ---------------------------------------------------------------------------------- */

uint32_t ring_used(const struct kvmd_ring *ring)
{
    return ring->pushed - ring->reset;
}

bool ring_is_full(const struct kvmd_ring *ring)
{
    return ring->size && ring_used(ring) >= ring->size - RESERVED;
}

static bool push(struct kvmd_ring *ring, uint32_t slot, uint64_t page)
{
    struct kvm_dirty_gfn *entry;

    if (ring_used(ring) >= ring->size)
        return false;
    entry = &ring->entries[ring->pushed % ring->size];
    entry->slot = slot;
    entry->offset = page;
    __atomic_store_n(&entry->flags, (uint32_t)KVM_DIRTY_GFN_F_DIRTY, __ATOMIC_RELEASE);
    ring->pushed++;
    return true;
}

/* What waits in the bitmaps, as far as there is room. */
static void push_waiting(struct kvmd_ring *ring, struct ring_log *log)
{
    for (uint64_t n = 0; n < (log->range.size / PAGE + 63) / 64; n++) {
        uint64_t bits = __atomic_exchange_n(&log->written[n], 0, __ATOMIC_RELAXED);

        while (bits && push(ring, log->id, n * 64 + (unsigned)__builtin_ctzll(bits)))
            bits &= bits - 1;
        if (bits) {
            __atomic_fetch_or(&log->written[n], bits, __ATOMIC_RELAXED);
            log->slots->left_over = true;
            return;
        }
    }
}

void ring_take_left_over(struct kvmd_vcpu *vcpu)
{
    struct kvmd_slots *slots = &vcpu->vm->slots;

    if (!__atomic_load_n(&slots->left_over, __ATOMIC_RELAXED) || slots->with_bitmap)
        return;
    __atomic_store_n(&slots->left_over, false, __ATOMIC_RELAXED);
    for (size_t n = 0; n < slots->nr; n++) {
        if (slots->all[n].ring_log)
            push_waiting(&vcpu->ring, slots->all[n].ring_log);
    }
}

void ring_enter(struct kvmd_vcpu *vcpu)
{
    if (!vcpu->ring.size)
        return;
    ring_take_left_over(vcpu);
    running = vcpu;
}

void ring_leave(void)
{
    running = NULL;
}

/* ---- A slot ---------------------------------------------------------------------------------- */

static void wait_in_bitmap(struct ring_log *log, uint64_t page)
{
    __atomic_fetch_or(&log->written[page / 64], UINT64_C(1) << page % 64, __ATOMIC_RELAXED);
    __atomic_store_n(&log->slots->left_over, true, __ATOMIC_RELAXED);
}

/* In the handler of SIGSEGV, of the thread that writes. The engine stops at its next block. */
static void opened(void *opaque, const struct ram_range *range, uint64_t page)
{
    struct ring_log *log = opaque;
    struct kvmd_vcpu *vcpu = running;

    (void)range;
    if (!vcpu || &vcpu->vm->slots != log->slots || !push(&vcpu->ring, log->id, page)) {
        wait_in_bitmap(log, page);
        return;
    }
    if (ring_is_full(&vcpu->ring) && vcpu->pe.vcpu) {
        vcpu->vm->clock.check_at = 0;
        vcpu_attention(vcpu->pe.vcpu);
    }
}

int ring_log_begin(struct kvmd_slots *slots, struct kvmd_slot *slot)
{
    struct ring_log *log = calloc(1, sizeof(*log));

    if (!log)
        return -ENOMEM;
    log->range = (struct ram_range){.base = slot->gpa, .size = slot->size, .host = slot->host};
    ram_number_frames(&log->range, 1);
    log->slots = slots;
    log->id = slot->id;
    log->written = slot->written;
    if (ram_watch_begin(&log->watch, &log->range, 1, NULL, NULL) != 0 ||
        ram_watch_take(&log->watch, 0, NULL) != 0) {
        ring_log_end(log);
        return -ENOMEM;
    }
    ram_watch_hear(&log->watch, opened, log);
    slot->ring_log = log;
    return 0;
}

void ring_log_end(struct ring_log *log)
{
    if (log)
        ram_watch_end(&log->watch);
    free(log);
}

/* What cannot be protected any more counts as written, now and again. */
void ring_log_clean(struct ring_log *log, uint64_t page)
{
    ram_watch_clean(&log->watch, 0, page, page + 1);
}

void ring_note_write(struct ring_log *log, uint64_t offset, size_t size)
{
    if (!log || running || !log->slots->with_bitmap || size == 0)
        return;
    for (uint64_t page = offset / PAGE; page <= (offset + size - 1) / PAGE; page++)
        wait_in_bitmap(log, page);
}

/* ---- What the VMM asks ----------------------------------------------------------------------- */

int ring_enable(struct kvmd_slots *slots, uint32_t size, bool has_vcpus)
{
    if (size & (size - 1) || size < PAGE)
        return -EINVAL;
    if (size > KVMD_RING_MOST)
        return -E2BIG;
    if (slots->ring_size || has_vcpus)
        return -EINVAL;
    slots->ring_size = size;
    return 0;
}
