/* SPDX-License-Identifier: BSD-3-Clause */
/* PSCI 1.1 (Arm DEN 0022): the decision about a call, apart from the vCPUs that carry it out. */
#ifndef VCPU_PSCI_H
#define VCPU_PSCI_H

#include <stdbool.h>
#include <stdint.h>

enum psci_return {
    PSCI_SUCCESS = 0,
    PSCI_NOT_SUPPORTED = -1,
    PSCI_INVALID_PARAMETERS = -2,
    PSCI_ALREADY_ON = -4,
    PSCI_ON_PENDING = -5,
    PSCI_INVALID_ADDRESS = -9,
};

enum psci_action {
    PSCI_ACTION_RETURN,  /* put `value` into X0 and go on */
    PSCI_ACTION_CPU_ON,  /* start `target` at `entry` with X0 = `context`, then as RETURN */
    PSCI_ACTION_CPU_OFF, /* the caller is off; no return */
    PSCI_ACTION_SYSTEM_OFF,
    PSCI_ACTION_SYSTEM_RESET,
};

struct psci_call {
    uint64_t x[4]; /* X0..X3 of the caller */
};

/* What the decision needs to know about the machine. */
struct psci_machine {
    /* Index of the vCPU with these affinity fields (MPIDR_EL1 & 0xff00ffffff), or -1. */
    int (*vcpu_of_mpidr)(void *opaque, uint64_t mpidr);
    bool (*is_on)(void *opaque, int vcpu);
    bool (*is_ram)(void *opaque, uint64_t address);
    bool starts_anywhere; /* CPU_ON takes any entry point, as KVM's; is_ram may be NULL */
    void *opaque;
};

struct psci_result {
    enum psci_action action;
    int64_t value;
    int target;
    uint64_t entry, context;
};

struct psci_result psci_decide(const struct psci_call *call, const struct psci_machine *machine);

#endif
