/* SPDX-License-Identifier: BSD-3-Clause */
#include "stub_engine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct vcpu_engine {
    const struct vcpu_engine_ops *ops;
    const struct memory_map *map;
    struct vcpu_clock *clock;
    unsigned nr_vcpus;
};

struct vcpu {
    const struct vcpu_engine_ops *ops;
    struct vcpu_engine *engine;
    const struct vcpu_host *host;
    stub_script *script;
    unsigned n;
    bool irq;
    struct vcpu_value state[NR_VCPU_ROWS];
};

static stub_script *followed;

void stub_follow(stub_script *script)
{
    followed = script;
}

bool stub_irq(const struct vcpu *vcpu)
{
    return vcpu->irq;
}

const struct vcpu_host *stub_host(const struct vcpu *vcpu)
{
    return vcpu->host;
}

uint64_t stub_pc(const struct vcpu *vcpu)
{
    return vcpu->state[VCPU_ROW_PC].low;
}

bool stub_execute(struct vcpu *vcpu, uint64_t most, enum vcpu_exit *exit)
{
    struct vcpu_clock *clock = vcpu->engine->clock;

    for (uint64_t n = 0; n <= most; n += STUB_BLOCK) {
        *exit = clock->instructions >= clock->stop_at ? VCPU_EXIT_STOP : VCPU_EXIT_CHECK;
        if (clock->instructions >= clock->stop_at || clock->instructions >= clock->check_at)
            return true;
        clock->instructions += STUB_BLOCK;
    }
    return false;
}

static const char *name(void)
{
    return "stub";
}

static const char *model(void)
{
    return "stub";
}

static int create(const struct memory_map *map, struct vcpu_clock *clock,
                  struct vcpu_engine **engine, struct vgic5_error *error)
{
    (void)error;
    *engine = calloc(1, sizeof(**engine));
    if (!*engine)
        return -ENOMEM;
    **engine = (struct vcpu_engine){.ops = &stub_engine, .map = map, .clock = clock};
    return 0;
}

static int clone(const struct vcpu_engine *like, const struct memory_map *map,
                 struct vcpu_clock *clock, struct vcpu_engine **engine, struct vgic5_error *error)
{
    (void)like;
    return create(map, clock, engine, error);
}

/* It reads the map at each access. */
static void remap(struct vcpu_engine *engine)
{
    (void)engine;
}

static int share_memory(struct vcpu_engine *engine)
{
    (void)engine;
    return 0;
}

static bool lets_leave(const struct vcpu_engine *engine)
{
    (void)engine;
    return false;
}

static void destroy(struct vcpu_engine *engine)
{
    free(engine);
}

static uint64_t identity(const struct vcpu_engine *engine, size_t n)
{
    (void)engine;
    return n;
}

static int create_vcpu(struct vcpu_engine *engine, const struct vcpu_host *host, struct vcpu **vcpu,
                       struct vgic5_error *error)
{
    (void)error;
    *vcpu = calloc(1, sizeof(**vcpu));
    if (!*vcpu)
        return -ENOMEM;
    **vcpu = (struct vcpu){.ops = &stub_engine,
                           .engine = engine,
                           .host = host,
                           .script = followed,
                           .n = engine->nr_vcpus++};
    (*vcpu)->state[VCPU_ROW_PSTATE].low = 5;
    return 0;
}

static void destroy_vcpu(struct vcpu *vcpu)
{
    free(vcpu);
}

static enum vcpu_exit run(struct vcpu *vcpu)
{
    return vcpu->script(vcpu, vcpu->n);
}

/* No access of it leaves. */
static void mmio(struct vcpu *vcpu, struct vcpu_mmio *access)
{
    (void)vcpu;
    *access = (struct vcpu_mmio){0};
}

static void complete(struct vcpu *vcpu, uint64_t value)
{
    (void)vcpu, (void)value;
}

static void set_irq(struct vcpu *vcpu, bool level)
{
    vcpu->irq = level;
}

static void clear_monitor(struct vcpu *vcpu)
{
    (void)vcpu;
}

/* It looks at the limits before each block anyway. */
static void attention(struct vcpu *vcpu)
{
    (void)vcpu;
}

static uint64_t instructions(const struct vcpu *vcpu)
{
    return vcpu->engine->clock->instructions;
}

static uint64_t native_register(struct vcpu *vcpu, uint16_t encoding)
{
    (void)vcpu, (void)encoding;
    return 0;
}

static unsigned exception_level(struct vcpu *vcpu)
{
    return (unsigned)(vcpu->state[VCPU_ROW_PSTATE].low >> 2 & 3);
}

static uint64_t get_x(struct vcpu *vcpu, unsigned n)
{
    return n < 31 ? vcpu->state[VCPU_ROW_X0 + n].low : 0;
}

static void set_x(struct vcpu *vcpu, unsigned n, uint64_t value)
{
    if (n < 31)
        vcpu->state[VCPU_ROW_X0 + n].low = value;
}

static void set_pc(struct vcpu *vcpu, uint64_t pc)
{
    vcpu->state[VCPU_ROW_PC].low = pc;
}

static void inject(struct vcpu *vcpu, const struct vcpu_exception *exception)
{
    (void)vcpu, (void)exception;
}

static void set_serror(struct vcpu *vcpu, bool level)
{
    (void)vcpu, (void)level;
}

static bool never(struct vcpu *vcpu)
{
    (void)vcpu;
    return false;
}

static int read_memory(struct vcpu *vcpu, uint64_t address, void *to, size_t size)
{
    return memory_map_read(vcpu->engine->map, address, to, size);
}

static void trouble(struct vcpu *vcpu, char *text, size_t size)
{
    snprintf(text, size, "script of vCPU %u", vcpu->n);
}

static int get_state(struct vcpu *vcpu, struct vcpu_value *values)
{
    memcpy(values, vcpu->state, sizeof(vcpu->state));
    return 0;
}

static int put_state(struct vcpu *vcpu, const struct vcpu_value *values)
{
    memcpy(vcpu->state, values, sizeof(vcpu->state));
    return 0;
}

const struct vcpu_engine_ops stub_engine = {
    .name = name,
    .model = model,
    .create = create,
    .clone = clone,
    .remap = remap,
    .share_memory = share_memory,
    .lets_leave = lets_leave,
    .destroy = destroy,
    .identity = identity,
    .create_vcpu = create_vcpu,
    .destroy_vcpu = destroy_vcpu,
    .run = run,
    .mmio = mmio,
    .complete = complete,
    .set_irq = set_irq,
    .set_serror = set_serror,
    .clear_monitor = clear_monitor,
    .attention = attention,
    .instructions = instructions,
    .native_register = native_register,
    .exception_level = exception_level,
    .get_x = get_x,
    .set_x = set_x,
    .set_pc = set_pc,
    .inject = inject,
    .is_in_empty_loop = never,
    .masks_interrupts = never,
    .read_memory = read_memory,
    .trouble = trouble,
    .get_state = get_state,
    .put_state = put_state,
};
