/* SPDX-License-Identifier: BSD-3-Clause */
#include "process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "exits.h"
#include "unicorn/unicorn_engine.h"

void emulated_open(struct emulated *emulated, enum kvmd_profile profile)
{
    const struct kvmd_config config = {.profile = profile, .engine = &unicorn_engine};

    struct vgic5_error error = {0};
    int ret = kvmd_create(&config, &emulated->kvmd, &error);

    skip_without_exits(ret, &error);
    assert_int_equal(ret, 0);
    assert_int_equal(kvmd_process_create(emulated->kvmd, &emulated->process), 0);
    kvmd_calls(emulated->process, &emulated->calls);
}

void emulated_close(struct emulated *emulated)
{
    kvmd_process_destroy(emulated->process);
    kvmd_destroy(emulated->kvmd);
}
