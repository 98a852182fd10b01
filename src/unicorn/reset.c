/* SPDX-License-Identifier: BSD-3-Clause */
/* An instance with our hooks, in the reset state. */
#include "unicorn/engine.h"

#include <errno.h>

static int reset(struct vcpu *vcpu, struct vgic5_error *error)
{
    const struct unicorn_monitor open_monitor = {.address = UINT64_MAX};

    if (uc_context_save(vcpu->uc, vcpu->context) == UC_ERR_OK && unicorn_add_hooks(vcpu) == 0) {
        if (vcpu->engine->layout.flags_by_hand)
            vcpu->reset_flags = unicorn_peek32(vcpu, vcpu->engine->layout.flags);
        if (unicorn_eret_to(vcpu, PSTATE_RESET) == 0 &&
            unicorn_set_monitor(vcpu, &open_monitor) == 0)
            return 0;
    }
    return unicorn_fail(error, -ENOTSUP, "%s did not reach EL1", unicorn_name());
}

int unicorn_create(struct vcpu *vcpu, struct vgic5_error *error)
{
    int ret = unicorn_open(vcpu, error);

    return ret == 0 ? reset(vcpu, error) : ret;
}
