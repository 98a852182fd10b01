/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The errno table of the contract (kvm-abi §2), row by row, with its precedence: a row that has two
 * things wrong expects the one that is looked at first. After every refusal the device must be
 * what it was.
 */
#include <errno.h>
#include <string.h>

#include "vmm.h"

enum call { HAS, GET, SET };

/* What attr.addr points to. */
enum payload {
    NONE, /* NULL */
    BAD,  /* an address that nobody can read or write */
    U64,  /* row.value, in a buffer that has room for every answer */
};

#define V1 VGIC5_PROFILE(VGIC5_ABI_V1)
#define V7_4 VGIC5_PROFILE(VGIC5_ABI_7_4)
#define BOTH (V1 | V7_4)

struct row {
    const char *name;
    uint32_t profiles;
    enum life life;
    enum call call;
    uint32_t group;
    uint64_t attr;
    enum payload payload;
    uint64_t value;
    int expected;
};

#define TYPE_IRS VGIC5_ADDR_TYPE_IRS
#define UNKNOWN_GROUP 5u
#define CR1 0x84u
#define HOLE 0x20u
#define BASER 0x180u
/* Aff0 is enough for an id below 16; there is a vCPU 3 and no vCPU 4. */
#define OF_VCPU(id, encoding) (UINT64_C(id) << 32 | (encoding))
#define PCR_OF_3 OF_VCPU(3, ICC_PCR)
#define PCR_OF_4 OF_VCPU(4, ICC_PCR)
#define HMR_OF_3 OF_VCPU(3, VGIC5_ENCODING(3, 0, 12, 10, 0))
#define HMR_OF_4 OF_VCPU(4, VGIC5_ENCODING(3, 0, 12, 10, 0))
#define IPA_END (UINT64_C(1) << 48)

/* Groups, in the order of the table: ADDR, NR_IRQS, CTRL, CPU_SYSREGS, IRS_REGS, IST. */
static const struct row rows[] = {
    {"an unknown group: has", BOTH, LIFE_READY, HAS, UNKNOWN_GROUP, 0, U64, 0, -ENXIO},
    {"an unknown group: get", BOTH, LIFE_READY, GET, UNKNOWN_GROUP, 0, U64, 0, -ENXIO},
    {"an unknown group: set", BOTH, LIFE_READY, SET, UNKNOWN_GROUP, 0, U64, 0, -ENXIO},

    {"ADDR has", BOTH, LIFE_CREATED, HAS, VGIC5_GRP_ADDR, TYPE_IRS, U64, 0, 0},
    {"ADDR has, other attr", BOTH, LIFE_CREATED, HAS, VGIC5_GRP_ADDR, 5, U64, 0, -ENXIO},
    {"ADDR set", BOTH, LIFE_CREATED, SET, VGIC5_GRP_ADDR, TYPE_IRS, U64, IRS_BASE, 0},
    {"ADDR set after INIT", BOTH, LIFE_INIT, SET, VGIC5_GRP_ADDR, TYPE_IRS, U64, IRS_BASE, 0},
    {"ADDR set, misaligned", BOTH, LIFE_CREATED, SET, VGIC5_GRP_ADDR, TYPE_IRS, U64,
     IRS_BASE + 0x8000, -EINVAL},
    {"ADDR set, the last region", BOTH, LIFE_CREATED, SET, VGIC5_GRP_ADDR, TYPE_IRS, U64,
     IPA_END - 0x20000, 0},
    {"ADDR set, end beyond the IPA size", BOTH, LIFE_CREATED, SET, VGIC5_GRP_ADDR, TYPE_IRS, U64,
     IPA_END - 0x10000, -E2BIG},
    {"ADDR set, base beyond the IPA size", BOTH, LIFE_CREATED, SET, VGIC5_GRP_ADDR, TYPE_IRS, U64,
     IPA_END, -E2BIG},
    {"ADDR set, misaligned before too big", BOTH, LIFE_CREATED, SET, VGIC5_GRP_ADDR, TYPE_IRS, U64,
     IPA_END + 1, -EINVAL},
    {"ADDR set, wrap-around", BOTH, LIFE_CREATED, SET, VGIC5_GRP_ADDR, TYPE_IRS, U64,
     UINT64_C(0xffffffffffff0000), -EINVAL},
    {"ADDR set twice", BOTH, LIFE_ADDRESS, SET, VGIC5_GRP_ADDR, TYPE_IRS, U64, 0x10000, -EEXIST},
    {"ADDR set twice, same value", BOTH, LIFE_ADDRESS, SET, VGIC5_GRP_ADDR, TYPE_IRS, U64, IRS_BASE,
     -EEXIST},
    {"ADDR set, EEXIST before EINVAL", BOTH, LIFE_ADDRESS, SET, VGIC5_GRP_ADDR, TYPE_IRS, U64, 1,
     -EEXIST},
    {"ADDR set, ENXIO before EEXIST", BOTH, LIFE_ADDRESS, SET, VGIC5_GRP_ADDR, 4, U64, 1, -ENXIO},
    {"ADDR set, EFAULT before ENXIO", BOTH, LIFE_ADDRESS, SET, VGIC5_GRP_ADDR, 4, BAD, 0, -EFAULT},
    {"ADDR set, NULL", BOTH, LIFE_CREATED, SET, VGIC5_GRP_ADDR, TYPE_IRS, NONE, 0, -EFAULT},
    {"ADDR set, other attr", BOTH, LIFE_CREATED, SET, VGIC5_GRP_ADDR, 5, U64, IRS_BASE, -ENXIO},
    {"ADDR get before set", BOTH, LIFE_CREATED, GET, VGIC5_GRP_ADDR, TYPE_IRS, U64, 0, 0},
    {"ADDR get, other attr", BOTH, LIFE_CREATED, GET, VGIC5_GRP_ADDR, 5, U64, 0, -ENXIO},
    {"ADDR get, bad pointer", BOTH, LIFE_CREATED, GET, VGIC5_GRP_ADDR, TYPE_IRS, BAD, 0, -EFAULT},

    {"NR_IRQS has", BOTH, LIFE_CREATED, HAS, VGIC5_GRP_NR_IRQS, 0, U64, 0, 0},
    {"NR_IRQS get", BOTH, LIFE_CREATED, GET, VGIC5_GRP_NR_IRQS, 0, U64, 0, 0},
    {"NR_IRQS get, bad pointer", BOTH, LIFE_CREATED, GET, VGIC5_GRP_NR_IRQS, 0, BAD, 0, -EFAULT},
    {"NR_IRQS set 0", BOTH, LIFE_CREATED, SET, VGIC5_GRP_NR_IRQS, 0, U64, 0, -EINVAL},
    {"NR_IRQS set 31", BOTH, LIFE_CREATED, SET, VGIC5_GRP_NR_IRQS, 0, U64, 31, -EINVAL},
    {"NR_IRQS set 32", BOTH, LIFE_CREATED, SET, VGIC5_GRP_NR_IRQS, 0, U64, 32, 0},
    {"NR_IRQS set 33", BOTH, LIFE_CREATED, SET, VGIC5_GRP_NR_IRQS, 0, U64, 33, -EINVAL},
    {"NR_IRQS set 48", BOTH, LIFE_CREATED, SET, VGIC5_GRP_NR_IRQS, 0, U64, 48, -EINVAL},
    {"NR_IRQS set 1024", BOTH, LIFE_CREATED, SET, VGIC5_GRP_NR_IRQS, 0, U64, 1024, 0},
    {"NR_IRQS set 1056", BOTH, LIFE_CREATED, SET, VGIC5_GRP_NR_IRQS, 0, U64, 1056, -EINVAL},
    {"NR_IRQS set, attr is ignored", BOTH, LIFE_CREATED, SET, VGIC5_GRP_NR_IRQS, 77, U64, 96, 0},
    {"NR_IRQS set after INIT", BOTH, LIFE_INIT, SET, VGIC5_GRP_NR_IRQS, 0, U64, 64, -EBUSY},
    {"NR_IRQS set, EINVAL before EBUSY", BOTH, LIFE_INIT, SET, VGIC5_GRP_NR_IRQS, 0, U64, 1,
     -EINVAL},
    {"NR_IRQS set, EFAULT before EBUSY", BOTH, LIFE_INIT, SET, VGIC5_GRP_NR_IRQS, 0, BAD, 0,
     -EFAULT},
    {"NR_IRQS set, NULL", BOTH, LIFE_CREATED, SET, VGIC5_GRP_NR_IRQS, 0, NONE, 0, -EFAULT},

    {"CTRL_INIT has", BOTH, LIFE_CREATED, HAS, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NONE, 0, 0},
    {"CTRL has, unknown", BOTH, LIFE_CREATED, HAS, VGIC5_GRP_CTRL, 1, NONE, 0, -ENXIO},
    {"CTRL_INIT without vCPU", BOTH, LIFE_CREATED, SET, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NONE, 0,
     -ENODEV},
    {"CTRL_INIT", BOTH, LIFE_VCPUS, SET, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NONE, 0, 0},
    {"CTRL_INIT again", BOTH, LIFE_INIT, SET, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NONE, 0, 0},
    {"CTRL_INIT again, after a run", BOTH, LIFE_HAS_RUN, SET, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NONE,
     0, 0},
    {"CTRL_INIT get", BOTH, LIFE_INIT, GET, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, U64, 0, -ENXIO},
    {"CTRL set, unknown", BOTH, LIFE_VCPUS, SET, VGIC5_GRP_CTRL, 1, U64, 0, -ENXIO},
    {"USERSPACE_PPIS has", BOTH, LIFE_CREATED, HAS, VGIC5_GRP_CTRL, VGIC5_CTRL_USERSPACE_PPIS, U64,
     0, 0},
    {"USERSPACE_PPIS get", BOTH, LIFE_INIT, GET, VGIC5_GRP_CTRL, VGIC5_CTRL_USERSPACE_PPIS, U64, 0,
     0},
    {"USERSPACE_PPIS get before INIT", BOTH, LIFE_CREATED, GET, VGIC5_GRP_CTRL,
     VGIC5_CTRL_USERSPACE_PPIS, U64, 0, 0},
    {"USERSPACE_PPIS get, NULL", BOTH, LIFE_INIT, GET, VGIC5_GRP_CTRL, VGIC5_CTRL_USERSPACE_PPIS,
     NONE, 0, -EFAULT},
    {"USERSPACE_PPIS set", BOTH, LIFE_INIT, SET, VGIC5_GRP_CTRL, VGIC5_CTRL_USERSPACE_PPIS, U64, 8,
     -ENXIO},

    {"SYSREGS has before INIT", BOTH, LIFE_VCPUS, HAS, VGIC5_GRP_CPU_SYSREGS, PCR_OF_3, NONE, 0, 0},
    {"SYSREGS has, unknown", BOTH, LIFE_READY, HAS, VGIC5_GRP_CPU_SYSREGS, HMR_OF_3, NONE, 0,
     -ENXIO},
    {"SYSREGS has, bad mpidr", BOTH, LIFE_READY, HAS, VGIC5_GRP_CPU_SYSREGS, PCR_OF_4, NONE, 0,
     -EINVAL},
    {"SYSREGS has, EINVAL before ENXIO", BOTH, LIFE_READY, HAS, VGIC5_GRP_CPU_SYSREGS, HMR_OF_4,
     NONE, 0, -EINVAL},
    {"SYSREGS has, bits 31:16", BOTH, LIFE_READY, HAS, VGIC5_GRP_CPU_SYSREGS, PCR_OF_3 | 0x10000,
     NONE, 0, -ENXIO},
    {"SYSREGS get", BOTH, LIFE_READY, GET, VGIC5_GRP_CPU_SYSREGS, PCR_OF_3, U64, 0, 0},
    {"SYSREGS get without ADDR", BOTH, LIFE_INIT, GET, VGIC5_GRP_CPU_SYSREGS, PCR_OF_3, U64, 0, 0},
    {"SYSREGS get, unknown", BOTH, LIFE_READY, GET, VGIC5_GRP_CPU_SYSREGS, HMR_OF_3, U64, 0,
     -ENOENT},
    {"SYSREGS get, ENOENT before EFAULT", BOTH, LIFE_READY, GET, VGIC5_GRP_CPU_SYSREGS, HMR_OF_3,
     NONE, 0, -ENOENT},
    {"SYSREGS get, NULL", BOTH, LIFE_READY, GET, VGIC5_GRP_CPU_SYSREGS, PCR_OF_3, NONE, 0, -EFAULT},
    {"SYSREGS get, bad pointer", BOTH, LIFE_READY, GET, VGIC5_GRP_CPU_SYSREGS, PCR_OF_3, BAD, 0,
     -EFAULT},
    {"SYSREGS get, bad mpidr", BOTH, LIFE_READY, GET, VGIC5_GRP_CPU_SYSREGS, PCR_OF_4, U64, 0,
     -EINVAL},
    {"SYSREGS get before INIT", BOTH, LIFE_VCPUS, GET, VGIC5_GRP_CPU_SYSREGS, PCR_OF_3, U64, 0,
     -EBUSY},
    {"SYSREGS get, EINVAL before EBUSY", BOTH, LIFE_VCPUS, GET, VGIC5_GRP_CPU_SYSREGS, PCR_OF_4,
     U64, 0, -EINVAL},
    {"SYSREGS get, EBUSY before ENOENT", BOTH, LIFE_VCPUS, GET, VGIC5_GRP_CPU_SYSREGS, HMR_OF_3,
     U64, 0, -EBUSY},
    {"SYSREGS get while a vCPU runs", BOTH, LIFE_RUNNING, GET, VGIC5_GRP_CPU_SYSREGS, PCR_OF_3, U64,
     0, -EBUSY},
    {"SYSREGS get after a run", BOTH, LIFE_HAS_RUN, GET, VGIC5_GRP_CPU_SYSREGS, PCR_OF_3, U64, 0,
     0},
    {"SYSREGS set", BOTH, LIFE_READY, SET, VGIC5_GRP_CPU_SYSREGS, PCR_OF_3, U64, 9, 0},
    {"SYSREGS set, unknown", BOTH, LIFE_READY, SET, VGIC5_GRP_CPU_SYSREGS, HMR_OF_3, U64, 0,
     -ENOENT},
    {"SYSREGS set, EFAULT before ENOENT", BOTH, LIFE_READY, SET, VGIC5_GRP_CPU_SYSREGS, HMR_OF_3,
     BAD, 0, -EFAULT},
    {"SYSREGS set, NULL", BOTH, LIFE_READY, SET, VGIC5_GRP_CPU_SYSREGS, PCR_OF_3, NONE, 0, -EFAULT},
    {"SYSREGS set before INIT", BOTH, LIFE_VCPUS, SET, VGIC5_GRP_CPU_SYSREGS, PCR_OF_3, U64, 9,
     -EBUSY},
    {"SYSREGS set, EBUSY before EFAULT", BOTH, LIFE_VCPUS, SET, VGIC5_GRP_CPU_SYSREGS, PCR_OF_3,
     BAD, 0, -EBUSY},
    {"SYSREGS set, EINVAL before EBUSY", BOTH, LIFE_VCPUS, SET, VGIC5_GRP_CPU_SYSREGS, PCR_OF_4,
     BAD, 0, -EINVAL},
    {"SYSREGS set while a vCPU runs", BOTH, LIFE_RUNNING, SET, VGIC5_GRP_CPU_SYSREGS, PCR_OF_3, U64,
     9, -EBUSY},
    {"SYSREGS set after a run, v1", V1, LIFE_HAS_RUN, SET, VGIC5_GRP_CPU_SYSREGS, PCR_OF_3, U64, 9,
     0},
    {"SYSREGS set after a run, 7.4", V7_4, LIFE_HAS_RUN, SET, VGIC5_GRP_CPU_SYSREGS, PCR_OF_3, U64,
     9, -EBUSY},

    {"IRS_REGS has before ADDR and INIT", BOTH, LIFE_VCPUS, HAS, VGIC5_GRP_IRS_REGS, CR1, NONE, 0,
     0},
    {"IRS_REGS has, no vCPU", BOTH, LIFE_CREATED, HAS, VGIC5_GRP_IRS_REGS, CR1, NONE, 0, -EINVAL},
    {"IRS_REGS has, offset 0x10000", BOTH, LIFE_READY, HAS, VGIC5_GRP_IRS_REGS, 0x10000, NONE, 0,
     -ENXIO},
    {"IRS_REGS has, beyond 32 bits", BOTH, LIFE_READY, HAS, VGIC5_GRP_IRS_REGS,
     CR1 | UINT64_C(1) << 32, NONE, 0, -ENXIO},
    {"IRS_REGS has, hole", BOTH, LIFE_READY, HAS, VGIC5_GRP_IRS_REGS, HOLE, NONE, 0, -ENXIO},
    {"IRS_REGS has, misaligned hole", BOTH, LIFE_READY, HAS, VGIC5_GRP_IRS_REGS, HOLE + 1, NONE, 0,
     -ENXIO},
    {"IRS_REGS has, inside a register", BOTH, LIFE_READY, HAS, VGIC5_GRP_IRS_REGS, CR1 + 2, NONE, 0,
     -EINVAL},
    {"IRS_REGS has, half of a register", BOTH, LIFE_READY, HAS, VGIC5_GRP_IRS_REGS, BASER + 4, NONE,
     0, -EINVAL},
    {"IRS_REGS get", BOTH, LIFE_READY, GET, VGIC5_GRP_IRS_REGS, CR1, U64, 0, 0},
    {"IRS_REGS get, no vCPU", BOTH, LIFE_CREATED, GET, VGIC5_GRP_IRS_REGS, CR1, BAD, 0, -EINVAL},
    {"IRS_REGS get before INIT", BOTH, LIFE_ADDRESS, GET, VGIC5_GRP_IRS_REGS, CR1, U64, 0, -EBUSY},
    {"IRS_REGS get, EBUSY before ENXIO", BOTH, LIFE_VCPUS, GET, VGIC5_GRP_IRS_REGS, HOLE, U64, 0,
     -EBUSY},
    {"IRS_REGS get without ADDR", BOTH, LIFE_INIT, GET, VGIC5_GRP_IRS_REGS, CR1, U64, 0, -ENXIO},
    {"IRS_REGS get, hole", BOTH, LIFE_READY, GET, VGIC5_GRP_IRS_REGS, HOLE, U64, 0, -ENXIO},
    {"IRS_REGS get, misaligned", BOTH, LIFE_READY, GET, VGIC5_GRP_IRS_REGS, CR1 + 1, U64, 0,
     -EINVAL},
    {"IRS_REGS get, ENXIO before EFAULT", BOTH, LIFE_READY, GET, VGIC5_GRP_IRS_REGS, HOLE, BAD, 0,
     -ENXIO},
    {"IRS_REGS get, EINVAL before EFAULT", BOTH, LIFE_READY, GET, VGIC5_GRP_IRS_REGS, CR1 + 1, BAD,
     0, -EINVAL},
    {"IRS_REGS get, NULL", BOTH, LIFE_READY, GET, VGIC5_GRP_IRS_REGS, CR1, NONE, 0, -EFAULT},
    {"IRS_REGS get while a vCPU runs", BOTH, LIFE_RUNNING, GET, VGIC5_GRP_IRS_REGS, CR1, U64, 0,
     -EBUSY},
    {"IRS_REGS get after a run", BOTH, LIFE_HAS_RUN, GET, VGIC5_GRP_IRS_REGS, CR1, U64, 0, 0},
    {"IRS_REGS set", BOTH, LIFE_READY, SET, VGIC5_GRP_IRS_REGS, CR1, U64, 1, 0},
    {"IRS_REGS set, no vCPU before EFAULT", BOTH, LIFE_CREATED, SET, VGIC5_GRP_IRS_REGS, CR1, BAD,
     0, -EINVAL},
    {"IRS_REGS set, EFAULT before EBUSY", BOTH, LIFE_VCPUS, SET, VGIC5_GRP_IRS_REGS, CR1, BAD, 0,
     -EFAULT},
    {"IRS_REGS set before INIT", BOTH, LIFE_ADDRESS, SET, VGIC5_GRP_IRS_REGS, CR1, U64, 1, -EBUSY},
    {"IRS_REGS set without ADDR", BOTH, LIFE_INIT, SET, VGIC5_GRP_IRS_REGS, CR1, U64, 1, -ENXIO},
    {"IRS_REGS set, no ADDR before misaligned", BOTH, LIFE_INIT, SET, VGIC5_GRP_IRS_REGS, CR1 + 1,
     U64, 1, -ENXIO},
    {"IRS_REGS set, hole", BOTH, LIFE_READY, SET, VGIC5_GRP_IRS_REGS, HOLE, U64, 1, -ENXIO},
    {"IRS_REGS set, misaligned hole", BOTH, LIFE_READY, SET, VGIC5_GRP_IRS_REGS, HOLE + 2, U64, 1,
     -ENXIO},
    {"IRS_REGS set, misaligned", BOTH, LIFE_READY, SET, VGIC5_GRP_IRS_REGS, CR1 + 1, U64, 1,
     -EINVAL},
    {"IRS_REGS set, high half of BASER", BOTH, LIFE_READY, SET, VGIC5_GRP_IRS_REGS, BASER + 4, U64,
     1, -EINVAL},
    {"IRS_REGS set, NULL", BOTH, LIFE_READY, SET, VGIC5_GRP_IRS_REGS, CR1, NONE, 0, -EFAULT},
    {"IRS_REGS set while a vCPU runs", BOTH, LIFE_RUNNING, SET, VGIC5_GRP_IRS_REGS, CR1, U64, 1,
     -EBUSY},
    {"IRS_REGS set after a run, v1", V1, LIFE_HAS_RUN, SET, VGIC5_GRP_IRS_REGS, CR1, U64, 1, 0},
    {"IRS_REGS set after a run, 7.4", V7_4, LIFE_HAS_RUN, SET, VGIC5_GRP_IRS_REGS, CR1, U64, 1,
     -EBUSY},
    {"IRS_REGS set, EBUSY before a bad value", BOTH, LIFE_RUNNING, SET, VGIC5_GRP_IRS_REGS, 0, U64,
     0, -EBUSY},

    {"IST has", BOTH, LIFE_CREATED, HAS, VGIC5_GRP_IST, 0, NONE, 0, 0},
    {"IST has, attr != 0", BOTH, LIFE_READY, HAS, VGIC5_GRP_IST, 1, NONE, 0, -ENXIO},
    {"IST get, attr != 0 before all else", BOTH, LIFE_CREATED, GET, VGIC5_GRP_IST, 1, NONE, 0,
     -ENXIO},
    {"IST set, attr != 0 before all else", BOTH, LIFE_CREATED, SET, VGIC5_GRP_IST, 1, NONE, 0,
     -ENXIO},
    {"IST get before INIT", BOTH, LIFE_VCPUS, GET, VGIC5_GRP_IST, 0, U64, 0, -EBUSY},
    {"IST get, EBUSY before EINVAL", BOTH, LIFE_VCPUS, GET, VGIC5_GRP_IST, 0, NONE, 0, -EBUSY},
    {"IST set before INIT", BOTH, LIFE_VCPUS, SET, VGIC5_GRP_IST, 0, U64, 0, -EBUSY},
    {"IST get, NULL", BOTH, LIFE_READY, GET, VGIC5_GRP_IST, 0, NONE, 0, -EINVAL},
    {"IST set, NULL", BOTH, LIFE_READY, SET, VGIC5_GRP_IST, 0, NONE, 0, -EINVAL},
    {"IST get, bad pointer", BOTH, LIFE_READY, GET, VGIC5_GRP_IST, 0, BAD, 0, -EFAULT},
    {"IST set, bad pointer", BOTH, LIFE_READY, SET, VGIC5_GRP_IST, 0, BAD, 0, -EFAULT},
    {"IST get while a vCPU runs", BOTH, LIFE_RUNNING, GET, VGIC5_GRP_IST, 0, U64, 0, -EBUSY},
    {"IST set while a vCPU runs", BOTH, LIFE_RUNNING, SET, VGIC5_GRP_IST, 0, U64, 0, -EBUSY},
    {"IST set after a run", BOTH, LIFE_HAS_RUN, SET, VGIC5_GRP_IST, 0, U64, 0, -EBUSY},
    {"IST get, v1", V1, LIFE_READY, GET, VGIC5_GRP_IST, 0, U64, 0, 0},
    {"IST get after a run, v1", V1, LIFE_HAS_RUN, GET, VGIC5_GRP_IST, 0, U64, 0, 0},
    {"IST get without ADDR, v1", V1, LIFE_INIT, GET, VGIC5_GRP_IST, 0, U64, 0, 0},
    {"IST set, v1", V1, LIFE_READY, SET, VGIC5_GRP_IST, 0, U64, 0, 0},
    /* The probe for a kernel that does not say which it is: a descriptor of four zeros. */
    {"IST get, four zeros, 7.4", V7_4, LIFE_READY, GET, VGIC5_GRP_IST, 0, U64, 0, -EINVAL},
    {"IST set, four zeros, 7.4", V7_4, LIFE_READY, SET, VGIC5_GRP_IST, 0, U64, 0, -EINVAL},
};

static int make_call(struct vmm *vmm, const struct row *row)
{
    static uint64_t buffer[512]; /* 4 KiB: as large as any v1 answer of this VM */
    struct vgic5_attr attr = {.group = row->group, .attr = row->attr};

    memset(buffer, 0, sizeof(buffer));
    buffer[0] = row->value;
    if (row->payload == BAD)
        attr.addr = BAD_ADDR;
    if (row->payload == U64)
        attr.addr = (uintptr_t)buffer;
    switch (row->call) {
    case HAS:
        return vgic5_has_attr(vmm->device, &attr);
    case GET:
        return vgic5_get_attr(vmm->device, &attr);
    default:
        return vgic5_set_attr(vmm->device, &attr);
    }
}

static void check_row(const struct row *row, uint32_t abi)
{
    struct portrait before, after;
    struct vmm vmm;
    int found;

    vmm_open(&vmm, abi, row->life);
    before = portrait_of(&vmm);
    found = make_call(&vmm, row);
    after = portrait_of(&vmm);
    if (found != row->expected)
        fail_msg("%s (%s): %d, expected %d", row->name, vgic5_abi_name(abi), found, row->expected);
    if ((row->expected || row->call != SET) && !portrait_equal(&before, &after))
        fail_msg("%s (%s): the device has changed", row->name, vgic5_abi_name(abi));
    portrait_free(&before);
    portrait_free(&after);
    vmm_destroy(&vmm);
}

static void check_rows(uint32_t abi)
{
    for (size_t n = 0; n < sizeof(rows) / sizeof(rows[0]); n++) {
        if (rows[n].profiles & VGIC5_PROFILE(abi))
            check_row(&rows[n], abi);
    }
}

static void test_rows_v1(void **state)
{
    (void)state;
    check_rows(VGIC5_ABI_V1);
}

static void test_rows_7_4(void **state)
{
    (void)state;
    check_rows(VGIC5_ABI_7_4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_v1),
        cmocka_unit_test(test_rows_7_4),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
