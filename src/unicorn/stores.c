/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stores that cost what a store costs. A store into a page from which code has been translated must
 * be noticed. Unicorn 2.0 sends *every* store through the function that looks for such code, 40 ns
 * with two allocations: a page that enters its TLB is marked as "to be noticed", and nothing ever
 * takes the mark away. That is done here, in functions of Unicorn's that the dynamic linker finds
 * in this program first:
 *
 *   - a page that enters the TLB, and has no translated code, loses the mark at once;
 *   - when code is first translated from a page, its entries in the TLB get it back;
 *   - what a store that is noticed locks is needed by nobody, for an instance has one thread.
 *
 * So writes to code are noticed as before. None of this is documented: it is done for the one
 * version that has been looked at, and after a trial has shown that overwritten code is noticed.
 * Everywhere else these functions are not there, or call what they replace.
 */
#include "unicorn/engine.h"

#include <errno.h>
#include <stdlib.h>

#ifdef VGIC5_DIRECT_STORES

#include <dlfcn.h>
#include <string.h>

#define THE_VERSION 0x020001u /* major, minor, patch */
#define PAGE_SIZE UINT64_C(4096)

/* Addresses of a guest are virtual or physical; those of RAM, as Unicorn numbers it, begin at 0. */
typedef void set_page_function(void *cpu, uint64_t address, uint64_t physical, uint32_t attributes,
                               int access, int regime, uint64_t size);
typedef void protect_function(uc_engine *uc, uint64_t number);
typedef void *lock_function(uc_engine *uc, uint64_t start, uint64_t end);
typedef void unlock_function(void *set);

#define REPLACED __attribute__((visibility("default")))
REPLACED set_page_function tlb_set_page_with_attrs_aarch64;
REPLACED protect_function tlb_protect_code_aarch64;
REPLACED lock_function page_collection_lock_aarch64;
REPLACED unlock_function page_collection_unlock_aarch64;

struct unicorn_stores {
    set_page_function *set_page;
    protect_function *protect;
    lock_function *lock;
    unlock_function *unlock;
    void (*set_dirty)(void *cpu, uint64_t address);
    void (*reset_dirty)(void *cpu, uint64_t host, uint64_t size);
};

static void find_originals(struct unicorn_stores *stores)
{
    stores->set_page = dlsym(RTLD_NEXT, "tlb_set_page_with_attrs_aarch64");
    stores->protect = dlsym(RTLD_NEXT, "tlb_protect_code_aarch64");
    stores->lock = dlsym(RTLD_NEXT, "page_collection_lock_aarch64");
    stores->unlock = dlsym(RTLD_NEXT, "page_collection_unlock_aarch64");
}

/* `scratch` is for the calls of whoever else uses Unicorn in this process. */
static const struct unicorn_stores *originals(struct unicorn_stores *scratch)
{
    const struct vcpu *inside = unicorn_inside_now();

    if (inside && inside->engine->stores)
        return inside->engine->stores;
    find_originals(scratch);
    return scratch;
}

/* The vCPU that this thread runs, if its stores are direct. */
static struct vcpu *direct(void)
{
    struct vcpu *inside = unicorn_inside_now();

    return inside && inside->translated ? inside : NULL;
}

static bool has_code(const struct vcpu *vcpu, uint64_t number)
{
    uint64_t page = number / PAGE_SIZE;

    return vcpu->translated[page / 64] >> page % 64 & 1;
}

/* From this page on; nr_pages: there is none. */
static uint64_t next_page_with_code(const struct vcpu *vcpu, uint64_t page, uint64_t nr_pages)
{
    while (page < nr_pages) {
        uint64_t rest = vcpu->translated[page / 64] >> page % 64;

        if (rest != 0)
            return page + (uint64_t)__builtin_ctzll(rest);
        page = (page / 64 + 1) * 64;
    }
    return nr_pages;
}

/* What of this range lies between the two, and has code. */
static bool find_code_in(const struct vcpu *vcpu, const struct unicorn_range *range,
                         uint64_t *start, uint64_t end, uint64_t *size)
{
    uint64_t first = *start > range->memory.base ? *start - range->memory.base : 0, address;
    uint64_t from = range->number / PAGE_SIZE, pages = range->memory.size / PAGE_SIZE;
    uint64_t page = next_page_with_code(vcpu, from + first / PAGE_SIZE, from + pages) - from;

    address = range->memory.base + page * PAGE_SIZE;
    if (address < *start)
        address = *start;
    if (page >= pages || address >= end)
        return false;
    *size = PAGE_SIZE - address % PAGE_SIZE;
    if (*size > end - address)
        *size = end - address;
    *start = address;
    return true;
}

static bool find_code(const struct vcpu *vcpu, uint64_t *start, uint64_t end, uint64_t *size)
{
    for (size_t n = 0; n < vcpu->nr_ranges; n++) {
        const struct unicorn_range *range = &vcpu->ranges[n];

        if (range->memory.base + range->memory.size > *start && range->memory.base < end &&
            find_code_in(vcpu, range, start, end, size))
            return true;
    }
    return false;
}

void tlb_set_page_with_attrs_aarch64(void *cpu, uint64_t address, uint64_t physical,
                                     uint32_t attributes, int access, int regime, uint64_t size)
{
    struct unicorn_stores scratch;
    const struct unicorn_stores *stores = originals(&scratch);
    struct vcpu *inside = unicorn_inside_now(), *vcpu = direct();
    const struct unicorn_range *range;

    if (inside) {
        inside->cpu = cpu;
        access = unicorn_rights(inside, physical & ~(PAGE_SIZE - 1), access);
    }
    stores->set_page(cpu, address, physical, attributes, access, regime, size);
    if (!vcpu)
        return;
    range = unicorn_range_at(vcpu, physical);
    if (range && !has_code(vcpu, range->number + (physical - range->memory.base)))
        stores->set_dirty(cpu, address);
}

/* The host's address of a page that Unicorn has numbered. */
static uintptr_t host_of(const struct vcpu *vcpu, uint64_t number)
{
    for (size_t n = 0; n < vcpu->nr_ranges; n++) {
        const struct unicorn_range *range = &vcpu->ranges[n];

        if (number >= range->number && number - range->number < range->memory.size)
            return (uintptr_t)range->memory.host + (number - range->number);
    }
    return 0;
}

void tlb_protect_code_aarch64(uc_engine *uc, uint64_t number)
{
    struct unicorn_stores scratch;
    const struct unicorn_stores *stores = originals(&scratch);
    struct vcpu *vcpu = direct();
    uint64_t page = number / PAGE_SIZE;
    uintptr_t host;

    stores->protect(uc, number);
    if (!vcpu || uc != vcpu->uc)
        return;
    host = host_of(vcpu, page * PAGE_SIZE);
    if (!host)
        return;
    vcpu->translated[page / 64] |= UINT64_C(1) << page % 64;
    if (vcpu->cpu)
        stores->reset_dirty(vcpu->cpu, host, PAGE_SIZE);
}

void *page_collection_lock_aarch64(uc_engine *uc, uint64_t start, uint64_t end)
{
    struct unicorn_stores scratch;

    return direct() ? NULL : originals(&scratch)->lock(uc, start, end);
}

void page_collection_unlock_aarch64(void *set)
{
    struct unicorn_stores scratch;

    if (set)
        originals(&scratch)->unlock(set);
}

/* The scratch page overwrites code behind it, which has been executed meanwhile. */
static bool overwritten_code_is_noticed(struct vcpu *vcpu)
{
    static const uint32_t code[] = {
        0x10008002, /* adr x2, . + 4096 */
        0x52800401,
        0x72ba5001, /* w1 = "movz x0, #1" */
        0x52800804,
        0x72ba5004, /* w4 = "movz x0, #2" */
        0xb9000041, /* str w1, [x2] */
        0xd63f0040, /* blr x2 */
        0xaa0003e3, /* mov x3, x0 */
        0xb9000044, /* str w4, [x2] */
        0xd63f0040, /* blr x2 */
        UNICORN_INSN_SVC_PROBE,
    };
    static const uint32_t ret = 0xd65f03c0;
    uint64_t number = vcpu->ranges[vcpu->nr_ranges - 1].number;
    bool executed;

    memcpy(vcpu->scratch + PAGE_SIZE + sizeof(ret), &ret, sizeof(ret));
    executed = unicorn_run_probe(vcpu, code, sizeof(code)) == UC_ERR_OK;
    return executed && unicorn_get_x(vcpu, 3) == 1 && unicorn_get_x(vcpu, 0) == 2 &&
           has_code(vcpu, number) && has_code(vcpu, number + PAGE_SIZE) &&
           !has_code(vcpu, number + 2 * PAGE_SIZE);
}

/* Has the linker given ours to Unicorn, and are the others there? */
static bool find(struct unicorn_stores *stores)
{
    find_originals(stores);
    stores->set_dirty = dlsym(RTLD_DEFAULT, "tlb_set_dirty_aarch64");
    stores->reset_dirty = dlsym(RTLD_DEFAULT, "tlb_reset_dirty_aarch64");
    return dlsym(RTLD_DEFAULT, "tlb_protect_code_aarch64") == (void *)tlb_protect_code_aarch64 &&
           stores->set_page && stores->protect && stores->lock && stores->unlock &&
           stores->set_dirty && stores->reset_dirty;
}

void unicorn_stores_try(struct vcpu *vcpu)
{
    struct vcpu_engine *engine = vcpu->engine;

    engine->stores = calloc(1, sizeof(*engine->stores));
    if (!engine->stores)
        return;
    engine->stores_directly = find(engine->stores) && uc_version(NULL, NULL) >> 8 == THE_VERSION;
    engine->stores_directly = engine->stores_directly && unicorn_stores_open(vcpu) == UC_ERR_OK &&
                              overwritten_code_is_noticed(vcpu);
}

int unicorn_stores_clone(struct vcpu_engine *engine, const struct vcpu_engine *like)
{
    if (!like->stores)
        return 0;
    engine->stores = malloc(sizeof(*engine->stores));
    if (!engine->stores)
        return -ENOMEM;
    *engine->stores = *like->stores;
    return 0;
}

void unicorn_stores_destroy(struct vcpu_engine *engine)
{
    free(engine->stores);
}

uc_err unicorn_stores_open(struct vcpu *vcpu)
{
    if (!vcpu->engine->stores_directly)
        return UC_ERR_OK;
    vcpu->translated = calloc(vcpu->nr_pages / 64 + 1, sizeof(uint64_t));
    return vcpu->translated ? UC_ERR_OK : UC_ERR_NOMEM;
}

void unicorn_stores_close(struct vcpu *vcpu)
{
    free(vcpu->translated);
    vcpu->translated = NULL;
}

#else

static bool find_code(const struct vcpu *vcpu, uint64_t *start, uint64_t end, uint64_t *size)
{
    (void)vcpu, (void)start, (void)end, (void)size;
    return false;
}

void unicorn_stores_try(struct vcpu *vcpu)
{
    (void)vcpu;
}

int unicorn_stores_clone(struct vcpu_engine *engine, const struct vcpu_engine *like)
{
    (void)engine, (void)like;
    return 0;
}

void unicorn_stores_destroy(struct vcpu_engine *engine)
{
    (void)engine;
}

uc_err unicorn_stores_open(struct vcpu *vcpu)
{
    (void)vcpu;
    return UC_ERR_OK;
}

void unicorn_stores_close(struct vcpu *vcpu)
{
    (void)vcpu;
}

#endif

/* All of RAM may hold code; of what is none, Unicorn 2.1 forgets nothing, nor what is behind it. */
static bool find_ram(const struct vcpu *vcpu, uint64_t *start, uint64_t end, uint64_t *size)
{
    for (size_t n = 0; n < vcpu->nr_ranges; n++) {
        const struct memory *memory = &vcpu->ranges[n].memory;
        uint64_t first = memory->base > *start ? memory->base : *start;
        uint64_t last = memory->base + memory->size < end ? memory->base + memory->size : end;

        if (first < last) {
            *start = first;
            *size = last - first;
            return true;
        }
    }
    return false;
}

bool unicorn_find_code(const struct vcpu *vcpu, uint64_t *start, uint64_t end, uint64_t *size)
{
    return vcpu->translated ? find_code(vcpu, start, end, size) : find_ram(vcpu, start, end, size);
}

bool unicorn_stores_directly(const struct vcpu_engine *engine)
{
    return engine->stores_directly;
}
