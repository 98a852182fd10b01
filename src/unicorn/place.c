/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * At which instruction is the access that has come? Unicorn's vCPU keeps the host's PC of it, and
 * one of Unicorn's functions makes of it the guest's PC, in the middle of a block. None of this is
 * documented: it is done for the one version that has been looked at, and after the place has been
 * found by trials, at exactly one offset. Where it is not found, search.c has to do.
 */
#include "unicorn/engine.h"

#include <stdlib.h>
#include <string.h>

#ifdef VGIC5_DIRECT_STORES

#include <dlfcn.h>

#define THE_VERSION 0x020001u /* major, minor, patch */
/* Unicorn's vCPU is larger than this. */
#define SLOTS 0x1400u
#define DEVICE 0x10u /* a physical address that is not RAM */

static uintptr_t *slot(struct vcpu *vcpu, size_t offset)
{
    return (uintptr_t *)vcpu->cpu + offset;
}

/* What a slot holds, be it padding. */
__attribute__((no_sanitize("address"))) static uintptr_t look(struct vcpu *vcpu, size_t offset)
{
    return *slot(vcpu, offset);
}

void unicorn_place_probe(struct vcpu *vcpu)
{
    struct unicorn_place *place = &vcpu->engine->place;

    for (size_t i = 1; i < SLOTS && vcpu->cpu; i++) {
        uintptr_t value = place->candidates[i] ? look(vcpu, i) : 0;

        place->candidates[i] = value != 0 && place->restore(vcpu->cpu, value, false) &&
                               unicorn_get(vcpu, UC_ARM64_REG_PC) == place->expected;
    }
}

/* An access as the n-th instruction, behind ones that are none. */
static bool probe(struct vcpu *vcpu, unsigned n, uint32_t insn)
{
    struct unicorn_place *place = &vcpu->engine->place;
    uint32_t code[16];
    bool ok;

    code[0] = 0xd280020au; /* movz x10, #0x10 */
    for (unsigned i = 1; i < n; i++)
        code[i] = 0xd503201fu; /* nop */
    code[n] = insn;
    code[n + 1] = UNICORN_INSN_SVC_PROBE;
    place->expected = SCRATCH_BASE + n * sizeof(*code);
    place->searching = true;
    ok = unicorn_run_probe(vcpu, code, (n + 2) * sizeof(*code)) == UC_ERR_OK;
    place->searching = false;
    return ok;
}

static size_t the_only_candidate(const uint8_t *candidates)
{
    size_t found = 0;

    for (size_t i = 1; i < SLOTS; i++) {
        if (candidates[i] && found != 0)
            return 0;
        if (candidates[i])
            found = i;
    }
    return found;
}

void unicorn_place_try(struct vcpu *vcpu)
{
    static const uint32_t accesses[] = {
        0xb9400149, /* ldr w9, [x10] */
        0xb9000149, /* str w9, [x10] */
        0x38404149, /* ldurb w9, [x10, #4] */
        0x79000949, /* strh w9, [x10, #4] */
    };
    struct unicorn_place *place = &vcpu->engine->place;
    bool ok = uc_version(NULL, NULL) >> 8 == THE_VERSION;

    *(void **)&place->restore = dlsym(RTLD_DEFAULT, "cpu_restore_state_aarch64");
    *(void **)&place->leave = dlsym(RTLD_DEFAULT, "cpu_loop_exit_aarch64");
    *(void **)&place->fill = dlsym(RTLD_NEXT, "arm_cpu_tlb_fill_aarch64");
    place->candidates = malloc(SLOTS);
    if (place->candidates)
        memset(place->candidates, 1, SLOTS);
    ok = ok && place->restore && place->candidates;
    for (unsigned i = 0; ok && i < sizeof(accesses) / sizeof(*accesses); i++)
        ok = probe(vcpu, 1 + 2 * i, accesses[i]);
    place->offset = ok ? the_only_candidate(place->candidates) : 0;
    free(place->candidates);
    place->candidates = NULL;
}

bool unicorn_place(struct vcpu *vcpu, uint64_t *pc)
{
    const struct unicorn_place *place = &vcpu->engine->place;
    uintptr_t *at = slot(vcpu, place->offset), host_pc = *at;

    *at = 0; /* a table walk does not set it */
    if (host_pc == 0 || !place->restore(vcpu->cpu, host_pc, false))
        return false;
    *pc = unicorn_get(vcpu, UC_ARM64_REG_PC);
    return true;
}

void unicorn_place_is(struct vcpu *vcpu, uintptr_t host_pc)
{
    *slot(vcpu, vcpu->engine->place.offset) = host_pc;
}

#else

void unicorn_place_try(struct vcpu *vcpu)
{
    (void)vcpu;
}

void unicorn_place_probe(struct vcpu *vcpu)
{
    (void)vcpu;
}

bool unicorn_place(struct vcpu *vcpu, uint64_t *pc)
{
    (void)vcpu, (void)pc;
    return false;
}

#endif

bool unicorn_knows_places(const struct vcpu_engine *engine)
{
    return engine->place.offset != 0;
}
