/* SPDX-License-Identifier: BSD-3-Clause */
/* The PL031: what it shows, when it matches, and how it is saved. */
#include "check.h"

#include <errno.h>
#include <string.h>

#include "machine/pl031.h"
#include "vcpu/timer.h"

#define DR 0x000u
#define MR 0x004u
#define LR 0x008u
#define CR 0x00cu
#define IMSC 0x010u
#define RIS 0x014u
#define MIS 0x018u
#define ICR 0x01cu

#define SECONDS(n) ((uint64_t)(n)*COUNTER_FREQUENCY)

struct clock_bench {
    struct pl031 *rtc;
    struct bus_device device;
    int level;
    unsigned changes;
};

static void drive(void *opaque, uint32_t spi, int level)
{
    struct clock_bench *b = opaque;

    assert_int_equal(spi, SPI_PL031);
    b->level = level;
}

static void changed(void *opaque)
{
    struct clock_bench *b = opaque;

    b->changes++;
}

static void create(struct clock_bench *b)
{
    *b = (struct clock_bench){.level = 0};
    b->rtc = pl031_create((struct bus_wire){drive, b}, SPI_PL031, changed, b);
    assert_non_null(b->rtc);
    b->device = pl031_device(b->rtc);
    pl031_set(b->rtc, 1000);
}

static uint32_t get(struct clock_bench *b, uint32_t offset)
{
    return (uint32_t)b->device.read(b->device.opaque, offset, 4);
}

static void put(struct clock_bench *b, uint32_t offset, uint32_t value)
{
    b->device.write(b->device.opaque, offset, 4, value);
}

static void time_follows_the_counter(void **unused)
{
    struct clock_bench b;

    (void)unused;
    create(&b);
    assert_int_equal(get(&b, DR), 1000);
    pl031_advance(b.rtc, SECONDS(1) - 1);
    assert_int_equal(get(&b, DR), 1000);
    pl031_advance(b.rtc, SECONDS(1));
    assert_int_equal(get(&b, DR), 1001);
    pl031_advance(b.rtc, SECONDS(500) + 7);
    assert_int_equal(get(&b, DR), 1500);
    pl031_advance(b.rtc, SECONDS(400)); /* never back */
    assert_int_equal(get(&b, DR), 1500);
    pl031_destroy(b.rtc);
}

static void the_guest_sets_the_time(void **unused)
{
    struct clock_bench b;

    (void)unused;
    create(&b);
    pl031_advance(b.rtc, SECONDS(10));
    put(&b, LR, UINT32_MAX);
    assert_int_equal(get(&b, LR), UINT32_MAX);
    assert_int_equal(get(&b, DR), UINT32_MAX);
    pl031_advance(b.rtc, SECONDS(12)); /* 32 bits */
    assert_int_equal(get(&b, DR), 1);
    put(&b, DR, 77);
    put(&b, CR, 0);
    assert_int_equal(get(&b, DR), 1);
    assert_int_equal(get(&b, CR), 1);
    pl031_destroy(b.rtc);
}

static void a_match_interrupts(void **unused)
{
    struct clock_bench b;

    (void)unused;
    create(&b);
    put(&b, MR, 1005);
    assert_int_equal(pl031_deadline(b.rtc), COUNTER_NEVER); /* masked */
    put(&b, IMSC, 1);
    assert_int_equal(pl031_deadline(b.rtc), SECONDS(5));
    assert_int_equal(b.changes, 2);
    pl031_advance(b.rtc, SECONDS(5) - 1);
    assert_int_equal(b.level, 0);
    pl031_advance(b.rtc, SECONDS(5));
    assert_int_equal(b.level, 1);
    assert_int_equal(get(&b, RIS), 1);
    assert_int_equal(get(&b, MIS), 1);
    assert_int_equal(pl031_deadline(b.rtc), COUNTER_NEVER);
    put(&b, IMSC, 0);
    assert_int_equal(b.level, 0);
    assert_int_equal(get(&b, RIS), 1);
    assert_int_equal(get(&b, MIS), 0);
    put(&b, IMSC, 1);
    put(&b, ICR, 1);
    assert_int_equal(b.level, 0);
    assert_int_equal(pl031_deadline(b.rtc), SECONDS(5) + SECONDS(UINT64_C(1) << 32));
    pl031_destroy(b.rtc);
}

static void a_match_that_is_jumped_over_interrupts(void **unused)
{
    struct clock_bench b;

    (void)unused;
    create(&b);
    put(&b, IMSC, 1);
    put(&b, MR, 1005);
    pl031_advance(b.rtc, SECONDS(4));
    assert_int_equal(b.level, 0);
    pl031_advance(b.rtc, SECONDS(9));
    assert_int_equal(b.level, 1);
    pl031_destroy(b.rtc);
}

static void a_match_with_the_present_interrupts_at_once(void **unused)
{
    struct clock_bench b;

    (void)unused;
    create(&b);
    put(&b, IMSC, 1);
    put(&b, MR, 1000);
    assert_int_equal(b.level, 1);
    put(&b, ICR, 1);
    put(&b, MR, 2000);
    assert_int_equal(b.level, 0);
    put(&b, LR, 2000);
    assert_int_equal(b.level, 1);
    pl031_destroy(b.rtc);
}

static void identification(void **unused)
{
    static const uint8_t expected[] = {0x31, 0x10, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1};
    struct clock_bench b;

    (void)unused;
    create(&b);
    for (uint32_t i = 0; i < sizeof(expected); i++) {
        put(&b, 0xfe0 + 4 * i, 0xff);
        assert_int_equal(get(&b, 0xfe0 + 4 * i), expected[i]);
    }
    assert_int_equal(b.device.read(b.device.opaque, DR, 8), 0);
    assert_int_equal(b.device.read(b.device.opaque, DR, 1), 1000 & 0xff);
    assert_int_equal(get(&b, 0x020), 0);
    pl031_destroy(b.rtc);
}

static void saved_and_loaded(void **unused)
{
    struct vgic5_fields *fields = vgic5_fields_new();
    struct clock_bench a, b;

    (void)unused;
    create(&a);
    create(&b);
    pl031_advance(a.rtc, SECONDS(3));
    put(&a, LR, 7);
    put(&a, MR, 9);
    put(&a, IMSC, 1);
    pl031_advance(a.rtc, SECONDS(5));
    put(&a, MR, 50);
    assert_int_equal(pl031_save(a.rtc, fields), 0);
    assert_int_equal(pl031_load(b.rtc, fields, NULL), 0);
    for (uint32_t reg = DR; reg <= MIS; reg += 4)
        assert_int_equal(get(&a, reg), get(&b, reg));
    assert_int_equal(b.level, 1);
    put(&b, ICR, 1);
    assert_int_equal(pl031_deadline(b.rtc), SECONDS(46));
    vgic5_fields_free(fields);
    pl031_destroy(a.rtc);
    pl031_destroy(b.rtc);
}

/* One field too large, missing, or too many: refused, and nothing has changed. */
static void refused(void **unused)
{
    static const char *const names[] = {"MR", "LR", "IMSC", "RIS", "BASE", "ELAPSED"};
    struct clock_bench b;

    (void)unused;
    create(&b);
    for (unsigned bad = 0; bad < 13; bad++) {
        struct vgic5_fields *fields = vgic5_fields_new();
        struct vgic5_error error = {0};

        for (unsigned i = 0; i < 6; i++)
            if (bad != 6 + i)
                vgic5_fields_put_u64(fields, names[i], 0, bad == i ? UINT64_MAX : 1);
        if (bad >= 12)
            vgic5_fields_put_u64(fields, "MORE", 0, bad);
        assert_int_not_equal(pl031_load(b.rtc, fields, &error), 0);
        assert_int_equal(error.cause, bad < 12 ? VGIC5_CAUSE_DAMAGED : VGIC5_CAUSE_UNFIT);
        assert_non_null(strstr(error.message, bad < 12 ? names[bad % 6] : "7 fields"));
        assert_int_equal(get(&b, DR), 1000);
        assert_int_equal(get(&b, MR), 0);
        vgic5_fields_free(fields);
    }
    pl031_destroy(b.rtc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_follows_the_counter),
        cmocka_unit_test(the_guest_sets_the_time),
        cmocka_unit_test(a_match_interrupts),
        cmocka_unit_test(a_match_that_is_jumped_over_interrupts),
        cmocka_unit_test(a_match_with_the_present_interrupts_at_once),
        cmocka_unit_test(identification),
        cmocka_unit_test(saved_and_loaded),
        cmocka_unit_test(refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
