/* SPDX-License-Identifier: BSD-3-Clause */
/* A PE that goes on and off. */
#include <string.h>

#include "vcpu/pe.h"

void pe_set_line(struct pe *pe, enum vgic5_line line)
{
    pe->line = line != VGIC5_LINE_NONE;
    if (pe->vcpu)
        vcpu_set_irq(pe->vcpu, pe->line);
}

int pe_on(struct pe *pe, struct vcpu_engine *engine, const struct vcpu_host *host,
          struct vgic5_error *error)
{
    int ret = vcpu_create(engine, host, &pe->vcpu, error);

    if (ret == 0)
        vcpu_set_irq(pe->vcpu, pe->line);
    return ret;
}

void pe_off(struct pe *pe)
{
    vcpu_destroy(pe->vcpu);
    pe->vcpu = NULL;
    memset(pe->timers, 0, sizeof(pe->timers));
    vgic5_ppi_line(pe->gic, VGIC5_PPI_CNTV, false);
    vgic5_ppi_line(pe->gic, VGIC5_PPI_CNTP, false);
    vgic5_vcpu_reset(pe->gic);
}

struct psci_result pe_psci(struct pe *pe, const struct psci_machine *machine)
{
    struct psci_call call;
    struct psci_result result;

    for (unsigned n = 0; n < 4; n++)
        call.x[n] = vcpu_get_x(pe->vcpu, n);
    result = psci_decide(&call, machine);
    if (result.action == PSCI_ACTION_RETURN || result.action == PSCI_ACTION_CPU_ON)
        vcpu_set_x(pe->vcpu, 0, (uint64_t)result.value);
    return result;
}
