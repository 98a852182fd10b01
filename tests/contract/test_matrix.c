/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Save and restore over what a machine can be: numbers of SPIs, vCPU ids, LPI id bits, tables; from
 * each profile to each, and back. A restored machine shows what the source showed at every door,
 * and both do the same from then on.
 *
 *     test_matrix [MOST_LPI_ID_BITS [SEED]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm.h"

static uint64_t random_state = 20261122;

static uint32_t below(uint32_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 20) % limit;
}

enum table { NO_TABLE, LINEAR, TWO_LEVEL };

struct shape {
    uint32_t nr_spis;
    uint32_t nr_vcpus;
    uint32_t first_id, step; /* of the vCPU ids */
    uint8_t lpi_bits;
    enum table table;
    uint8_t istmd; /* entries of 8 bytes, or of 16 from 10 LPI id bits */
    uint8_t l2sz;  /* L2 tables of 4 KiB, 16 KiB, 64 KiB */
};

static const struct shape shapes[] = {
    {32, 1, 0, 1, 16, NO_TABLE, 0, 0},
    {1024, 2, 3, 14, 16, TWO_LEVEL, 0, 0}, /* ids 3 and 17 */
    {64, 2, 17, 4, 4, LINEAR, 0, 0},
    {96, 3, 0, 1, 4, TWO_LEVEL, 0, 0},
    {128, 8, 1, 7, 14, LINEAR, 0, 0},
    {128, 8, 0, 1, 14, TWO_LEVEL, 1, 0},
    {256, 5, 100, 300, 9, LINEAR, 1, 0},
    {992, 64, 0, 1, 16, LINEAR, 0, 0},
    {1024, 64, 63, 65, 16, TWO_LEVEL, 0, 0},
    {512, 16, 2, 3, 24, TWO_LEVEL, 0, 0},
    {32, 2, 0, 1, 24, LINEAR, 0, 0},
    {160, 4, 0, 5, 16, TWO_LEVEL, 0, 1},
    {224, 2, 9, 1, 16, TWO_LEVEL, 0, 2},
    {64, 3, 2, 2, 14, TWO_LEVEL, 1, 2},
    {32, 1, 17, 1, 4, NO_TABLE, 0, 0},
};

#define TABLE RAM_BASE /* aligned to 1 GiB, so to every size of a table */
#define L2_BITS(shape) (10u - istsz_of(shape) + 2u * (shape)->l2sz)

static uint32_t istsz_of(const struct shape *shape)
{
    if (!shape->istmd)
        return 0;
    return shape->lpi_bits < 10 ? 1 : 2;
}

static uint64_t ram_of(const struct shape *shape)
{
    uint64_t table = UINT64_C(4) << (shape->lpi_bits + istsz_of(shape));

    return shape->table == LINEAR ? RAM_SIZE + table : 4 * RAM_SIZE;
}

static void open_vm(struct vmm *vmm, const struct shape *shape, uint32_t abi)
{
    struct vgic5_config config = {.size = sizeof(config),
                                  .abi = abi,
                                  .lpi_id_bits = shape->lpi_bits,
                                  .ist_l2sz =
                                      shape->table == TWO_LEVEL ? (uint8_t)(1u << shape->l2sz) : 0,
                                  .istmd = shape->istmd,
                                  .istmd_sz = shape->istmd ? 10 : 0};

    vmm_create_with(vmm, &config, ram_of(shape));
}

/* ---- A guest at work ------------------------------------------------------------------------- */

static uint32_t id_of(const struct shape *shape, uint32_t n)
{
    return shape->first_id + n * shape->step;
}

static void start(struct vmm *vmm, const struct shape *shape)
{
    for (uint32_t n = 0; n < shape->nr_vcpus; n++)
        assert_int_equal(vgic5_add_vcpu(vmm->device, id_of(shape, n)), 0);
    assert_int_equal(vmm_set(vmm, VGIC5_GRP_NR_IRQS, 0, &shape->nr_spis), 0);
    assert_int_equal(vmm_set(vmm, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NULL), 0);
    assert_int_equal(vmm_set_u64(vmm, VGIC5_GRP_ADDR, VGIC5_ADDR_TYPE_IRS, MAP_IRS_BASE), 0);
    assert_int_equal(vgic5_vcpu_enter(vgic5_vcpu(vmm->device, shape->first_id)), 0);
    vgic5_vcpu_leave(vgic5_vcpu(vmm->device, shape->first_id));
    guest_write(vmm, VGIC5_IRS_CR0, 4, 1);
    for (uint32_t n = 0; n < shape->nr_vcpus; n++) {
        guest_msr(vmm, id_of(shape, n), VGIC5_ICC_PCR, 0x1f);
        guest_msr(vmm, id_of(shape, n), VGIC5_ICC_CR0, 1);
    }
    if (shape->table == NO_TABLE)
        return;
    guest_write(vmm, VGIC5_IRS_IST_CFGR, 4,
                shape->lpi_bits | (uint32_t)shape->l2sz << 5 | istsz_of(shape) << 7 |
                    (shape->table == TWO_LEVEL) << 16);
    guest_write(vmm, VGIC5_IRS_IST_BASER, 8, TABLE | 1);
}

/* An L2 table for this LPI, taken from the end of memory downwards. */
static void map_l2(struct vmm *vmm, const struct shape *shape, uint32_t lpi, uint64_t *next)
{
    uint64_t *entry = (uint64_t *)(void *)vmm->ram + (lpi >> L2_BITS(shape));

    if (shape->table != TWO_LEVEL || *entry)
        return;
    *next -= UINT64_C(0x1000) << (2 * shape->l2sz);
    *entry = *next;
    guest_write(vmm, VGIC5_IRS_MAP_L2_ISTR, 4, lpi);
}

/* One interrupt as a guest would set it up, and leave it. */
static void disturb(struct vmm *vmm, const struct shape *shape, uint32_t intid)
{
    uint32_t id = shape->first_id;

    guest_msr(vmm, id, VGIC5_CDPRI, (uint64_t)below(32) << 35 | intid);
    guest_msr(vmm, id, VGIC5_CDAFF, (uint64_t)id_of(shape, below(shape->nr_vcpus)) << 32 | intid);
    guest_msr(vmm, id, below(4) ? VGIC5_CDEN : VGIC5_CDDIS, intid);
    guest_msr(vmm, id, VGIC5_CDPEND, (uint64_t)(below(3) != 0) << 32 | intid);
}

static void disturb_spis(struct vmm *vmm, const struct shape *shape)
{
    for (uint32_t spi = 0; spi < shape->nr_spis; spi++) {
        uint64_t level = below(2);

        if (level) {
            guest_write(vmm, VGIC5_IRS_SPI_SELR, 4, spi);
            guest_write(vmm, VGIC5_IRS_SPI_CFGR, 4, 1);
        }
        disturb(vmm, shape, VGIC5_INTID(VGIC5_SPI, spi));
        /* What 7.4 can carry: both modes agree. */
        guest_msr(vmm, shape->first_id, VGIC5_CDHM, level << 32 | VGIC5_INTID(VGIC5_SPI, spi));
        vgic5_irq_line(vmm->device, VGIC5_IRQ_SPI(spi), below(2));
    }
    guest_write(vmm, VGIC5_IRS_SPI_SELR, 4, below(shape->nr_spis));
    guest_write(vmm, VGIC5_IRS_PE_SELR, 4, id_of(shape, below(shape->nr_vcpus)));
}

static void disturb_lpis(struct vmm *vmm, const struct shape *shape)
{
    uint64_t next = RAM_BASE + vmm->ram_size;
    uint32_t total = 1u << shape->lpi_bits;

    for (uint32_t n = 0; shape->table != NO_TABLE && n < 200; n++) {
        uint32_t lpi = n == 0 ? total - 1 : below(total);

        map_l2(vmm, shape, lpi, &next);
        disturb(vmm, shape, VGIC5_INTID(VGIC5_LPI, lpi));
    }
}

static void take_some(struct vmm *vmm, const struct shape *shape)
{
    for (uint32_t n = 0; n < 2 * shape->nr_vcpus; n++) {
        uint32_t id = id_of(shape, below(shape->nr_vcpus));
        uint64_t taken = guest_mrs(vmm, id, VGIC5_CDIA);

        if (taken && below(2))
            guest_msr(vmm, id, VGIC5_CDEOI, 0);
        if (taken && below(2))
            guest_msr(vmm, id, VGIC5_CDDI, taken);
        guest_msr(vmm, id, VGIC5_ICC_PPI_SPENDR(0), below(2) << VGIC5_PPI_SW);
    }
}

/* ---- From one to the next -------------------------------------------------------------------- */

static void check_same(struct vmm *a, struct vmm *b, const char *when)
{
    struct portrait one = portrait_of(a), other = portrait_of(b);
    long at = portrait_difference(&one, &other);

    if (at >= 0)
        fail_msg("%s: another machine, at byte %ld of its portrait", when, at);
    portrait_free(&one);
    portrait_free(&other);
}

static void move(struct vmm *from, struct vmm *to, const struct shape *shape, uint32_t abi)
{
    struct vgic5_error error = {0};
    struct vgic5_state *state;
    struct vgic5_port port;

    vgic5_port_model(from->device, &port);
    if (vgic5_save(&port, NULL, &state, &error))
        fail_msg("%s", error.message);
    open_vm(to, shape, abi);
    memcpy(to->ram, from->ram, from->ram_size);
    vgic5_port_model(to->device, &port);
    if (vgic5_restore(&port, state, NULL, &error))
        fail_msg("%s", error.message);
    assert_int_equal(vgic5_vcpu_enter(vgic5_vcpu(to->device, shape->first_id)), 0);
    vgic5_vcpu_leave(vgic5_vcpu(to->device, shape->first_id));
    vgic5_state_free(state);
}

static unsigned check_same_future(struct vmm *a, struct vmm *b, const struct shape *shape)
{
    unsigned count = 0;

    for (uint32_t n = 0; n < 8 * shape->nr_vcpus; n++) {
        uint32_t id = id_of(shape, n % shape->nr_vcpus);
        uint64_t taken = guest_mrs(a, id, VGIC5_CDIA);

        assert_int_equal(guest_mrs(b, id, VGIC5_CDIA), taken);
        count += taken != 0;
        guest_msr(a, id, VGIC5_CDEOI, 0);
        guest_msr(b, id, VGIC5_CDEOI, 0);
        guest_msr(a, id, VGIC5_CDDI, taken);
        guest_msr(b, id, VGIC5_CDDI, taken);
    }
    return count;
}

static void check_shape(const struct shape *shape, uint32_t first, uint32_t second)
{
    struct vmm source, target, back;
    char when[128];

    snprintf(when, sizeof(when), "%u SPIs, %u vCPUs, %u LPI bits, table %d, %s to %s",
             shape->nr_spis, shape->nr_vcpus, shape->lpi_bits, shape->table, vgic5_abi_name(first),
             vgic5_abi_name(second));
    open_vm(&source, shape, first);
    start(&source, shape);
    disturb_spis(&source, shape);
    disturb_lpis(&source, shape);
    take_some(&source, shape);
    move(&source, &target, shape, second);
    check_same(&source, &target, when);
    move(&target, &back, shape, first);
    check_same(&source, &back, when);
    assert_true(check_same_future(&source, &back, shape) > 0);
    check_same(&source, &back, when);
    vmm_destroy(&source);
    vmm_destroy(&target);
    vmm_destroy(&back);
}

static uint8_t most_lpi_bits = 24;

/* The largest table takes a hundred megabytes and half a second: across the profiles is enough. */
static bool is_large(const struct shape *shape)
{
    return shape->lpi_bits == 24;
}

static void check_profiles(uint32_t first, uint32_t second)
{
    for (size_t n = 0; n < sizeof(shapes) / sizeof(shapes[0]); n++) {
        if (shapes[n].lpi_bits <= most_lpi_bits && (!is_large(&shapes[n]) || first != second))
            check_shape(&shapes[n], first, second);
    }
}

static void test_v1(void **state)
{
    (void)state;
    check_profiles(VGIC5_ABI_V1, VGIC5_ABI_V1);
}

static void test_7_4(void **state)
{
    (void)state;
    check_profiles(VGIC5_ABI_7_4, VGIC5_ABI_7_4);
}

static void test_v1_to_7_4_and_back(void **state)
{
    (void)state;
    check_profiles(VGIC5_ABI_V1, VGIC5_ABI_7_4);
}

static void test_7_4_to_v1_and_back(void **state)
{
    (void)state;
    check_profiles(VGIC5_ABI_7_4, VGIC5_ABI_V1);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_v1),
        cmocka_unit_test(test_7_4),
        cmocka_unit_test(test_v1_to_7_4_and_back),
        cmocka_unit_test(test_7_4_to_v1_and_back),
    };

    if (argc > 1)
        most_lpi_bits = (uint8_t)strtoul(argv[1], NULL, 0);
    if (argc > 2)
        random_state = strtoull(argv[2], NULL, 0);
    print_message("# seed %llu\n", (unsigned long long)random_state);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
