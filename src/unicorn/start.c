/* SPDX-License-Identifier: BSD-3-Clause */
/* Into Unicorn and out again. */
#include "unicorn/engine.h"

/* Whom this thread runs: Unicorn's functions have no argument that leads to us. */
static _Thread_local struct vcpu *inside;

struct vcpu *unicorn_inside_now(void)
{
    return inside;
}

struct vcpu *unicorn_inside(struct vcpu *vcpu)
{
    struct vcpu *outer = inside;

    inside = vcpu;
    return outer;
}

uc_err unicorn_start(struct vcpu *vcpu, uint64_t pc)
{
    struct vcpu *outer = unicorn_inside(vcpu);
    uc_err error = UC_ERR_EXCEPTION;

    vcpu->end = unicorn_guarded_start(vcpu, pc, &error, &vcpu->aborted_block);
    unicorn_inside(outer);
    return error;
}
