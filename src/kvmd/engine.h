/* SPDX-License-Identifier: BSD-3-Clause */
/* A vCPU's registers are in a table of values, or in an engine; here they go from one to the other.
 */
#ifndef KVMD_ENGINE_H
#define KVMD_ENGINE_H

#include "kvmd/internal.h"

/* The engine has the vCPU, as it is, and all of the VM's memory. 0 or a negative errno. */
int engine_enter(struct kvmd_vcpu *vcpu);
/* The table has it, and may be read; and written, after which the engine has to take it anew. */
int engine_fetch(struct kvmd_vcpu *vcpu);
int engine_change(struct kvmd_vcpu *vcpu);
/* The instance goes. */
void engine_leave(struct kvmd_vcpu *vcpu);

void engine_destroy(struct kvmd_vm *vm);

#endif
