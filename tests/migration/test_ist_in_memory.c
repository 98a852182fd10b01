/* SPDX-License-Identifier: BSD-3-Clause */
/* vgic5_state_check_memory: every ISTE that guest memory holds, against the configuration. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <vgic5/migration.h>

#include "kit/vmm.h"

#define RAM_SIZE (4u << 20)
#define L1 0x10000u  /* of a two-level table, or the linear one */
#define L2 0x100000u /* the only L2 table */

struct ist_guest {
    struct vmm vmm; /* a page that cannot be read, its hole, is the host's EIO */
    struct vgic5_state *state;
};

/* A device with an IST of that shape (`cfgr`), LPI 5 enabled and pending, and its state. */
static struct ist_guest *guest_new(uint32_t cfgr, uint8_t priority_bits)
{
    const struct vgic5_config config = {
        .size = sizeof(config), .ist_l2sz = 7, .priority_bits = priority_bits};
    uint64_t l1 = L2 | 1, lpi = VGIC5_INTID(VGIC5_LPI, 5);
    const struct vmm_shape shape = {.config = &config, .nr_vcpus = 1};
    struct ist_guest *guest = calloc(1, sizeof(*guest));
    struct vgic5_port port;

    assert_non_null(guest);
    assert_true(vmm_prepare(&guest->vmm, 0, RAM_SIZE));
    guest->vmm.ram_base = 0;
    guest->vmm.hole_answer = -EIO;
    assert_int_equal(vmm_build(&guest->vmm, &shape), 0);
    if (cfgr >> 16)
        memcpy(guest->vmm.ram + L1, &l1, sizeof(l1));
    vmm_mmio_write(&guest->vmm, VGIC5_IRS_IST_CFGR, 4, cfgr);
    vmm_mmio_write(&guest->vmm, VGIC5_IRS_IST_BASER, 8, L1 | 1);
    vmm_msr(guest->vmm.vcpu[0], VGIC5_CDEN, lpi);
    vmm_msr(guest->vmm.vcpu[0], VGIC5_CDPEND, VGIC5_CDPEND_PENDING | lpi);
    vgic5_port_model(guest->vmm.device, &port);
    assert_int_equal(vgic5_save(&port, NULL, &guest->state, NULL), 0);
    return guest;
}

static void guest_free(struct ist_guest *guest)
{
    vgic5_state_free(guest->state);
    assert_true(vmm_drop_device(&guest->vmm));
    vmm_free_ram(&guest->vmm);
    free(guest);
}

static int check(struct ist_guest *guest, struct vgic5_error *error)
{
    const struct vgic5_guest_reader reader = {sizeof(reader), vmm_read_guest, guest};

    *error = (struct vgic5_error){0};
    return vgic5_state_check_memory(guest->state, &reader, error);
}

static void expect(struct ist_guest *guest, const char *words)
{
    struct vgic5_error error = {0};

    assert_true(check(guest, &error) < 0);
    assert_int_equal(error.cause, VGIC5_CAUSE_DAMAGED);
    if (!strstr(error.message, words))
        fail_msg("\"%s\" does not say \"%s\"", error.message, words);
}

/* IST_CFGR: 12 LPI id bits linear; 14 bits two-level with L2 tables of 4 KiB (1024 entries). */
#define LINEAR 12u
#define TWO_LEVEL (14u | VGIC5_IRS_IST_CFGR_STRUCTURE)

static void test_a_reader_has_a_size(void **state)
{
    const struct vgic5_guest_reader reader = {sizeof(reader) - 1, vmm_read_guest, NULL};
    struct ist_guest *guest = guest_new(LINEAR, 5);
    struct vgic5_error error = {0};

    (void)state;
    assert_int_equal(vgic5_state_check_memory(guest->state, &reader, &error), -EINVAL);
    assert_int_equal(error.cause, VGIC5_CAUSE_BUG);
    guest_free(guest);
}

static void test_what_a_save_leaves_is_sound(void **state)
{
    static const uint32_t shapes[] = {LINEAR, TWO_LEVEL, 3, 8 | 1u << 16};

    (void)state;
    for (size_t n = 0; n < sizeof(shapes) / sizeof(shapes[0]); n++) {
        struct ist_guest *guest = guest_new(shapes[n], 5);
        struct vgic5_error error = {0};

        if (check(guest, &error) != 0)
            fail_msg("shape 0x%x: %s", shapes[n], error.message);
        guest_free(guest);
    }
}

/* Each reserved bit of the first, a middle and the last entry. */
static void test_bits_that_must_be_zero(void **state)
{
    static const uint32_t bits[] = {1u << 4, 1u << 5, 1u << 8, 1u << 9, 1u << 10};
    static const struct {
        uint32_t shape, table, lpi;
    } places[] = {
        {LINEAR, L1, 0},    {LINEAR, L1, 2000},    {LINEAR, L1, 4095},
        {TWO_LEVEL, L2, 0}, {TWO_LEVEL, L2, 1023},
    };

    (void)state;
    for (size_t n = 0; n < sizeof(places) / sizeof(places[0]); n++) {
        for (size_t b = 0; b < sizeof(bits) / sizeof(bits[0]); b++) {
            struct ist_guest *guest = guest_new(places[n].shape, 5);
            uint32_t at = places[n].table + 4 * places[n].lpi;
            char words[64];

            memcpy(guest->vmm.ram + at, &bits[b], 4);
            snprintf(words, sizeof(words), "ISTE of LPI %u at 0x%x", places[n].lpi, at);
            expect(guest, words);
            guest_free(guest);
        }
    }
}

static void test_priority_bits_that_the_irs_has_not(void **state)
{
    struct ist_guest *guest = guest_new(LINEAR, 3);
    uint32_t good = 0x7u << 13, bad = 1u << 12;
    struct vgic5_error error = {0};

    (void)state;
    memcpy(guest->vmm.ram + L1, &good, 4);
    assert_int_equal(check(guest, &error), 0);
    memcpy(guest->vmm.ram + L1, &bad, 4);
    expect(guest, "bits 0x00001000 must be 0");
    guest_free(guest);
}

static void test_tables_that_are_not_there(void **state)
{
    struct ist_guest *guest = guest_new(TWO_LEVEL, 5);
    uint64_t beyond = RAM_SIZE | 1, invalid = RAM_SIZE;
    struct vgic5_error error = {0};

    (void)state;
    memcpy(guest->vmm.ram + L1 + 8, &invalid, 8); /* VALID is 0: nobody looks there */
    assert_int_equal(check(guest, &error), 0);
    memcpy(guest->vmm.ram + L1 + 8, &beyond, 8);
    expect(guest, "ISTE of LPI 1024 is at 0x400000, where the guest has no memory");
    guest_free(guest);
}

static void test_memory_that_cannot_be_read(void **state)
{
    struct ist_guest *guest = guest_new(TWO_LEVEL, 5);

    (void)state;
    guest->vmm.hole = L2;
    expect(guest, "ISTE of LPI 0 at 0x100000 cannot be read");
    guest->vmm.hole = L1;
    expect(guest, "L1 ISTE of LPI 0 at 0x10000 cannot be read");
    guest_free(guest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_reader_has_a_size),
        cmocka_unit_test(test_what_a_save_leaves_is_sound),
        cmocka_unit_test(test_bits_that_must_be_zero),
        cmocka_unit_test(test_priority_bits_that_the_irs_has_not),
        cmocka_unit_test(test_tables_that_are_not_there),
        cmocka_unit_test(test_memory_that_cannot_be_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
