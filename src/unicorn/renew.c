/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Unicorn keeps what it has translated, up to 1 GiB for each vCPU, and has no call that drops all
 * of it at a bearable price (2.0 takes seconds, and touches the whole GiB). So a vCPU that has
 * translated much moves into a new instance, with its state as a snapshot would have it: 4 ms.
 */
#include "unicorn/engine.h"

#include <stdio.h>

/* Into an instance of its own. */
static bool move(struct vcpu *vcpu, const struct vcpu_value *state)
{
    vcpu->uc = NULL;
    vcpu->context = NULL;
    vcpu->cpu = NULL;
    vcpu->translated = NULL;
    vcpu->scratch = NULL;
    vcpu->ranges = NULL;
    vcpu->gaps = NULL;
    vcpu->el1_flags_known[0] = vcpu->el1_flags_known[1] = false;
    vcpu->stale.size = 0;
    return unicorn_create(vcpu, NULL) == 0 && unicorn_put_state(vcpu, state) == 0;
}

/* False: it stays where it is. */
static bool move_out(struct vcpu *vcpu)
{
    struct vcpu_value state[NR_VCPU_ROWS];
    struct vcpu old = *vcpu;

    if (unicorn_get_state(vcpu, state) == 0 && move(vcpu, state)) {
        unicorn_close(&old);
        vcpu->code = 0;
        return true;
    }
    if (vcpu->uc != old.uc)
        unicorn_close(vcpu);
    *vcpu = old;
    return false;
}

void unicorn_renew(struct vcpu *vcpu)
{
    move_out(vcpu); /* or there is no room for a second one: it may grow */
    vcpu->code = 0;
    vcpu->moved_at = vcpu->clock->instructions;
}

bool unicorn_leave_aborted(struct vcpu *vcpu)
{
    if (move_out(vcpu))
        return true;
    vcpu->broken = true;
    snprintf(vcpu->trouble, sizeof(vcpu->trouble),
             "%s has aborted, and no second instance can be made", unicorn_name());
    return false;
}
