/* SPDX-License-Identifier: BSD-3-Clause */
/* KVM_SET_VCPU_EVENTS: SErrors and external aborts that the VMM makes. */
#include <errno.h>

#include "kvmd/internal.h"

#define EC(class) ((uint32_t)(class) << 26)
#define EC_ABORT_FROM_EL0 0x24u
#define EC_ABORT_FROM_EL1 0x25u
#define EC_SERROR 0x2fu
#define IL (1u << 25)
#define IDS (1u << 24)     /* of an SError: the rest is IMPLEMENTATION DEFINED */
#define FSC_EXTERNAL 0x10u /* not on a table walk */

/* Of the last access that has left. */
void events_take_abort(struct kvmd_vcpu *vcpu)
{
    unsigned from = vcpu_exception_level(vcpu->pe.vcpu) ? EC_ABORT_FROM_EL1 : EC_ABORT_FROM_EL0;
    const struct vcpu_exception abort = {
        .esr = EC(from) | IL | FSC_EXTERNAL, .has_far = true, .far = vcpu->mmio.virtual};

    vcpu->abort_pending = false;
    vcpu_inject(vcpu->pe.vcpu, &abort);
}

/* Without RAS it says no more than that it is one. */
void events_take_serror(struct kvmd_vcpu *vcpu)
{
    const struct vcpu_exception serror = {.is_serror = true, .esr = EC(EC_SERROR) | IL | IDS};

    vcpu->serror_pending = false;
    vcpu_inject(vcpu->pe.vcpu, &serror);
}

/* An abort is taken at once, as far as KVM shows. */
int64_t kvmd_get_vcpu_events(struct kvmd_call *call)
{
    const struct kvmd_vcpu_events events = {.serror_pending = call->vcpu->serror_pending};

    return call_write(call, &events, sizeof(events));
}

/* The instruction that has left takes the abort: it is not completed. */
static void make_abort(struct kvmd_vcpu *vcpu)
{
    vcpu->abort_pending = true;
    vcpu->mmio_pending = vcpu->waits = false;
}

int64_t kvmd_set_vcpu_events(struct kvmd_call *call)
{
    struct kvmd_vcpu *vcpu = call->vcpu;
    struct kvmd_vcpu_events events;
    int ret = call_read(call, &events, sizeof(events));

    if (ret)
        return ret;
    if (events.serror_pending && events.serror_has_esr) /* which a PE with RAS has */
        return -EINVAL;
    if (events.serror_pending) {
        vcpu->serror_pending = true;
        vcpu_wake(vcpu);
    }
    if (events.ext_dabt_pending)
        make_abort(vcpu);
    return 0;
}
