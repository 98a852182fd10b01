/* SPDX-License-Identifier: BSD-3-Clause */
/* GRP_IST: contents, the table in guest memory, tables that exist already. */
#include "conform/ist.h"

/* ---- Contents -------------------------------------------------------------------------------- */

static void spis_come_back(struct trial *trial)
{
    uint32_t set[NR_SPIS], got[NR_SPIS] = {0};

    ist_fill(set, NR_SPIS);
    ist_set(trial, set, NULL);
    ist_get(trial, got, NULL);
    ist_compare(trial, got, set, NR_SPIS, "SPI");
}

static void again_is_the_same(struct trial *trial)
{
    uint32_t set[NR_SPIS], first[NR_SPIS] = {0}, second[NR_SPIS] = {0};

    ist_fill(set, NR_SPIS);
    ist_set(trial, set, NULL);
    ist_get(trial, first, NULL);
    ist_get(trial, second, NULL);
    ist_compare(trial, second, first, NR_SPIS, "SPI");
    ist_compare(trial, first, set, NR_SPIS, "SPI");
}

static void without_addr(struct trial *trial)
{
    uint32_t set[NR_SPIS], got[NR_SPIS] = {0};

    ist_fill(set, NR_SPIS);
    ist_set(trial, set, NULL);
    ist_get(trial, got, NULL);
    ist_compare(trial, got, set, NR_SPIS, "SPI");
}

/* ENOENT says that there is no SPI IST: CTRL_INIT has made one. */
static void spi_ist_is_there(struct trial *trial, bool is_set)
{
    uint32_t spis[NR_SPIS] = {0};

    expect_errno(trial, is_set ? try_ist_set(trial, spis, NULL) : try_ist_get(trial, spis, NULL), 0,
                 "GRP_IST right after CTRL_INIT");
}

static void get_has_spi_ist(struct trial *trial)
{
    spi_ist_is_there(trial, false);
}
static void set_has_spi_ist(struct trial *trial)
{
    spi_ist_is_there(trial, true);
}

static void no_state(struct trial *trial)
{
    uint32_t set[NR_SPIS], got[NR_SPIS] = {0};

    for (uint32_t n = 0; n < NR_SPIS; n++)
        set[n] = 0x7f0 | VGIC5_ISTE_ENABLE; /* IRM, HWU, RES0 */
    ist_set(trial, set, NULL);
    ist_get(trial, got, NULL);
    for (uint32_t n = 0; n < NR_SPIS; n++)
        set[n] = VGIC5_ISTE_ENABLE;
    ist_compare(trial, got, set, NR_SPIS, "SPI");
}

static void last_set_counts(struct trial *trial)
{
    uint32_t set[NR_SPIS], zero[NR_SPIS] = {0}, got[NR_SPIS] = {0};

    ist_fill(set, NR_SPIS);
    ist_set(trial, set, NULL);
    ist_set(trial, zero, NULL);
    ist_get(trial, got, NULL);
    ist_compare(trial, got, zero, NR_SPIS, "SPI");
}

static void lpis_come_back(struct trial *trial)
{
    uint32_t spis[NR_SPIS], set[LPIS], got[LPIS] = {0};

    name_ist(trial);
    ist_fill(spis, NR_SPIS);
    ist_fill(set, LPIS);
    ist_set(trial, spis, set);
    ist_get(trial, spis, got);
    ist_compare(trial, got, set, LPIS, "LPI");
}

static void hm_is_the_mode(struct trial *trial)
{
    uint32_t spis[NR_SPIS] = {[9] = 1 << 2};

    ist_set(trial, spis, NULL);
    irs_set(trial, IRS_SPI_SELR_ROW, 9);
    expect_value(trial, irs_get(trial, IRS_SPI_CFGR_ROW), 1, "SPI_CFGR of an SPI with HM = 1");
    irs_set(trial, IRS_SPI_SELR_ROW, 10);
    expect_value(trial, irs_get(trial, IRS_SPI_CFGR_ROW), 0, "SPI_CFGR of an SPI with HM = 0");
}

static void cfgr_v1(struct trial *trial)
{
    irs_set(trial, IRS_SPI_SELR_ROW, 9);
    irs_set(trial, IRS_SPI_CFGR_ROW, 1);
    expect_value(trial, irs_get(trial, IRS_SPI_CFGR_ROW), 1, "SPI_CFGR after a set to 1");
    irs_set(trial, IRS_SPI_SELR_ROW, 10);
    expect_value(trial, irs_get(trial, IRS_SPI_CFGR_ROW), 0, "SPI_CFGR of the next SPI");
}

static void cfgr_7_4(struct trial *trial)
{
    irs_set(trial, IRS_SPI_SELR_ROW, 9);
    irs_set(trial, IRS_SPI_CFGR_ROW, 1);
    expect_value(trial, irs_get(trial, IRS_SPI_CFGR_ROW), 0, "SPI_CFGR after a set to 1");
}

/* ---- The LPI table in guest memory (v1), or not (7.4) ---------------------------------------- */

static void guest_table_is_taken(struct trial *trial)
{
    uint32_t spis[NR_SPIS] = {0}, words[LPIS], zero[LPIS] = {0}, found[LPIS];

    ist_fill(words, LPIS);
    ist_put_guest(trial, words);
    name_ist(trial);
    ist_set(trial, spis, NULL);
    ist_put_guest(trial, zero);
    ist_get(trial, spis, NULL);
    ist_get_guest(trial, found);
    ist_compare(trial, found, words, LPIS, "LPI in guest memory");
}

static void guest_memory_is_not_touched(struct trial *trial)
{
    uint32_t spis[NR_SPIS] = {0}, lpis[LPIS], pattern[LPIS], found[LPIS];

    for (uint32_t n = 0; n < LPIS; n++)
        pattern[n] = 0xa5a5a5a5;
    ist_fill(lpis, LPIS);
    ist_put_guest(trial, pattern);
    name_ist(trial);
    ist_set(trial, spis, lpis);
    ist_get(trial, spis, lpis);
    ist_get_guest(trial, found);
    ist_compare(trial, found, pattern, LPIS, "word of guest memory");
}

/* ---- Tables that exist, and tables that cannot ----------------------------------------------- */

static void second_set(struct trial *trial)
{
    uint32_t spis[NR_SPIS] = {0}, lpis[LPIS] = {0};

    name_ist(trial);
    ist_set(trial, spis, lpis);
    if (!trial->over)
        expect_errno(trial, try_ist_set(trial, spis, lpis), EBUSY, "a second set with LPIs");
}

static void illegal_cfgr_7_4(struct trial *trial)
{
    uint32_t spis[NR_SPIS] = {0}, lpis[LPIS] = {0};

    name_ist(trial);
    irs_set(trial, IRS_IST_CFGR_ROW, LPI_BITS | 2 << 7); /* entries of 16 bytes */
    if (!trial->over)
        expect_errno(trial, try_ist_set(trial, spis, lpis), EINVAL, "entries of 16 bytes");
}

static void baser_with_illegal_cfgr(struct trial *trial)
{
    irs_set(trial, IRS_IST_CFGR_ROW, LPI_BITS | 2 << 7);
    if (!trial->over)
        expect_errno(trial, try_irs_set(trial, IRS_IST_BASER_ROW, trial->ops->ram_base | 1), EINVAL,
                     "IST_BASER over an IST_CFGR that IDR2 does not allow");
    expect_value(trial, irs_get(trial, IRS_IST_BASER_ROW), 0, "IST_BASER");
}

static void baser_is_stored(struct trial *trial)
{
    irs_set(trial, IRS_IST_CFGR_ROW, LPI_BITS);
    irs_set(trial, IRS_IST_BASER_ROW, (uint64_t)MAP_RAM_BASE | 1);
    expect_value(trial, irs_get(trial, IRS_IST_BASER_ROW), (uint64_t)MAP_RAM_BASE | 1, "IST_BASER");
    irs_set(trial, IRS_IST_BASER_ROW, UINT64_C(0x50000000) | 1); /* no table yet: not frozen */
    expect_value(trial, irs_get(trial, IRS_IST_BASER_ROW), UINT64_C(0x50000000) | 1, "IST_BASER");
}

static void frozen(struct trial *trial)
{
    uint32_t spis[NR_SPIS] = {0}, lpis[LPIS] = {0};
    uint64_t baser, cfgr;

    name_ist(trial);
    ist_set(trial, spis, lpis);
    baser = irs_get(trial, IRS_IST_BASER_ROW);
    cfgr = irs_get(trial, IRS_IST_CFGR_ROW);
    irs_set(trial, IRS_IST_BASER_ROW, baser);
    irs_set(trial, IRS_IST_CFGR_ROW, cfgr);
    if (trial->over)
        return;
    expect_errno(trial, try_irs_set(trial, IRS_IST_BASER_ROW, baser + 0x10000), EINVAL,
                 "another address");
    expect_errno(trial, try_irs_set(trial, IRS_IST_BASER_ROW, 0), EINVAL, "VALID = 0");
    expect_errno(trial, try_irs_set(trial, IRS_IST_CFGR_ROW, cfgr + 1), EINVAL, "another IST_CFGR");
    expect_value(trial, irs_get(trial, IRS_IST_BASER_ROW), baser, "IST_BASER");
    expect_value(trial, irs_get(trial, IRS_IST_CFGR_ROW), cfgr, "IST_CFGR");
}

/* ---- The table ------------------------------------------------------------------------------- */

static const struct named_check ist_checks[] = {
    {"ist.spis-come-back", "ist_spis", EVERY, LIFE_READY, spis_come_back},
    {"ist.again-is-the-same", "ist_again", EVERY, LIFE_READY, again_is_the_same},
    {"ist.without-addr", "ist", EVERY, LIFE_INIT, without_addr},
    {"ist.get-after-init", "ist_get_no_spi", V1, LIFE_INIT, get_has_spi_ist},
    {"ist.set-after-init", "ist_set_no_spi", V1, LIFE_INIT, set_has_spi_ist},
    {"ist.no-state", "ist_no_state", EVERY, LIFE_READY, no_state},
    {"ist.last-set-counts", "ist_spis", EVERY, LIFE_READY, last_set_counts},
    {"ist.lpis-come-back", "ist_lpis", V7_4, LIFE_READY, lpis_come_back},
    {"ist.hm-is-the-mode", "ist_hm", V7_4, LIFE_READY, hm_is_the_mode},
    {"frame.IRS_SPI_CFGR.stores", "spi_cfgr_v1", V1, LIFE_READY, cfgr_v1},
    {"frame.IRS_SPI_CFGR.ignores", "spi_cfgr_7_4", V7_4, LIFE_READY, cfgr_7_4},
    {"ist.guest-table", "ist_guest", V1, LIFE_READY, guest_table_is_taken},
    {"ist.guest-memory-untouched", "ist_no_guest", V7_4, LIFE_READY, guest_memory_is_not_touched},
    {"ist.set-twice", "ist_set_exists", V7_4, LIFE_READY, second_set},
    {"ist.set-illegal-cfgr", "ist_set_cfgr", V7_4, LIFE_READY, illegal_cfgr_7_4},
    {"ist.baser-illegal-cfgr", "baser_creates", V1, LIFE_READY, baser_with_illegal_cfgr},
    {"ist.baser-is-stored", "baser_stores", V7_4, LIFE_READY, baser_is_stored},
    {"ist.frozen", "ist_frozen", V7_4, LIFE_READY, frozen},
};

NAMED_FAMILY(family_ist, ist_checks);
