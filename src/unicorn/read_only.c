/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stores into RAM that is read-only leave, as accesses to a device do. Unicorn drops them, and
 * looks for what is read-only at the *virtual* address. So the hook for that lets everything pass;
 * a page of such RAM enters Unicorn's TLB as one that cannot be stored into; and the store that
 * asks for it anew leaves. Who asks is seen in a function of Unicorn's that the dynamic linker
 * finds in this program first. It is done where accesses can leave at all: see place.c.
 */
#include "unicorn/engine.h"

bool unicorn_on_protected_store(uc_engine *uc, uc_mem_type type, uint64_t address, int size,
                                int64_t value, void *opaque)
{
    (void)uc, (void)type, (void)address, (void)size, (void)value, (void)opaque;
    return true;
}

#ifdef VGIC5_DIRECT_STORES

#include <dlfcn.h>

#define ACCESS_STORE 1 /* Unicorn's number of it */
#define PAGE_MASK 4095u
#define MAY_STORE 2 /* in the rights of a page */

#define REPLACED __attribute__((visibility("default")))
REPLACED unicorn_fill_function arm_cpu_tlb_fill_aarch64;

/* The store for which this thread fills the TLB. */
static _Thread_local struct {
    uintptr_t host_pc; /* 0: it is for none */
    uint64_t address;  /* virtual */
} storing;

bool arm_cpu_tlb_fill_aarch64(void *cpu, uint64_t address, int size, int access, int regime,
                              bool is_probe, uintptr_t host_pc)
{
    struct vcpu *vcpu = unicorn_inside_now();
    unicorn_fill_function *original = vcpu ? vcpu->engine->place.fill : NULL;
    bool done;

    if (!original)
        *(void **)&original = dlsym(RTLD_NEXT, "arm_cpu_tlb_fill_aarch64");
    storing.host_pc = access == ACCESS_STORE && !is_probe ? host_pc : 0;
    storing.address = address;
    done = original(cpu, address, size, access, regime, is_probe, host_pc);
    storing.host_pc = 0;
    return done;
}

int unicorn_rights(struct vcpu *vcpu, uint64_t page, int rights)
{
    const struct unicorn_range *range = unicorn_range_at(vcpu, page);
    uintptr_t host_pc = storing.host_pc;

    if (!range || !range->memory.read_only || !unicorn_lets_leave(vcpu->engine))
        return rights;
    storing.host_pc = 0;
    if (host_pc != 0 && vcpu->host && rights & MAY_STORE) {
        vcpu->guard = unicorn_outside();
        unicorn_place_is(vcpu, host_pc);
        unicorn_leave(vcpu, page | (storing.address & PAGE_MASK), true);
        unicorn_back(vcpu->guard);
    }
    return rights & ~MAY_STORE;
}

#endif
