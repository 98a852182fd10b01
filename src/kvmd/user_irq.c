/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * KVM_CAP_ARM_USER_IRQ: without an interrupt controller in the kernel the timers' wires are the
 * VMM's. It reads them in kvm_run after each KVM_RUN, which comes back when one has changed.
 */
#include "kvmd/internal.h"

#define EL1_VTIMER (1u << 0)
#define EL1_PTIMER (1u << 1)

static uint64_t levels(const struct kvmd_vcpu *vcpu)
{
    const struct timer *timers = vcpu->pe.timers;

    return (timers[PE_TIMER_VIRTUAL].level ? EL1_VTIMER : 0) |
           (timers[PE_TIMER_PHYSICAL].level ? EL1_PTIMER : 0);
}

static uint64_t *said(const struct kvmd_vcpu *vcpu)
{
    return (uint64_t *)(void *)vcpu->run->s.padding;
}

bool user_irq_changed(const struct kvmd_vcpu *vcpu)
{
    return !vcpu->vm->gic && (__atomic_load_n(said(vcpu), __ATOMIC_RELAXED) &
                              (EL1_VTIMER | EL1_PTIMER)) != levels(vcpu);
}

void user_irq_say(struct kvmd_vcpu *vcpu)
{
    if (!vcpu->vm->gic)
        __atomic_store_n(said(vcpu), levels(vcpu), __ATOMIC_RELAXED);
}
