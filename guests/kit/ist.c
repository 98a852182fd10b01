/* SPDX-License-Identifier: BSD-3-Clause */
/* The LPI Interrupt State Table: shape, memory, and the L2 tables as they come into use. */
#include "kit.h"

#define IDR2_ID_BITS(idr2) ((idr2)&31)
#define IDR2_LPI(idr2) ((idr2) >> 5 & 1)
#define IDR2_MIN_LPI_ID_BITS(idr2) ((idr2) >> 6 & 15)
#define IDR2_IST_LEVELS(idr2) ((idr2) >> 10 & 1)
#define IDR2_IST_L2SZ(idr2) ((idr2) >> 11 & 7)
#define IDR2_ISTMD(idr2) ((idr2) >> 14 & 1)
#define IDR2_ISTMD_SZ(idr2) ((idr2) >> 15 & 31)

#define CFGR_L2SZ_SHIFT 5
#define CFGR_ISTSZ_SHIFT 7
#define CFGR_TWO_LEVEL (1u << 16)

#define BASER_VALID 1ull
#define L1_VALID 1ull
#define STATUSR_IDLE 1u

struct ist ist;

static uint32_t choose_id_bits(uint32_t idr2, uint32_t max)
{
    uint32_t bits = IDR2_ID_BITS(idr2);
    uint32_t cpu_bits = (read_register(ICC_IDR0) & 15) ? 24 : 16;

    if (bits > cpu_bits)
        bits = cpu_bits;
    if (bits > max)
        bits = max;
    return bits < IDR2_MIN_LPI_ID_BITS(idr2) ? IDR2_MIN_LPI_ID_BITS(idr2) : bits;
}

/* 4-byte entries, or what the metadata needs: 8 bytes below ISTMD_SZ, else 16. */
static uint32_t choose_istsz(uint32_t idr2, uint32_t id_bits)
{
    if (!IDR2_ISTMD(idr2))
        return 0;
    return id_bits < IDR2_ISTMD_SZ(idr2) ? 1 : 2;
}

/* The smallest L2 table that is offered: bit 0 is 4 KiB, 1 is 16 KiB, 2 is 64 KiB. */
static uint32_t choose_l2sz(uint32_t idr2)
{
    return (uint32_t)__builtin_ctz(IDR2_IST_L2SZ(idr2));
}

static uint64_t make_linear(void)
{
    uint64_t bytes = 4ull << (ist.id_bits + ist.istsz);

    ist.cfgr = ist.id_bits | ist.istsz << CFGR_ISTSZ_SHIFT;
    return (uint64_t)ram_alloc(bytes, bytes < 64 ? 64 : bytes);
}

static uint64_t make_two_level(uint32_t l2sz)
{
    uint32_t l1_bits = ist.id_bits > ist.l2bits ? ist.id_bits - ist.l2bits : 0;
    uint64_t bytes = 8ull << l1_bits;

    ist.cfgr =
        ist.id_bits | ist.istsz << CFGR_ISTSZ_SHIFT | l2sz << CFGR_L2SZ_SHIFT | CFGR_TWO_LEVEL;
    ist.l1 = ram_alloc(bytes, bytes < 64 ? 64 : bytes);
    return (uint64_t)ist.l1;
}

void gic_ist_make(uint32_t max_id_bits, bool linear)
{
    uint32_t idr2 = irs_read(IRS_IDR2);

    if (!IDR2_LPI(idr2))
        panic("this IRS has no LPIs");
    ist = (struct ist){.id_bits = choose_id_bits(idr2, max_id_bits)};
    ist.istsz = choose_istsz(idr2, ist.id_bits);
    ist.two_level = IDR2_IST_LEVELS(idr2) && IDR2_IST_L2SZ(idr2) && !linear;
    if (ist.two_level) {
        ist.l2bits = 10 - ist.istsz + 2 * choose_l2sz(idr2);
        ist.base = make_two_level(choose_l2sz(idr2));
    } else {
        ist.base = make_linear();
    }
    irs_write(IRS_IST_CFGR, ist.cfgr);
    irs_write64(IRS_IST_BASER, ist.base | BASER_VALID);
    wait_for_bits(IRS_BASE + IRS_IST_STATUSR, STATUSR_IDLE);
    if (irs_read64(IRS_IST_BASER) != (ist.base | BASER_VALID))
        panic("IRS_IST_BASER did not become valid");
}

/* Software stores the L2 address, the IRS sets VALID (IRS_MAP_L2_ISTR). */
void ist_map(uint32_t id)
{
    uint64_t bytes = 1ull << (ist.l2bits + 2 + ist.istsz);
    volatile uint64_t *entry;

    if (id >> ist.id_bits)
        panic("LPI %u is beyond 2^%u", id, ist.id_bits);
    if (!ist.two_level)
        return;
    entry = &ist.l1[id >> ist.l2bits];
    if (*entry & L1_VALID)
        return;
    *entry = (uint64_t)ram_alloc(bytes, bytes);
    irs_write(IRS_MAP_L2_ISTR, id);
    wait_for_bits(IRS_BASE + IRS_IST_STATUSR, STATUSR_IDLE);
    if (!(*entry & L1_VALID))
        panic("IRS_MAP_L2_ISTR did not make the table of LPI %u valid", id);
    ist.l2_tables++;
}
