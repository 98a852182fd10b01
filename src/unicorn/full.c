/* SPDX-License-Identifier: BSD-3-Clause */
/* How much a vCPU has translated, and whether that is too much (renew.c). */
#include "unicorn/engine.h"

/* What a block and each of its instructions take, a little more than was found in a Linux boot:
 * 73,000 blocks of 370,000 instructions in 46 MiB. */
#define BLOCK_BYTES 350u
#define INSTRUCTION_BYTES 70u

void unicorn_on_translation(uc_engine *uc, uc_tb *block, uc_tb *before, void *opaque)
{
    struct vcpu *vcpu = opaque;

    (void)uc, (void)before;
    vcpu->code += BLOCK_BYTES + (uint64_t)block->icount * INSTRUCTION_BYTES;
    if (unicorn_is_full(vcpu))
        vcpu->horizon = 0;
}

/* Something has to be executed in between, however little room there is. */
bool unicorn_is_full(const struct vcpu *vcpu)
{
    return vcpu->code > vcpu->engine->most_code && vcpu->clock->instructions != vcpu->moved_at;
}
