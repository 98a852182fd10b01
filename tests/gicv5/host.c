/* SPDX-License-Identifier: BSD-3-Clause */
#include "host.h"

int machine_enter(struct vmm *m)
{
    int ret = 0;
    for (uint32_t i = 0; !ret && i < m->nr_vcpus; i++)
        ret = vgic5_vcpu_enter(m->vcpu[i]);
    return ret;
}

void machine_leave(struct vmm *m)
{
    for (uint32_t i = 0; i < m->nr_vcpus; i++)
        vgic5_vcpu_leave(m->vcpu[i]);
}

static uint64_t sysreg_attr(const struct vmm *m, uint32_t vcpu, uint16_t encoding)
{
    return VGIC5_SYSREG_ATTR(vgic5_mpidr_of_vcpu(m->id[vcpu]), encoding);
}

int sysreg_get(struct vmm *m, uint32_t vcpu, uint16_t encoding, uint64_t *value)
{
    return vmm_get(m, VGIC5_GRP_CPU_SYSREGS, sysreg_attr(m, vcpu, encoding), value);
}

int sysreg_set(struct vmm *m, uint32_t vcpu, uint16_t encoding, uint64_t value)
{
    return vmm_set(m, VGIC5_GRP_CPU_SYSREGS, sysreg_attr(m, vcpu, encoding), &value);
}

int irs_get(struct vmm *m, uint32_t offset, uint64_t *value)
{
    return vmm_get(m, VGIC5_GRP_IRS_REGS, offset, value);
}

int irs_set(struct vmm *m, uint32_t offset, uint64_t value)
{
    return vmm_set(m, VGIC5_GRP_IRS_REGS, offset, &value);
}
