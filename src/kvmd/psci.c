/* SPDX-License-Identifier: BSD-3-Clause */
/* The calls of PSCI 1.3 (Arm DEN 0022F) that KVM has beside those which src/vcpu decides. */
#include "kvmd/psci.h"

#define VERSION UINT32_C(0x84000000)
#define CPU_SUSPEND UINT32_C(0x84000001)
#define FEATURES UINT32_C(0x8400000a)
#define SYSTEM_OFF UINT32_C(0x84000008)
#define SYSTEM_RESET UINT32_C(0x84000009)
#define SYSTEM_SUSPEND UINT32_C(0x8400000e)
#define SYSTEM_RESET2 UINT32_C(0x84000012)
#define SYSTEM_OFF2 UINT32_C(0x84000015)
#define SMC64 UINT32_C(0x40000000)

#define VERSION_1_0 0x10000u
#define VERSION_1_1 0x10001u
#define HIBERNATE_OFF 1
#define VENDOR_RESET (UINT32_C(1) << 31) /* of SYSTEM_RESET2's type; else the architecture's 0 */

#define EVENT_SHUTDOWN 1u
#define EVENT_RESET 2u
#define EVENT_SUSPEND 5u
#define FLAG_OF_SECOND 1u /* SYSTEM_OFF2, SYSTEM_RESET2 asked for it */

#define INVALID_PARAMETERS (-2)
#define NOT_SUPPORTED (-1)
#define INTERNAL_FAILURE (-6) /* what the guest reads if it goes on after an end of the system */

bool psci_version_is_known(uint64_t version)
{
    return version == 2 || (version >= VERSION_1_0 && version <= PSCI_NEWEST);
}

static enum psci_outcome answer(struct kvmd_vcpu *vcpu, int64_t value)
{
    vcpu_set_x(vcpu->pe.vcpu, 0, (uint64_t)value);
    return PSCI_ANSWERED;
}

static enum psci_outcome leave(struct kvmd_vcpu *vcpu, struct psci_event *event, uint32_t type,
                               uint64_t flags)
{
    *event = (struct psci_event){.type = type, .flags = flags};
    answer(vcpu, INTERNAL_FAILURE);
    return PSCI_LEAVES;
}

static enum psci_outcome system_off2(struct kvmd_vcpu *vcpu, uint64_t type, uint64_t cookie,
                                     struct psci_event *event)
{
    if ((type && type != HIBERNATE_OFF) || cookie)
        return answer(vcpu, INVALID_PARAMETERS);
    return leave(vcpu, event, EVENT_SHUTDOWN, FLAG_OF_SECOND);
}

static enum psci_outcome system_reset2(struct kvmd_vcpu *vcpu, uint32_t type,
                                       struct psci_event *event)
{
    if (type && !(type & VENDOR_RESET))
        return answer(vcpu, INVALID_PARAMETERS);
    return leave(vcpu, event, EVENT_RESET, FLAG_OF_SECOND);
}

/* The VMM carries it out, and finds the call's arguments in the registers. */
static enum psci_outcome system_suspend(struct psci_event *event)
{
    *event = (struct psci_event){.type = EVENT_SUSPEND, .goes_on = true};
    return PSCI_LEAVES;
}

/* SYSTEM_OFF2 announces its types; the others merely that they are there. */
static enum psci_outcome features(struct kvmd_vcpu *vcpu, uint32_t version, uint32_t asked)
{
    bool there;

    if (version < VERSION_1_0)
        return answer(vcpu, NOT_SUPPORTED);
    switch (asked & ~SMC64) {
    case CPU_SUSPEND:
        there = true;
        break;
    case SYSTEM_SUSPEND:
        there = vcpu->vm->system_suspend;
        break;
    case SYSTEM_RESET2:
        there = version >= VERSION_1_1;
        break;
    case SYSTEM_OFF2:
        return answer(vcpu, version >= PSCI_NEWEST ? HIBERNATE_OFF : NOT_SUPPORTED);
    default:
        return PSCI_NOT_OURS;
    }
    return answer(vcpu, there ? 0 : NOT_SUPPORTED);
}

enum psci_outcome kvmd_psci(struct kvmd_vcpu *vcpu, struct psci_event *event)
{
    uint32_t version = (uint32_t)vcpu->vm->psci_version;
    uint32_t function = (uint32_t)vcpu_get_x(vcpu->pe.vcpu, 0);
    uint64_t mask = function & SMC64 ? UINT64_MAX : UINT32_MAX;
    uint64_t x1 = vcpu_get_x(vcpu->pe.vcpu, 1) & mask, x2 = vcpu_get_x(vcpu->pe.vcpu, 2) & mask;

    switch (function & ~SMC64) {
    case CPU_SUSPEND: /* to stand by, whatever is asked for: it wakes as from WFI */
        answer(vcpu, 0);
        return PSCI_WAITS;
    case SYSTEM_SUSPEND:
        return vcpu->vm->system_suspend ? system_suspend(event) : answer(vcpu, NOT_SUPPORTED);
    case SYSTEM_RESET2:
        return version >= VERSION_1_1 ? system_reset2(vcpu, (uint32_t)x1, event)
                                      : answer(vcpu, NOT_SUPPORTED);
    case SYSTEM_OFF2:
        return version >= PSCI_NEWEST ? system_off2(vcpu, x1, x2, event)
                                      : answer(vcpu, NOT_SUPPORTED);
    }
    switch (function) {
    case VERSION:
        return answer(vcpu, version);
    case FEATURES:
        return features(vcpu, version, (uint32_t)x1);
    case SYSTEM_OFF:
        return leave(vcpu, event, EVENT_SHUTDOWN, 0);
    case SYSTEM_RESET:
        return leave(vcpu, event, EVENT_RESET, 0);
    }
    return PSCI_NOT_OURS;
}
