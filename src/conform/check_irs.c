/* SPDX-License-Identifier: BSD-3-Clause */
/* Each register of the frame: it is there, what it is at reset, what a set does. */
#include <stdio.h>

#include "conform/trial.h"

#define PER_REGISTER 3u

/* What a register reads after CTRL_INIT; those without a row are whatever the maker says, but RAZ
 * ones read 0. */
static const struct {
    enum irs_row row;
    uint64_t mask, value;
} resets[] = {
    {IRS_IDR0_ROW, 0x1fc3, 1},                /* Non-secure, no options */
    {IRS_IDR1_ROW, 0xfffff, 4 << 16 | 2},     /* two PEs, ids up to 17 */
    {IRS_IDR2_ROW, 1 << 5, 1 << 5},           /* LPIs */
    {IRS_IDR5_ROW, UINT32_MAX, NR_SPIS},
    {IRS_IDR6_ROW, UINT32_MAX, NR_SPIS},
    {IRS_IDR7_ROW, UINT32_MAX, 0},
    {IRS_CR0_ROW, UINT32_MAX, 2},
    {IRS_CR1_ROW, UINT32_MAX, 0},
    {IRS_SYNC_STATUSR_ROW, UINT32_MAX, 1},
    {IRS_SPI_SELR_ROW, UINT32_MAX, 0x00ffffff},
    {IRS_SPI_DOMAINR_ROW, UINT32_MAX, 1},
    {IRS_SPI_CFGR_ROW, UINT32_MAX, 0},
    {IRS_SPI_STATUSR_ROW, UINT32_MAX, 1},
    {IRS_PE_SELR_ROW, UINT32_MAX, 0xffff},
    {IRS_PE_STATUSR_ROW, UINT32_MAX, 1},
    {IRS_PE_CR0_ROW, UINT32_MAX, 0},
    {IRS_IST_BASER_ROW, UINT64_MAX, 0},
    {IRS_IST_CFGR_ROW, UINT32_MAX, 0},
    {IRS_IST_STATUSR_ROW, UINT32_MAX, 1},
};

/* What sets of these make of them, one after the other. */
static const struct {
    enum irs_row row;
    uint64_t set, get;
} sets[] = {
    {IRS_CR0_ROW, 1, 3},
    {IRS_CR0_ROW, 0xfffffffe, 2},
    {IRS_CR1_ROW, 0xffff, 0xf5ff}, /* VMT_WA and VPET_WA stay 0 */
    {IRS_CR1_ROW, 0, 0},
    {IRS_SPI_SELR_ROW, 0xff000021, 0x21},
    {IRS_SPI_SELR_ROW, 0xffffff, 0xffffff},
    {IRS_PE_SELR_ROW, 0xffff0011, 0x11},
    {IRS_PE_SELR_ROW, 3, 3},
    {IRS_IST_CFGR_ROW, 0xfffeffff, 0x1ff},
    {IRS_IST_CFGR_ROW, 0x10008, 0x10008},
    {IRS_IST_BASER_ROW, UINT64_C(0xff0000004000003e), 0x40000000},
};

static size_t length(void)
{
    return PER_REGISTER * IRS_NR_ROWS;
}

static void describe(size_t n, struct vgic5_conform_check *check)
{
    static const char *const what[PER_REGISTER] = {"has", "reset", "set"};
    char name[64];

    snprintf(name, sizeof(name), "frame.%s.%s", conform_irs[n / PER_REGISTER].name,
             what[n % PER_REGISTER]);
    describe_as(check, name, n % PER_REGISTER == 1 ? "irs_width" : "irs", EVERY);
    if (conform_irs[n / PER_REGISTER].user_set == IRS_SET_IDENTITY && n % PER_REGISTER == 2)
        describe_as(check, name, "irs_identity", EVERY);
    if (n / PER_REGISTER == IRS_SPI_STATUSR_ROW || n / PER_REGISTER == IRS_PE_STATUSR_ROW)
        describe_as(check, name, "irs_status", EVERY);
}

static void check_has(struct trial *trial, enum irs_row row)
{
    trial_live_until(trial, LIFE_VCPUS);
    expect_errno(trial, try_has(trial, VGIC5_GRP_IRS_REGS, conform_irs[row].offset), 0, "has");
    expect_errno(trial, try_has(trial, VGIC5_GRP_IRS_REGS, conform_irs[row].offset + 1), EINVAL,
                 "has of its second byte");
}

static void check_reset(struct trial *trial, enum irs_row row)
{
    uint64_t value;

    trial_live_until(trial, LIFE_READY);
    value = irs_get(trial, row);
    if (conform_irs[row].bytes == 4)
        expect_value(trial, value >> 32, 0, "the upper half");
    if (conform_irs[row].carried == IRS_CARRIED_NO && row != IRS_SPI_DOMAINR_ROW)
        expect_value(trial, value, 0, "a register that is RAZ");
    for (size_t n = 0; n < sizeof(resets) / sizeof(resets[0]); n++) {
        if (resets[n].row == row)
            expect_value(trial, value & resets[n].mask, resets[n].value, "after CTRL_INIT");
    }
}

/* A set that has no effect, or that offers a register what it has. */
static void check_unchanged(struct trial *trial, enum irs_row row)
{
    uint64_t before = irs_get(trial, row);
    bool is_identity = conform_irs[row].user_set == IRS_SET_IDENTITY;
    /* The upper half of a 32-bit register's payload says nothing. */
    uint64_t value = is_identity ? before | UINT64_C(0xdead) << 48 : UINT64_MAX;

    irs_set(trial, row, value);
    expect_value(trial, irs_get(trial, row), before, "after the set");
}

static void check_set(struct trial *trial, enum irs_row row)
{
    trial_live_until(trial, LIFE_READY);
    if (conform_irs[row].user_set == IRS_SET_IDENTITY ||
        conform_irs[row].user_set == IRS_SET_IGNORED)
        check_unchanged(trial, row);
    for (size_t n = 0; n < sizeof(sets) / sizeof(sets[0]); n++) {
        if (sets[n].row != row)
            continue;
        irs_set(trial, row, sets[n].set);
        expect_value(trial, irs_get(trial, row), sets[n].get, "after the set");
    }
}

static void run(struct trial *trial, size_t n)
{
    static void (*const checks[PER_REGISTER])(struct trial *, enum irs_row) = {
        check_has, check_reset, check_set};

    checks[n % PER_REGISTER](trial, (enum irs_row)(n / PER_REGISTER));
}

const struct family family_irs = {length, describe, run};
