/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/engine.h"

#include <stdio.h>

#include <unicorn/unicorn.h>

#include "unicorn/unicorn_engine.h"

const struct vcpu_engine_ops *const tool_engine = &unicorn_engine;

bool tool_runs_guests(void)
{
    return true;
}

void tool_licence(char *words, size_t size)
{
    unsigned major, minor;

    uc_version(&major, &minor);
    snprintf(words, size, "GPL-2, through Unicorn %u.%u which it links", major, minor);
}
