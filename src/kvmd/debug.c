/* SPDX-License-Identifier: BSD-3-Clause */
/* KVM_SET_GUEST_DEBUG: BRKs that are the VMM's, and single steps. */
#include <errno.h>
#include <string.h>

#include "kvmd/internal.h"

#define ESR_STEP 0xcb000022u /* EC 0x32 (a lower EL's), IL, ISV; IFSC: a debug exception */

/* Breakpoint and watchpoint registers are not there: their capabilities are 0. */
int64_t kvmd_set_guest_debug(struct kvmd_call *call)
{
    const uint32_t known = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_SW_BP | KVM_GUESTDBG_SINGLESTEP;
    struct kvmd_guest_debug debug;
    int ret = call_read(call, &debug, sizeof(debug));

    if (ret)
        return ret;
    if (debug.control & ~known)
        return -EINVAL;
    call->vcpu->debug = debug.control & KVM_GUESTDBG_ENABLE ? debug.control : 0;
    return 0;
}

bool debug_steps(const struct kvmd_vcpu *vcpu)
{
    return vcpu->debug & KVM_GUESTDBG_SINGLESTEP;
}

bool debug_breaks(void *opaque, uint32_t esr)
{
    struct kvmd_vcpu *vcpu = opaque;

    vcpu->break_esr = esr;
    return vcpu->debug & KVM_GUESTDBG_USE_SW_BP;
}

static void leave(struct kvmd_vcpu *vcpu, uint32_t esr)
{
    const struct kvmd_debug_exit at = {.hsr = esr};

    vcpu->run->exit_reason = KVM_EXIT_DEBUG;
    memcpy(&vcpu->run->debug, &at, sizeof(at));
}

void debug_at_break(struct kvmd_vcpu *vcpu)
{
    leave(vcpu, vcpu->break_esr);
}

void debug_after_step(struct kvmd_vcpu *vcpu)
{
    vcpu->stepped = false;
    leave(vcpu, ESR_STEP);
}
