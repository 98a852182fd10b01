/* SPDX-License-Identifier: BSD-3-Clause */
/* What an identification register may be set to, beside what it is. */
#include "conform/trial.h"

#define CHANGED(field, value) FIELD_MASK(field), FIELD_PREP(field, value)

/* own value, with the bits of `mask` as in `bits` */
static const struct change {
    const char *name;
    enum irs_row row;
    uint64_t mask, bits;
    int expected;
} changes[] = {
    {"IDR0-domain-secure", IRS_IDR0_ROW, CHANGED(IRS_IDR0_INT_DOM, 0), EINVAL},
    {"IDR0-domain-el3", IRS_IDR0_ROW, CHANGED(IRS_IDR0_INT_DOM, 2), EINVAL},
    {"IDR0-domain-realm", IRS_IDR0_ROW, CHANGED(IRS_IDR0_INT_DOM, 3), EINVAL},
    {"IDR0-VIRT", IRS_IDR0_ROW, CHANGED(IRS_IDR0_VIRT, 1), EINVAL},
    {"IDR0-ONE_N", IRS_IDR0_ROW, CHANGED(IRS_IDR0_ONE_N, 1), EINVAL},
    {"IDR0-VIRT_ONE_N", IRS_IDR0_ROW, CHANGED(IRS_IDR0_VIRT_ONE_N, 1), EINVAL},
    {"IDR0-SETLPI", IRS_IDR0_ROW, CHANGED(IRS_IDR0_SETLPI, 1), EINVAL},
    {"IDR0-MEC", IRS_IDR0_ROW, CHANGED(IRS_IDR0_MEC, 1), EINVAL},
    {"IDR0-MPAM", IRS_IDR0_ROW, CHANGED(IRS_IDR0_MPAM, 1), EINVAL},
    {"IDR0-SWE", IRS_IDR0_ROW, CHANGED(IRS_IDR0_SWE, 1), EINVAL},
    {"IDR0-PA_RANGE", IRS_IDR0_ROW, CHANGED(IRS_IDR0_PA_RANGE, 2), 0},
    {"IDR0-IRSID", IRS_IDR0_ROW, CHANGED(IRS_IDR0_IRSID, 7), 0},
    {"IDR1-PE_CNT", IRS_IDR1_ROW, CHANGED(IRS_IDR1_PE_CNT, 99), 0},
    {"IDR1-IAFFID_BITS-fewer", IRS_IDR1_ROW, CHANGED(IRS_IDR1_IAFFID_BITS, 3), EINVAL},
    {"IDR1-IAFFID_BITS-more", IRS_IDR1_ROW, CHANGED(IRS_IDR1_IAFFID_BITS, 5), EINVAL},
    {"IDR1-PRI_BITS-more", IRS_IDR1_ROW, CHANGED(IRS_IDR1_PRI_BITS, 5), EINVAL},
    {"IDR1-PRI_BITS-fewer", IRS_IDR1_ROW, CHANGED(IRS_IDR1_PRI_BITS, 2), 0},
    {"IDR2-no-LPI", IRS_IDR2_ROW, CHANGED(IRS_IDR2_LPI, 0), EINVAL},
    {"IDR2-ID_BITS-more", IRS_IDR2_ROW, CHANGED(IRS_IDR2_ID_BITS, 25), EINVAL},
    {"IDR2-MIN-above-ID_BITS", IRS_IDR2_ROW,
     FIELD_MASK(IRS_IDR2_ID_BITS) | FIELD_MASK(IRS_IDR2_MIN_LPI_ID_BITS),
     FIELD_PREP(IRS_IDR2_ID_BITS, 14) | FIELD_PREP(IRS_IDR2_MIN_LPI_ID_BITS, 15), EINVAL},
    {"IDR2-MIN-0", IRS_IDR2_ROW, CHANGED(IRS_IDR2_MIN_LPI_ID_BITS, 0), EINVAL},
    {"IDR2-all-0", IRS_IDR2_ROW, UINT64_MAX, 0, EINVAL},
    {"IDR5-more", IRS_IDR5_ROW, UINT64_MAX, NR_SPIS + 32, EINVAL},
    {"IDR5-fewer", IRS_IDR5_ROW, UINT64_MAX, NR_SPIS - 32, EINVAL},
    {"IDR6-more", IRS_IDR6_ROW, UINT64_MAX, NR_SPIS + 32, EINVAL},
    {"IDR6-0", IRS_IDR6_ROW, UINT64_MAX, 0, EINVAL},
    {"IDR7-32", IRS_IDR7_ROW, UINT64_MAX, 32, EINVAL},
};

static size_t length(void)
{
    return sizeof(changes) / sizeof(changes[0]);
}

static void describe(size_t n, struct vgic5_conform_check *check)
{
    char name[64] = "identity.";

    strncat(name, changes[n].name, sizeof(name) - sizeof("identity."));
    describe_as(check, name, changes[n].expected ? "irs_set_value" : "irs_identity", EVERY);
}

/* PE_CNT is ignored: it stays. */
static uint64_t kept(const struct change *change)
{
    return change->row == IRS_IDR1_ROW ? FIELD_MASK(IRS_IDR1_PE_CNT) : 0;
}

static void run(struct trial *trial, size_t n)
{
    const struct change *change = &changes[n];
    uint64_t before, value, after;

    trial_live_until(trial, LIFE_READY);
    before = irs_get(trial, change->row);
    value = (before & ~change->mask) | change->bits;
    if (!trial->over)
        expect_errno(trial, try_irs_set(trial, change->row, value), change->expected, "the set");
    after = change->expected ? before : (value & ~kept(change)) | (before & kept(change));
    expect_value(trial, irs_get(trial, change->row), after, "after the set");
}

const struct family family_identity = {length, describe, run};
