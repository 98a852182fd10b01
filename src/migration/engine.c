/* SPDX-License-Identifier: BSD-3-Clause */
/* What a step works with: its calls over the port, and their failures in words. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "migration/engine.h"

const char *engine_direction_name(enum vgic5_direction direction)
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
                     engine_direction_name(engine->now->direction), engine->now->id,
                     engine->now->name, reason);
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

/* ---- Of more than one table -------------------------------------------------------------------
 */

enum irs_row plan_irs_row(const struct vgic5_step *row)
{
    return (enum irs_row)(irs_register_at(row->attr) - irs_registers); /* a row has one */
}

int step_vmm(struct engine *engine, const struct vgic5_step *row)
{
    (void)engine, (void)row; /* the VMM's own part, before or after the engine's call */
    return 0;
}
