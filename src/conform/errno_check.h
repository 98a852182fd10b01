/* SPDX-License-Identifier: BSD-3-Clause */
/* errno_checks.def as a table. */
#ifndef CONFORM_ERRNO_CHECK_H
#define CONFORM_ERRNO_CHECK_H

#include <stddef.h>
#include <stdint.h>

enum errno_call { ERRNO_HAS, ERRNO_GET, ERRNO_SET };
enum errno_payload { PAYLOAD_NONE, PAYLOAD_BAD, PAYLOAD_U64, PAYLOAD_IPA };

struct errno_check {
    const char *row, *name;
    uint32_t profiles; /* 1 << abi */
    unsigned life;     /* enum life */
    enum errno_call call;
    uint32_t group;
    uint64_t attr;
    enum errno_payload payload;
    uint64_t value;
    int expected;
};
extern const struct errno_check errno_checks[];
extern const size_t nr_errno_checks;

/* What the rows speak of: there is a vCPU 3 (for its MPIDR Aff0 is enough), and no vCPU 4. */
#define VGIC5_GRP_UNKNOWN_GROUP 5u
#define HOLE 0x20u
#define OF_VCPU(id, encoding) (UINT64_C(id) << 32 | (encoding))
#define PCR_OF_3 OF_VCPU(3, VGIC5_ICC_PCR)
#define PCR_OF_4 OF_VCPU(4, VGIC5_ICC_PCR)
#define HMR_OF_3 OF_VCPU(3, VGIC5_ICC_PPI_HMR(0))
#define HMR_OF_4 OF_VCPU(4, VGIC5_ICC_PPI_HMR(0))

#endif
