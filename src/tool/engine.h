/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What this tool runs guests on: engine_unicorn.c, or engine_none.c where it is built without
 * Unicorn. Then every verb that needs no guest is the same.
 */
#ifndef TOOL_ENGINE_H
#define TOOL_ENGINE_H

#include <stdbool.h>

#include "vcpu/vcpu.h"

extern const struct vcpu_engine_ops *const tool_engine;

#define WITHOUT_ENGINE "this vgic5 is built without Unicorn and runs no guest"
/* false: each create of `tool_engine` fails, with words. */
bool tool_runs_guests(void);
/* "GPL-2, through Unicorn 2.0 which it links": under which licence this tool is. */
void tool_licence(char *words, size_t size);

#endif
