/* SPDX-License-Identifier: BSD-3-Clause */
/* Code of ours in the scratch page, to see what Unicorn makes of it. */
#include "unicorn/engine.h"

#include <string.h>

static void on_probe(uc_engine *uc, uint32_t number, void *opaque)
{
    struct vcpu *vcpu = opaque;

    (void)number;
    uc_context_save(uc, vcpu->context);
    uc_emu_stop(uc);
}

uc_err unicorn_run_probe(struct vcpu *vcpu, const uint32_t *code, size_t size)
{
    const uint64_t cell = PROBE_CELL;
    uc_hook hook;
    uc_err error = uc_hook_add(vcpu->uc, &hook, UC_HOOK_INTR, (void *)on_probe, vcpu, 1, 0);

    if (error != UC_ERR_OK)
        return error;
    memcpy(vcpu->scratch, code, size);
    uc_ctl_remove_cache(vcpu->uc, SCRATCH_BASE, SCRATCH_BASE + size);
    memcpy(vcpu->scratch + PROBE_CELL_AT, &cell, sizeof(cell));
    for (unsigned n = 0; n < 31; n++)
        unicorn_set_x(vcpu, n, PROBE_X0 + n);
    unicorn_set_x(vcpu, 8, SCRATCH_BASE + PROBE_CELL_AT);
    error = unicorn_start(vcpu, SCRATCH_BASE);
    uc_hook_del(vcpu->uc, hook);
    return error;
}
