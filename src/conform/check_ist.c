/* SPDX-License-Identifier: BSD-3-Clause */
/* GRP_IST: sizes, contents, tables that exist already, faults in the middle, quiescing. */
#include "conform/trial.h"

#define LPIS (1u << LPI_BITS)

static uint32_t entry(uint32_t bits, uint32_t priority, uint32_t iaffid)
{
    return bits |
           (uint32_t)(VGIC5_FIELD(ISTE_PRIORITY, priority) | VGIC5_FIELD(ISTE_IAFFID, iaffid));
}

/* Something in every entry: pending, active, enabled; to both vCPUs, with the priority bit that
 * every IRS has. */
static void fill(uint32_t *words, uint32_t number)
{
    for (uint32_t n = 0; n < number; n++)
        words[n] = entry(n % 16 & 0xb, n % 3 ? 16 : 0, n % 2 ? 17 : 3);
}

static void compare(struct trial *trial, const uint32_t *found, const uint32_t *expected,
                    uint32_t number, const char *what)
{
    for (uint32_t n = 0; n < number && !trial->over; n++) {
        if (found[n] != expected[n])
            trial_fail(trial, "%s %u is 0x%08x, expected 0x%08x", what, n, found[n], expected[n]);
    }
}

/* ---- Contents -------------------------------------------------------------------------------- */

static void spis_come_back(struct trial *trial)
{
    uint32_t set[NR_SPIS], got[NR_SPIS] = {0};

    fill(set, NR_SPIS);
    ist_set(trial, set, NULL);
    ist_get(trial, got, NULL);
    compare(trial, got, set, NR_SPIS, "SPI");
}

static void again_is_the_same(struct trial *trial)
{
    uint32_t set[NR_SPIS], first[NR_SPIS] = {0}, second[NR_SPIS] = {0};

    fill(set, NR_SPIS);
    ist_set(trial, set, NULL);
    ist_get(trial, first, NULL);
    ist_get(trial, second, NULL);
    compare(trial, second, first, NR_SPIS, "SPI");
    compare(trial, first, set, NR_SPIS, "SPI");
}

static void without_addr(struct trial *trial)
{
    uint32_t set[NR_SPIS], got[NR_SPIS] = {0};

    fill(set, NR_SPIS);
    ist_set(trial, set, NULL);
    ist_get(trial, got, NULL);
    compare(trial, got, set, NR_SPIS, "SPI");
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
    compare(trial, got, set, NR_SPIS, "SPI");
}

static void last_set_counts(struct trial *trial)
{
    uint32_t set[NR_SPIS], zero[NR_SPIS] = {0}, got[NR_SPIS] = {0};

    fill(set, NR_SPIS);
    ist_set(trial, set, NULL);
    ist_set(trial, zero, NULL);
    ist_get(trial, got, NULL);
    compare(trial, got, zero, NR_SPIS, "SPI");
}

static void lpis_come_back(struct trial *trial)
{
    uint32_t spis[NR_SPIS], set[LPIS], got[LPIS] = {0};

    name_ist(trial);
    fill(spis, NR_SPIS);
    fill(set, LPIS);
    ist_set(trial, spis, set);
    ist_get(trial, spis, got);
    compare(trial, got, set, LPIS, "LPI");
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

static void put_guest(struct trial *trial, const uint32_t *words)
{
    if (!trial->ops->write_guest)
        trial_skip(trial, "the port has no guest memory");
    if (!trial->over)
        expect_errno(
            trial,
            trial->ops->write_guest(trial->vm, trial->ops->ram_base, words, LPIS * sizeof(*words)),
            0, "guest memory");
}

static void get_guest(struct trial *trial, uint32_t *words)
{
    memset(words, 0, LPIS * sizeof(*words));
    if (!trial->over)
        expect_errno(
            trial,
            trial->ops->read_guest(trial->vm, trial->ops->ram_base, words, LPIS * sizeof(*words)),
            0, "guest memory");
}

static void guest_table_is_taken(struct trial *trial)
{
    uint32_t spis[NR_SPIS] = {0}, words[LPIS], zero[LPIS] = {0}, found[LPIS];

    fill(words, LPIS);
    put_guest(trial, words);
    name_ist(trial);
    ist_set(trial, spis, NULL);
    put_guest(trial, zero);
    ist_get(trial, spis, NULL);
    get_guest(trial, found);
    compare(trial, found, words, LPIS, "LPI in guest memory");
}

static void guest_memory_is_not_touched(struct trial *trial)
{
    uint32_t spis[NR_SPIS] = {0}, lpis[LPIS], pattern[LPIS], found[LPIS];

    for (uint32_t n = 0; n < LPIS; n++)
        pattern[n] = 0xa5a5a5a5;
    fill(lpis, LPIS);
    put_guest(trial, pattern);
    name_ist(trial);
    ist_set(trial, spis, lpis);
    ist_get(trial, spis, lpis);
    get_guest(trial, found);
    compare(trial, found, pattern, LPIS, "word of guest memory");
}

static void guest_memory_is_gone(struct trial *trial, bool is_set)
{
    uint32_t spis[NR_SPIS] = {0}, words[LPIS];
    uint64_t before;
    int ret;

    if (!trial->ops->fault)
        trial_skip(trial, "the port cannot take guest memory away");
    fill(words, LPIS);
    put_guest(trial, words);
    name_ist(trial);
    if (!is_set)
        ist_set(trial, spis, NULL);
    before = trial_digest(trial);
    if (trial->over)
        return;
    trial->ops->fault(trial->vm, VGIC5_FAULT_GUEST, 1);
    ret = is_set ? try_ist_set(trial, spis, NULL) : try_ist_get(trial, spis, NULL);
    trial->ops->fault(trial->vm, VGIC5_FAULT_GUEST, 0);
    expect_errno(trial, ret, EFAULT, "without guest memory");
    if (is_set && trial_digest(trial) != before)
        trial_fail(trial, "the set was refused, but the device has changed");
}

static void set_without_guest(struct trial *trial)
{
    guest_memory_is_gone(trial, true);
}

static void get_without_guest(struct trial *trial)
{
    guest_memory_is_gone(trial, false);
}

/* ---- Descriptors of 7.4 ---------------------------------------------------------------------- */

static void check_descriptor(struct trial *trial, const struct vgic5_ist *buffers, bool is_set,
                             int expected, const char *what)
{
    struct vgic5_ist copy = *buffers;
    int ret = 0;

    if (trial->over)
        return;
    ret =
        is_set ? try_set(trial, VGIC5_GRP_IST, 0, &copy) : try_get(trial, VGIC5_GRP_IST, 0, &copy);
    expect_errno(trial, ret, expected, what);
}

static void spi_sizes(struct trial *trial, bool is_set)
{
    uint32_t spis[NR_SPIS + 1] = {0};
    struct vgic5_ist good = {(uintptr_t)spis, 4 * NR_SPIS, 0, 0}, bad = good;

    bad.spi_ist_addr = 0;
    check_descriptor(trial, &bad, is_set, EINVAL, "no SPI buffer");
    bad = good;
    bad.spi_ist_size -= 4;
    check_descriptor(trial, &bad, is_set, EINVAL, "a size of one SPI less");
    bad.spi_ist_size = 4 * NR_SPIS + 4;
    check_descriptor(trial, &bad, is_set, EINVAL, "a size of one SPI more");
    bad.spi_ist_size = NR_SPIS;
    check_descriptor(trial, &bad, is_set, EINVAL, "a number instead of a size");
    check_descriptor(trial, &good, is_set, 0, "the right size");
}

static void lpi_without_ist(struct trial *trial, bool is_set)
{
    uint32_t spis[NR_SPIS] = {0}, lpis[LPIS] = {0};
    struct vgic5_ist buffers = {(uintptr_t)spis, 4 * NR_SPIS, (uintptr_t)lpis, sizeof(lpis)};

    check_descriptor(trial, &buffers, is_set, EINVAL, "LPIs without an LPI IST");
    buffers.lpi_ist_size = 0;
    check_descriptor(trial, &buffers, is_set, EINVAL, "an LPI buffer without an LPI IST");
    buffers.lpi_ist_addr = 0;
    buffers.lpi_ist_size = sizeof(lpis);
    check_descriptor(trial, &buffers, is_set, EINVAL, "an LPI size without an LPI IST");
}

static void lpi_sizes(struct trial *trial, bool is_set)
{
    uint32_t spis[NR_SPIS] = {0}, lpis[LPIS] = {0};
    struct vgic5_ist good = {(uintptr_t)spis, 4 * NR_SPIS, (uintptr_t)lpis, sizeof(lpis)};
    struct vgic5_ist bad = good;

    name_ist(trial);
    if (!is_set)
        ist_set(trial, spis, lpis);
    bad.lpi_ist_addr = 0;
    check_descriptor(trial, &bad, is_set, EINVAL, "no LPI buffer");
    bad = good;
    bad.lpi_ist_size -= 4;
    check_descriptor(trial, &bad, is_set, EINVAL, "a size of one LPI less");
    bad.lpi_ist_size = 0;
    check_descriptor(trial, &bad, is_set, EINVAL, "an LPI size of 0");
    check_descriptor(trial, &good, is_set, 0, "the right size");
}

static void get_spi_sizes(struct trial *trial)
{
    spi_sizes(trial, false);
}
static void set_spi_sizes(struct trial *trial)
{
    spi_sizes(trial, true);
}
static void get_lpi_without_ist(struct trial *trial)
{
    lpi_without_ist(trial, false);
}
static void set_lpi_without_ist(struct trial *trial)
{
    lpi_without_ist(trial, true);
}
static void get_lpi_sizes(struct trial *trial)
{
    lpi_sizes(trial, false);
}
static void set_lpi_sizes(struct trial *trial)
{
    lpi_sizes(trial, true);
}

static void get_never_set(struct trial *trial)
{
    uint32_t spis[NR_SPIS] = {0}, lpis[LPIS] = {0};

    name_ist(trial);
    if (!trial->over)
        expect_errno(trial, try_ist_get(trial, spis, lpis), ENXIO, "a get before any set");
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

/* ---- Faults ---------------------------------------------------------------------------------- */

/* The buffer ends in the middle. */
static void fault_in_the_middle(struct trial *trial, bool is_set)
{
    uint32_t *spis = cliff_open(2 * NR_SPIS);
    uint64_t before = trial_digest(trial);

    if (!spis)
        trial_skip(trial, "no memory for a buffer with an end");
    if (!trial->over)
        expect_errno(trial,
                     is_set ? try_ist_set(trial, spis, NULL) : try_ist_get(trial, spis, NULL),
                     EFAULT, "a buffer of half the SPIs");
    if (trial_digest(trial) != before)
        trial_fail(trial, "the call was refused, but the device has changed");
    cliff_close(spis);
}

static void set_fault(struct trial *trial)
{
    fault_in_the_middle(trial, true);
}

static void get_fault(struct trial *trial)
{
    fault_in_the_middle(trial, false);
}

/* The SPIs are good, the LPIs end in the middle: nothing of either stays. */
static void set_lpi_fault(struct trial *trial)
{
    uint32_t spis[NR_SPIS], good[LPIS] = {0}, *lpis = cliff_open(2 * LPIS);

    fill(spis, NR_SPIS);
    name_ist(trial);
    if (!lpis)
        trial_skip(trial, "no memory for a buffer with an end");
    if (!trial->over)
        expect_errno(trial, try_ist_set(trial, spis, lpis), EFAULT, "a buffer of half the LPIs");
    cliff_close(lpis);
    if (!trial->over)
        expect_errno(trial, try_ist_get(trial, spis, good), ENXIO, "a get after it");
    ist_set(trial, (uint32_t[NR_SPIS]){0}, good);
    ist_get(trial, spis, good);
    compare(trial, spis, (uint32_t[NR_SPIS]){0}, NR_SPIS, "SPI");
}

static void set_without_memory(struct trial *trial)
{
    uint32_t spis[NR_SPIS], lpis[LPIS];
    uint64_t before;

    fill(spis, NR_SPIS);
    fill(lpis, LPIS);
    if (trial->ops->abi == VGIC5_ABI_V1)
        put_guest(trial, lpis);
    name_ist(trial);
    before = trial_digest(trial);
    if (!trial->ops->fault || trial->ops->fault(trial->vm, VGIC5_FAULT_NO_MEMORY, 1))
        trial_skip(trial, "the port cannot make memory run out");
    if (!trial->over)
        expect_errno(trial,
                     try_ist_set(trial, spis, trial->ops->abi == VGIC5_ABI_7_4 ? lpis : NULL),
                     ENOMEM, "without memory");
    if (!trial->over && trial_digest(trial) != before)
        trial_fail(trial, "the set was refused, but the device has changed");
}

/* ---- Quiescing ------------------------------------------------------------------------------- */

static void disturbed(struct trial *trial, enum vgic5_conform_fault fault, int expected)
{
    uint32_t spis[NR_SPIS] = {0};

    if (!trial->ops->fault || trial->ops->fault(trial->vm, fault, 2)) {
        trial_skip(trial, "the port cannot disturb a VM that is quiesced");
        return;
    }
    expect_errno(trial, try_ist_get(trial, spis, NULL), expected, "the first get");
    expect_errno(trial, try_ist_get(trial, spis, NULL), expected, "the second get");
    expect_errno(trial, try_ist_get(trial, spis, NULL), 0, "the third get");
}

static void woken(struct trial *trial)
{
    disturbed(trial, VGIC5_FAULT_WOKEN, EBUSY);
}

static void timeout(struct trial *trial)
{
    disturbed(trial, VGIC5_FAULT_TIMEOUT, ETIMEDOUT);
}

/* A VM that runs is refused before anybody tries to quiesce it. */
static void running_is_told_first(struct trial *trial)
{
    uint32_t spis[NR_SPIS] = {0};

    if (!trial->ops->fault || trial->ops->fault(trial->vm, VGIC5_FAULT_TIMEOUT, 1)) {
        trial_skip(trial, "the port cannot disturb a VM that is quiesced");
        return;
    }
    expect_errno(trial, try_ist_get(trial, spis, NULL), EBUSY, "a get while a vCPU runs");
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
    {"ist.set-without-guest-memory", "ist_set_guest", V1, LIFE_READY, set_without_guest},
    {"ist.get-without-guest-memory", "ist_get_guest", V1, LIFE_READY, get_without_guest},
    {"ist.get-spi-size", "ist_get_spi_size", V7_4, LIFE_READY, get_spi_sizes},
    {"ist.set-spi-size", "ist_set_spi_size", V7_4, LIFE_READY, set_spi_sizes},
    {"ist.get-lpi-without-ist", "ist_get_lpi_none", V7_4, LIFE_READY, get_lpi_without_ist},
    {"ist.set-lpi-without-ist", "ist_set_lpi_none", V7_4, LIFE_READY, set_lpi_without_ist},
    {"ist.get-lpi-size", "ist_get_lpi_size", V7_4, LIFE_READY, get_lpi_sizes},
    {"ist.set-lpi-size", "ist_set_lpi_size", V7_4, LIFE_READY, set_lpi_sizes},
    {"ist.get-never-set", "ist_get_never_set", V7_4, LIFE_READY, get_never_set},
    {"ist.set-twice", "ist_set_exists", V7_4, LIFE_READY, second_set},
    {"ist.set-illegal-cfgr", "ist_set_cfgr", V7_4, LIFE_READY, illegal_cfgr_7_4},
    {"ist.baser-illegal-cfgr", "baser_creates", V1, LIFE_READY, baser_with_illegal_cfgr},
    {"ist.baser-is-stored", "baser_stores", V7_4, LIFE_READY, baser_is_stored},
    {"ist.frozen", "ist_frozen", V7_4, LIFE_READY, frozen},
    {"ist.set-fault-midway", "failed_set", EVERY, LIFE_READY, set_fault},
    {"ist.get-fault-midway", "ist_get_fault", EVERY, LIFE_READY, get_fault},
    {"ist.set-lpi-fault-midway", "ist_set_data", V7_4, LIFE_READY, set_lpi_fault},
    {"ist.set-without-memory", "ist_set_memory", EVERY, LIFE_READY, set_without_memory},
    {"ist.get-woken", "ist_get_woken", EVERY, LIFE_READY, woken},
    {"ist.get-timeout", "ist_get_timeout", EVERY, LIFE_READY, timeout},
    {"ist.get-running-before-quiescing", "ist_get_run", EVERY, LIFE_RUNNING, running_is_told_first},
};

NAMED_FAMILY(family_ist, ist_checks);
