/* SPDX-License-Identifier: BSD-3-Clause */
/* The registers of IRS_CONFIG_FRAME through the attribute interface (kvm-abi §3), row by row. */
#include <errno.h>
#include <string.h>

#include "vmm.h"

#define V1 VGIC5_PROFILE(VGIC5_ABI_V1)
#define V7_4 VGIC5_PROFILE(VGIC5_ABI_7_4)
#define BOTH (V1 | V7_4)

/* The device of this file: 64 SPIs, vCPUs 3 and 17 (so 5 IAFFID bits), 4 priority bits, LPI id bits
 * 4..14, two-level tables of 4K and 64K, metadata with 16-byte entries from 10 bits on, 44-bit
 * addresses. */
static struct vgic5_config rich(uint32_t abi)
{
    return (struct vgic5_config){.size = sizeof(struct vgic5_config),
                                 .abi = abi,
                                 .ipa_bits = 44,
                                 .lpi_id_bits = 14,
                                 .min_lpi_id_bits = 4,
                                 .priority_bits = 4,
                                 .ist_l2sz = 5,
                                 .istmd = 1,
                                 .istmd_sz = 10};
}

static void open_rich(struct vmm *vmm, uint32_t abi, enum life life)
{
    struct vgic5_config config = rich(abi);

    vmm_create(vmm, &config);
    vmm_live_until(vmm, life);
}

#define IDR0 0x0u
#define IDR1 0x4u
#define IDR2 0x8u

#define OWN_IDR0 (1u | 4u << 2)
#define OWN_IDR1 (2u | 4u << 16 | 3u << 20)
#define OWN_IDR2 (14u | 1u << 5 | 4u << 6 | 1u << 10 | 5u << 11 | 1u << 14 | 10u << 15)

/* ---- Reset values ---------------------------------------------------------------------------- */

/* clang-format off */
static const struct {
    uint32_t offset;
    uint64_t value;
} resets[] = {
    {IDR0, OWN_IDR0}, {IDR1, OWN_IDR1}, {IDR2, OWN_IDR2}, {0x0c, 0}, {0x10, 0},
    {0x14, NR_SPIS}, {0x18, NR_SPIS}, {0x1c, 0},
    {VGIC5_IRS_CR0, 2}, {VGIC5_IRS_CR1, 0}, {VGIC5_IRS_SYNCR, 0}, {VGIC5_IRS_SYNC_STATUSR, 1},
    {0x100, 0}, {VGIC5_IRS_SPI_SELR, 0xffffff}, {VGIC5_IRS_SPI_DOMAINR, 1},
    {VGIC5_IRS_SPI_RESAMPLER, 0}, {VGIC5_IRS_SPI_CFGR, 0}, {VGIC5_IRS_SPI_STATUSR, 1},
    {VGIC5_IRS_PE_SELR, 0xffff}, {VGIC5_IRS_PE_STATUSR, 1}, {VGIC5_IRS_PE_CR0, 0},
    {VGIC5_IRS_IST_BASER, 0}, {VGIC5_IRS_IST_CFGR, 0}, {VGIC5_IRS_IST_STATUSR, 1},
    {VGIC5_IRS_MAP_L2_ISTR, 0},
    {0x200, 0}, {0x210, 0}, {0x214, 0}, {0x240, 0}, {0x248, 0}, {0x250, 0}, {0x258, 0}, {0x25c, 0},
    {0x280, 0}, {0x288, 0}, {0x28c, 0}, {0x2c0, 0}, {0x2c8, 0}, {0x2d0, 0}, {0x2d8, 0}, {0x2e0, 0},
    {0x300, 0}, {0x308, 0}, {0x340, 0}, {0x344, 0}, {0x380, 0}, {0x384, 0},
    {0x3c0, 0}, {0x3c8, 0}, {0x3d0, 0},
    {0xffbc, 0x47705a19}, {0xfff0, 0x0d}, {0xfff4, 0xf0}, {0xfff8, 0x05}, {0xfffc, 0xb1},
};
/* clang-format on */

static void test_resets(void **state)
{
    struct vmm vmm;

    (void)state;
    open_rich(&vmm, VGIC5_ABI_V1, LIFE_READY);
    for (size_t n = 0; n < sizeof(resets) / sizeof(resets[0]); n++) {
        uint64_t found = IRS(&vmm, resets[n].offset); /* the upper half is 0 on get */

        if (found != resets[n].value)
            fail_msg("0x%x is 0x%llx, expected 0x%llx", resets[n].offset, (unsigned long long)found,
                     (unsigned long long)resets[n].value);
    }
    vmm_destroy(&vmm);
}

/* ---- Sets ------------------------------------------------------------------------------------ */

static const struct set {
    const char *name;
    uint32_t profiles;
    uint32_t offset;
    uint64_t value;
    int expected;
    uint64_t then; /* what it reads afterwards */
} sets[] = {
    {"IDR0 own", BOTH, IDR0, OWN_IDR0, 0, OWN_IDR0},
    {"IDR0 Secure", BOTH, IDR0, OWN_IDR0 & ~1u, -EINVAL, OWN_IDR0},
    {"IDR0 Realm", BOTH, IDR0, OWN_IDR0 | 3u, -EINVAL, OWN_IDR0},
    {"IDR0 VIRT", BOTH, IDR0, OWN_IDR0 | 1u << 6, -EINVAL, OWN_IDR0},
    {"IDR0 ONE_N", BOTH, IDR0, OWN_IDR0 | 1u << 7, -EINVAL, OWN_IDR0},
    {"IDR0 VIRT_ONE_N", BOTH, IDR0, OWN_IDR0 | 1u << 8, -EINVAL, OWN_IDR0},
    {"IDR0 SETLPI", BOTH, IDR0, OWN_IDR0 | 1u << 9, -EINVAL, OWN_IDR0},
    {"IDR0 MEC", BOTH, IDR0, OWN_IDR0 | 1u << 10, -EINVAL, OWN_IDR0},
    {"IDR0 MPAM", BOTH, IDR0, OWN_IDR0 | 1u << 11, -EINVAL, OWN_IDR0},
    {"IDR0 SWE", BOTH, IDR0, OWN_IDR0 | 1u << 12, -EINVAL, OWN_IDR0},
    {"IDR0 PA_RANGE and IRSID are stored", BOTH, IDR0, 0x12340019, 0, 0x12340019},
    {"IDR0 upper half is ignored", BOTH, IDR0, OWN_IDR0 | UINT64_C(1) << 38, 0, OWN_IDR0},

    {"IDR1 own", BOTH, IDR1, OWN_IDR1, 0, OWN_IDR1},
    {"IDR1 PE_CNT is ignored", BOTH, IDR1, OWN_IDR1 | 0xff, 0, OWN_IDR1},
    {"IDR1 IAFFID_BITS less", BOTH, IDR1, OWN_IDR1 - (1u << 16), -EINVAL, OWN_IDR1},
    {"IDR1 IAFFID_BITS more", BOTH, IDR1, OWN_IDR1 + (1u << 16), -EINVAL, OWN_IDR1},
    {"IDR1 fewer priority bits", BOTH, IDR1, OWN_IDR1 - (2u << 20), 0, OWN_IDR1 - (2u << 20)},
    {"IDR1 more priority bits", BOTH, IDR1, OWN_IDR1 + (1u << 20), -EINVAL, OWN_IDR1},

    {"IDR2 own", BOTH, IDR2, OWN_IDR2, 0, OWN_IDR2},
    {"IDR2 zero", BOTH, IDR2, 0, -EINVAL, OWN_IDR2},
    {"IDR2 no LPIs", BOTH, IDR2, OWN_IDR2 & ~(1u << 5), -EINVAL, OWN_IDR2},
    {"IDR2 fewer id bits", BOTH, IDR2, OWN_IDR2 - 2, 0, OWN_IDR2 - 2},
    {"IDR2 more id bits", BOTH, IDR2, OWN_IDR2 + 1, -EINVAL, OWN_IDR2},
    {"IDR2 lower minimum", BOTH, IDR2, OWN_IDR2 - (1u << 6), -EINVAL, OWN_IDR2},
    {"IDR2 higher minimum", BOTH, IDR2, OWN_IDR2 + (5u << 6), 0, OWN_IDR2 + (5u << 6)},
    {"IDR2 minimum = id bits", BOTH, IDR2, OWN_IDR2 + (10u << 6), 0, OWN_IDR2 + (10u << 6)},
    {"IDR2 minimum above id bits", BOTH, IDR2, OWN_IDR2 + (11u << 6), -EINVAL, OWN_IDR2},
    {"IDR2 linear only", BOTH, IDR2, OWN_IDR2 & ~(1u << 10), 0, OWN_IDR2 & ~(1u << 10)},
    {"IDR2 fewer L2 sizes", BOTH, IDR2, OWN_IDR2 & ~(4u << 11), 0, OWN_IDR2 & ~(4u << 11)},
    {"IDR2 an L2 size not offered", BOTH, IDR2, OWN_IDR2 | 2u << 11, -EINVAL, OWN_IDR2},
    {"IDR2 other metadata size", BOTH, IDR2, OWN_IDR2 + (1u << 15), -EINVAL, OWN_IDR2},
    {"IDR2 no metadata", BOTH, IDR2, OWN_IDR2 & ~(1u << 14), 0, OWN_IDR2 & ~(1u << 14)},

    {"IDR3", BOTH, 0x0c, UINT64_MAX, 0, 0},
    {"IDR4", BOTH, 0x10, UINT64_MAX, 0, 0},
    {"IDR5 own", BOTH, 0x14, NR_SPIS, 0, NR_SPIS},
    {"IDR5 other", BOTH, 0x14, NR_SPIS + 32, -EINVAL, NR_SPIS},
    {"IDR5 upper half is ignored", BOTH, 0x14, NR_SPIS | UINT64_C(1) << 32, 0, NR_SPIS},
    {"IDR6 own", BOTH, 0x18, NR_SPIS, 0, NR_SPIS},
    {"IDR6 other", BOTH, 0x18, NR_SPIS - 32, -EINVAL, NR_SPIS},
    {"IDR7 own", BOTH, 0x1c, 0, 0, 0},
    {"IDR7 other", BOTH, 0x1c, 1, -EINVAL, 0},
    {"AIDR", BOTH, 0x44, UINT64_MAX, 0, 0},
    {"DEVARCH", BOTH, 0xffbc, 0, 0, 0x47705a19},

    {"CR0 IRSEN", BOTH, VGIC5_IRS_CR0, 1, 0, 3},
    {"CR0 all ones", BOTH, VGIC5_IRS_CR0, UINT64_MAX, 0, 3},
    {"CR0 off", BOTH, VGIC5_IRS_CR0, 0, 0, 2},
    {"CR1: VMT_WA and VPET_WA stay 0", BOTH, VGIC5_IRS_CR1, UINT64_MAX, 0, 0xf5ff},
    {"SYNCR", BOTH, 0xc0, UINT64_MAX, 0, 0},
    {"SYNC_STATUSR", BOTH, 0xc4, 0, 0, 1},
    {"SPI_VMR", BOTH, 0x100, UINT64_MAX, 0, 0},
    {"SPI_SELR", BOTH, VGIC5_IRS_SPI_SELR, 40, 0, 40},
    {"SPI_SELR keeps 24 bits", BOTH, VGIC5_IRS_SPI_SELR, UINT64_MAX, 0, 0xffffff},
    {"SPI_DOMAINR", BOTH, 0x10c, 0, 0, 1},
    {"SPI_RESAMPLER", BOTH, 0x110, 3, 0, 0},
    {"SPI_CFGR without selection", BOTH, VGIC5_IRS_SPI_CFGR, 1, 0, 0},
    {"SPI_STATUSR", BOTH, VGIC5_IRS_SPI_STATUSR, 0, 0, 1},
    {"PE_SELR", BOTH, VGIC5_IRS_PE_SELR, 17, 0, 17},
    {"PE_STATUSR", BOTH, VGIC5_IRS_PE_STATUSR, 0, 0, 1},
    {"PE_CR0", BOTH, VGIC5_IRS_PE_CR0, 1, 0, 0},
    {"IST_BASER keeps its fields", BOTH, VGIC5_IRS_IST_BASER, UINT64_MAX - 1, 0,
     UINT64_C(0xffffffffffffc0)},
    {"IST_BASER VALID, no legal CFGR", V1, VGIC5_IRS_IST_BASER, RAM_BASE | 1, -EINVAL, 0},
    {"IST_BASER VALID, no legal CFGR", V7_4, VGIC5_IRS_IST_BASER, RAM_BASE | 1, 0, RAM_BASE | 1},
    {"IST_CFGR keeps its fields", BOTH, VGIC5_IRS_IST_CFGR, UINT64_MAX, 0, 0x101ff},
    {"IST_STATUSR", BOTH, VGIC5_IRS_IST_STATUSR, 0, 0, 1},
    {"MAP_L2_ISTR", BOTH, VGIC5_IRS_MAP_L2_ISTR, 1, 0, 0},
    {"VMT_BASER", BOTH, 0x200, UINT64_MAX, 0, 0},
    {"SWERR_SYNDROMER1", BOTH, 0x3d0, UINT64_MAX, 0, 0},
};

static void check_set(const struct set *set, uint32_t abi)
{
    struct vmm vmm;
    int found;

    open_rich(&vmm, abi, LIFE_READY);
    found = SET_IRS(&vmm, set->offset, set->value);
    if (found != set->expected)
        fail_msg("%s (%s): %d, expected %d", set->name, vgic5_abi_name(abi), found, set->expected);
    if (IRS(&vmm, set->offset) != set->then)
        fail_msg("%s (%s): reads 0x%llx, expected 0x%llx", set->name, vgic5_abi_name(abi),
                 (unsigned long long)IRS(&vmm, set->offset), (unsigned long long)set->then);
    if (found)
        assert_int_not_equal(vmm.logs, 0); /* a refused value is explained */
    vmm_destroy(&vmm);
}

static void test_sets(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof(sets) / sizeof(sets[0]); n++) {
        if (sets[n].profiles & V1)
            check_set(&sets[n], VGIC5_ABI_V1);
        if (sets[n].profiles & V7_4)
            check_set(&sets[n], VGIC5_ABI_7_4);
    }
}

/* IDR2 of a device that offers neither levels nor metadata: what is in KVM. L2SZ without LEVELS is
 * stored unchecked there, and so here. */
static void test_plain_idr2(void **state)
{
    struct vmm vmm;
    uint64_t own;

    (void)state;
    vmm_open(&vmm, VGIC5_ABI_V1, LIFE_READY);
    own = IRS(&vmm, IDR2);
    assert_int_equal(own, 16 | 1 << 5 | 1 << 6);
    assert_int_equal(SET_IRS(&vmm, IDR2, own | 1u << 10), -EINVAL);
    assert_int_equal(SET_IRS(&vmm, IDR2, own | 1u << 14), -EINVAL);
    assert_int_equal(SET_IRS(&vmm, IDR2, own | 1u << 15), -EINVAL);
    assert_int_equal(SET_IRS(&vmm, IDR2, own | 7u << 11), 0);
    assert_int_equal(IRS(&vmm, IDR2), own | 7u << 11);
    vmm_destroy(&vmm);
}

/* "Own" is what the device can be, not what an earlier set made of it; once a guest has seen its
 * identity, only the same one is accepted. */
static void test_identity_freezes(void **state)
{
    struct vmm vmm;

    (void)state;
    open_rich(&vmm, VGIC5_ABI_V1, LIFE_READY);
    assert_int_equal(SET_IRS(&vmm, IDR2, OWN_IDR2 - 4), 0);
    assert_int_equal(SET_IRS(&vmm, IDR2, OWN_IDR2 - 1), 0);
    assert_int_equal(vgic5_vcpu_enter(vgic5_vcpu(vmm.device, 3)), 0);
    vgic5_vcpu_leave(vgic5_vcpu(vmm.device, 3));
    assert_int_equal(SET_IRS(&vmm, IDR2, OWN_IDR2 - 1), 0);
    assert_int_equal(SET_IRS(&vmm, IDR2, OWN_IDR2), -EINVAL);
    assert_int_equal(IRS(&vmm, IDR2), OWN_IDR2 - 1);
    vmm_destroy(&vmm);
}

/* ---- Selections ------------------------------------------------------------------------------ */

/* The VMM sees IDLE alone; the guest sees V, and ONLINE of a PE. */
static void test_status_of_selections(void **state)
{
    struct vmm vmm;

    (void)state;
    open_rich(&vmm, VGIC5_ABI_V1, LIFE_READY);
    assert_int_equal(SET_IRS(&vmm, VGIC5_IRS_SPI_SELR, NR_SPIS - 1), 0);
    assert_int_equal(SET_IRS(&vmm, VGIC5_IRS_PE_SELR, 17), 0);
    assert_int_equal(IRS(&vmm, VGIC5_IRS_SPI_STATUSR), 1);
    assert_int_equal(IRS(&vmm, VGIC5_IRS_PE_STATUSR), 1);
    assert_int_equal(guest_read(&vmm, VGIC5_IRS_SPI_STATUSR, 4), 3);
    assert_int_equal(guest_read(&vmm, VGIC5_IRS_PE_STATUSR, 4), 7);
    assert_int_equal(IRS(&vmm, VGIC5_IRS_PE_CR0), 1);
    assert_int_equal(SET_IRS(&vmm, VGIC5_IRS_SPI_SELR, NR_SPIS), 0);
    assert_int_equal(SET_IRS(&vmm, VGIC5_IRS_PE_SELR, 4), 0);
    assert_int_equal(guest_read(&vmm, VGIC5_IRS_SPI_STATUSR, 4), 1);
    assert_int_equal(guest_read(&vmm, VGIC5_IRS_PE_STATUSR, 4), 1);
    assert_int_equal(IRS(&vmm, VGIC5_IRS_PE_CR0), 0);
    vmm_destroy(&vmm);
}

/* v1's per-SPI loop stores the trigger mode, and makes no event; 7.4 accepts and ignores. */
static void check_spi_cfgr(uint32_t abi, uint64_t expected)
{
    struct vmm vmm;
    uint64_t entry;

    open_rich(&vmm, abi, LIFE_READY);
    guest_msr(&vmm, 3, VGIC5_CDPEND, VGIC5_CDPEND_PENDING | VGIC5_INTID(VGIC5_SPI, 9));
    guest_msr(&vmm, 3, VGIC5_CDRCFG, VGIC5_INTID(VGIC5_SPI, 9));
    entry = guest_mrs(&vmm, 3, VGIC5_ICC_ICSR);
    assert_int_equal(SET_IRS(&vmm, VGIC5_IRS_SPI_SELR, 9), 0);
    assert_int_equal(SET_IRS(&vmm, VGIC5_IRS_SPI_CFGR, 1), 0); /* a guest's write would be CLEAR */
    assert_int_equal(IRS(&vmm, VGIC5_IRS_SPI_CFGR), expected);
    guest_msr(&vmm, 3, VGIC5_CDRCFG, VGIC5_INTID(VGIC5_SPI, 9));
    assert_int_equal(guest_mrs(&vmm, 3, VGIC5_ICC_ICSR), entry);
    vmm_destroy(&vmm);
}

static void test_spi_cfgr(void **state)
{
    (void)state;
    check_spi_cfgr(VGIC5_ABI_V1, 1);
    check_spi_cfgr(VGIC5_ABI_7_4, 0);
}

/* ---- The LPI IST by its registers ------------------------------------------------------------ */

/* 8-byte entries are what ISTMD asks below 10 id bits. */
#define LEGAL_CFGR (8u | 1u << 7)

static bool lpi_is_reachable(struct vmm *vmm, uint32_t lpi)
{
    guest_msr(vmm, 3, VGIC5_CDRCFG, VGIC5_INTID(VGIC5_LPI, lpi));
    return !(guest_mrs(vmm, 3, VGIC5_ICC_ICSR) & 1);
}

static const struct {
    const char *name;
    uint64_t cfgr;
    int expected;
} tables[] = {
    {"linear, 8 bits, 8 bytes", LEGAL_CFGR, 0},
    {"below the minimum", 3u | 1u << 7, -EINVAL},
    {"the minimum", 4u | 1u << 7, 0},
    {"the most", 14u | 2u << 7, 0},
    {"above the most", 15u | 2u << 7, -EINVAL},
    {"4-byte entries", 8u, -EINVAL},
    {"16-byte entries below 10 bits", 8u | 2u << 7, -EINVAL},
    {"16-byte entries from 10 bits on", 10u | 2u << 7, 0},
    {"8-byte entries from 10 bits on", 10u | 1u << 7, -EINVAL},
    {"reserved entry size", 8u | 3u << 7, -EINVAL},
    {"linear ignores L2SZ", LEGAL_CFGR | 3u << 5, 0},
    {"two-level, 4K", LEGAL_CFGR | 1u << 16, 0},
    {"two-level, 16K is not offered", LEGAL_CFGR | 1u << 16 | 1u << 5, -EINVAL},
    {"two-level, 64K", LEGAL_CFGR | 1u << 16 | 2u << 5, 0},
    {"two-level, reserved L2SZ", LEGAL_CFGR | 1u << 16 | 3u << 5, -EINVAL},
};

/* v1: BASER creates the LPI IST, if IST_CFGR is legal for IDR2; noticed then, not before. */
static void test_baser_creates(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof(tables) / sizeof(tables[0]); n++) {
        struct vmm vmm;

        open_rich(&vmm, VGIC5_ABI_V1, LIFE_READY);
        assert_int_equal(SET_IRS(&vmm, VGIC5_IRS_IST_CFGR, tables[n].cfgr), 0);
        if (SET_IRS(&vmm, VGIC5_IRS_IST_BASER, RAM_BASE | 1) != tables[n].expected)
            fail_msg("%s", tables[n].name);
        assert_int_equal(IRS(&vmm, VGIC5_IRS_IST_BASER), tables[n].expected ? 0 : RAM_BASE | 1);
        if (!(tables[n].cfgr >> 16))
            assert_int_equal(lpi_is_reachable(&vmm, 0), !tables[n].expected);
        vmm_destroy(&vmm);
    }
}

/* Legality is judged by the identity that was adopted. */
static void test_baser_by_adopted_identity(void **state)
{
    struct vmm vmm;

    (void)state;
    open_rich(&vmm, VGIC5_ABI_V1, LIFE_READY);
    assert_int_equal(SET_IRS(&vmm, IDR2, OWN_IDR2 - 6), 0);
    assert_int_equal(SET_IRS(&vmm, VGIC5_IRS_IST_CFGR, 9u | 1u << 7), 0);
    assert_int_equal(SET_IRS(&vmm, VGIC5_IRS_IST_BASER, RAM_BASE | 1), -EINVAL);
    assert_int_equal(SET_IRS(&vmm, VGIC5_IRS_IST_CFGR, LEGAL_CFGR), 0);
    assert_int_equal(SET_IRS(&vmm, VGIC5_IRS_IST_BASER, RAM_BASE | 1), 0);
    vmm_destroy(&vmm);
}

/* While it is live, both registers accept what they hold, and nothing else. */
static void test_live_is_frozen(void **state)
{
    struct vmm vmm;

    (void)state;
    open_rich(&vmm, VGIC5_ABI_V1, LIFE_READY);
    assert_int_equal(SET_IRS(&vmm, VGIC5_IRS_IST_CFGR, LEGAL_CFGR), 0);
    assert_int_equal(SET_IRS(&vmm, VGIC5_IRS_IST_BASER, RAM_BASE), 0); /* stored, not live */
    assert_false(lpi_is_reachable(&vmm, 0));
    assert_int_equal(SET_IRS(&vmm, VGIC5_IRS_IST_BASER, RAM_BASE | 1), 0);
    assert_int_equal(SET_IRS(&vmm, VGIC5_IRS_IST_BASER, RAM_BASE | 1), 0);
    assert_int_equal(SET_IRS(&vmm, VGIC5_IRS_IST_CFGR, LEGAL_CFGR), 0);
    assert_int_equal(SET_IRS(&vmm, VGIC5_IRS_IST_BASER, (RAM_BASE + 0x10000) | 1), -EINVAL);
    assert_int_equal(SET_IRS(&vmm, VGIC5_IRS_IST_BASER, RAM_BASE), -EINVAL);
    assert_int_equal(SET_IRS(&vmm, VGIC5_IRS_IST_CFGR, LEGAL_CFGR - 1), -EINVAL);
    assert_int_equal(IRS(&vmm, VGIC5_IRS_IST_BASER), RAM_BASE | 1);
    assert_int_equal(IRS(&vmm, VGIC5_IRS_IST_CFGR), LEGAL_CFGR);
    assert_true(lpi_is_reachable(&vmm, 255));
    assert_int_equal(SET_IRS(&vmm, IDR2, OWN_IDR2), 0);
    assert_int_equal(SET_IRS(&vmm, IDR2, OWN_IDR2 - 1), -EINVAL);
    vmm_destroy(&vmm);
}

/* 7.4: BASER stores only, in any order with IST_CFGR; nothing is live until GRP_IST is set. */
static void test_baser_stores(void **state)
{
    struct vmm vmm;

    (void)state;
    open_rich(&vmm, VGIC5_ABI_7_4, LIFE_READY);
    assert_int_equal(SET_IRS(&vmm, VGIC5_IRS_IST_BASER, RAM_BASE | 1), 0);
    assert_int_equal(SET_IRS(&vmm, VGIC5_IRS_IST_CFGR, LEGAL_CFGR), 0);
    assert_int_equal(SET_IRS(&vmm, VGIC5_IRS_IST_BASER, (RAM_BASE + 0x10000) | 1), 0);
    assert_false(lpi_is_reachable(&vmm, 0));
    assert_int_equal(SET_IRS(&vmm, VGIC5_IRS_IST_BASER, 0), 0);
    vmm_destroy(&vmm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resets),
        cmocka_unit_test(test_sets),
        cmocka_unit_test(test_plain_idr2),
        cmocka_unit_test(test_identity_freezes),
        cmocka_unit_test(test_status_of_selections),
        cmocka_unit_test(test_spi_cfgr),
        cmocka_unit_test(test_baser_creates),
        cmocka_unit_test(test_baser_by_adopted_identity),
        cmocka_unit_test(test_live_is_frozen),
        cmocka_unit_test(test_baser_stores),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
