/* SPDX-License-Identifier: BSD-3-Clause */
/* Each of the 26 registers of a CPU interface, on either vCPU. */
#include <stdio.h>
#include <stdlib.h>

#include "conform/trial.h"

#define SW_PPI (UINT64_C(1) << VGIC5_PPI_SW)
#define PRIORITIES UINT64_C(0x1f1f1f1f1f1f1f1f)

/* What is left of all ones: `must` of it, and nothing beyond `may`. */
static const struct {
    const char *name;
    uint8_t first, n;
    uint64_t must, may;
} rows[] = {
#define INTERFACE(reg, first, n, must, may, set, get) {#reg, first, n, must, may},
#include "conform/interface.def"
#undef INTERFACE
};

#define PER_REGISTER 2u

static size_t length(void)
{
    return PER_REGISTER * NR_SYSREGS;
}

static void describe(size_t n, struct vgic5_conform_check *check)
{
    char name[64];

    snprintf(name, sizeof(name), "cpu.%s.%s",
             cpu_register_carried((unsigned)n / PER_REGISTER)->name,
             n % PER_REGISTER ? "set" : "has");
    describe_as(check, name, n % PER_REGISTER ? "sysregs_raw" : "sysregs", EVERY);
}

/* Is this the row of the register that is called NAME, or NAMEn with n in the row? */
static bool is_row_of(size_t row, const char *name)
{
    size_t length = strlen(rows[row].name);
    unsigned long n;

    if (strncmp(name, rows[row].name, length) != 0)
        return false;
    n = strtoul(name + length, NULL, 10);
    return n >= rows[row].first && n < (unsigned)rows[row].first + rows[row].n;
}

static void check_ones(struct trial *trial, const struct cpu_register *reg)
{
    uint64_t found;
    size_t row = 0;

    while (row + 1 < sizeof(rows) / sizeof(rows[0]) && !is_row_of(row, reg->name))
        row++;
    sysreg_set(trial, 17, reg->encoding, UINT64_MAX);
    found = sysreg_get(trial, 17, reg->encoding);
    expect_value(trial, found & rows[row].must, rows[row].must, "bits that are kept of all ones");
    expect_value(trial, found & ~rows[row].may, 0, "bits that are not kept of all ones");
}

static void check_zero(struct trial *trial, uint16_t encoding)
{
    uint64_t rest = encoding == VGIC5_ICC_CR0 ? 6 : 0;

    sysreg_set(trial, 17, encoding, 0);
    expect_value(trial, sysreg_get(trial, 17, encoding), rest, "after a set to 0");
}

static void run(struct trial *trial, size_t n)
{
    const struct cpu_register *reg = cpu_register_carried((unsigned)n / PER_REGISTER);
    uint16_t encoding = reg->encoding;
    uint64_t attr = VGIC5_SYSREG_ATTR(vgic5_mpidr_of_vcpu(17), encoding), other;

    trial_live_until(trial, n % PER_REGISTER ? LIFE_READY : LIFE_VCPUS);
    if (n % PER_REGISTER == 0) {
        expect_errno(trial, try_has(trial, VGIC5_GRP_CPU_SYSREGS, attr), 0, "has");
        return;
    }
    other = sysreg_get(trial, 3, encoding);
    check_ones(trial, reg);
    expect_value(trial, sysreg_get(trial, 3, encoding), other, "the other vCPU's register");
    check_zero(trial, encoding);
}

const struct family family_sysregs = {length, describe, run};
