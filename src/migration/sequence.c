/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs a sequence over a port, after checking that no step comes before one that it needs. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "migration/engine.h"

#define DEFAULT_IST_RETRIES 16u

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
                         engine_direction_name(step->direction), step->id, step->name, other->id,
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
