/* SPDX-License-Identifier: BSD-3-Clause */
/* States that a guest can be stopped in, and that a save and a restore could get wrong. */
#include <errno.h>
#include <string.h>

#include "vmm.h"

#define IDR1 0x04u
#define IDR2 0x08u

#define SPI(id) VGIC5_INTID(VGIC5_SPI, id)
#define LPI(id) VGIC5_INTID(VGIC5_LPI, id)
#define TAKEN(intid) (VGIC5_CDIA_VALID | (intid))
#define LEVEL 0x20u

static struct vgic5_state *save(struct vmm *vmm)
{
    struct vgic5_error error = {0};
    struct vgic5_state *state = NULL;
    struct vgic5_port port;

    vgic5_port_model(vmm->device, &port);
    if (vgic5_save(&port, NULL, &state, &error))
        fail_msg("%s", error.message);
    return state;
}

/* Into a device of this config that the port gives the vCPUs of the state. */
static void restore_with(struct vmm *target, const struct vgic5_config *config, struct vmm *source)
{
    struct vgic5_state *state = save(source);
    struct vgic5_error error = {0};
    struct vgic5_port port;

    vmm_create(target, config);
    memcpy(target->ram, source->ram, RAM_SIZE);
    vgic5_port_model(target->device, &port);
    if (vgic5_restore(&port, state, NULL, &error))
        fail_msg("%s", error.message);
    vgic5_state_free(state);
}

static uint64_t icsr(struct vmm *vmm, uint32_t intid)
{
    guest_msr(vmm, 3, VGIC5_CDRCFG, intid);
    return guest_mrs(vmm, 3, VGIC5_ICC_ICSR);
}

static void drive(struct vmm *vmm, uint32_t spi, bool level)
{
    assert_int_equal(vgic5_irq_line(vmm->device, VGIC5_IRQ_SPI(spi), level), 0);
}

static void pend(struct vmm *vmm, uint32_t intid, uint64_t pending)
{
    guest_msr(vmm, 3, VGIC5_CDPEND, pending << 32 | intid);
}

static void set_hm(struct vmm *vmm, uint32_t intid, uint64_t level)
{
    guest_msr(vmm, 3, VGIC5_CDHM, level << 32 | intid);
}

static void make_level(struct vmm *vmm, uint32_t spi)
{
    guest_write(vmm, VGIC5_IRS_SPI_SELR, 4, spi);
    guest_write(vmm, VGIC5_IRS_SPI_CFGR, 4, 1);
}

/* Wire, trigger mode, handling mode and Pending, in every combination that one can reach. */
static void make_corners(struct vmm *vmm)
{
    for (uint32_t spi = 0; spi < 16; spi++) {
        if (spi & 1)
            make_level(vmm, spi);
        drive(vmm, spi, spi & 2);
        set_hm(vmm, SPI(spi), spi >> 2 & 1);
        pend(vmm, SPI(spi), spi >> 3 & 1);
    }
}

static void check_corners(struct vmm *vmm)
{
    for (uint32_t spi = 0; spi < 16; spi++)
        assert_int_equal(icsr(vmm, SPI(spi)),
                         (spi & 4 ? LEVEL : 0) | (spi & 8 ? VGIC5_ICC_ICSR_PENDING : 0));
}

/* What the next change of each wire does, which is what the wire and TM were restored for. */
static void check_wires_go_on(struct vmm *source, struct vmm *target)
{
    for (unsigned turn = 0; turn < 2; turn++) {
        for (uint32_t spi = 0; spi < 16; spi++) {
            bool level = !(spi & 2) ^ turn;

            drive(source, spi, level);
            drive(target, spi, level);
            assert_int_equal(icsr(source, SPI(spi)), icsr(target, SPI(spi)));
        }
    }
}

static void test_every_spi_is_as_it_was(void **state)
{
    const struct vgic5_config config = {.size = sizeof(config), .abi = VGIC5_ABI_V1};
    struct vmm source, target;

    (void)state;
    vmm_open(&source, VGIC5_ABI_V1, LIFE_HAS_RUN);
    make_corners(&source);
    check_corners(&source);
    restore_with(&target, &config, &source);
    check_corners(&source);
    check_corners(&target);
    check_wires_go_on(&source, &target);
    vmm_destroy(&source);
    vmm_destroy(&target);
}

/* A guest that was stopped after SELR writes CFGR next: both sides must configure its SPI. */
static void test_stopped_between_SELR_and_CFGR(void **state)
{
    const struct vgic5_config config = {.size = sizeof(config), .abi = VGIC5_ABI_V1};
    const uint32_t selections[] = {9, 63, 64, 0xffffff};

    (void)state;
    for (size_t n = 0; n < sizeof(selections) / sizeof(selections[0]); n++) {
        struct vmm vmms[2];

        vmm_open(&vmms[0], VGIC5_ABI_V1, LIFE_HAS_RUN);
        guest_write(&vmms[0], VGIC5_IRS_SPI_SELR, 4, selections[n]);
        guest_write(&vmms[0], VGIC5_IRS_PE_SELR, 4, 17 + n);
        restore_with(&vmms[1], &config, &vmms[0]);
        for (unsigned side = 0; side < 2; side++) {
            assert_int_equal(guest_read(&vmms[side], VGIC5_IRS_SPI_SELR, 4), selections[n]);
            assert_int_equal(guest_read(&vmms[side], VGIC5_IRS_PE_STATUSR, 4), n == 0 ? 7 : 1);
            guest_write(&vmms[side], VGIC5_IRS_SPI_CFGR, 4, 1);
            assert_int_equal(guest_read(&vmms[side], VGIC5_IRS_SPI_CFGR, 4),
                             selections[n] < NR_SPIS);
            for (uint32_t spi = 0; spi < NR_SPIS; spi++) {
                guest_write(&vmms[side], VGIC5_IRS_SPI_SELR, 4, spi);
                assert_int_equal(guest_read(&vmms[side], VGIC5_IRS_SPI_CFGR, 4),
                                 spi == selections[n]);
            }
        }
        vmm_destroy(&vmms[0]);
        vmm_destroy(&vmms[1]);
    }
}

/* The host hears of a restored line once, when all that decides about it is there. */
static void test_lines_are_told_once(void **state)
{
    const uint32_t abis[] = {VGIC5_ABI_V1, VGIC5_ABI_7_4};

    (void)state;
    for (unsigned n = 0; n < 4; n++) {
        const struct vgic5_config config = vmm_busy_config(abis[n / 2]);
        struct vmm source, target;
        unsigned up = 0;

        vmm_create(&source, &config);
        vmm_live_until(&source, LIFE_HAS_RUN);
        vmm_make_busy(&source, false);
        if (n % 2) /* and with superpriority */
            guest_msr(&source, 3, VGIC5_CDPRI, SPI(1));
        restore_with(&target, &config, &source);
        for (unsigned v = 0; v < 2; v++) {
            enum vgic5_line line = vgic5_vcpu_line(vgic5_vcpu(source.device, vmm_vcpu_ids[v]));

            assert_int_equal(vgic5_vcpu_line(vgic5_vcpu(target.device, vmm_vcpu_ids[v])), line);
            up += line != VGIC5_LINE_NONE;
        }
        assert_int_equal(target.lines, up);
        assert_true(up > 0);
        vmm_destroy(&source);
        vmm_destroy(&target);
    }
}

/* ---- What was adopted governs ---------------------------------------------------------------- */

static const struct vgic5_config narrow = {
    .size = sizeof(narrow), .lpi_id_bits = 12, .min_lpi_id_bits = 3, .priority_bits = 3};
static const struct vgic5_config wide = {
    .size = sizeof(wide), .lpi_id_bits = 24, .ist_l2sz = 7, .priority_bits = 5, .istmd = 1};

static bool makes_ist(struct vmm *vmm, uint32_t cfgr)
{
    guest_write(vmm, VGIC5_IRS_IST_BASER, 8, 0);
    guest_write(vmm, VGIC5_IRS_IST_CFGR, 4, cfgr);
    guest_write(vmm, VGIC5_IRS_IST_BASER, 8, BUSY_IST | 1);
    return guest_read(vmm, VGIC5_IRS_IST_BASER, 8) & 1;
}

static void test_the_adopted_identity_governs(void **state)
{
    struct vmm source, target;

    (void)state;
    vmm_create(&source, &narrow);
    vmm_live_until(&source, LIFE_HAS_RUN);
    restore_with(&target, &wide, &source);
    assert_int_equal(guest_read(&target, IDR1, 4), guest_read(&source, IDR1, 4));
    assert_int_equal(guest_read(&target, IDR2, 4), guest_read(&source, IDR2, 4));
    assert_int_equal(guest_mrs(&target, 3, VGIC5_ICC_IDR0), 0x40);
    assert_false(makes_ist(&target, 13));
    assert_false(makes_ist(&target, 2));
    assert_false(makes_ist(&target, 12 | 1u << 16));
    assert_true(makes_ist(&target, 12));
    guest_msr(&target, 3, VGIC5_CDPRI, UINT64_C(0x1f) << 35 | LPI(4095));
    assert_int_equal(icsr(&target, LPI(4095)), 0x1cu << 11);
    assert_int_equal(icsr(&target, LPI(4096)), 1);
    vmm_destroy(&source);
    vmm_destroy(&target);
}

/* The target's own entries would have metadata; those of the table that it is given have none. */
static void test_the_adopted_identity_reads_the_table(void **state)
{
    struct vmm source, target;

    (void)state;
    vmm_create(&source, &narrow);
    vmm_live_until(&source, LIFE_HAS_RUN);
    assert_true(makes_ist(&source, 12));
    guest_msr(&source, 3, VGIC5_CDPRI, UINT64_C(8) << 35 | LPI(4095));
    pend(&source, LPI(4095), 1);
    restore_with(&target, &wide, &source);
    assert_int_equal(icsr(&target, LPI(4095)), 8u << 11 | VGIC5_ICC_ICSR_PENDING);
    assert_int_equal(icsr(&target, LPI(1023)), 0); /* where it would be with 16 bytes each */
    guest_write(&target, VGIC5_IRS_IST_BASER, 8, 0);
    assert_false(makes_ist(&target, 12 | 2u << 7));
    assert_true(makes_ist(&target, 12));
    vmm_destroy(&source);
    vmm_destroy(&target);
}

/* ---- A table that guest memory does not hold ------------------------------------------------- */

static const struct vgic5_config two_level = {.size = sizeof(two_level), .ist_l2sz = 1};

/* What a restore would refuse, a save says at once (kvm-abi §2: guest memory behind the LPI IST
 * cannot be reached). */
static void check_unreachable(struct vmm *vmm, bool reachable)
{
    struct vgic5_error error = {0};
    struct vgic5_state *state = NULL;
    struct vgic5_port port;
    uint32_t words[NR_SPIS];

    vgic5_port_model(vmm->device, &port);
    assert_int_equal(vmm_get(vmm, VGIC5_GRP_IST, 0, words), reachable ? 0 : -EFAULT);
    assert_int_equal(vgic5_save(&port, NULL, &state, &error), reachable ? 0 : -EFAULT);
    if (!reachable)
        assert_int_equal(error.cause, VGIC5_CAUSE_GIVEN_UP);
    vgic5_state_free(state);
}

static void test_a_table_outside_of_memory_cannot_be_saved(void **state)
{
    static const struct {
        uint32_t cfgr;
        uint64_t base, l1;
        bool reachable;
    } tables[] = {
        {8, RAM_BASE, 0, true},
        {8, RAM_BASE - 0x1000, 0, false},
        {8, UINT64_C(0x00ffffffffffffc0), 0, false}, /* the last bytes that ADDR can name */
        {12, RAM_BASE + RAM_SIZE - 0x4000, 0, true},
        {12, RAM_BASE + RAM_SIZE, 0, false},
        {12 | 1u << 16, RAM_BASE - 0x1000, 0, false},
        {12 | 1u << 16, RAM_BASE, RAM_BASE + 0x1000, true},
        {12 | 1u << 16, RAM_BASE, UINT64_C(0x00fffffffffff000), false},
        {12 | 1u << 16, RAM_BASE, 0, true}, /* not mapped */
    };

    (void)state;
    for (size_t n = 0; n < sizeof(tables) / sizeof(tables[0]); n++) {
        struct vmm vmm;

        vmm_create(&vmm, &two_level);
        vmm_live_until(&vmm, LIFE_HAS_RUN);
        guest_write(&vmm, VGIC5_IRS_IST_CFGR, 4, tables[n].cfgr);
        guest_write(&vmm, VGIC5_IRS_IST_BASER, 8, tables[n].base | 1);
        if (tables[n].l1) {
            memcpy(vmm.ram + 8, &tables[n].l1, sizeof(tables[n].l1));
            guest_write(&vmm, VGIC5_IRS_MAP_L2_ISTR, 4, 1024);
        }
        check_unreachable(&vmm, tables[n].reachable);
        vmm_destroy(&vmm);
    }
}

/* The rest of the table is saved all the same. */
static void test_a_hole_does_not_hide_the_rest(void **state)
{
    struct vmm vmm;
    uint32_t words[NR_SPIS], entry = 1u | 8u; /* Pending, Enable: the guest's own leavings */

    (void)state;
    vmm_open(&vmm, VGIC5_ABI_V1, LIFE_HAS_RUN);
    memcpy(vmm.ram + 0x3ffc, &entry, sizeof(entry));
    guest_write(&vmm, VGIC5_IRS_IST_CFGR, 4, 12);
    guest_write(&vmm, VGIC5_IRS_IST_BASER, 8, RAM_BASE | 1);
    vmm.hole = RAM_BASE + 0x1000;
    assert_int_equal(vmm_get(&vmm, VGIC5_GRP_IST, 0, words), -EFAULT);
    memcpy(&entry, vmm.ram + 0x3ffc, sizeof(entry));
    assert_int_equal(entry, 8);
    guest_write(&vmm, VGIC5_IRS_IST_BASER, 8, 0); /* comes down all the same */
    assert_int_equal(vmm_get(&vmm, VGIC5_GRP_IST, 0, words), 0);
    vmm_destroy(&vmm);
}

/* ---- Ports that say too much ------------------------------------------------------------------
 */

static int too_many_vcpus(void *opaque, uint32_t *ids, size_t max)
{
    (void)opaque, (void)ids, (void)max;
    return 1 << 20;
}

static void test_a_port_with_too_many_vcpus(void **state)
{
    struct vgic5_error error = {0};
    struct vgic5_state *saved;
    struct vgic5_port port;
    struct vmm vmm;

    (void)state;
    vmm_open(&vmm, VGIC5_ABI_V1, LIFE_READY);
    saved = save(&vmm);
    vgic5_port_model(vmm.device, &port);
    port.vcpus = too_many_vcpus;
    assert_int_equal(vgic5_restore_check(&port, saved, &error), -ENOTSUP);
    assert_int_equal(error.cause, VGIC5_CAUSE_UNFIT);
    assert_non_null(strstr(error.message, "at most 512"));
    vgic5_state_free(saved);
    vmm_destroy(&vmm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_spi_is_as_it_was),
        cmocka_unit_test(test_stopped_between_SELR_and_CFGR),
        cmocka_unit_test(test_lines_are_told_once),
        cmocka_unit_test(test_the_adopted_identity_governs),
        cmocka_unit_test(test_the_adopted_identity_reads_the_table),
        cmocka_unit_test(test_a_table_outside_of_memory_cannot_be_saved),
        cmocka_unit_test(test_a_hole_does_not_hide_the_rest),
        cmocka_unit_test(test_a_port_with_too_many_vcpus),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
