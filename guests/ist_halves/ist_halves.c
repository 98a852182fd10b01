/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IRS_IST_BASER as two 32-bit halves and as one 64-bit store. The low half with VALID = 1 makes the
 * table live with the high half as it then is, and a high half that follows is ignored; one 64-bit
 * store latches both. A machine that splits 64-bit stores into halves mistakes one for the other.
 */
#include "kit.h"

#define ID_BITS 12u
#define THE_LPI LPI(77)
#define HIGH 1u /* beyond 4 GiB, where this machine has no RAM */
#define VALID 1u

static uint64_t table;
static uint32_t failures;

static void check(const char *what, uint64_t is, uint64_t expected)
{
    if (is == expected)
        return;
    failures++;
    print("ist_halves: %s: %lx, expected %lx\n", what, is, expected);
}

static void take_down(void)
{
    irs_write64(IRS_IST_BASER, 0);
    wait_for_bits(IRS_BASE + IRS_IST_STATUSR, 1);
    check("after VALID = 0, BASER.VALID", irs_read64(IRS_IST_BASER) & VALID, 0);
    irs_write(IRS_IST_BASER, 0);
    irs_write(IRS_IST_BASER + 4, 0);
    check("cleared BASER", irs_read64(IRS_IST_BASER), 0);
}

/* 1: CDRCFG finds the LPI's entry. */
static uint64_t is_reachable(void)
{
    return !(gic_read_config(THE_LPI) & ICSR_F);
}

static void low_first(void)
{
    irs_write(IRS_IST_BASER, (uint32_t)table | VALID);
    irs_write(IRS_IST_BASER + 4, HIGH);
    check("low half first, BASER", irs_read64(IRS_IST_BASER), table | VALID);
    check("low half first, the LPI is reachable", is_reachable(), 1);
    take_down();
}

static void low_first_then_something_else(void)
{
    irs_write(IRS_IST_BASER, (uint32_t)table | VALID);
    check("low half alone, the LPI is reachable", is_reachable(), 1);
    irs_write(IRS_IST_BASER + 4, HIGH);
    check("high half later, BASER", irs_read64(IRS_IST_BASER), table | VALID);
    take_down();
}

static void high_first(void)
{
    irs_write(IRS_IST_BASER + 4, HIGH);
    irs_write(IRS_IST_BASER, (uint32_t)table | VALID);
    check("high half first, BASER", irs_read64(IRS_IST_BASER),
          (uint64_t)HIGH << 32 | table | VALID);
    check("high half first, the LPI is reachable", is_reachable(), 0);
    take_down();
}

static void both(void)
{
    irs_write64(IRS_IST_BASER, (uint64_t)HIGH << 32 | table | VALID);
    check("64-bit store, BASER", irs_read64(IRS_IST_BASER), (uint64_t)HIGH << 32 | table | VALID);
    check("64-bit store, the LPI is reachable", is_reachable(), 0);
    take_down();
    irs_write64(IRS_IST_BASER, table | VALID);
    check("64-bit store into RAM, BASER", irs_read64(IRS_IST_BASER), table | VALID);
    check("64-bit store into RAM, the LPI is reachable", is_reachable(), 1);
}

/* VALID = 1: another VALID = 1, and IST_CFGR, are ignored. */
static void while_valid(void)
{
    irs_write64(IRS_IST_BASER, (table + (1u << (ID_BITS + 2))) | VALID);
    irs_write(IRS_IST_CFGR, ID_BITS - 1);
    check("while valid, BASER", irs_read64(IRS_IST_BASER), table | VALID);
    check("while valid, IST_CFGR", irs_read(IRS_IST_CFGR), ID_BITS);
    take_down();
}

int guest_main(void)
{
    table = (uint64_t)ram_alloc(1u << (ID_BITS + 2), 1u << (ID_BITS + 2));
    irs_write(IRS_IST_CFGR, ID_BITS);
    gic_irs_enable();
    low_first();
    low_first_then_something_else();
    high_first();
    both();
    while_valid();
    print("ist_halves: %s\n", failures ? "FAIL" : "PASS");
    return failures != 0;
}
