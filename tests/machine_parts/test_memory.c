/* SPDX-License-Identifier: BSD-3-Clause */
/* Guest RAM and the device map. */
#include "check.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "machine/bus.h"
#include "vcpu/memory.h"

#define MIB ((uint64_t)1 << 20)

static void create_checks_sizes(void **unused)
{
    const struct {
        uint64_t base, size;
        int expected;
    } rows[] = {
        {0x40000000, 0, -EINVAL},
        {0x40000000, MIB, -EINVAL},
        {0x40000000, 2 * MIB + 1, -EINVAL},
        {0x40000001, 2 * MIB, -EINVAL},
        {0x40000800, 2 * MIB, -EINVAL},
        {UINT64_MAX - 2 * MIB + 1, 2 * MIB, -EINVAL},
        {UINT64_MAX - 4095, 2 * MIB, -EINVAL},
        {0, UINT64_MAX, -EINVAL},
        {0, UINT64_MAX - 2 * MIB + 1, -ENOMEM},
        {0, UINT64_C(1) << 62, -ENOMEM},
        {0x40000000, 2 * MIB, 0},
        {0, 2 * MIB, 0},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct memory memory = {0};

        assert_int_equal(memory_create(&memory, rows[i].base, rows[i].size), rows[i].expected);
        assert_int_equal(memory.host != NULL, rows[i].expected == 0);
        memory_destroy(&memory);
        assert_null(memory.host);
    }
}

/* A range is RAM as a whole, or not at all; no sum wraps. */
static void at_finds_whole_ranges_only(void **unused)
{
    const uint64_t base = 0x40000000, end = base + 2 * MIB;
    const struct {
        uint64_t address, size;
        bool found;
    } rows[] = {
        {base, 1, true},
        {base, 2 * MIB, true},
        {base, 2 * MIB + 1, false},
        {base - 1, 1, false},
        {base - 1, 2, false},
        {end - 1, 1, true},
        {end - 1, 2, false},
        {end, 0, true},
        {end, 1, false},
        {end + 1, 0, false},
        {0, 0, false},
        {0, UINT64_MAX, false},
        {base, UINT64_MAX, false},
        {base + 4096, UINT64_MAX - 4095, false},
        {UINT64_MAX, 1, false},
        {UINT64_MAX, UINT64_MAX, false},
    };
    struct memory memory;

    (void)unused;
    assert_int_equal(memory_create(&memory, base, 2 * MIB), 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        void *at = memory_at(&memory, rows[i].address, rows[i].size);

        assert_int_equal(at != NULL, rows[i].found);
        if (at)
            assert_ptr_equal(at, memory.host + (rows[i].address - base));
    }
    memory_destroy(&memory);
    assert_null(memory_at(&memory, 0, 0));
}

static void read_and_write(void **unused)
{
    const uint64_t end = 0x40000000 + 2 * MIB;
    char text[8] = "seven..";
    struct memory memory;

    (void)unused;
    assert_int_equal(memory_create(&memory, 0x40000000, 2 * MIB), 0);
    assert_int_equal(memory_write(&memory, end - 8, text, 8), 0);
    assert_int_equal(memory_write(&memory, end - 7, "XXXXXXXX", 8), -EFAULT);
    memset(text, 0, sizeof(text));
    assert_int_equal(memory_read(&memory, end - 7, text, 8), -EFAULT);
    assert_int_equal(text[0], 0);
    assert_int_equal(memory_read(&memory, end - 8, text, 8), 0);
    assert_string_equal(text, "seven..");
    assert_int_equal(memory_read(&memory, end, NULL, 0), 0);
    assert_int_equal(memory_read(&memory, end + 1, NULL, 0), -EFAULT);
    memory_destroy(&memory);
}

/* RAM costs what is touched: most of 1 GiB is not there. */
static void untouched_ram_is_not_resident(void **unused)
{
    unsigned char resident[512];
    struct memory memory;
    size_t n = 0;

    (void)unused;
    assert_int_equal(memory_create(&memory, 0x40000000, 1024 * MIB), 0);
    memory.host[512 * MIB] = 1;
    assert_int_equal(mincore(memory.host, sizeof(resident) * 4096, resident), 0);
    for (size_t i = 0; i < sizeof(resident); i++)
        n += resident[i] & 1;
    assert_int_equal(n, 0);
    memory_destroy(&memory);
}

static void bus_finds_devices(void **unused)
{
    const struct bus_device devices[] = {
        {.name = "a", .base = 0x1000, .size = 0x1000},
        {.name = "b", .base = 0x2000, .size = 0x10},
        {.name = "top", .base = UINT64_MAX - 0xff, .size = 0x100},
    };

    (void)unused;
    assert_null(bus_find(devices, 3, 0xfff));
    assert_ptr_equal(bus_find(devices, 3, 0x1000), &devices[0]);
    assert_ptr_equal(bus_find(devices, 3, 0x1fff), &devices[0]);
    assert_ptr_equal(bus_find(devices, 3, 0x2000), &devices[1]);
    assert_ptr_equal(bus_find(devices, 3, 0x200f), &devices[1]);
    assert_null(bus_find(devices, 3, 0x2010));
    assert_null(bus_find(devices, 3, 0));
    assert_ptr_equal(bus_find(devices, 3, UINT64_MAX), &devices[2]);
    assert_null(bus_find(devices, 2, UINT64_MAX));
    assert_null(bus_find(NULL, 0, 0x1000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(create_checks_sizes), cmocka_unit_test(at_finds_whole_ranges_only),
        cmocka_unit_test(read_and_write),      cmocka_unit_test(untouched_ram_is_not_resident),
        cmocka_unit_test(bus_finds_devices),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
