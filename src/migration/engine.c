/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs a sequence over a port, after checking that no step comes before one that it needs. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "migration/engine.h"

#define DEFAULT_IST_RETRIES 16u

static const char *direction_name(enum vgic5_direction direction)
{
    return direction == VGIC5_SAVE ? "save" : "restore";
}

/* ---- Failures in words ----------------------------------------------------------------------- */

/* A save that fails leaves a source that can go on; what a restore is refused for is mostly the
 * target's nature, and else its environment. */
static enum vgic5_cause cause_of(const struct engine *engine, int ret)
{
    if (engine->now->direction == VGIC5_SAVE)
        return VGIC5_CAUSE_GIVEN_UP;
    return ret == -ENOMEM || ret == -ETIMEDOUT || ret == -EIO || ret == -ENOSPC
               ? VGIC5_CAUSE_ENVIRONMENT
               : VGIC5_CAUSE_UNFIT;
}

int engine_fail(struct engine *engine, int ret, const char *format, ...)
{
    char reason[320];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(reason, sizeof(reason), format, arguments);
    va_end(arguments);
    return error_set(engine->error, cause_of(engine, ret), ret, "%s step %s (%s): %s",
                     direction_name(engine->now->direction), engine->now->id, engine->now->name,
                     reason);
}

int engine_wrong_generation(struct engine *engine, uint32_t other)
{
    return engine_fail(engine, -ENOTSUP,
                       "the port says abi %s, and the device answers as one of %s",
                       vgic5_abi_name(engine->port->abi), vgic5_abi_name(other));
}

void engine_warn(struct engine *engine, const char *format, ...)
{
    char message[320];
    va_list arguments;

    if (!engine->options.warn)
        return;
    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    engine->options.warn(engine->options.opaque, message);
}

void engine_warn_modes(struct engine *engine, uint32_t spi, bool level_triggered)
{
    engine_warn(engine,
                "SPI %u is %s-triggered and handled as %s: abi 7.4 has one bit for both, and the "
                "restored guest will have %s",
                spi, level_triggered ? "level" : "edge", level_triggered ? "edge" : "level",
                level_triggered ? "level for both" : "edge for both");
}

/* ---- Calls over the port --------------------------------------------------------------------- */

int engine_try(struct engine *engine, bool is_set, uint32_t group, uint64_t attr, void *payload)
{
    struct vgic5_attr access = {.group = group, .attr = attr, .addr = (uintptr_t)payload};
    const struct vgic5_port *port = engine->port;

    return is_set ? port->set_attr(port->opaque, &access) : port->get_attr(port->opaque, &access);
}

int engine_get(struct engine *engine, uint32_t group, uint64_t attr, void *payload)
{
    int ret = engine_try(engine, false, group, attr, payload);

    if (ret == 0)
        return 0;
    return engine_fail(engine, ret, "the device answers %s to get %s 0x%llx", error_name(ret),
                       vgic5_group_name(group), (unsigned long long)attr);
}

int engine_set(struct engine *engine, uint32_t group, uint64_t attr, const void *payload)
{
    /* A set only reads its payload; the contract's one `addr` serves both directions. */
    int ret = engine_try(engine, true, group, attr, (void *)(uintptr_t)payload);

    if (ret == 0)
        return 0;
    return engine_fail(engine, ret, "the device answers %s to set %s 0x%llx", error_name(ret),
                       vgic5_group_name(group), (unsigned long long)attr);
}

int engine_get_irs(struct engine *engine, enum irs_row row, uint64_t *value)
{
    int ret = engine_try(engine, false, VGIC5_GRP_IRS_REGS, irs_registers[row].offset, value);

    if (ret == 0)
        return 0;
    return engine_fail(engine, ret, "the device answers %s to get %s", error_name(ret),
                       irs_registers[row].name);
}

int engine_set_irs(struct engine *engine, enum irs_row row, uint64_t value)
{
    int ret = engine_try(engine, true, VGIC5_GRP_IRS_REGS, irs_registers[row].offset, &value);

    if (ret == 0)
        return 0;
    return engine_fail(engine, ret, "the device answers %s to set %s to 0x%llx", error_name(ret),
                       irs_registers[row].name, (unsigned long long)value);
}

static int try_icc(struct engine *engine, bool is_set, uint32_t vcpu_id, unsigned index,
                   uint64_t *value)
{
    struct sysreg reg = migration_sysreg(index);
    uint64_t attr = VGIC5_SYSREG_ATTR(vgic5_mpidr_of_vcpu(vcpu_id), reg.encoding);
    int ret = engine_try(engine, is_set, VGIC5_GRP_CPU_SYSREGS, attr, value);

    if (ret == 0)
        return 0;
    return engine_fail(engine, ret, "the device answers %s to %s %s of vCPU %u", error_name(ret),
                       is_set ? "set" : "get", reg.name, vcpu_id);
}

int engine_get_icc(struct engine *engine, uint32_t vcpu_id, unsigned index, uint64_t *value)
{
    return try_icc(engine, false, vcpu_id, index, value);
}

int engine_set_icc(struct engine *engine, uint32_t vcpu_id, unsigned index, uint64_t value)
{
    return try_icc(engine, true, vcpu_id, index, &value);
}

/* ---- Order ----------------------------------------------------------------------------------- */

static bool comes_before(const struct vgic5_step *const *order, size_t n,
                         const struct vgic5_step *step)
{
    for (size_t index = 0; index < n; index++) {
        if (order[index] == step)
            return true;
    }
    return false;
}

/* The steps that order[at] needs must be among those before it; one that does not apply to every
 * port may be left out. */
static int check_step(uint32_t abi, const struct vgic5_step *const *order, size_t n_steps,
                      size_t at, struct vgic5_error *error)
{
    const struct vgic5_step *step = order[at];
    const struct vgic5_step *other;

    for (size_t n = 0; (other = vgic5_plan_step(abi, step->direction, n)) != NULL; n++) {
        if (!vgic5_step_needs(abi, step, other) || comes_before(order, at, other))
            continue;
        if (plan_step_of(other)->applies && !comes_before(order, n_steps, other))
            continue;
        return error_set(error, VGIC5_CAUSE_BUG, -EINVAL,
                         "%s step %s (%s) must wait for step %s (%s), which has not run: %s",
                         direction_name(step->direction), step->id, step->name, other->id,
                         other->name, step->why);
    }
    return 0;
}

int engine_check_order(uint32_t abi, const struct vgic5_step *const *order, size_t n,
                       struct vgic5_error *error)
{
    int ret = 0;

    for (size_t at = 0; at < n && ret == 0; at++)
        ret = check_step(abi, order, n, at, error);
    return ret;
}

int engine_run(struct engine *engine, const struct vgic5_step *const *order, size_t n,
               bool unchecked)
{
    int ret = unchecked ? 0 : engine_check_order(engine->port->abi, order, n, engine->error);

    for (size_t at = 0; at < n && ret == 0; at++) {
        engine->now = order[at];
        if (engine->options.step)
            engine->options.step(engine->options.opaque, order[at]);
        ret = plan_step_of(order[at])->run(engine, order[at]);
    }
    return ret;
}

int step_vmm(struct engine *engine, const struct vgic5_step *row)
{
    (void)engine, (void)row; /* the VMM's own part, before or after the engine's call */
    return 0;
}

/* ---- Save and restore ------------------------------------------------------------------------ */

/* A caller of an older version has shorter options: what it lacks is the default. */
static int engine_open(struct engine *engine, struct vgic5_port *port,
                       const struct vgic5_port *given,
                       const struct vgic5_migration_options *options, struct vgic5_error *error)
{
    memset(engine, 0, sizeof(*engine));
    if (options && options->size < sizeof(options->size))
        return error_set(error, VGIC5_CAUSE_BUG, -EINVAL, "the options' size is %u", options->size);
    if (options)
        memcpy(&engine->options, options,
               options->size < sizeof(*options) ? options->size : sizeof(*options));
    if (engine->options.ist_retries == 0)
        engine->options.ist_retries = DEFAULT_IST_RETRIES;
    engine->port = port;
    engine->error = error;
    return migration_port_open(port, given, error);
}

/* After a failure, whatever it was: a VM that has died answers EIO to everything from then on
 * (kvm-abi §7). This get is refused by no device that lives. */
static bool vm_is_dead(struct engine *engine)
{
    uint32_t number = 0;

    return engine->now && engine_try(engine, false, VGIC5_GRP_NR_IRQS, 0, &number) == -EIO;
}

/* The error stays that of the call which failed first. */
static void say_dead(struct vgic5_error *error)
{
    error_recast(error, VGIC5_CAUSE_VM_DEAD);
    error_add(error, "; since then it answers EIO to everything: the VM is dead");
}

/* The guest's selectors, where an abandoned save has moved them: the source goes on. */
static void put_selectors_back(struct engine *engine)
{
    const enum irs_row selectors[] = {IRS_PE_SELR_ROW, IRS_SPI_SELR_ROW};

    if (!engine->selectors_known || !engine->selectors_moved)
        return;
    for (size_t n = 0; n < 2; n++) {
        uint64_t value = engine->saved->irs[selectors[n]];

        if (engine_try(engine, true, VGIC5_GRP_IRS_REGS, irs_registers[selectors[n]].offset,
                       &value))
            engine_warn(engine, "the save could not put %s back to 0x%llx",
                        irs_registers[selectors[n]].name, (unsigned long long)value);
    }
}

int engine_save_in_order(const struct vgic5_port *given,
                         const struct vgic5_migration_options *options,
                         const struct vgic5_step *const *order, size_t n, bool unchecked,
                         struct vgic5_state **state, struct vgic5_error *error)
{
    struct vgic5_port port;
    struct engine engine;
    int ret = engine_open(&engine, &port, given, options, error);

    if (ret)
        return ret;
    engine.saved = state_new();
    if (!engine.saved)
        return error_set(error, VGIC5_CAUSE_ENVIRONMENT, -ENOMEM, "no memory for the state");
    engine.saved->abi = port.abi;
    ret = engine_run(&engine, order, n, unchecked);
    if (ret == 0) {
        *state = engine.saved;
        return 0;
    }
    if (vm_is_dead(&engine))
        say_dead(error);
    else
        put_selectors_back(&engine);
    vgic5_state_free(engine.saved);
    return ret;
}

int engine_restore_in_order(const struct vgic5_port *given, const struct vgic5_state *state,
                            const struct vgic5_migration_options *options,
                            const struct vgic5_step *const *order, size_t n, bool unchecked,
                            struct vgic5_error *error)
{
    struct vgic5_port port;
    struct engine engine;
    int ret = engine_open(&engine, &port, given, options, error);

    if (ret)
        return ret;
    engine.restored = state;
    ret = engine_run(&engine, order, n, unchecked);
    if (ret && vm_is_dead(&engine))
        say_dead(error);
    free(engine.given.made);
    return ret;
}

/* What no restore would take is better known now, while the source can go on. */
static int check_saved(struct vgic5_state **state, struct vgic5_error *error)
{
    int ret = vgic5_state_check(*state, error);

    if (ret == 0)
        return 0;
    error_recast(error, VGIC5_CAUSE_GIVEN_UP);
    vgic5_state_free(*state);
    *state = NULL;
    return ret;
}

int vgic5_save(const struct vgic5_port *given, const struct vgic5_migration_options *options,
               struct vgic5_state **state, struct vgic5_error *error)
{
    const struct vgic5_step *order[PLAN_MOST];
    struct vgic5_port port;
    size_t n;
    int ret = migration_port_open(&port, given, error);

    if (!state)
        return error_misuse(error, "there is no place for the state");
    if (ret)
        return ret;
    n = plan_for_port(&port, VGIC5_SAVE, order);
    ret = engine_save_in_order(&port, options, order, n, false, state, error);
    return ret ? ret : check_saved(state, error);
}

int vgic5_restore(const struct vgic5_port *given, const struct vgic5_state *state,
                  const struct vgic5_migration_options *options, struct vgic5_error *error)
{
    const struct vgic5_step *order[PLAN_MOST];
    struct vgic5_port port;
    size_t n;
    int ret = vgic5_restore_check(given, state, error);

    if (ret == 0)
        ret = migration_port_open(&port, given, error);
    if (ret)
        return ret;
    n = plan_for_port(&port, VGIC5_RESTORE, order);
    return engine_restore_in_order(&port, state, options, order, n, false, error);
}
