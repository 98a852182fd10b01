/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory slots, as the kernel keeps them. */
#include "kvmd/slots.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kvmd/internal.h"

#define PAGE UINT64_C(4096)

static void let_go(struct kvmd_slot *slot)
{
    vgic5_ram_destroy(slot->history);
    ring_log_end(slot->ring_log);
    if (slot->unmap)
        slot->unmap(slot->host, slot->size);
    free(slot->written);
}

void slots_destroy(struct kvmd_slots *slots)
{
    for (size_t n = 0; n < slots->nr; n++)
        let_go(&slots->all[n]);
    free(slots->all);
}

/* ---- Looking up ------------------------------------------------------------------------------ */

struct kvmd_slot *slots_of_id(const struct kvmd_slots *slots, uint32_t id)
{
    for (size_t n = 0; n < slots->nr; n++) {
        if (slots->all[n].id == id)
            return &slots->all[n];
    }
    return NULL;
}

static struct kvmd_slot *slot_at(const struct kvmd_slots *slots, uint64_t gpa)
{
    size_t low = 0, high = slots->nr;

    while (low < high) {
        size_t middle = (low + high) / 2;
        struct kvmd_slot *slot = &slots->all[middle];

        if (gpa < slot->gpa)
            high = middle;
        else if (gpa - slot->gpa >= slot->size)
            low = middle + 1;
        else
            return slot;
    }
    return NULL;
}

uint8_t *slots_at(const struct kvmd_slots *slots, uint64_t gpa, uint64_t size, bool *read_only)
{
    const struct kvmd_slot *slot = slot_at(slots, gpa);

    if (!slot || size > slot->size - (gpa - slot->gpa))
        return NULL;
    *read_only = slot->flags & KVM_MEM_READONLY;
    return slot->host + (gpa - slot->gpa);
}

/* Is all of it there? A write needs more than to be read. */
static bool reaches(const struct kvmd_slots *slots, uint64_t gpa, size_t size, bool is_write)
{
    while (size > 0) {
        const struct kvmd_slot *slot = slot_at(slots, gpa);
        uint64_t there;

        if (!slot || (is_write && slot->flags & KVM_MEM_READONLY))
            return false;
        there = slot->size - (gpa - slot->gpa);
        if (there >= size)
            return true;
        gpa += there;
        size -= there;
    }
    return true;
}

static int copy(const struct kvmd_slots *slots, uint64_t gpa, uint8_t *to, const uint8_t *from,
                size_t size)
{
    if (!reaches(slots, gpa, size, from))
        return -EFAULT;
    while (size > 0) {
        struct kvmd_slot *slot = slot_at(slots, gpa);
        uint64_t offset = gpa - slot->gpa;
        size_t part = size < slot->size - offset ? size : (size_t)(slot->size - offset);

        if (from) {
            memcpy(slot->host + offset, from, part);
            ring_note_write(slot->ring_log, offset, part);
            from += part;
        } else {
            memcpy(to, slot->host + offset, part);
            to += part;
        }
        gpa += part;
        size -= part;
    }
    return 0;
}

int slots_read(const struct kvmd_slots *slots, uint64_t gpa, void *to, size_t size)
{
    return copy(slots, gpa, to, NULL, size);
}

int slots_write(struct kvmd_slots *slots, uint64_t gpa, const void *from, size_t size)
{
    return copy(slots, gpa, NULL, from, size);
}

/* ---- KVM_SET_USER_MEMORY_REGION -------------------------------------------------------------- */

/* In the order of the kernel's own checks. */
static int check_region(const struct kvmd_vm *vm, const struct kvmd_memory_region2 *region)
{
    uint64_t end = region->guest_phys_addr + region->memory_size;

    if (region->flags & ~(uint32_t)(KVM_MEM_LOG_DIRTY_PAGES | KVM_MEM_READONLY))
        return -EINVAL;
    if ((region->memory_size | region->guest_phys_addr | region->userspace_addr) % PAGE)
        return -EINVAL;
    if (region->slot >= KVMD_MAX_SLOTS || end < region->guest_phys_addr)
        return -EINVAL;
    if (region->userspace_addr + region->memory_size < region->userspace_addr ||
        region->memory_size / PAGE > KVMD_MAX_PAGES)
        return -EINVAL;
    return region->memory_size && end > UINT64_C(1) << vm->ipa_bits ? -EFAULT : 0;
}

static bool overlaps(const struct kvmd_slots *slots, const struct kvmd_memory_region2 *region)
{
    for (size_t n = 0; n < slots->nr; n++) {
        const struct kvmd_slot *slot = &slots->all[n];

        if (slot->id != region->slot && region->guest_phys_addr < slot->gpa + slot->size &&
            slot->gpa < region->guest_phys_addr + region->memory_size)
            return true;
    }
    return false;
}

static int by_address(const void *a, const void *b)
{
    const struct kvmd_slot *left = a, *right = b;

    return left->gpa < right->gpa ? -1 : left->gpa > right->gpa;
}

static void changed(struct kvmd_slots *slots)
{
    qsort(slots->all, slots->nr, sizeof(*slots->all), by_address);
    slots->generation++;
}

/* ---- The log --------------------------------------------------------------------------------- */

static size_t log_words(const struct kvmd_slot *slot)
{
    return (size_t)(slot->size / PAGE + 63) / 64;
}

/* What is written from now on is written since a root that nothing else has. */
static void begin_anew(struct kvmd_slot *slot)
{
    uint64_t number;

    memcpy(&number, slot->root, sizeof(number));
    number++;
    memcpy(slot->root, &number, sizeof(number));
    vgic5_ram_mark(slot->history);
    vgic5_ram_keep(slot->history, slot->root);
}

/* There are no pages behind the last one. */
static void trim(struct kvmd_slot *slot)
{
    if (slot->size / PAGE % 64)
        slot->written[log_words(slot) - 1] &= (UINT64_C(1) << slot->size / PAGE % 64) - 1;
}

/* Adds to the log what has been written, by the guest or by its VGICv5. -ENOMEM. */
static int collect(struct kvmd_slot *slot)
{
    uint64_t *pages = calloc(log_words(slot), sizeof(*pages));
    bool known;

    if (!pages)
        return -ENOMEM;
    known = vgic5_ram_since(slot->history, slot->root, 0, pages);
    for (size_t n = 0; n < log_words(slot); n++)
        slot->written[n] |= known ? pages[n] : UINT64_MAX;
    trim(slot);
    free(pages);
    begin_anew(slot);
    return 0;
}

static int begin_history(struct kvmd_slot *slot)
{
    const struct vgic5_ram_range range = {
        .base = slot->gpa, .size = slot->size, .host = slot->host};

    if (vgic5_ram_create(&range, 1, NULL, &slot->history, NULL) != 0)
        return -ENOMEM;
    begin_anew(slot);
    return 0;
}

static int begin_log(struct kvmd_slots *slots, struct kvmd_slot *slot)
{
    int ret;

    slot->written = calloc(log_words(slot), sizeof(*slot->written));
    if (!slot->written)
        return -ENOMEM;
    ret = slots->ring_size ? ring_log_begin(slots, slot) : begin_history(slot);
    if (ret) {
        free(slot->written);
        slot->written = NULL;
        return ret;
    }
    if (slots->initially_set && (!slots->ring_size || slots->with_bitmap)) {
        memset(slot->written, 0xff, log_words(slot) * sizeof(*slot->written));
        trim(slot);
    }
    return 0;
}

/* It begins and ends with the flag. -ENOMEM. */
static int set_logging(struct kvmd_slots *slots, struct kvmd_slot *slot, bool on)
{
    if (on == !!slot->written)
        return 0;
    if (on)
        return begin_log(slots, slot);
    vgic5_ram_destroy(slot->history);
    slot->history = NULL;
    ring_log_end(slot->ring_log);
    slot->ring_log = NULL;
    free(slot->written);
    slot->written = NULL;
    return 0;
}

/* ---- Adding, changing and deleting ----------------------------------------------------------- */

static int delete_slot(struct kvmd_slots *slots, struct kvmd_slot *slot)
{
    if (!slot)
        return -EINVAL;
    let_go(slot);
    *slot = slots->all[--slots->nr];
    changed(slots);
    return 0;
}

static int change_slot(struct kvmd_slots *slots, struct kvmd_slot *slot,
                       const struct kvmd_memory_region2 *region)
{
    bool moves = slot->gpa != region->guest_phys_addr;
    int ret;

    if (slot->user != region->userspace_addr || slot->size != region->memory_size ||
        (slot->flags ^ region->flags) & KVM_MEM_READONLY)
        return -EINVAL;
    if (moves && overlaps(slots, region))
        return -EEXIST;
    ret = set_logging(slots, slot, region->flags & KVM_MEM_LOG_DIRTY_PAGES);
    if (ret)
        return ret;
    slot->flags = region->flags;
    slot->gpa = region->guest_phys_addr;
    if (moves)
        changed(slots);
    return 0;
}

static int add_slot(struct kvmd_call *call, const struct kvmd_memory_region2 *region)
{
    struct kvmd_slots *slots = &call->vm->slots;
    struct kvmd_slot slot = {.id = region->slot,
                             .flags = region->flags,
                             .gpa = region->guest_phys_addr,
                             .size = region->memory_size,
                             .user = region->userspace_addr,
                             .unmap = call->client->unmap};
    struct kvmd_slot *more;
    void *host;
    int ret;

    if (overlaps(slots, region))
        return -EEXIST;
    more = reallocarray(slots->all, slots->nr + 1, sizeof(*more));
    if (!more)
        return -ENOMEM;
    slots->all = more;
    ret = call->client->map(call->client->opaque, slot.user, slot.size, &host);
    if (ret)
        return ret;
    slot.host = host;
    ret = set_logging(slots, &slot, region->flags & KVM_MEM_LOG_DIRTY_PAGES);
    if (ret) {
        let_go(&slot);
        return ret;
    }
    slots->all[slots->nr++] = slot;
    changed(slots);
    return 0;
}

static int set_region(struct kvmd_call *call, const struct kvmd_memory_region2 *region)
{
    struct kvmd_slots *slots = &call->vm->slots;
    struct kvmd_slot *slot = slots_of_id(slots, region->slot);
    int ret = check_region(call->vm, region);

    if (ret)
        return ret;
    if (region->memory_size == 0)
        return delete_slot(slots, slot);
    return slot ? change_slot(slots, slot, region) : add_slot(call, region);
}

int64_t kvmd_set_memory_region(struct kvmd_call *call)
{
    struct kvmd_memory_region2 region = {0};
    int ret = call_read(call, &region, sizeof(struct kvm_userspace_memory_region));

    return ret ? ret : set_region(call, &region);
}

int64_t kvmd_set_memory_region2(struct kvmd_call *call)
{
    struct kvmd_memory_region2 region;
    int ret = call_read(call, &region, sizeof(region));

    return ret ? ret : set_region(call, &region);
}

/* ---- What was written ------------------------------------------------------------------------ */

static int logged_slot(const struct kvmd_vm *vm, uint32_t id, struct kvmd_slot **slot)
{
    if (vm->slots.ring_size && !vm->slots.with_bitmap)
        return -ENXIO;
    if (id >= KVMD_MAX_SLOTS)
        return -EINVAL;
    *slot = slots_of_id(&vm->slots, id);
    return *slot && (*slot)->written ? 0 : -ENOENT;
}

/* These pages, of those from a multiple of 64 on, are no longer in the log; NULL: all of them. A
 * ring's are noticed again. */
static void forget(struct kvmd_slot *slot, uint64_t first, uint64_t nr, const uint64_t *bits)
{
    for (uint64_t page = 0; page < nr; page += 64) {
        uint64_t mask = bits ? bits[page / 64] : UINT64_MAX;
        uint64_t *word = &slot->written[(first + page) / 64];
        uint64_t gone = __atomic_fetch_and(word, ~mask, __ATOMIC_RELAXED) & mask;

        while (slot->ring_log && gone) {
            ring_log_clean(slot->ring_log, first + page + (unsigned)__builtin_ctzll(gone));
            gone &= gone - 1;
        }
    }
}

int64_t kvmd_get_dirty_log(struct kvmd_call *call)
{
    const struct kvmd_client *client = call->client;
    struct kvm_dirty_log log;
    struct kvmd_slot *slot;
    size_t size;
    int ret = call_read(call, &log, sizeof(log));

    if (ret == 0)
        ret = logged_slot(call->vm, log.slot, &slot);
    if (ret)
        return ret;
    size = log_words(slot) * sizeof(*slot->written);
    ret = slot->ring_log ? 0 : collect(slot);
    if (ret == 0)
        ret = client->write(client->opaque, (uintptr_t)log.dirty_bitmap, slot->written, size);
    if (ret == 0 && !call->vm->slots.manual_protect)
        forget(slot, 0, slot->size / PAGE, NULL);
    return ret;
}

/* `n` bits from `first`, which the client names one by one, are clear from now on. */
static int clear_pages(struct kvmd_call *call, struct kvmd_slot *slot,
                       const struct kvm_clear_dirty_log *log)
{
    const struct kvmd_client *client = call->client;
    uint64_t at = (uintptr_t)log->dirty_bitmap;

    for (uint64_t page = 0; page < log->num_pages; page += 64) {
        uint64_t left = log->num_pages - page, bits;
        int ret = client->read(client->opaque, at + page / 8, &bits, sizeof(bits));

        if (ret)
            return ret;
        if (left < 64)
            bits &= (UINT64_C(1) << left) - 1;
        forget(slot, log->first_page + page, 64, &bits);
    }
    return 0;
}

int64_t kvmd_clear_dirty_log(struct kvmd_call *call)
{
    struct kvm_clear_dirty_log log;
    struct kvmd_slot *slot;
    uint64_t pages;
    int ret = call_read(call, &log, sizeof(log));

    if (ret == 0)
        ret = log.first_page % 64 ? -EINVAL : logged_slot(call->vm, log.slot, &slot);
    if (ret)
        return ret;
    pages = slot->size / PAGE;
    if (log.first_page > pages || log.num_pages > pages - log.first_page ||
        (log.num_pages < pages - log.first_page && log.num_pages % 64))
        return -EINVAL;
    return clear_pages(call, slot, &log);
}
