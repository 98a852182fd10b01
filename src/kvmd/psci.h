/* SPDX-License-Identifier: BSD-3-Clause */
/* PSCI as KVM has it, where that is more than src/vcpu decides. */
#ifndef KVMD_PSCI_H
#define KVMD_PSCI_H

#include "kvmd/internal.h"

#define PSCI_NEWEST 0x10003u

enum psci_outcome {
    PSCI_NOT_OURS, /* src/vcpu decides */
    PSCI_ANSWERED, /* X0 has it */
    PSCI_WAITS,    /* as in WFI */
    PSCI_LEAVES,   /* KVM_EXIT_SYSTEM_EVENT */
};

struct psci_event {
    uint32_t type; /* KVM_SYSTEM_EVENT_… */
    uint64_t flags;
    bool goes_on; /* the vCPUs are not stopped */
};

bool psci_version_is_known(uint64_t version);
/* The call that a vCPU has made by HVC. `event` is filled when it leaves. */
enum psci_outcome kvmd_psci(struct kvmd_vcpu *vcpu, struct psci_event *event);

#endif
