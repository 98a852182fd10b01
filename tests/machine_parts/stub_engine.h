/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An engine that executes no code: each vCPU follows a script, a function that is called for each
 * run and says how it ends. It counts instructions as an engine has to, in blocks of ten.
 */
#ifndef TESTS_MACHINE_PARTS_STUB_ENGINE_H
#define TESTS_MACHINE_PARTS_STUB_ENGINE_H

#include "vcpu/vcpu.h"

#define STUB_BLOCK 10u

/* `n`: the vCPU's number in the order of creation. */
typedef enum vcpu_exit stub_script(struct vcpu *vcpu, unsigned n);

extern const struct vcpu_engine_ops stub_engine;
/* What all vCPUs that are created from now on follow. */
void stub_follow(stub_script *script);

/* For scripts: execute blocks until a limit of the clock, at most `most` instructions. True: the
 * limit has come, and *exit says which. */
bool stub_execute(struct vcpu *vcpu, uint64_t most, enum vcpu_exit *exit);
bool stub_irq(const struct vcpu *vcpu);
const struct vcpu_host *stub_host(const struct vcpu *vcpu);
uint64_t stub_pc(const struct vcpu *vcpu);

#endif
