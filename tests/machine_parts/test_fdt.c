/* SPDX-License-Identifier: BSD-3-Clause */
/* The device tree, read back. */
#include "check.h"

#include <errno.h>
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "machine/bus.h"
#include "machine/fdt.h"

#define BASE UINT64_C(0x40000000)
#define AT (BASE + 0x100000)
#define ROOM 0x100000u
#define MIB ((uint64_t)1 << 20)

struct tree_bench {
    struct memory memory;
    const void *tree;
};

static const uint32_t sparse_ids[] = {0, 1, 17, 0xfff, 0xffff};

static const struct fdt_description full = {
    .nr_vcpus = 5,
    .vcpu_ids = sparse_ids,
    .ram_base = BASE,
    .ram_size = UINT64_C(0x120000000),
    .append = "console=ttyAMA0 rdinit=/init",
    .initrd_start = BASE + 0x8000000,
    .initrd_end = BASE + 0x8001234,
    .pl031 = true,
};

static int setup(void **state)
{
    struct tree_bench *b = calloc(1, sizeof(*b));

    if (!b || memory_create(&b->memory, BASE, 4 * MIB))
        return -1;
    b->tree = memory_at(&b->memory, AT, ROOM);
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    struct tree_bench *b = *state;

    memory_destroy(&b->memory);
    free(b);
    return 0;
}

static void write_tree(struct tree_bench *b, const struct fdt_description *d)
{
    assert_int_equal(fdt_write(&b->memory, AT, ROOM, d), 0);
    assert_int_equal(fdt_check_full(b->tree, ROOM), 0);
}

static int node(const struct tree_bench *b, const char *path)
{
    int n = fdt_path_offset(b->tree, path);

    if (n < 0)
        fail_msg("no node %s", path);
    return n;
}

static void expect_bytes(const struct tree_bench *b, const char *path, const char *name,
                         const void *value, size_t size)
{
    int length;
    const void *found = fdt_getprop(b->tree, node(b, path), name, &length);

    if (!found || (size_t)length != size || memcmp(found, value, size) != 0)
        fail_msg("%s:%s is not as expected", path, name);
}

#define EXPECT_TEXT(b, path, name, text) expect_bytes(b, path, name, text, sizeof(text))

static void expect_cells(const struct tree_bench *b, const char *path, const char *name, size_t n,
                         const uint32_t *cells)
{
    fdt32_t value[16];

    for (size_t i = 0; i < n; i++)
        value[i] = cpu_to_fdt32(cells[i]);
    expect_bytes(b, path, name, value, n * sizeof(value[0]));
}

#define EXPECT_CELLS(b, path, name, ...)                                              \
    expect_cells(b, path, name, sizeof((uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t), \
                 (uint32_t[]){__VA_ARGS__})

static uint32_t phandle(const struct tree_bench *b, const char *path)
{
    uint32_t value = fdt_get_phandle(b->tree, node(b, path));

    assert_int_not_equal(value, 0);
    assert_int_equal(fdt_node_offset_by_phandle(b->tree, value), node(b, path));
    return value;
}

static void root(void **state)
{
    struct tree_bench *b = *state;

    write_tree(b, &full);
    EXPECT_TEXT(b, "/", "compatible", "linux,dummy-virt");
    EXPECT_CELLS(b, "/", "#address-cells", 2);
    EXPECT_CELLS(b, "/", "#size-cells", 2);
    EXPECT_CELLS(b, "/", "interrupt-parent", phandle(b, "/interrupt-controller"));
    EXPECT_TEXT(b, "/memory@40000000", "device_type", "memory");
    EXPECT_CELLS(b, "/memory@40000000", "reg", 0, 0x40000000, 1, 0x20000000);
    assert_int_equal(fdt_num_mem_rsv(b->tree), 0);
}

/* MPIDR as KVM makes it of the id: Aff0 = id[3:0], Aff1 = id[11:4], Aff2 = id[19:12]. */
static void cpus(void **state)
{
    static const char *const names[] = {"/cpus/cpu@0", "/cpus/cpu@1", "/cpus/cpu@101",
                                        "/cpus/cpu@ff0f", "/cpus/cpu@fff0f"};
    static const uint32_t regs[] = {0, 1, 0x101, 0xff0f, 0xfff0f};
    struct tree_bench *b = *state;
    int n = 0, child;

    write_tree(b, &full);
    EXPECT_CELLS(b, "/cpus", "#address-cells", 1);
    EXPECT_CELLS(b, "/cpus", "#size-cells", 0);
    for (size_t i = 0; i < 5; i++) {
        EXPECT_CELLS(b, names[i], "reg", regs[i]);
        EXPECT_TEXT(b, names[i], "device_type", "cpu");
        EXPECT_TEXT(b, names[i], "compatible", "arm,armv8");
        EXPECT_TEXT(b, names[i], "enable-method", "psci");
    }
    fdt_for_each_subnode(child, b->tree, node(b, "/cpus")) n++;
    assert_int_equal(n, 5);
}

static void firmware_and_timer(void **state)
{
    struct tree_bench *b = *state;

    write_tree(b, &full);
    EXPECT_TEXT(b, "/psci", "compatible", "arm,psci-1.0\0arm,psci-0.2");
    EXPECT_TEXT(b, "/psci", "method", "hvc");
    EXPECT_TEXT(b, "/timer", "compatible", "arm,armv8-timer");
    EXPECT_CELLS(b, "/timer", "interrupts", 1, 29, 4, 1, 30, 4, 1, 27, 4, 1, 26, 4, 1, 28, 4);
}

static void interrupt_controller(void **state)
{
    static const uint8_t iaffids[] = {0, 0, 0, 1, 0, 17, 0x0f, 0xff, 0xff, 0xff};
    struct tree_bench *b = *state;

    write_tree(b, &full);
    EXPECT_TEXT(b, "/interrupt-controller", "compatible", "arm,gic-v5");
    EXPECT_CELLS(b, "/interrupt-controller", "#interrupt-cells", 3);
    expect_bytes(b, "/interrupt-controller", "interrupt-controller", "", 0);
    expect_bytes(b, "/interrupt-controller", "ranges", "", 0);
#define IRS "/interrupt-controller/irs@8010000"
    EXPECT_TEXT(b, IRS, "compatible", "arm,gic-v5-irs");
    EXPECT_CELLS(b, IRS, "reg", 0, 0x08010000, 0, 0x10000);
    EXPECT_TEXT(b, IRS, "reg-names", "ns-config");
    EXPECT_CELLS(b, IRS, "cpus", phandle(b, "/cpus/cpu@0"), phandle(b, "/cpus/cpu@1"),
                 phandle(b, "/cpus/cpu@101"), phandle(b, "/cpus/cpu@ff0f"),
                 phandle(b, "/cpus/cpu@fff0f"));
    expect_bytes(b, IRS, "arm,iaffids", iaffids, sizeof(iaffids));
}

static void devices(void **state)
{
    struct tree_bench *b = *state;
    uint32_t clock;

    write_tree(b, &full);
    clock = phandle(b, "/apb-pclk");
    EXPECT_TEXT(b, "/apb-pclk", "compatible", "fixed-clock");
    EXPECT_CELLS(b, "/apb-pclk", "#clock-cells", 0);
    EXPECT_CELLS(b, "/apb-pclk", "clock-frequency", 24000000);
    EXPECT_TEXT(b, "/pl011@9000000", "compatible", "arm,pl011\0arm,primecell");
    EXPECT_CELLS(b, "/pl011@9000000", "reg", 0, 0x09000000, 0, 0x1000);
    EXPECT_CELLS(b, "/pl011@9000000", "interrupts", 3, 1, 4);
    EXPECT_CELLS(b, "/pl011@9000000", "clocks", clock, clock);
    EXPECT_TEXT(b, "/pl011@9000000", "clock-names", "uartclk\0apb_pclk");
    EXPECT_TEXT(b, "/pl031@9010000", "compatible", "arm,pl031\0arm,primecell");
    EXPECT_CELLS(b, "/pl031@9010000", "reg", 0, 0x09010000, 0, 0x1000);
    EXPECT_CELLS(b, "/pl031@9010000", "interrupts", 3, 2, 4);
    EXPECT_CELLS(b, "/pl031@9010000", "clocks", clock);
    EXPECT_TEXT(b, "/pl031@9010000", "clock-names", "apb_pclk");
}

static void chosen(void **state)
{
    struct tree_bench *b = *state;

    write_tree(b, &full);
    EXPECT_TEXT(b, "/chosen", "stdout-path", "/pl011@9000000");
    EXPECT_TEXT(b, "/chosen", "bootargs", "console=ttyAMA0 rdinit=/init");
    EXPECT_CELLS(b, "/chosen", "linux,initrd-start", 0, 0x48000000);
    EXPECT_CELLS(b, "/chosen", "linux,initrd-end", 0, 0x48001234);
    assert_null(fdt_getprop(b->tree, node(b, "/chosen"), "rng-seed", NULL));
    assert_null(fdt_getprop(b->tree, node(b, "/chosen"), "kaslr-seed", NULL));
}

static void what_is_not_asked_for(void **state)
{
    struct tree_bench *b = *state;
    struct fdt_description d = {.nr_vcpus = 2, .ram_base = BASE, .ram_size = 2 * MIB};

    write_tree(b, &d);
    assert_int_equal(fdt_path_offset(b->tree, "/pl031@9010000"), -FDT_ERR_NOTFOUND);
    assert_null(fdt_getprop(b->tree, node(b, "/chosen"), "bootargs", NULL));
    assert_null(fdt_getprop(b->tree, node(b, "/chosen"), "linux,initrd-start", NULL));
    assert_null(fdt_getprop(b->tree, node(b, "/chosen"), "linux,initrd-end", NULL));
    node(b, "/cpus/cpu@1"); /* ids 0, 1, … */
    expect_bytes(b, IRS, "arm,iaffids", "\0\0\0\1", 4);
}

/* Every node with interrupts or clocks refers to one that is there. */
static void references_resolve(void **state)
{
    struct tree_bench *b = *state;
    static const char *const properties[] = {"clocks", "cpus", "interrupt-parent"};

    write_tree(b, &full);
    for (int n = 0; n >= 0; n = fdt_next_node(b->tree, n, NULL)) {
        for (size_t i = 0; i < 3; i++) {
            int length = 0;
            const fdt32_t *p = fdt_getprop(b->tree, n, properties[i], &length);

            for (int k = 0; p && k < length / 4; k++)
                assert_true(fdt_node_offset_by_phandle(b->tree, fdt32_to_cpu(p[k])) > 0);
        }
    }
}

static void same_machine_same_bytes(void **state)
{
    struct tree_bench *b = *state;
    static uint8_t first[ROOM];
    size_t size;

    write_tree(b, &full);
    size = fdt_totalsize(b->tree);
    memcpy(first, b->tree, size);
    memset(b->memory.host, 0x5a, b->memory.size);
    write_tree(b, &full);
    assert_int_equal(fdt_totalsize(b->tree), size);
    assert_memory_equal(b->tree, first, size);
    assert_int_equal(b->memory.host[AT - BASE + size], 0x5a);
    assert_int_equal(b->memory.host[AT - BASE - 1], 0x5a);
}

static void most_vcpus(void **state)
{
    struct tree_bench *b = *state;
    struct fdt_description d = {.nr_vcpus = 512, .ram_base = BASE, .ram_size = 2 * MIB};
    int length;

    write_tree(b, &d);
    node(b, "/cpus/cpu@1f0f");
    assert_non_null(fdt_getprop(b->tree, node(b, IRS), "arm,iaffids", &length));
    assert_int_equal(length, 1024);
    assert_non_null(fdt_getprop(b->tree, node(b, IRS), "cpus", &length));
    assert_int_equal(length, 2048);
}

/* ---- Refusals -------------------------------------------------------------------------------- */

static void expect_untouched(const struct tree_bench *b)
{
    for (size_t i = 0; i < b->memory.size; i++) {
        if (b->memory.host[i] != 0)
            fail_msg("RAM at offset 0x%zx was written", i);
    }
}

/* The tree fits exactly, or not at all: no room in between leaves half a tree. */
static void room_is_kept(void **state)
{
    struct tree_bench *b = *state;
    uint64_t size;

    for (size = 0; size < 0x4000; size += 8) {
        int ret = fdt_write(&b->memory, AT, size, &full);

        if (ret == 0)
            break;
        assert_int_equal(ret, -ENOSPC);
        if (size % 256 == 0)
            expect_untouched(b);
    }
    assert_int_equal(fdt_check_full(b->tree, size), 0);
    assert_true(fdt_totalsize(b->tree) <= size);
}

static void hostile_places(void **state)
{
    static const struct {
        uint64_t at, room;
        int code;
    } rows[] = {
        {BASE - 8, ROOM, -EFAULT},       {0, ROOM, -EFAULT},
        {BASE + 4 * MIB, ROOM, -EFAULT}, {BASE + 3 * MIB + 8, ROOM, -EFAULT},
        {AT, UINT64_MAX, -EFAULT},       {UINT64_MAX - 7, 16, -EFAULT},
        {AT + 4, ROOM, -EINVAL},         {AT + 1, ROOM, -EINVAL},
        {BASE + 4 * MIB, 0, -ENOSPC},    {AT, 1, -ENOSPC},
    };
    struct tree_bench *b = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(fdt_write(&b->memory, rows[i].at, rows[i].room, &full), rows[i].code);
    expect_untouched(b);
}

static void hostile_descriptions(void **state)
{
    static const uint32_t wide[] = {0, 0x10000};
    struct tree_bench *b = *state;
    struct fdt_description d = full;

    d.nr_vcpus = 0;
    assert_int_equal(fdt_write(&b->memory, AT, ROOM, &d), -EINVAL);
    d.nr_vcpus = 513;
    d.vcpu_ids = NULL;
    assert_int_equal(fdt_write(&b->memory, AT, ROOM, &d), -EINVAL);
    d.nr_vcpus = UINT32_MAX;
    assert_int_equal(fdt_write(&b->memory, AT, ROOM, &d), -EINVAL);
    d.nr_vcpus = 2;
    d.vcpu_ids = wide;
    assert_int_equal(fdt_write(&b->memory, AT, ROOM, &d), -EINVAL);
    d = full;
    d.initrd_end = d.initrd_start - 1;
    assert_int_equal(fdt_write(&b->memory, AT, ROOM, &d), -EINVAL);
    expect_untouched(b);
}

static void long_command_lines(void **state)
{
    struct tree_bench *b = *state;
    struct fdt_description d = full;
    size_t size = 3 * MIB;
    char *append = malloc(size);

    assert_non_null(append);
    memset(append, 'a', size);
    append[size - 1] = '\0';
    d.append = append;
    assert_int_equal(fdt_write(&b->memory, BASE, 4 * MIB, &d), -ENOSPC);
    append[ROOM] = '\0';
    assert_int_equal(fdt_write(&b->memory, AT, ROOM, &d), -ENOSPC);
    expect_untouched(b);
    append[ROOM - 0x2000] = '\0';
    write_tree(b, &d);
    expect_bytes(b, "/chosen", "bootargs", append, ROOM - 0x2000 + 1);
    free(append);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(root),
        TEST(cpus),
        TEST(firmware_and_timer),
        TEST(interrupt_controller),
        TEST(devices),
        TEST(chosen),
        TEST(what_is_not_asked_for),
        TEST(references_resolve),
        TEST(same_machine_same_bytes),
        TEST(most_vcpus),
        TEST(room_is_kept),
        TEST(hostile_places),
        TEST(hostile_descriptions),
        TEST(long_command_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
