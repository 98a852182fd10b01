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

/* ---- What depends on the device's own IDR2 --------------------------------------------------- */

static void set_idr2(struct trial *trial, uint64_t value, int expected, const char *what)
{
    uint64_t before = irs_get(trial, IRS_IDR2_ROW);

    if (!trial->over)
        expect_errno(trial, try_irs_set(trial, IRS_IDR2_ROW, value), expected, what);
    expect_value(trial, irs_get(trial, IRS_IDR2_ROW), expected ? before : value, what);
}

/* A bit of IDR2: where the device has it, it can be set. */
static void not_offered(struct trial *trial, uint64_t bit, const char *what)
{
    uint64_t own = irs_get(trial, IRS_IDR2_ROW);

    set_idr2(trial, own | bit, own & bit ? 0 : EINVAL, what);
}

static void two_levels(struct trial *trial)
{
    not_offered(trial, FIELD_MASK(IRS_IDR2_IST_LEVELS), "a set of IST_LEVELS");
}

static void metadata(struct trial *trial)
{
    not_offered(trial, FIELD_MASK(IRS_IDR2_ISTMD), "a set of ISTMD");
}

static void metadata_size(struct trial *trial)
{
    not_offered(trial, FIELD_PREP(IRS_IDR2_ISTMD_SZ, 16), "a set of ISTMD_SZ 16");
}

static void fewer_id_bits(struct trial *trial)
{
    uint64_t own = irs_get(trial, IRS_IDR2_ROW);
    uint64_t min = FIELD_GET(IRS_IDR2_MIN_LPI_ID_BITS, own);
    uint64_t rest = own & ~FIELD_MASK(IRS_IDR2_ID_BITS);

    set_idr2(trial, rest | FIELD_PREP(IRS_IDR2_ID_BITS, min), 0,
             "ID_BITS as few as MIN_LPI_ID_BITS");
    if (min > 1)
        set_idr2(trial, rest | FIELD_PREP(IRS_IDR2_ID_BITS, min - 1), EINVAL, "and one less");
}

static void more_minimum(struct trial *trial)
{
    uint64_t own = irs_get(trial, IRS_IDR2_ROW);
    uint64_t min = FIELD_GET(IRS_IDR2_MIN_LPI_ID_BITS, own);
    uint64_t rest = own & ~FIELD_MASK(IRS_IDR2_MIN_LPI_ID_BITS);

    if (min < 15 && min < FIELD_GET(IRS_IDR2_ID_BITS, own))
        set_idr2(trial, rest | FIELD_PREP(IRS_IDR2_MIN_LPI_ID_BITS, min + 1), 0,
                 "a MIN_LPI_ID_BITS of one more");
    if (min > 1) /* a minimum of 0 is another check's */
        set_idr2(trial, rest | FIELD_PREP(IRS_IDR2_MIN_LPI_ID_BITS, min - 1), EINVAL,
                 "a MIN_LPI_ID_BITS of one less than its own");
}

static const struct named_check idr2_checks[] = {
    {"identity.IDR2-IST_LEVELS", "irs_set_value", EVERY, LIFE_READY, two_levels},
    {"identity.IDR2-ISTMD", "irs_set_value", EVERY, LIFE_READY, metadata},
    {"identity.IDR2-ISTMD_SZ", "irs_set_value", EVERY, LIFE_READY, metadata_size},
    {"identity.IDR2-ID_BITS-fewer", "irs_identity", EVERY, LIFE_READY, fewer_id_bits},
    {"identity.IDR2-MIN-own-and-more", "irs_identity", EVERY, LIFE_READY, more_minimum},
};

NAMED_FAMILY(family_idr2, idr2_checks);
