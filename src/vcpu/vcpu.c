/* SPDX-License-Identifier: BSD-3-Clause */
#include "vcpu/vcpu.h"

#include <errno.h>
#include <inttypes.h>

#include "facts/error.h"

#define ESR_UNDEFINED 0x02000000u /* EC 0, IL */

/* An engine, and a vCPU, begin with the table of their engine. */
static const struct vcpu_engine_ops *ops_of(const void *object)
{
    return *(const struct vcpu_engine_ops *const *)object;
}

int vcpu_engine_create(const struct vcpu_engine_ops *ops, const struct memory_map *map,
                       struct vcpu_clock *clock, struct vcpu_engine **engine,
                       struct vgic5_error *error)
{
    return ops->create(map, clock, engine, error);
}

int vcpu_engine_clone(const struct vcpu_engine *like, const struct memory_map *map,
                      struct vcpu_clock *clock, struct vcpu_engine **engine,
                      struct vgic5_error *error)
{
    return ops_of(like)->clone(like, map, clock, engine, error);
}

void vcpu_engine_remap(struct vcpu_engine *engine)
{
    ops_of(engine)->remap(engine);
}

int vcpu_engine_share_memory(struct vcpu_engine *engine)
{
    return ops_of(engine)->share_memory(engine);
}

bool vcpu_engine_lets_leave(const struct vcpu_engine *engine)
{
    return ops_of(engine)->lets_leave(engine);
}

void vcpu_engine_destroy(struct vcpu_engine *engine)
{
    if (engine)
        ops_of(engine)->destroy(engine);
}

const char *vcpu_engine_name(const struct vcpu_engine *engine)
{
    return ops_of(engine)->name();
}

uint64_t vcpu_engine_identity(const struct vcpu_engine *engine, size_t n)
{
    return ops_of(engine)->identity(engine, n);
}

int vcpu_create(struct vcpu_engine *engine, const struct vcpu_host *host, struct vcpu **vcpu,
                struct vgic5_error *error)
{
    return ops_of(engine)->create_vcpu(engine, host, vcpu, error);
}

void vcpu_destroy(struct vcpu *vcpu)
{
    if (vcpu)
        ops_of(vcpu)->destroy_vcpu(vcpu);
}

enum vcpu_exit vcpu_run(struct vcpu *vcpu)
{
    return ops_of(vcpu)->run(vcpu);
}

void vcpu_mmio(struct vcpu *vcpu, struct vcpu_mmio *mmio)
{
    ops_of(vcpu)->mmio(vcpu, mmio);
}

void vcpu_complete(struct vcpu *vcpu, uint64_t value)
{
    ops_of(vcpu)->complete(vcpu, value);
}

void vcpu_set_serror(struct vcpu *vcpu, bool level)
{
    ops_of(vcpu)->set_serror(vcpu, level);
}

void vcpu_set_irq(struct vcpu *vcpu, bool level)
{
    ops_of(vcpu)->set_irq(vcpu, level);
}

void vcpu_clear_monitor(struct vcpu *vcpu)
{
    ops_of(vcpu)->clear_monitor(vcpu);
}

void vcpu_attention(struct vcpu *vcpu)
{
    ops_of(vcpu)->attention(vcpu);
}

uint64_t vcpu_instructions(const struct vcpu *vcpu)
{
    return ops_of(vcpu)->instructions(vcpu);
}

uint64_t vcpu_native_register(struct vcpu *vcpu, uint16_t encoding)
{
    return ops_of(vcpu)->native_register(vcpu, encoding);
}

unsigned vcpu_exception_level(struct vcpu *vcpu)
{
    return ops_of(vcpu)->exception_level(vcpu);
}

uint64_t vcpu_get_x(struct vcpu *vcpu, unsigned n)
{
    return ops_of(vcpu)->get_x(vcpu, n);
}

void vcpu_set_x(struct vcpu *vcpu, unsigned n, uint64_t value)
{
    ops_of(vcpu)->set_x(vcpu, n, value);
}

void vcpu_set_pc(struct vcpu *vcpu, uint64_t pc)
{
    ops_of(vcpu)->set_pc(vcpu, pc);
}

void vcpu_inject(struct vcpu *vcpu, const struct vcpu_exception *exception)
{
    ops_of(vcpu)->inject(vcpu, exception);
}

void vcpu_inject_undefined(struct vcpu *vcpu)
{
    const struct vcpu_exception undefined = {.esr = ESR_UNDEFINED};

    vcpu_inject(vcpu, &undefined);
}

bool vcpu_is_in_empty_loop(struct vcpu *vcpu)
{
    return ops_of(vcpu)->is_in_empty_loop(vcpu);
}

bool vcpu_masks_interrupts(struct vcpu *vcpu)
{
    return ops_of(vcpu)->masks_interrupts(vcpu);
}

int vcpu_read_memory(struct vcpu *vcpu, uint64_t address, void *to, size_t size)
{
    return ops_of(vcpu)->read_memory(vcpu, address, to, size);
}

void vcpu_trouble(struct vcpu *vcpu, char *text, size_t size)
{
    ops_of(vcpu)->trouble(vcpu, text, size);
}

int vcpu_get_state(struct vcpu *vcpu, struct vcpu_value *values)
{
    return ops_of(vcpu)->get_state(vcpu, values);
}

int vcpu_put_state(struct vcpu *vcpu, const struct vcpu_value *values)
{
    return ops_of(vcpu)->put_state(vcpu, values);
}

static int not_kept(const struct vcpu *vcpu, const char *where, const char *name,
                    const struct vcpu_value *wanted, const struct vcpu_value *found,
                    struct vgic5_error *error)
{
    bool high = wanted->low == found->low;

    return error_unfit(error, "%s %s is 0x%" PRIx64 "%s, of which %s keeps 0x%" PRIx64, where, name,
                       high ? wanted->high : wanted->low, high ? " in its upper half" : "",
                       ops_of(vcpu)->name(), high ? found->high : found->low);
}

int vcpu_put_state_checked(struct vcpu *vcpu, const struct vcpu_value *values, const char *where,
                           struct vgic5_error *error)
{
    struct vcpu_value found[NR_VCPU_ROWS];
    size_t n;
    const struct vcpu_register *rows = vcpu_registers(&n);

    if (vcpu_put_state(vcpu, values) != 0 || vcpu_get_state(vcpu, found) != 0)
        return error_set(error, VGIC5_CAUSE_BUG, -EIO, "%s does not take the state of %s",
                         ops_of(vcpu)->name(), where);
    for (size_t i = 0; i < n; i++)
        if (values[i].low != found[i].low || values[i].high != found[i].high)
            return not_kept(vcpu, where, rows[i].name, &values[i], &found[i], error);
    return 0;
}

int vcpu_prove_state(struct vcpu_engine *engine, const struct vcpu_value *values, const char *where,
                     struct vgic5_error *error)
{
    static const struct vcpu_host nobody;
    struct vcpu *vcpu;
    int ret = vcpu_check_state(values, where, error);

    if (ret == 0)
        ret = vcpu_create(engine, &nobody, &vcpu, error);
    if (ret != 0)
        return ret;
    ret = vcpu_put_state_checked(vcpu, values, where, error);
    vcpu_destroy(vcpu);
    return ret;
}
