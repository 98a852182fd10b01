/* SPDX-License-Identifier: BSD-3-Clause */
/* What has been executed, and that it stops here. */
#include "unicorn/engine.h"

void unicorn_stop(struct vcpu *vcpu, enum unicorn_stop stop, uint64_t pc)
{
    vcpu->stop = stop;
    vcpu->pc = pc;
    uc_emu_stop(vcpu->uc);
}

void unicorn_retire_block(struct vcpu *vcpu, uint64_t next)
{
    vcpu->clock->instructions += vcpu->in_flight;
    vcpu->in_flight = 0;
    vcpu->block = next;
}

void unicorn_retire(struct vcpu *vcpu, uint64_t pc)
{
    vcpu->in_flight = (uint32_t)((pc - vcpu->block) / 4);
    unicorn_retire_block(vcpu, pc);
}
