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

#define SCR_EL3 VGIC5_ENCODING(3, 6, 1, 1, 0)
#define HCR_EL2 VGIC5_ENCODING(3, 4, 1, 1, 0)
/* A PE without EL3 and EL2, on an engine that has both: Non-secure, EL2 and EL1 in AArch64, HVC
 * enabled, SMC UNDEFINED, no trap of pointer authentication to either. */
#define SCR_VALUE 0x30581u
#define HCR_VALUE (UINT64_C(1) << 31 | UINT64_C(3) << 40)

/* Of the 64 MiB that a vCPU may take; the rest is for Unicorn's tables. */
#define MOST_CODE (UINT64_C(44) << 20)

const char *unicorn_name(void)
{
    unsigned major, minor;

    uc_version(&major, &minor);
    return major == 2 && minor == 0 ? "Unicorn 2.0"
           : major == 2             ? "Unicorn 2.1 or later"
                                    : "Unicorn";
}

const char *unicorn_model(void)
{
    return VCPU_MODEL;
}

uint64_t unicorn_identity(const struct vcpu_engine *engine, size_t n)
{
    return engine->identity[n];
}

int unicorn_open(struct vcpu *vcpu, struct vgic5_error *error)
{
    uc_err status = uc_open(UC_ARCH_ARM64, UC_MODE_ARM, &vcpu->uc);

    if (status == UC_ERR_OK)
        status = uc_ctl_set_cpu_model(vcpu->uc, UC_CPU_ARM64_MAX);
    if (status == UC_ERR_OK && unicorn_map(vcpu) != 0)
        status = UC_ERR_MAP;
    if (status == UC_ERR_OK)
        status = uc_context_alloc(vcpu->uc, &vcpu->context);
    if (status == UC_ERR_OK)
        status = uc_ctl_exits_enable(vcpu->uc); /* else address 0 would be an exit */
    if (status == UC_ERR_OK)
        status = unicorn_stores_open(vcpu);
    if (status != UC_ERR_OK)
        return unicorn_fail(error, -ENOMEM, "%s: cannot create a vCPU: %s", unicorn_name(),
                            uc_strerror(status));
    unicorn_set_sysreg(vcpu, SCR_EL3, SCR_VALUE);
    unicorn_set_sysreg(vcpu, HCR_EL2, HCR_VALUE);
    unicorn_set_sysreg(vcpu, UNICORN_SCTLR_EL1, SCTLR_RESET);
    return 0;
}

void unicorn_close(struct vcpu *vcpu)
{
    if (vcpu->context)
        uc_context_free(vcpu->context);
    if (vcpu->uc)
        uc_close(vcpu->uc);
    unicorn_stores_close(vcpu);
    unicorn_unmap(vcpu);
    vcpu->context = NULL;
    vcpu->uc = NULL;
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

static int reset(struct vcpu *vcpu, struct vgic5_error *error)
{
    const struct unicorn_monitor open_monitor = {.address = UINT64_MAX};

    if (uc_context_save(vcpu->uc, vcpu->context) == UC_ERR_OK && unicorn_add_hooks(vcpu) == 0) {
        if (vcpu->engine->layout.flags_by_hand)
            vcpu->reset_flags = unicorn_peek32(vcpu, vcpu->engine->layout.flags);
        if (unicorn_eret_to(vcpu, PSTATE_RESET) == 0 &&
            unicorn_set_monitor(vcpu, &open_monitor) == 0)
            return 0;
    }
    return unicorn_fail(error, -ENOTSUP, "%s did not reach EL1", unicorn_name());
}

int unicorn_create(struct vcpu *vcpu, struct vgic5_error *error)
{
    int ret = unicorn_open(vcpu, error);

    return ret == 0 ? reset(vcpu, error) : ret;
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

/* Deals with what only concerns the engine; false: `exit` says what the machine has to do. */
static bool goes_on(struct vcpu *vcpu, enum vcpu_exit *exit)
{
    uint32_t insn;

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
    case UNICORN_WFI:
        *exit = VCPU_EXIT_WFI;
        return false;
    case UNICORN_DEVICE:
        *exit = VCPU_EXIT_MMIO;
        return false;
    case UNICORN_EXCEPTION:
        break;
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
