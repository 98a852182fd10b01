/* SPDX-License-Identifier: BSD-3-Clause */
/* GRP_IST: calls that are refused: sizes, faults in the middle, quiescing. */
#include "conform/ist.h"

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

    ist_fill(spis, NR_SPIS);
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
    ist_compare(trial, spis, (uint32_t[NR_SPIS]){0}, NR_SPIS, "SPI");
}

static void set_without_memory(struct trial *trial)
{
    uint32_t spis[NR_SPIS], lpis[LPIS];
    uint64_t before;

    ist_fill(spis, NR_SPIS);
    ist_fill(lpis, LPIS);
    if (trial->ops->abi == VGIC5_ABI_V1)
        ist_put_guest(trial, lpis);
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

/* ---- Without guest memory -------------------------------------------------------------------- */

static void guest_memory_is_gone(struct trial *trial, bool is_set)
{
    uint32_t spis[NR_SPIS] = {0}, words[LPIS];
    uint64_t before;
    int ret;

    if (!trial->ops->fault)
        trial_skip(trial, "the port cannot take guest memory away");
    ist_fill(words, LPIS);
    ist_put_guest(trial, words);
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

static const struct named_check refused_checks[] = {
    {"ist.set-without-guest-memory", "ist_set_guest", V1, LIFE_READY, set_without_guest},
    {"ist.get-without-guest-memory", "ist_get_guest", V1, LIFE_READY, get_without_guest},
    {"ist.get-spi-size", "ist_get_spi_size", V7_4, LIFE_READY, get_spi_sizes},
    {"ist.set-spi-size", "ist_set_spi_size", V7_4, LIFE_READY, set_spi_sizes},
    {"ist.get-lpi-without-ist", "ist_get_lpi_none", V7_4, LIFE_READY, get_lpi_without_ist},
    {"ist.set-lpi-without-ist", "ist_set_lpi_none", V7_4, LIFE_READY, set_lpi_without_ist},
    {"ist.get-lpi-size", "ist_get_lpi_size", V7_4, LIFE_READY, get_lpi_sizes},
    {"ist.set-lpi-size", "ist_set_lpi_size", V7_4, LIFE_READY, set_lpi_sizes},
    {"ist.get-never-set", "ist_get_never_set", V7_4, LIFE_READY, get_never_set},
    {"ist.set-fault-midway", "failed_set", EVERY, LIFE_READY, set_fault},
    {"ist.get-fault-midway", "ist_get_fault", EVERY, LIFE_READY, get_fault},
    {"ist.set-lpi-fault-midway", "ist_set_data", V7_4, LIFE_READY, set_lpi_fault},
    {"ist.set-without-memory", "ist_set_memory", EVERY, LIFE_READY, set_without_memory},
    {"ist.get-woken", "ist_get_woken", EVERY, LIFE_READY, woken},
    {"ist.get-timeout", "ist_get_timeout", EVERY, LIFE_READY, timeout},
    {"ist.get-running-before-quiescing", "ist_get_run", EVERY, LIFE_RUNNING, running_is_told_first},
};

NAMED_FAMILY(family_ist_refused, refused_checks);
