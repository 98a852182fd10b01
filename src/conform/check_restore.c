/* SPDX-License-Identifier: BSD-3-Clause */
/* What a VMM may do on its way to a restored VM: try again, choose an order, set once more. */
#include "conform/trial.h"

#define LPIS (1u << LPI_BITS)

/* ---- Trying again ---------------------------------------------------------------------------- */

static void init_again(struct trial *trial)
{
    expect_errno(trial, try_set(trial, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NULL), ENODEV,
                 "CTRL_INIT without a vCPU");
    expect_errno(trial, trial->ops->add_vcpu(trial->vm, 3), 0, "vCPU 3");
    expect_errno(trial, try_set(trial, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NULL), 0, "and with one");
}

static void fill(uint32_t *words, uint32_t number)
{
    for (uint32_t n = 0; n < number; n++)
        words[n] = (n % 16 & 0xb) | (uint32_t)VGIC5_FIELD(ISTE_IAFFID, 3);
}

static void compare(struct trial *trial, const uint32_t *found, const uint32_t *expected,
                    uint32_t number, const char *what)
{
    for (uint32_t n = 0; n < number && !trial->over; n++) {
        if (found[n] != expected[n])
            trial_fail(trial, "%s %u is 0x%08x, expected 0x%08x", what, n, found[n], expected[n]);
    }
}

/* Too early, then twice with a buffer that is none; then as it should be. */
static void three_refusals(struct trial *trial)
{
    bool in_host = trial->ops->abi == VGIC5_ABI_7_4;
    uint32_t spis[NR_SPIS], lpis[LPIS], got[NR_SPIS] = {0}, got_lpis[LPIS] = {0};

    fill(spis, NR_SPIS);
    fill(lpis, LPIS);
    expect_errno(trial, try_ist_set(trial, spis, NULL), EBUSY, "a set before CTRL_INIT");
    trial_initialise(trial);
    if (in_host)
        name_ist(trial);
    if (trial->over)
        return;
    expect_errno(trial, try_set(trial, VGIC5_GRP_IST, 0, NULL), EINVAL, "a set without payload");
    if (in_host)
        expect_errno(trial, try_ist_set(trial, spis, NULL), EINVAL, "a set without LPIs");
    else
        expect_errno(trial, try_set(trial, VGIC5_GRP_IST, 0, (void *)(uintptr_t)BAD_ADDR), EFAULT,
                     "a set of nobody's memory");
    ist_set(trial, spis, in_host ? lpis : NULL);
    ist_get(trial, got, in_host ? got_lpis : NULL);
    compare(trial, got, spis, NR_SPIS, "SPI");
    compare(trial, got_lpis, lpis, in_host ? LPIS : 0, "LPI");
}

/* ---- Any order ------------------------------------------------------------------------------- */

/* Everything that the frame shows, with an LPI IST. */
static void collect(struct trial *trial, uint64_t values[IRS_NR_ROWS])
{
    for (unsigned row = 0; row < IRS_NR_ROWS; row++)
        values[row] = irs_get(trial, (enum irs_row)row);
    values[IRS_IST_CFGR_ROW] = LPI_BITS;
    values[IRS_IST_BASER_ROW] = trial->ops->ram_base | 1;
    values[IRS_CR1_ROW] = 1;
}

static void replay(struct trial *trial, bool backwards)
{
    uint32_t spis[NR_SPIS] = {0}, lpis[LPIS] = {0};
    uint64_t values[IRS_NR_ROWS], idr2 = irs_get(trial, IRS_IDR2_ROW);

    if (FIELD_GET(IRS_IDR2_MIN_LPI_ID_BITS, idr2) > LPI_BITS ||
        FIELD_GET(IRS_IDR2_ID_BITS, idr2) < LPI_BITS || FIELD_GET(IRS_IDR2_ISTMD, idr2))
        trial_skip(trial, "IRS_IDR2 allows no table of %u LPI id bits and short entries", LPI_BITS);
    collect(trial, values);
    for (unsigned n = 0; n < IRS_NR_ROWS && !trial->over; n++) {
        enum irs_row row = (enum irs_row)(backwards ? IRS_NR_ROWS - 1 - n : n);

        expect_errno(trial, try_irs_set(trial, row, values[row]), 0, irs_registers[row].name);
    }
    ist_set(trial, spis, lpis);
    for (unsigned row = 0; row < IRS_NR_ROWS && !trial->over; row++)
        expect_value(trial, irs_get(trial, (enum irs_row)row), values[row],
                     irs_registers[row].name);
}

/* IST_BASER comes before IST_CFGR, as in the table of the registers, and after it. */
static void in_order_of_offsets(struct trial *trial)
{
    replay(trial, false);
}

static void backwards(struct trial *trial)
{
    replay(trial, true);
}

/* ---- A live table under v1 ------------------------------------------------------------------- */

/* Refused, or ignored as the guest's handler would. */
static void stays(struct trial *trial, enum irs_row row, uint64_t value)
{
    uint64_t before = irs_get(trial, row);
    int ret = trial->over ? 0 : try_irs_set(trial, row, value);

    if (ret != -EINVAL)
        expect_errno(trial, ret, 0, "another value");
    expect_value(trial, irs_get(trial, row), before, irs_registers[row].name);
}

static void stays_v1(struct trial *trial)
{
    name_ist(trial);
    stays(trial, IRS_IST_CFGR_ROW, LPI_BITS | 2 << 7);
    stays(trial, IRS_IST_BASER_ROW, (trial->ops->ram_base + 0x10000) | 1);
}

/* ---- Once more ------------------------------------------------------------------------------- */

static void set_spi_6(struct trial *trial, uint32_t word, uint32_t expected, const char *what)
{
    uint32_t spis[NR_SPIS] = {[6] = word};

    ist_set(trial, spis, NULL);
    ist_get(trial, spis, NULL);
    expect_value(trial, spis[6], expected, what);
}

static void active_level(struct trial *trial)
{
    const uint32_t pending = VGIC5_ISTE_PENDING, active = VGIC5_ISTE_ACTIVE, level = VGIC5_ISTE_HM;

    set_spi_6(trial, level | active, level | active, "SPI 6, active");
    set_spi_6(trial, level | pending, level | pending, "SPI 6, pending");
    set_spi_6(trial, level | active, level | active | pending, "SPI 6, active after pending");
    set_spi_6(trial, level, level, "SPI 6, neither");
    set_spi_6(trial, pending, pending, "SPI 6, edge and pending");
    set_spi_6(trial, active, active, "SPI 6, edge and active");
}

static const struct named_check restore_checks[] = {
    {"ctrl.init-after-a-failed-one", "init_again", EVERY, LIFE_CREATED, init_again},
    {"ist.refused-three-times", "ist_retry", EVERY, LIFE_ADDRESS, three_refusals},
    {"irs.any-order", "irs_any_order", V7_4, LIFE_READY, in_order_of_offsets},
    {"irs.any-order-backwards", "irs_any_order", V7_4, LIFE_READY, backwards},
    {"ist.live-table-stays", "ist_stays", V1, LIFE_READY, stays_v1},
    {"ist.active-level-spi", "ist_latch", V7_4, LIFE_READY, active_level},
};

NAMED_FAMILY(family_restore, restore_checks);
