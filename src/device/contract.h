/* SPDX-License-Identifier: BSD-3-Clause */
/* The contract's refusals, as a table that is looked through before anything is done. */
#ifndef DEVICE_CONTRACT_H
#define DEVICE_CONTRACT_H

#include "device/internal.h"

/* Beside the attribute groups, and beside enum vgic5_group's numbers. */
#define CONTRACT_RUN 0x100u
#define CONTRACT_IRQ_LINE 0x101u
#define CONTRACT_CREATE_DEVICE 0x102u

enum contract_call { CONTRACT_HAS, CONTRACT_GET, CONTRACT_SET, CONTRACT_DO };

_Static_assert(sizeof(struct vgic5_ist) == 32, "struct kvm_vgic_v5_ist (kvm-abi §4)");

/* One call, and what was found out about it on the way. */
struct access {
    struct vgic5 *device;
    uint32_t group; /* enum vgic5_group, or one of the above */
    enum contract_call call;
    uint64_t attr; /* IRQ_LINE: irq */
    uint64_t addr;
    struct vgic5_vcpu *vcpu;           /* CPU_SYSREGS, IRQ_LINE: the one that is named, or NULL */
    const struct cpu_register *sysreg; /* CPU_SYSREGS: of the 26, or NULL */
    const struct irs_register *irs;    /* IRS_REGS: the one that covers the offset, or NULL */
    int quiesced;                      /* get of IST: what host.quiesce has said, or -EBUSY */
    int answer;                        /* of a step that has ended the call */
    /* The caller's payload of a set, and the descriptor of a 7.4 GRP_IST; read by UNREADABLE. */
    union {
        uint64_t u64;
        uint32_t u32;
        uint32_t spis[VGIC5_NR_SPIS_MAX];
        struct vgic5_ist buffers;
    } payload;
};

struct refusal {
    const char *id;
    const char *words;
    int errno_value;
};

void access_open(struct access *access, struct vgic5 *device, uint32_t group,
                 enum contract_call call, uint64_t attr, uint64_t addr);
/* The first row that refuses this access. NULL: none, or a step has ended it with its answer. */
const struct refusal *contract_refusal(struct access *access);
/* Its errno, negative, or the step's answer, or 0. */
int contract_check(struct access *access);

#endif
