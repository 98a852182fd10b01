/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FUZZ_KVM_ACTIONS_H
#define FUZZ_KVM_ACTIONS_H

#include "kvm.h"

struct fuzz_vmm {
    struct fuzz_input input;
    struct kvmd *kvmd;
    struct fuzz_model model;
    struct kvmd_reply reply; /* of the last call */
    uint64_t registers[512]; /* of KVM_GET_REG_LIST */
    uint64_t nr_registers;
    unsigned actions; /* that were done */
};

typedef void action_function(struct fuzz_vmm *vmm);
extern action_function *const actions[];
extern const size_t nr_actions;

void close_thing(struct thing *thing);

#endif
