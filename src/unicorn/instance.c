/* SPDX-License-Identifier: BSD-3-Clause */
/* An instance of Unicorn: one vCPU, with nothing of ours in it yet. */
#include "unicorn/engine.h"

#include <errno.h>

#define SCR_EL3 VGIC5_ENCODING(3, 6, 1, 1, 0)
#define HCR_EL2 VGIC5_ENCODING(3, 4, 1, 1, 0)
/* A PE without EL3 and EL2, on an engine that has both: Non-secure, EL2 and EL1 in AArch64, HVC
 * enabled, SMC UNDEFINED, no trap of pointer authentication to either. */
#define SCR_VALUE 0x30581u
#define HCR_VALUE (UINT64_C(1) << 31 | UINT64_C(3) << 40)

int unicorn_open(struct vcpu *vcpu, struct vgic5_error *error)
{
    uc_err status = uc_open(UC_ARCH_ARM64, UC_MODE_ARM, &vcpu->uc);

    if (status == UC_ERR_OK)
        status = uc_ctl_set_cpu_model(vcpu->uc, UC_CPU_ARM64_MAX);
    if (status == UC_ERR_OK && unicorn_map(vcpu) != 0)
        status = UC_ERR_MAP;
    if (status == UC_ERR_OK)
        status = uc_context_alloc(vcpu->uc, &vcpu->context);
    if (status == UC_ERR_OK)
        status = uc_ctl_exits_enable(vcpu->uc); /* else address 0 would be an exit */
    if (status == UC_ERR_OK)
        status = unicorn_stores_open(vcpu);
    if (status != UC_ERR_OK)
        return unicorn_fail(error, -ENOMEM, "%s: cannot create a vCPU: %s", unicorn_name(),
                            uc_strerror(status));
    unicorn_set_sysreg(vcpu, SCR_EL3, SCR_VALUE);
    unicorn_set_sysreg(vcpu, HCR_EL2, HCR_VALUE);
    unicorn_set_sysreg(vcpu, UNICORN_SCTLR_EL1, SCTLR_RESET);
    return 0;
}

void unicorn_close(struct vcpu *vcpu)
{
    if (vcpu->context)
        uc_context_free(vcpu->context);
    if (vcpu->uc)
        uc_close(vcpu->uc);
    unicorn_stores_close(vcpu);
    unicorn_unmap(vcpu);
    vcpu->context = NULL;
    vcpu->uc = NULL;
}
