/* SPDX-License-Identifier: BSD-3-Clause */
/* GRP_IST: sizes, faults, quiescing, and what an entry carries (kvm-abi §2, §4). */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "vmm.h"

#define RES0 0x1e0u

#define LPI_ID_BITS 8u
#define NR_LPIS (1u << LPI_ID_BITS)

struct images {
    uint32_t spis[NR_SPIS];
    uint32_t lpis[NR_LPIS];
};

static struct vgic5_ist buffers_of(struct images *images, bool with_lpis)
{
    return (struct vgic5_ist){
        .spi_ist_addr = (uintptr_t)images->spis,
        .spi_ist_size = sizeof(images->spis),
        .lpi_ist_addr = with_lpis ? (uintptr_t)images->lpis : 0,
        .lpi_ist_size = with_lpis ? sizeof(images->lpis) : 0,
    };
}

static int ist_set(struct vmm *vmm, const void *payload)
{
    return vmm_set(vmm, VGIC5_GRP_IST, 0, payload);
}

static int ist_get(struct vmm *vmm, void *payload)
{
    return vmm_get(vmm, VGIC5_GRP_IST, 0, payload);
}

/* A restored IST_BASER and IST_CFGR: a linear table at RAM_BASE. */
static void name_ist(struct vmm *vmm)
{
    assert_int_equal(SET_IRS(vmm, VGIC5_IRS_IST_CFGR, LPI_ID_BITS), 0);
    assert_int_equal(SET_IRS(vmm, VGIC5_IRS_IST_BASER, RAM_BASE | 1), 0);
}

static void fill(struct images *images)
{
    memset(images, 0, sizeof(*images));
    images->spis[0] = VGIC5_ISTE_PENDING | VGIC5_ISTE_ENABLE | VGIC5_FIELD(ISTE_PRIORITY, 3) |
                      VGIC5_FIELD(ISTE_IAFFID, 17);
    images->spis[1] = VGIC5_ISTE_ACTIVE | VGIC5_ISTE_HM | VGIC5_FIELD(ISTE_PRIORITY, 31);
    images->spis[63] = VGIC5_ISTE_PENDING | VGIC5_ISTE_ACTIVE | VGIC5_ISTE_HM | VGIC5_ISTE_ENABLE |
                       VGIC5_FIELD(ISTE_IAFFID, 0xffff);
    images->lpis[0] = VGIC5_ISTE_PENDING | VGIC5_ISTE_ENABLE | VGIC5_FIELD(ISTE_PRIORITY, 9) |
                      VGIC5_FIELD(ISTE_IAFFID, 3);
    images->lpis[7] = VGIC5_ISTE_ACTIVE | VGIC5_ISTE_ENABLE | VGIC5_FIELD(ISTE_PRIORITY, 1) |
                      VGIC5_FIELD(ISTE_IAFFID, 17);
    images->lpis[255] = VGIC5_ISTE_PENDING | VGIC5_FIELD(ISTE_IAFFID, 3);
}

/* ---- What an entry carries ------------------------------------------------------------------- */

static void test_v1_set_and_get(void **state)
{
    struct images images, back;
    struct vmm vmm;

    (void)state;
    vmm_open(&vmm, VGIC5_ABI_V1, LIFE_READY);
    fill(&images);
    memset(&back, 0xaa, sizeof(back));
    assert_int_equal(ist_set(&vmm, images.spis), 0);
    assert_int_equal(ist_get(&vmm, back.spis), 0);
    assert_memory_equal(images.spis, back.spis, sizeof(images.spis));
    assert_int_equal(back.lpis[0], 0xaaaaaaaa); /* u32[nr_spis], and no more */
    vmm_destroy(&vmm);
}

/* VGIC5_ISTE_HWU is the hardware's, VGIC5_ISTE_IRM needs 1ofN, the rest is reserved: dropped, not
 * refused. */
static void test_foreign_bits_are_dropped(void **state)
{
    struct images images = {0}, back;
    struct vmm vmm;

    (void)state;
    vmm_open(&vmm, VGIC5_ABI_V1, LIFE_READY);
    images.spis[5] =
        VGIC5_ISTE_ENABLE | VGIC5_ISTE_IRM | RES0 | VGIC5_ISTE_HWU | VGIC5_FIELD(ISTE_PRIORITY, 4);
    assert_int_equal(ist_set(&vmm, images.spis), 0);
    assert_int_equal(ist_get(&vmm, back.spis), 0);
    assert_int_equal(back.spis[5], VGIC5_ISTE_ENABLE | VGIC5_FIELD(ISTE_PRIORITY, 4));
    vmm_destroy(&vmm);
}

/* A get hands out the LPIs by writing them where the guest put its table; a set takes them there.
 */
static void test_v1_lpis_live_in_guest_memory(void **state)
{
    struct images images, back;
    struct vmm vmm;

    (void)state;
    vmm_open(&vmm, VGIC5_ABI_V1, LIFE_READY);
    fill(&images);
    memcpy(vmm.ram, images.lpis, sizeof(images.lpis));
    name_ist(&vmm);
    assert_int_equal(ist_set(&vmm, images.spis), 0);
    memset(vmm.ram, 0x55, sizeof(images.lpis));
    assert_int_equal(ist_get(&vmm, back.spis), 0);
    assert_int_equal(memcmp(vmm.ram, images.lpis, 4 * 8), 0); /* the entries with state */
    assert_int_equal(memcmp(vmm.ram + 4 * 255, &images.lpis[255], 4), 0);
    guest_msr(&vmm, 3, VGIC5_CDRCFG, VGIC5_INTID(VGIC5_LPI, 7));
    assert_int_equal(guest_mrs(&vmm, 3, VGIC5_ICC_ICSR),
                     UINT64_C(17) << 32 | 1 << 11 | 1 << 4 | 1 << 1);
    vmm_destroy(&vmm);
}

/* The restored interrupts are signalled as soon as the vCPU may take one. */
static void check_signalled(struct vmm *vmm)
{
    assert_int_equal(SET_IRS(vmm, VGIC5_IRS_CR0, 1), 0);
    assert_int_equal(vmm_set_u64(vmm, VGIC5_GRP_CPU_SYSREGS, SYSREG(17, VGIC5_ICC_PCR), 31), 0);
    assert_int_equal(vgic5_vcpu_line(vgic5_vcpu(vmm->device, 17)), VGIC5_LINE_NONE);
    assert_int_equal(vmm_set_u64(vmm, VGIC5_GRP_CPU_SYSREGS, SYSREG(17, VGIC5_ICC_CR0), 1), 0);
    assert_int_equal(vgic5_vcpu_line(vgic5_vcpu(vmm->device, 17)), VGIC5_LINE_IRQ);
    assert_int_equal(guest_mrs(vmm, 17, VGIC5_CDIA), UINT64_C(1) << 32 | VGIC5_INTID(VGIC5_SPI, 0));
    assert_int_equal(guest_mrs(vmm, 17, VGIC5_CDIA), 0);
}

static void test_v1_restored_is_signalled(void **state)
{
    struct images images;
    struct vmm vmm;

    (void)state;
    vmm_open(&vmm, VGIC5_ABI_V1, LIFE_READY);
    fill(&images);
    assert_int_equal(ist_set(&vmm, images.spis), 0);
    check_signalled(&vmm);
    vmm_destroy(&vmm);
}

/* Where the vCPU may take one already, the set itself moves the line. */
static void check_set_moves_the_line(uint32_t abi)
{
    struct images images;
    struct vgic5_ist buffers = buffers_of(&images, false);
    struct vmm vmm;

    vmm_open(&vmm, abi, LIFE_READY);
    fill(&images);
    assert_int_equal(SET_IRS(&vmm, VGIC5_IRS_CR0, 1), 0);
    guest_msr(&vmm, 17, VGIC5_ICC_PCR, 31);
    guest_msr(&vmm, 17, VGIC5_ICC_CR0, 1);
    assert_int_equal(vmm.lines, 0);
    assert_int_equal(ist_set(&vmm, abi == VGIC5_ABI_V1 ? (void *)images.spis : &buffers), 0);
    assert_int_equal(vmm.lines, 1);
    assert_int_equal(vgic5_vcpu_line(vgic5_vcpu(vmm.device, 17)), VGIC5_LINE_IRQ);
    vmm_destroy(&vmm);
}

static void test_set_moves_the_line(void **state)
{
    (void)state;
    check_set_moves_the_line(VGIC5_ABI_V1);
    check_set_moves_the_line(VGIC5_ABI_7_4);
}

static void test_7_4_set_and_get(void **state)
{
    struct images images, back = {0};
    struct vgic5_ist from = buffers_of(&images, true), to = buffers_of(&back, true);
    uint8_t untouched[sizeof(images.lpis)] = {0};
    struct vmm vmm;

    (void)state;
    vmm_open(&vmm, VGIC5_ABI_7_4, LIFE_READY);
    vmm.ram_is_gone = true; /* guest memory is neither read nor written */
    fill(&images);
    name_ist(&vmm);
    assert_int_equal(ist_set(&vmm, &from), 0);
    assert_int_equal(ist_get(&vmm, &to), 0);
    assert_memory_equal(&images, &back, sizeof(images));
    assert_memory_equal(vmm.ram, untouched, sizeof(untouched));
    check_signalled(&vmm);
    vmm_destroy(&vmm);
}

/* Whatever the guest does, the VALID bits of L1 entries are all that is written to its memory. */
static void test_7_4_writes_valid_bits_alone(void **state)
{
    struct vgic5_config config = vmm_busy_config(VGIC5_ABI_7_4);
    struct vgic5_error error = {0};
    struct vgic5_state *saved;
    struct vmm source, target;
    struct vgic5_port port;

    (void)state;
    vmm_create(&source, &config);
    vmm_live_until(&source, LIFE_HAS_RUN);
    vmm_make_busy(&source, true);
    assert_int_equal(source.valid_writes, 4); /* one for each IRS_MAP_L2_ISTR */
    vgic5_port_model(source.device, &port);
    assert_int_equal(vgic5_save(&port, NULL, &saved, &error), 0);
    vmm_create(&target, &config);
    memcpy(target.ram, source.ram, RAM_SIZE);
    vgic5_port_model(target.device, &port);
    if (vgic5_restore(&port, saved, NULL, &error))
        fail_msg("%s", error.message);
    guest_msr(&target, 3, VGIC5_CDEN, VGIC5_INTID(VGIC5_LPI, 1030));
    guest_msr(&target, 3, VGIC5_CDPEND, VGIC5_CDPEND_PENDING | VGIC5_INTID(VGIC5_LPI, 1030));
    guest_write(&source, VGIC5_IRS_IST_BASER, 8, 0); /* and the table comes down */
    guest_write(&target, VGIC5_IRS_IST_BASER, 8, 0);
    assert_int_equal(source.valid_writes, 4);
    assert_int_equal(target.valid_writes, 0);
    assert_int_equal(source.guest_writes, source.valid_writes); /* and nothing else was written */
    assert_int_equal(target.guest_writes, 0);
    vgic5_state_free(saved);
    vmm_destroy(&source);
    vmm_destroy(&target);
}

/* 7.4 has no other place for the trigger mode: HM carries it, in both directions. */
static void test_7_4_hm_is_tm(void **state)
{
    struct images images = {0}, back;
    struct vgic5_ist from = buffers_of(&images, false), to = buffers_of(&back, false);
    struct vmm vmm;

    (void)state;
    vmm_open(&vmm, VGIC5_ABI_7_4, LIFE_READY);
    images.spis[4] = VGIC5_ISTE_HM;
    assert_int_equal(ist_set(&vmm, &from), 0);
    guest_write(&vmm, VGIC5_IRS_SPI_SELR, 4, 4);
    assert_int_equal(guest_read(&vmm, VGIC5_IRS_SPI_CFGR, 4), 1);
    guest_write(&vmm, VGIC5_IRS_SPI_CFGR, 4, 0);
    guest_write(&vmm, VGIC5_IRS_SPI_SELR, 4, 5);
    guest_write(&vmm, VGIC5_IRS_SPI_CFGR, 4, 1);
    assert_int_equal(ist_get(&vmm, &to), 0);
    assert_int_equal(back.spis[4] & VGIC5_ISTE_HM, 0);
    assert_int_equal(back.spis[5] & VGIC5_ISTE_HM, VGIC5_ISTE_HM);
    vmm_destroy(&vmm);
}

/* v1 keeps them apart: the set of entries leaves the trigger mode and the wires alone. */
/* KVM's latch of a level SPI: kept where the SPI is restored Active, cleared where it is not. Under
 * v1, and of an edge SPI, what is set is what there is. */
static void test_7_4_active_keeps_the_latch(void **state)
{
    const uint32_t pending = VGIC5_ISTE_PENDING, active = VGIC5_ISTE_ACTIVE, hm = VGIC5_ISTE_HM;
    struct images images;
    struct vmm vmm;

    (void)state;
    for (uint32_t abi = VGIC5_ABI_V1; abi <= VGIC5_ABI_7_4; abi++) {
        struct vgic5_ist buffers = {(uintptr_t)images.spis, 4 * NR_SPIS, 0, 0};
        void *payload = abi == VGIC5_ABI_V1 ? (void *)images.spis : (void *)&buffers;
        const uint32_t steps[][2] = {
            {hm | pending, hm | pending},
            {hm | active, hm | active | (abi == VGIC5_ABI_7_4 ? pending : 0)},
            {hm, hm},
            {hm | active, hm | active},
            {pending, pending},
            {active, active},
        };

        vmm_open(&vmm, abi, LIFE_READY);
        for (unsigned n = 0; n < sizeof(steps) / sizeof(steps[0]); n++) {
            memset(&images, 0, sizeof(images));
            images.spis[6] = steps[n][0];
            assert_int_equal(ist_set(&vmm, payload), 0);
            assert_int_equal(ist_get(&vmm, payload), 0);
            assert_int_equal(images.spis[6], steps[n][1]);
        }
        vmm_destroy(&vmm);
    }
}

static void test_v1_leaves_tm_and_wires(void **state)
{
    struct images images = {0};
    uint64_t wires = 1u << 4;
    struct vmm vmm;

    (void)state;
    vmm_open(&vmm, VGIC5_ABI_V1, LIFE_READY);
    guest_write(&vmm, VGIC5_IRS_SPI_SELR, 4, 4);
    guest_write(&vmm, VGIC5_IRS_SPI_CFGR, 4, 1);
    assert_int_equal(vgic5_irq_line(vmm.device, VGIC5_IRQ_SPI(4), true), 0);
    assert_int_equal(ist_set(&vmm, images.spis), 0);
    assert_int_equal(guest_read(&vmm, VGIC5_IRS_SPI_CFGR, 4), 1);
    assert_int_equal(vgic5_get_spi_wires(vmm.device, &wires, 1), 0);
    assert_int_equal(wires, 1u << 4);
    guest_msr(&vmm, 3, VGIC5_CDRCFG, VGIC5_INTID(VGIC5_SPI, 4));
    assert_int_equal(guest_mrs(&vmm, 3, VGIC5_ICC_ICSR) & 4, 0); /* entries have the last word */
    vmm_destroy(&vmm);
}

/* ---- Sizes (7.4) ----------------------------------------------------------------------------- */

enum lpi_ist { NO_IST, NAMED, ILLEGAL };

static const struct {
    const char *name;
    enum lpi_ist ist;
    int64_t spi_size, lpi_size; /* differences to the right size */
    bool no_spis, lpis, no_lpi_addr;
    int expected_set;
} sizes[] = {
    {"SPIs", NO_IST, 0, 0, false, false, false, 0},
    {"SPI buffer missing", NO_IST, 0, 0, true, false, false, -EINVAL},
    {"SPI buffer too small", NO_IST, -4, 0, false, false, false, -EINVAL},
    {"SPI buffer too large", NO_IST, 4, 0, false, false, false, -EINVAL},
    {"LPI buffer without an IST", NO_IST, 0, 0, false, true, false, -EINVAL},
    {"LPI size without an IST", NO_IST, 0, 0, false, true, true, -EINVAL},
    {"SPIs and LPIs", NAMED, 0, 0, false, true, false, 0},
    {"LPI buffer missing", NAMED, 0, 0, false, false, false, -EINVAL},
    {"LPI address missing", NAMED, 0, 0, false, true, true, -EINVAL},
    {"LPI buffer too small", NAMED, 0, -4, false, true, false, -EINVAL},
    {"LPI buffer too large", NAMED, 0, 4, false, true, false, -EINVAL},
    {"IST_CFGR not legal", ILLEGAL, 0, 0, false, true, false, -EINVAL},
};

static void test_7_4_sizes(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof(sizes) / sizeof(sizes[0]); n++) {
        struct images images = {0};
        struct vgic5_ist buffers = buffers_of(&images, sizes[n].lpis);
        struct portrait before, after;
        struct vmm vmm;

        buffers.spi_ist_size += (uint64_t)sizes[n].spi_size;
        buffers.lpi_ist_size += (uint64_t)sizes[n].lpi_size;
        if (sizes[n].no_spis)
            buffers.spi_ist_addr = 0;
        if (sizes[n].no_lpi_addr)
            buffers.lpi_ist_addr = 0;
        vmm_open(&vmm, VGIC5_ABI_7_4, LIFE_READY);
        if (sizes[n].ist != NO_IST)
            name_ist(&vmm);
        if (sizes[n].ist == ILLEGAL)
            assert_int_equal(SET_IRS(&vmm, VGIC5_IRS_IST_CFGR, LPI_ID_BITS | 1u << 16), 0);
        before = portrait_of(&vmm);
        if (ist_set(&vmm, &buffers) != sizes[n].expected_set)
            fail_msg("%s", sizes[n].name);
        after = portrait_of(&vmm);
        assert_true(sizes[n].expected_set == 0 || portrait_equal(&before, &after));
        portrait_free(&before);
        portrait_free(&after);
        vmm_destroy(&vmm);
    }
}

/* The guest and the host disagree: BASER.VALID restored, GRP_IST never set. */
static void test_7_4_never_set(void **state)
{
    struct images images = {0};
    struct vgic5_ist buffers = buffers_of(&images, true);
    struct vmm vmm;

    (void)state;
    vmm_open(&vmm, VGIC5_ABI_7_4, LIFE_READY);
    name_ist(&vmm);
    assert_int_equal(ist_get(&vmm, &buffers), -ENXIO);
    assert_int_equal(vgic5_vcpu_enter(vgic5_vcpu(vmm.device, 3)), -ENXIO);
    assert_int_equal(vgic5_vcpu_enter(vgic5_vcpu(vmm.device, 3)), -EIO);
    vmm_destroy(&vmm);
}

/* "An LPI IST exists already"; without LPIs a second set is nothing special. */
static void test_7_4_second_set(void **state)
{
    struct images images = {0};
    struct vgic5_ist buffers = buffers_of(&images, false);
    struct vmm vmm;

    (void)state;
    vmm_open(&vmm, VGIC5_ABI_7_4, LIFE_READY);
    assert_int_equal(ist_set(&vmm, &buffers), 0);
    assert_int_equal(ist_set(&vmm, &buffers), 0);
    name_ist(&vmm);
    buffers = buffers_of(&images, true);
    assert_int_equal(ist_set(&vmm, &buffers), 0);
    assert_int_equal(ist_set(&vmm, &buffers), -EBUSY);
    vmm_destroy(&vmm);
}

/* In v1 the BASER write creates the IST, so the first set must succeed; so does a second. */
static void test_v1_second_set(void **state)
{
    struct images images;
    struct vmm vmm;

    (void)state;
    vmm_open(&vmm, VGIC5_ABI_V1, LIFE_READY);
    fill(&images);
    name_ist(&vmm);
    assert_int_equal(ist_set(&vmm, images.spis), 0);
    memcpy(vmm.ram, images.lpis, sizeof(images.lpis));
    assert_int_equal(ist_set(&vmm, images.spis), 0);
    guest_msr(&vmm, 3, VGIC5_CDRCFG, VGIC5_INTID(VGIC5_LPI, 0));
    assert_int_equal(guest_mrs(&vmm, 3, VGIC5_ICC_ICSR) & 4, 4);
    vmm_destroy(&vmm);
}

/* ---- Faults ---------------------------------------------------------------------------------- */

/* Whatever access or allocation fails: the errno, and a device that is what it was. Then, without
 * the fault, the same call succeeds. */
static void check_set_with_fault(uint32_t abi, unsigned caller_fault, unsigned alloc_fault,
                                 int expected)
{
    struct images images;
    struct vgic5_ist buffers = buffers_of(&images, true);
    const void *payload = abi == VGIC5_ABI_V1 ? (const void *)images.spis : &buffers;
    struct portrait before, after;
    struct vmm vmm;

    vmm_open(&vmm, abi, LIFE_READY);
    fill(&images);
    memcpy(vmm.ram, images.lpis, sizeof(images.lpis));
    name_ist(&vmm);
    before = portrait_of(&vmm);
    vmm.caller_fault_at = caller_fault;
    vmm.alloc_fault_at = alloc_fault;
    assert_int_equal(ist_set(&vmm, payload), expected);
    vmm.caller_fault_at = vmm.alloc_fault_at = NEVER;
    after = portrait_of(&vmm);
    assert_int_equal(portrait_difference(&before, &after), -1);
    assert_int_equal(ist_set(&vmm, payload), 0);
    portrait_free(&before);
    portrait_free(&after);
    vmm_destroy(&vmm);
}

/* How many calls to the caller's memory and to alloc the set makes. */
static void count_calls(uint32_t abi, unsigned *caller, unsigned *alloc)
{
    struct images images;
    struct vgic5_ist buffers = buffers_of(&images, true);
    struct vmm vmm;

    vmm_open(&vmm, abi, LIFE_READY);
    fill(&images);
    memcpy(vmm.ram, images.lpis, sizeof(images.lpis));
    name_ist(&vmm);
    vmm.caller_fault_at = vmm.alloc_fault_at = UINT_MAX;
    assert_int_equal(ist_set(&vmm, abi == VGIC5_ABI_V1 ? (const void *)images.spis : &buffers), 0);
    *caller = UINT_MAX - vmm.caller_fault_at;
    *alloc = UINT_MAX - vmm.alloc_fault_at;
    vmm.caller_fault_at = vmm.alloc_fault_at = NEVER;
    vmm_destroy(&vmm);
}

static void check_every_fault(uint32_t abi, unsigned least_caller)
{
    unsigned caller, alloc;

    count_calls(abi, &caller, &alloc);
    assert_int_equal(caller, least_caller);
    assert_true(alloc > 0);
    for (unsigned n = 1; n <= caller; n++)
        check_set_with_fault(abi, n, NEVER, -EFAULT);
    for (unsigned n = 1; n <= alloc; n++)
        check_set_with_fault(abi, NEVER, n, -ENOMEM);
}

static void test_v1_set_faults(void **state)
{
    (void)state;
    check_every_fault(VGIC5_ABI_V1, 1);
}

static void test_7_4_set_faults(void **state)
{
    (void)state;
    check_every_fault(VGIC5_ABI_7_4, 3); /* the descriptor, the SPIs, the LPIs */
}

/* An image that is read in several pieces, with something pending in each: a fault in any of them
 * leaves nothing, nowhere, and no line moves on the way. */
static void test_7_4_a_fault_in_every_piece(void **state)
{
    static uint32_t lpis[1 << 14];
    struct images images = {0};
    struct vgic5_ist buffers = buffers_of(&images, false);
    struct portrait before, after;
    struct vmm vmm;

    (void)state;
    buffers.lpi_ist_addr = (uintptr_t)lpis;
    buffers.lpi_ist_size = sizeof(lpis);
    for (unsigned n = 0; n < 1 << 14; n += 64)
        lpis[n] = VGIC5_ISTE_PENDING | VGIC5_ISTE_ENABLE | VGIC5_FIELD(ISTE_PRIORITY, n >> 12) |
                  VGIC5_FIELD(ISTE_IAFFID, 17);
    images.spis[9] = VGIC5_ISTE_PENDING | VGIC5_ISTE_ENABLE | VGIC5_FIELD(ISTE_IAFFID, 17);
    vmm_open(&vmm, VGIC5_ABI_7_4, LIFE_READY);
    assert_int_equal(SET_IRS(&vmm, VGIC5_IRS_CR0, 1), 0);
    guest_msr(&vmm, 17, VGIC5_ICC_PCR, 31);
    guest_msr(&vmm, 17, VGIC5_ICC_CR0, 1);
    assert_int_equal(SET_IRS(&vmm, VGIC5_IRS_IST_CFGR, 14), 0);
    assert_int_equal(SET_IRS(&vmm, VGIC5_IRS_IST_BASER, RAM_BASE | 1), 0);
    before = portrait_of(&vmm);
    for (unsigned n = 1; n <= 2 + 4; n++) { /* the descriptor, the SPIs, the LPIs */
        vmm.caller_fault_at = n;
        assert_int_equal(ist_set(&vmm, &buffers), -EFAULT);
        after = portrait_of(&vmm);
        assert_int_equal(portrait_difference(&before, &after), -1);
        assert_int_equal(vmm.lines, 0);
        portrait_free(&after);
    }
    vmm.caller_fault_at = NEVER;
    assert_int_equal(ist_set(&vmm, &buffers), 0);
    assert_int_equal(vgic5_vcpu_line(vgic5_vcpu(vmm.device, 17)), VGIC5_LINE_SUPERPRIORITY);
    portrait_free(&before);
    vmm_destroy(&vmm);
}

/* "Guest memory behind the LPI IST cannot be reached." */
static void test_v1_guest_memory_faults(void **state)
{
    struct images images;
    struct portrait before, after;
    struct vmm vmm;

    (void)state;
    vmm_open(&vmm, VGIC5_ABI_V1, LIFE_READY);
    fill(&images);
    name_ist(&vmm);
    before = portrait_of(&vmm);
    vmm.hole = RAM_BASE;
    assert_int_equal(ist_set(&vmm, images.spis), -EFAULT);
    after = portrait_of(&vmm);
    assert_int_equal(portrait_difference(&before, &after), -1);
    vmm.hole = 0;
    memcpy(vmm.ram, images.lpis, sizeof(images.lpis));
    assert_int_equal(ist_set(&vmm, images.spis), 0);
    guest_msr(&vmm, 3, VGIC5_CDPRI,
              UINT64_C(2) << 35 | VGIC5_INTID(VGIC5_LPI, 0)); /* to be written */
    vmm.ram_is_gone = true;
    assert_int_equal(ist_get(&vmm, images.spis), -EFAULT);
    vmm.ram_is_gone = false;
    assert_int_equal(ist_get(&vmm, images.spis), 0); /* nothing was lost */
    assert_int_equal(vmm.ram[1], 2 << 3);
    portrait_free(&before);
    portrait_free(&after);
    vmm_destroy(&vmm);
}

static void test_get_faults(void **state)
{
    struct images images = {0};
    struct vgic5_ist buffers = buffers_of(&images, true);
    struct vmm vmm;

    (void)state;
    vmm_open(&vmm, VGIC5_ABI_7_4, LIFE_READY);
    name_ist(&vmm);
    assert_int_equal(ist_set(&vmm, &buffers), 0);
    for (unsigned n = 1; n <= 3; n++) {
        vmm.caller_fault_at = n;
        assert_int_equal(ist_get(&vmm, &buffers), -EFAULT);
    }
    vmm.alloc_fault_at = 1;
    assert_int_equal(ist_get(&vmm, &buffers), 0); /* a get needs no memory */
    vmm.alloc_fault_at = 0;
    buffers.lpi_ist_addr = BAD_ADDR;
    assert_int_equal(ist_get(&vmm, &buffers), -EFAULT);
    buffers.spi_ist_addr = BAD_ADDR;
    assert_int_equal(ist_get(&vmm, &buffers), -EFAULT);
    vmm_destroy(&vmm);
}

/* ---- Quiescing ------------------------------------------------------------------------------- */

static void test_quiesce(void **state)
{
    struct images images;
    struct vmm vmm;

    (void)state;
    vmm_open(&vmm, VGIC5_ABI_V1, LIFE_READY);
    assert_int_equal(ist_get(&vmm, images.spis), 0);
    assert_int_equal(vmm.quiesce_calls, 1);
    vmm.quiesce_times = 2;
    vmm.quiesce_answer = -EBUSY;
    assert_int_equal(ist_get(&vmm, images.spis), -EBUSY);
    assert_int_equal(ist_get(&vmm, images.spis), -EBUSY);
    assert_int_equal(ist_get(&vmm, images.spis), 0);
    vmm.quiesce_times = 1;
    vmm.quiesce_answer = -ETIMEDOUT;
    assert_int_equal(ist_get(&vmm, images.spis), -ETIMEDOUT);
    assert_int_equal(ist_set(&vmm, images.spis), 0); /* a set needs none */
    assert_int_equal(vmm.quiesce_calls, 5);
    vmm_destroy(&vmm);
}

/* Nobody is asked to make a VM quiet whose vCPU runs; what is answered is the answer of the get,
 * and nothing else becomes EBUSY, which a VMM tries again. */
static void test_quiesce_answers(void **state)
{
    static const struct {
        int answer, expected;
    } cases[] = {
        {-EIO, -EIO}, {7, -7}, {EBUSY, -EBUSY}, {ETIMEDOUT, -ETIMEDOUT}, {-EINVAL, -EINVAL}};
    struct images images;
    struct vmm vmm;

    (void)state;
    vmm_open(&vmm, VGIC5_ABI_V1, LIFE_RUNNING);
    assert_int_equal(ist_get(&vmm, images.spis), -EBUSY);
    assert_int_equal(vmm.quiesce_calls, 0);
    vgic5_vcpu_leave(vgic5_vcpu(vmm.device, 17));
    for (unsigned n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
        vmm.quiesce_times = 1;
        vmm.quiesce_answer = cases[n].answer;
        assert_int_equal(ist_get(&vmm, images.spis), cases[n].expected);
        assert_int_equal(vmm.quiesce_calls, n + 1);
    }
    assert_int_equal(ist_get(&vmm, images.spis), 0);
    vmm_destroy(&vmm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_v1_set_and_get),
        cmocka_unit_test(test_foreign_bits_are_dropped),
        cmocka_unit_test(test_v1_lpis_live_in_guest_memory),
        cmocka_unit_test(test_v1_restored_is_signalled),
        cmocka_unit_test(test_set_moves_the_line),
        cmocka_unit_test(test_7_4_set_and_get),
        cmocka_unit_test(test_7_4_writes_valid_bits_alone),
        cmocka_unit_test(test_7_4_hm_is_tm),
        cmocka_unit_test(test_7_4_active_keeps_the_latch),
        cmocka_unit_test(test_v1_leaves_tm_and_wires),
        cmocka_unit_test(test_7_4_sizes),
        cmocka_unit_test(test_7_4_never_set),
        cmocka_unit_test(test_7_4_second_set),
        cmocka_unit_test(test_v1_second_set),
        cmocka_unit_test(test_v1_set_faults),
        cmocka_unit_test(test_7_4_set_faults),
        cmocka_unit_test(test_7_4_a_fault_in_every_piece),
        cmocka_unit_test(test_v1_guest_memory_faults),
        cmocka_unit_test(test_get_faults),
        cmocka_unit_test(test_quiesce),
        cmocka_unit_test(test_quiesce_answers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
