/* SPDX-License-Identifier: BSD-3-Clause */
/* A kernel of the tests, and a process that calls it. */
#ifndef TESTS_KVMD_PROCESS_H
#define TESTS_KVMD_PROCESS_H

#include "kvmd/kvmd.h"

struct emulated {
    struct kvmd *kvmd;
    struct kvmd_process *process;
    struct vgic5_kvm_calls calls;
};

void emulated_open(struct emulated *emulated, enum kvmd_profile profile);
void emulated_close(struct emulated *emulated);

#endif
