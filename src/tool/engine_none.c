/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/engine.h"

#include <errno.h>
#include <stdio.h>

#include "facts/error.h"

static const char *name(void)
{
    return "none";
}

/* Of the guests in snapshots; what else they need of a CPU is not looked at. */
static const char *model(void)
{
    return VCPU_MODEL;
}

static int create(const struct memory_map *map, struct vcpu_clock *clock,
                  struct vcpu_engine **engine, struct vgic5_error *error)
{
    (void)map, (void)clock, (void)engine;
    return error_set(error, VGIC5_CAUSE_ENVIRONMENT, -ENOTSUP, WITHOUT_ENGINE);
}

static const struct vcpu_engine_ops none = {.name = name, .model = model, .create = create};
const struct vcpu_engine_ops *const tool_engine = &none;

bool tool_runs_guests(void)
{
    return false;
}

void tool_licence(char *words, size_t size)
{
    snprintf(words, size, "BSD-3-Clause");
}
