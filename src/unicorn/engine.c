/* SPDX-License-Identifier: BSD-3-Clause */
/* The vCPU engine on Unicorn: its life, and the loop that runs a vCPU. */
#include "unicorn/engine.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "facts/map.h"

/* Of the 64 MiB that a vCPU may take; the rest is for Unicorn's tables. */
#define MOST_CODE (UINT64_C(44) << 20)

uint64_t unicorn_identity(const struct vcpu_engine *engine, size_t n)
{
    return engine->identity[n];
}

/* Of a map that is none of the guest's, and of odd sizes: what is found holds for any. */
static int learn(struct vcpu_engine *engine, struct vgic5_error *error)
{
    const struct memory_map *map = engine->map;
    struct memory own = {.base = MAP_RAM_BASE, .size = 3 * 4096};
    const struct memory_map probe = {.ranges = &own, .nr = 1};
    int ret;

    own.host = mmap(NULL, own.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (own.host == MAP_FAILED)
        return unicorn_fail(error, -ENOMEM, "no memory for the vCPU engine");
    engine->map = &probe;
    ret = unicorn_calibrate(engine, error);
    engine->map = map;
    munmap(own.host, own.size);
    return ret;
}

int unicorn_engine_create(const struct memory_map *map, struct vcpu_clock *clock,
                          struct vcpu_engine **engine, struct vgic5_error *error)
{
    struct vcpu_engine *e = calloc(1, sizeof(*e));
    int ret;

    if (!e)
        return unicorn_fail(error, -ENOMEM, "no memory for the vCPU engine");
    unicorn_guard_install();
    e->ops = &unicorn_engine;
    e->map = map;
    e->clock = clock;
    e->most_code = MOST_CODE;
    ret = learn(e, error);
    if (ret != 0) {
        unicorn_engine_destroy(e);
        return ret;
    }
    *engine = e;
    return 0;
}

int unicorn_engine_clone(const struct vcpu_engine *like, const struct memory_map *map,
                         struct vcpu_clock *clock, struct vcpu_engine **engine,
                         struct vgic5_error *error)
{
    struct vcpu_engine *e = malloc(sizeof(*e));

    if (!e)
        return unicorn_fail(error, -ENOMEM, "no memory for the vCPU engine");
    *e = *like;
    e->map = map;
    e->clock = clock;
    e->vcpus = NULL;
    if (unicorn_stores_clone(e, like) != 0) {
        free(e);
        return unicorn_fail(error, -ENOMEM, "no memory for the vCPU engine");
    }
    *engine = e;
    return 0;
}

void unicorn_engine_remap(struct vcpu_engine *engine)
{
    engine->map_version++;
}

void unicorn_engine_destroy(struct vcpu_engine *engine)
{
    if (engine)
        unicorn_stores_destroy(engine);
    free(engine);
}

void unicorn_limit_code(struct vcpu_engine *engine, uint64_t bytes)
{
    engine->most_code = bytes;
}

int unicorn_create_vcpu(struct vcpu_engine *engine, const struct vcpu_host *host,
                        struct vcpu **vcpu, struct vgic5_error *error)
{
    struct vcpu *v = calloc(1, sizeof(*v));
    int ret;

    if (!v)
        return unicorn_fail(error, -ENOMEM, "no memory for a vCPU");
    v->ops = &unicorn_engine;
    v->engine = engine;
    v->clock = engine->clock;
    v->host = host;
    if (!engine->vcpus)
        unicorn_find_plain(engine, host);
    ret = unicorn_create(v, error);
    if (ret != 0) {
        unicorn_close(v);
        free(v);
        return ret;
    }
    v->next = engine->vcpus;
    engine->vcpus = v;
    *vcpu = v;
    return 0;
}

void unicorn_destroy_vcpu(struct vcpu *vcpu)
{
    if (!vcpu)
        return;
    for (struct vcpu **at = &vcpu->engine->vcpus; *at; at = &(*at)->next) {
        if (*at == vcpu) {
            *at = vcpu->next;
            break;
        }
    }
    unicorn_close(vcpu);
    free(vcpu);
}

/* ---- Running -----------------------------------------------------------------------------------
 */

/* False: it cannot go on. */
static bool after_abort(struct vcpu *vcpu)
{
    vcpu->stop = UNICORN_ABORT;
    vcpu->half = vcpu->end == UNICORN_ABORTED;
    vcpu->broken = vcpu->end != UNICORN_ABORTED_AT_A_WORD;
    if (!vcpu->half) {
        vcpu->pc = vcpu->aborted_block;
        unicorn_retire_block(vcpu, vcpu->pc);
    }
    if (vcpu->broken)
        snprintf(vcpu->trouble, sizeof(vcpu->trouble), "%s has aborted while it %s code",
                 unicorn_name(), vcpu->half ? "executed" : "translated");
    return !vcpu->broken;
}

/* Until a hook stops it, or a WFI does. False: Unicorn gave up. */
static bool emulate(struct vcpu *vcpu)
{
    uc_err error;

    vcpu->stop = UNICORN_WFI;
    vcpu->block = vcpu->pc;
    vcpu->in_flight = 0;
    vcpu->pieces.left = 0;
    vcpu->pieces.crosses = false;
    vcpu->search.when = UINT64_MAX;
    vcpu->window.host = NULL;
    error = unicorn_start(vcpu, vcpu->pc);
    if (vcpu->end != UNICORN_RETURNED)
        return after_abort(vcpu);
    if (error != UC_ERR_OK) {
        snprintf(vcpu->trouble, sizeof(vcpu->trouble), "Unicorn: %s", uc_strerror(error));
        return false;
    }
    if (vcpu->stop == UNICORN_WFI) {
        vcpu->pc = unicorn_get(vcpu, UC_ARM64_REG_PC);
        unicorn_retire(vcpu, vcpu->pc);
    }
    return vcpu->trouble[0] == '\0';
}

/*
 * Execute the next `n` instructions of the `rest` of a block one by one. The range is translated
 * anew with a hook on each instruction, and forgotten afterwards, so that no block that ends
 * elsewhere than its original stays behind.
 */
static bool step(struct vcpu *vcpu, uint32_t n)
{
    uint64_t size = (uint64_t)vcpu->rest * 4, physical;
    bool mapped = unicorn_translate(vcpu, vcpu->pc, &physical), ok;
    uc_hook hook;

    if (mapped)
        unicorn_forget_code(vcpu, physical, size);
    if (uc_hook_add(vcpu->uc, &hook, UC_HOOK_CODE, (void *)unicorn_on_code, vcpu, vcpu->pc,
                    vcpu->pc + size - 1) != UC_ERR_OK) {
        snprintf(vcpu->trouble, sizeof(vcpu->trouble), "Unicorn: no hook for single steps");
        return false;
    }
    vcpu->stepping = true;
    vcpu->step_left = n;
    vcpu->horizon = 0;
    ok = emulate(vcpu);
    vcpu->stepping = false;
    /* Whatever else ended it left the block. */
    vcpu->rest = vcpu->stop == UNICORN_STEPPED || vcpu->stop == UNICORN_ABORT
                     ? vcpu->rest - (n - vcpu->step_left)
                     : 0;
    if (vcpu->stop == UNICORN_ABORT)
        return ok; /* the instance is lost */
    uc_hook_del(vcpu->uc, hook);
    if (mapped)
        unicorn_forget_code(vcpu, physical, size);
    return ok;
}

static bool step_through_rest(struct vcpu *vcpu)
{
    const struct vcpu_clock *clock = vcpu->engine->clock;
    uint64_t left = clock->stop_at - clock->instructions;

    return step(vcpu, left < vcpu->rest ? (uint32_t)left : vcpu->rest);
}

/* As a restore would. */
static void derive_flags(struct vcpu *vcpu)
{
    struct vcpu_value values[NR_VCPU_ROWS];

    if (unicorn_get_state(vcpu, values) != 0 || unicorn_put_state(vcpu, values) != 0)
        snprintf(vcpu->trouble, sizeof(vcpu->trouble), "Unicorn did not take its own state");
}

#define EC_BRK 0x3cu

static bool breaks(const struct vcpu *vcpu)
{
    uint32_t esr = vcpu->exception.esr;

    return esr >> ESR_EC_SHIFT == EC_BRK && vcpu->host->breaks &&
           vcpu->host->breaks(vcpu->host->opaque, esr);
}

/* An HVC, an HLT for semihosting and a BRK that it wants are the host's; the guest takes any other.
 */
static bool takes_exception(struct vcpu *vcpu, enum vcpu_exit *exit)
{
    uint32_t insn;

    if (breaks(vcpu)) {
        *exit = VCPU_EXIT_BREAK;
        return false;
    }
    *exit = vcpu->exception.number == EXCEPTION_HVC ? VCPU_EXIT_HVC : VCPU_EXIT_SEMIHOSTING;
    if (vcpu->exception.number == EXCEPTION_HVC)
        return false;
    if (vcpu->exception.number == EXCEPTION_UNDEFINED && PSTATE_EL(unicorn_get_pstate(vcpu)) == 1 &&
        unicorn_fetch(vcpu, vcpu->pc, &insn) && insn == INSN_HLT_SEMIHOSTING)
        return false;
    unicorn_take_exception(vcpu);
    return true;
}

/* Deals with what only concerns the engine; false: `exit` says what the machine has to do. */
static bool goes_on(struct vcpu *vcpu, enum vcpu_exit *exit)
{
    switch (vcpu->stop) {
    case UNICORN_LIMIT: /* vcpu_run looks at the count */
    case UNICORN_STEPPED:
    case UNICORN_BLOCK_TOO_LONG:
        return true;
    case UNICORN_ABORT:
        return true;
    case UNICORN_FLAGS:
        derive_flags(vcpu);
        return true;
    case UNICORN_MAINTENANCE:
        unicorn_forget_stale(vcpu);
        return true;
    case UNICORN_IRQ:
        unicorn_take_irq(vcpu);
        return true;
    case UNICORN_CHECK:
        *exit = VCPU_EXIT_CHECK;
        return false;
    case UNICORN_SERROR:
        *exit = VCPU_EXIT_SERROR;
        return false;
    case UNICORN_WFI:
        *exit = VCPU_EXIT_WFI;
        return false;
    case UNICORN_DEVICE:
        *exit = VCPU_EXIT_MMIO;
        return false;
    case UNICORN_EXCEPTION:
        break;
    }
    return takes_exception(vcpu, exit);
}

static enum vcpu_exit given_up(const struct vcpu *vcpu)
{
    return vcpu->broken ? VCPU_EXIT_BROKEN : VCPU_EXIT_STUCK;
}

enum vcpu_exit unicorn_run(struct vcpu *vcpu)
{
    const struct vcpu_clock *clock = vcpu->engine->clock;
    enum vcpu_exit exit;
    bool ok;

    do {
        if (vcpu->trouble[0] != '\0')
            return given_up(vcpu);
        if (clock->instructions == clock->stop_at)
            return VCPU_EXIT_STOP;
        if (unicorn_is_full(vcpu) || vcpu->map_version != vcpu->engine->map_version)
            unicorn_renew(vcpu);
        if (vcpu->map_version != vcpu->engine->map_version) {
            snprintf(vcpu->trouble, sizeof(vcpu->trouble), "no room for the new memory map");
            return VCPU_EXIT_STUCK;
        }
        if (vcpu->rest > 0) {
            ok = step_through_rest(vcpu);
        } else {
            vcpu->horizon = 0;
            ok = emulate(vcpu);
            if (vcpu->stop != UNICORN_BLOCK_TOO_LONG)
                vcpu->rest = 0;
        }
        if (!ok || (vcpu->stop == UNICORN_ABORT && !unicorn_leave_aborted(vcpu)))
            return given_up(vcpu);
    } while (goes_on(vcpu, &exit));
    return exit;
}

void unicorn_trouble(struct vcpu *vcpu, char *text, size_t size)
{
    uint64_t esr, elr, far;

    unicorn_get_sysreg(vcpu, UNICORN_ESR_EL1, &esr);
    unicorn_get_sysreg(vcpu, UNICORN_ELR_EL1, &elr);
    unicorn_get_sysreg(vcpu, UNICORN_FAR_EL1, &far);
    snprintf(text, size,
             "%s%sPC 0x%" PRIx64 " PSTATE 0x%" PRIx32 " ELR_EL1 0x%" PRIx64 " ESR_EL1 0x%" PRIx64
             " FAR_EL1 0x%" PRIx64,
             vcpu->trouble, vcpu->trouble[0] != '\0' ? "; " : "", vcpu->pc,
             unicorn_get_pstate(vcpu), elr, esr, far);
}

/* ---- The table ---------------------------------------------------------------------------------
 */

const struct vcpu_engine_ops unicorn_engine = {
    .name = unicorn_name,
    .model = unicorn_model,
    .create = unicorn_engine_create,
    .clone = unicorn_engine_clone,
    .remap = unicorn_engine_remap,
    .share_memory = unicorn_share_memory,
    .lets_leave = unicorn_lets_leave,
    .destroy = unicorn_engine_destroy,
    .identity = unicorn_identity,
    .create_vcpu = unicorn_create_vcpu,
    .destroy_vcpu = unicorn_destroy_vcpu,
    .run = unicorn_run,
    .mmio = unicorn_mmio,
    .complete = unicorn_complete,
    .set_irq = unicorn_set_irq,
    .set_serror = unicorn_set_serror,
    .clear_monitor = unicorn_clear_monitor,
    .attention = unicorn_attention,
    .instructions = unicorn_instructions,
    .native_register = unicorn_native_register,
    .exception_level = unicorn_exception_level,
    .get_x = unicorn_get_x,
    .set_x = unicorn_set_x,
    .set_pc = unicorn_set_pc,
    .inject = unicorn_inject,
    .is_in_empty_loop = unicorn_is_in_empty_loop,
    .masks_interrupts = unicorn_masks_interrupts,
    .read_memory = unicorn_read_memory,
    .trouble = unicorn_trouble,
    .get_state = unicorn_get_state,
    .put_state = unicorn_put_state,
};
