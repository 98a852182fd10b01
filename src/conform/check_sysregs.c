/* SPDX-License-Identifier: BSD-3-Clause */
/* Each of the 26 registers of a CPU interface, on either vCPU. */
#include <stdio.h>

#include "conform/trial.h"

#define ICSR VGIC5_ENCODING(3, 0, 12, 10, 4)
#define ENABLER0 VGIC5_ENCODING(3, 0, 12, 10, 6)
#define SACTIVER0 VGIC5_ENCODING(3, 0, 12, 13, 2)
#define SPENDR0 VGIC5_ENCODING(3, 0, 12, 13, 6)
#define PRIORITYR0 VGIC5_ENCODING(3, 0, 12, 14, 0)
#define APR VGIC5_ENCODING(3, 1, 12, 0, 0)
#define CR0 VGIC5_ENCODING(3, 1, 12, 0, 1)
#define PCR VGIC5_ENCODING(3, 1, 12, 0, 2)
#define SW_PPI (UINT64_C(1) << VGIC5_PPI_SW)

/* What is left of all ones: `must` of it, and nothing beyond `may`. A register without a row is one
 * of the second banks, or of PPIs that are not there: 0. */
static const struct {
    uint16_t encoding;
    uint64_t must, may;
} ones[] = {
    {ICSR, UINT64_C(0xffff0000f83f), UINT64_C(0xffff0000f83f)},
    {ENABLER0, SW_PPI, UINT64_MAX},
    {SACTIVER0, SW_PPI, UINT64_MAX},
    {SPENDR0, SW_PPI, UINT64_MAX},
    {PRIORITYR0, UINT64_C(0x1f) << 24, UINT64_C(0x1f1f1f1f1f1f1f1f)},
    {PRIORITYR0 + 1, 0, UINT64_C(0x1f1f1f1f1f1f1f1f)},
    {PRIORITYR0 + 2, 0, UINT64_C(0x1f1f1f1f1f1f1f1f)},
    {PRIORITYR0 + 3, 0, UINT64_C(0x1f1f1f1f1f1f1f1f)},
    {PRIORITYR0 + 4, 0, UINT64_C(0x1f1f1f1f1f1f1f1f)},
    {PRIORITYR0 + 5, 0, UINT64_C(0x1f1f1f1f1f1f1f1f)},
    {PRIORITYR0 + 6, 0, UINT64_C(0x1f1f1f1f1f1f1f1f)},
    {PRIORITYR0 + 7, 0, UINT64_C(0x1f1f1f1f1f1f1f1f)},
    {APR, UINT32_MAX, UINT32_MAX},
    {CR0, 7, 7}, /* EN; LINK and LINK_IDLE read 1 */
    {PCR, 0x1f, 0x1f},
};

#define PER_REGISTER 2u

static size_t length(void)
{
    return PER_REGISTER * NR_SYSREGS;
}

static void describe(size_t n, struct vgic5_conform_check *check)
{
    char name[64];

    snprintf(name, sizeof(name), "cpu.%s.%s", conform_sysreg((unsigned)n / PER_REGISTER).name,
             n % PER_REGISTER ? "set" : "has");
    describe_as(check, name, n % PER_REGISTER ? "sysregs_raw" : "sysregs", EVERY);
}

static void check_ones(struct trial *trial, uint16_t encoding)
{
    uint64_t must = 0, may = 0, found;

    for (size_t n = 0; n < sizeof(ones) / sizeof(ones[0]); n++) {
        if (ones[n].encoding == encoding) {
            must = ones[n].must;
            may = ones[n].may;
        }
    }
    sysreg_set(trial, 17, encoding, UINT64_MAX);
    found = sysreg_get(trial, 17, encoding);
    expect_value(trial, found & must, must, "bits that are kept of all ones");
    expect_value(trial, found & ~may, 0, "bits that are not kept of all ones");
}

static void check_zero(struct trial *trial, uint16_t encoding)
{
    uint64_t rest = encoding == CR0 ? 6 : 0;

    sysreg_set(trial, 17, encoding, 0);
    expect_value(trial, sysreg_get(trial, 17, encoding), rest, "after a set to 0");
}

static void run(struct trial *trial, size_t n)
{
    uint16_t encoding = conform_sysreg((unsigned)n / PER_REGISTER).encoding;
    uint64_t attr = VGIC5_SYSREG_ATTR(vgic5_mpidr_of_vcpu(17), encoding), other;

    trial_live_until(trial, n % PER_REGISTER ? LIFE_READY : LIFE_VCPUS);
    if (n % PER_REGISTER == 0) {
        expect_errno(trial, try_has(trial, VGIC5_GRP_CPU_SYSREGS, attr), 0, "has");
        return;
    }
    other = sysreg_get(trial, 3, encoding);
    check_ones(trial, encoding);
    expect_value(trial, sysreg_get(trial, 3, encoding), other, "the other vCPU's register");
    check_zero(trial, encoding);
}

const struct family family_sysregs = {length, describe, run};
