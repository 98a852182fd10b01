/* SPDX-License-Identifier: BSD-3-Clause */
/* Each register of the frame: it is there, what it is at reset, what a set does. */
#include <stdio.h>

#include "conform/trial.h"

#define PER_REGISTER 4u

#define NOTHING UINT64_C(0x5555555555555555) /* no row writes that */

/* The rows of frame.def; of the others the RAZ ones read 0, and the rest what the maker says. */
static const struct frame {
    enum irs_row row;
    uint64_t mask, reset;
    uint64_t write, read;
} frames[] = {
#define FRAME(reg, mask, reset, write, read, guest, get, set) {reg##_ROW, mask, reset, write, read},
#include "conform/frame.def"
#undef FRAME
};

static const struct frame *frame_of(enum irs_row row)
{
    for (size_t n = 0; n < sizeof(frames) / sizeof(frames[0]); n++) {
        if (frames[n].row == row)
            return &frames[n];
    }
    return NULL;
}

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
    static const char *const what[PER_REGISTER] = {"has", "reset", "set", "guest"};
    static const char *const rows[PER_REGISTER] = {"irs", "irs_width", "irs", "guest_frame"};
    char name[64];

    snprintf(name, sizeof(name), "frame.%s.%s", irs_registers[n / PER_REGISTER].name,
             what[n % PER_REGISTER]);
    describe_as(check, name, rows[n % PER_REGISTER], EVERY);
    if (irs_registers[n / PER_REGISTER].user_set == IRS_SET_IDENTITY && n % PER_REGISTER == 2)
        describe_as(check, name, "irs_identity", EVERY);
    if (n % PER_REGISTER != 3 &&
        (n / PER_REGISTER == IRS_SPI_STATUSR_ROW || n / PER_REGISTER == IRS_PE_STATUSR_ROW))
        describe_as(check, name, "irs_status", EVERY);
}

static void check_has(struct trial *trial, enum irs_row row)
{
    trial_live_until(trial, LIFE_VCPUS);
    expect_errno(trial, try_has(trial, VGIC5_GRP_IRS_REGS, irs_registers[row].offset), 0, "has");
    expect_errno(trial, try_has(trial, VGIC5_GRP_IRS_REGS, irs_registers[row].offset + 1), EINVAL,
                 "has of its second byte");
}

static void check_reset(struct trial *trial, enum irs_row row)
{
    const struct frame *frame = frame_of(row);
    uint64_t value;

    trial_live_until(trial, LIFE_READY);
    value = irs_get(trial, row);
    if (irs_registers[row].bytes == 4)
        expect_value(trial, value >> 32, 0, "the upper half");
    if (irs_registers[row].carried == IRS_CARRIED_NO && row != IRS_SPI_DOMAINR_ROW)
        expect_value(trial, value, 0, "a register that is RAZ");
    if (frame)
        expect_value(trial, value & frame->mask, frame->reset, "after CTRL_INIT");
}

/* A set that has no effect, or that offers a register what it has. */
static void check_unchanged(struct trial *trial, enum irs_row row)
{
    uint64_t before = irs_get(trial, row);
    bool is_identity = irs_registers[row].user_set == IRS_SET_IDENTITY;
    /* The upper half of a 32-bit register's payload says nothing. */
    uint64_t value = is_identity ? before | UINT64_C(0xdead) << 48 : UINT64_MAX;

    irs_set(trial, row, value);
    expect_value(trial, irs_get(trial, row), before, "after the set");
}

static void check_set(struct trial *trial, enum irs_row row)
{
    trial_live_until(trial, LIFE_READY);
    if (irs_registers[row].user_set == IRS_SET_IDENTITY ||
        irs_registers[row].user_set == IRS_SET_IGNORED)
        check_unchanged(trial, row);
    for (size_t n = 0; n < sizeof(sets) / sizeof(sets[0]); n++) {
        if (sets[n].row != row)
            continue;
        irs_set(trial, row, sets[n].set);
        expect_value(trial, irs_get(trial, row), sets[n].get, "after the set");
    }
}

/* The guest finds what the VMM gets (nothing is selected), and its write does what the row says. */
static void check_guest(struct trial *trial, enum irs_row row)
{
    const struct frame *frame = frame_of(row);
    uint64_t before, write = UINT64_MAX, read;

    trial_live_until(trial, LIFE_READY);
    before = irs_get(trial, row);
    expect_value(trial, guest_frame(trial, row, false, 0), before, "what the guest reads");
    read = before;
    if (frame && frame->write != NOTHING) {
        write = frame->write;
        read = frame->read;
    }
    guest_frame(trial, row, true, write);
    expect_value(trial, guest_frame(trial, row, false, 0), read, "after the guest's write");
    expect_value(trial, irs_get(trial, row), read, "what the VMM gets after it");
}

static void run(struct trial *trial, size_t n)
{
    static void (*const checks[PER_REGISTER])(struct trial *, enum irs_row) = {
        check_has, check_reset, check_set, check_guest};

    checks[n % PER_REGISTER](trial, (enum irs_row)(n / PER_REGISTER));
}

const struct family family_irs = {length, describe, run};

/* ---- What depends on a selection, or on a table ---------------------------------------------- */

static void select_both(struct trial *trial, uint32_t spi, uint32_t iaffid)
{
    irs_set(trial, IRS_SPI_SELR_ROW, spi);
    irs_set(trial, IRS_PE_SELR_ROW, iaffid);
}

static void vmm_sees_no_v(struct trial *trial)
{
    select_both(trial, NR_SPIS - 1, 17);
    expect_value(trial, irs_get(trial, IRS_SPI_STATUSR_ROW), 1, "SPI_STATUSR of SPI 63");
    expect_value(trial, irs_get(trial, IRS_PE_STATUSR_ROW), 1, "PE_STATUSR of vCPU 17");
    select_both(trial, NR_SPIS, 4);
    expect_value(trial, irs_get(trial, IRS_SPI_STATUSR_ROW), 1, "SPI_STATUSR of SPI 64 of 64");
    expect_value(trial, irs_get(trial, IRS_PE_STATUSR_ROW), 1, "PE_STATUSR of vCPU 4");
}

static void guest_sees_v(struct trial *trial)
{
    select_both(trial, NR_SPIS - 1, 17);
    expect_value(trial, guest_frame(trial, IRS_SPI_STATUSR_ROW, false, 0), 3,
                 "SPI_STATUSR of SPI 63");
    expect_value(trial, guest_frame(trial, IRS_PE_STATUSR_ROW, false, 0), 7,
                 "PE_STATUSR of vCPU 17");
    select_both(trial, NR_SPIS, 4);
    expect_value(trial, guest_frame(trial, IRS_SPI_STATUSR_ROW, false, 0), 1,
                 "SPI_STATUSR of SPI 64");
    expect_value(trial, guest_frame(trial, IRS_PE_STATUSR_ROW, false, 0), 1,
                 "PE_STATUSR of vCPU 4");
}

static void dps_of_a_pe(struct trial *trial)
{
    irs_set(trial, IRS_PE_SELR_ROW, 17);
    expect_value(trial, irs_get(trial, IRS_PE_CR0_ROW), 1, "PE_CR0 of vCPU 17");
    irs_set(trial, IRS_PE_CR0_ROW, 0);
    expect_value(trial, irs_get(trial, IRS_PE_CR0_ROW), 1, "PE_CR0 after a set to 0");
    irs_set(trial, IRS_PE_SELR_ROW, 4);
    expect_value(trial, irs_get(trial, IRS_PE_CR0_ROW), 0, "PE_CR0 of vCPU 4, which there is not");
}

static void no_spi_is_selected(struct trial *trial)
{
    irs_set(trial, IRS_SPI_SELR_ROW, NR_SPIS);
    irs_set(trial, IRS_SPI_CFGR_ROW, 1);
    expect_value(trial, irs_get(trial, IRS_SPI_CFGR_ROW), 0, "SPI_CFGR of SPI 64 of 64");
    irs_set(trial, IRS_SPI_SELR_ROW, 0);
    expect_value(trial, irs_get(trial, IRS_SPI_CFGR_ROW), 0, "SPI_CFGR of SPI 0");
}

static void guest_sets_tm(struct trial *trial)
{
    guest_frame(trial, IRS_SPI_SELR_ROW, true, 9);
    guest_frame(trial, IRS_SPI_CFGR_ROW, true, 1);
    expect_value(trial, irs_get(trial, IRS_SPI_CFGR_ROW), 1, "SPI_CFGR of SPI 9");
    guest_frame(trial, IRS_SPI_SELR_ROW, true, 10);
    expect_value(trial, guest_frame(trial, IRS_SPI_CFGR_ROW, false, 0), 0, "SPI_CFGR of SPI 10");
}

/* An access of any kind; what it reads, or `value`. */
static uint64_t access_frame(struct trial *trial, uint64_t offset, uint8_t size, bool is_write,
                             uint64_t value)
{
    struct vgic5_mmio access = {
        .offset = offset, .value = value, .size = size, .is_write = is_write};

    if (!trial->over)
        expect_errno(trial, trial->ops->guest_mmio(trial->vm, &access), 0, "a guest's access");
    return access.value;
}

static void guest_halves(struct trial *trial)
{
    uint64_t baser = irs_registers[IRS_IST_BASER_ROW].offset,
             cr1 = irs_registers[IRS_CR1_ROW].offset;

    guest_frame(trial, IRS_IST_BASER_ROW, true, UINT64_C(0x1240000000)); /* or there is no guest */
    access_frame(trial, baser + 4, 4, true, 0x34);
    expect_value(trial, guest_frame(trial, IRS_IST_BASER_ROW, false, 0), UINT64_C(0x3440000000),
                 "IST_BASER after a write of its high half");
    access_frame(trial, baser, 4, true, 0x50000000);
    expect_value(trial, irs_get(trial, IRS_IST_BASER_ROW), UINT64_C(0x3450000000),
                 "IST_BASER after a write of its low half");
    expect_value(trial, access_frame(trial, baser + 4, 4, false, 0), 0x34, "its high half");
    access_frame(trial, cr1, 2, true, 0x0d);
    access_frame(trial, cr1, 1, true, 0x0d);
    access_frame(trial, cr1 + 2, 4, true, 0x0d);
    expect_value(trial, irs_get(trial, IRS_CR1_ROW), 0, "CR1 after writes of other widths");
    irs_set(trial, IRS_CR1_ROW, 0x0d);
    expect_value(trial, access_frame(trial, cr1, 2, false, 0), 0, "16 bits of CR1");
}

static void guest_ist(struct trial *trial)
{
    uint64_t base = trial->ops->ram_base, idr2 = irs_get(trial, IRS_IDR2_ROW);

    if (!trial->ops->read_guest || FIELD_GET(IRS_IDR2_MIN_LPI_ID_BITS, idr2) > LPI_BITS ||
        FIELD_GET(IRS_IDR2_ISTMD, idr2))
        trial_skip(trial, "the port has no guest memory, or no table of 8 LPI id bits");
    guest_frame(trial, IRS_IST_CFGR_ROW, true, LPI_BITS);
    guest_frame(trial, IRS_IST_BASER_ROW, true, base | 1);
    guest_frame(trial, IRS_IST_CFGR_ROW, true, LPI_BITS - 1);
    guest_frame(trial, IRS_IST_BASER_ROW, true, (base + 0x10000) | 1);
    expect_value(trial, irs_get(trial, IRS_IST_CFGR_ROW), LPI_BITS, "IST_CFGR while VALID");
    expect_value(trial, irs_get(trial, IRS_IST_BASER_ROW), base | 1, "IST_BASER while VALID");
    guest_frame(trial, IRS_IST_BASER_ROW, true, 0);
    expect_value(trial, irs_get(trial, IRS_IST_BASER_ROW) & 1, 0,
                 "IST_BASER.VALID after a write of 0");
    guest_frame(trial, IRS_IST_CFGR_ROW, true, LPI_BITS - 1);
    expect_value(trial, irs_get(trial, IRS_IST_CFGR_ROW), LPI_BITS - 1, "IST_CFGR after it");
}

static const struct named_check frame_checks[] = {
    {"frame.no-v-for-the-vmm", "irs_status", EVERY, LIFE_READY, vmm_sees_no_v},
    {"frame.v-for-the-guest", "guest_frame", EVERY, LIFE_READY, guest_sees_v},
    {"frame.IRS_PE_CR0.of-a-pe", "irs", EVERY, LIFE_READY, dps_of_a_pe},
    {"frame.IRS_SPI_CFGR.without-spi", "irs", EVERY, LIFE_READY, no_spi_is_selected},
    {"guest.sets-the-trigger-mode", "guest_frame", EVERY, LIFE_HAS_RUN, guest_sets_tm},
    {"guest.halves", "guest_halves", EVERY, LIFE_READY, guest_halves},
    {"guest.ist-frozen-while-valid", "guest_ist", EVERY, LIFE_HAS_RUN, guest_ist},
};

NAMED_FAMILY(family_frame, frame_checks);
