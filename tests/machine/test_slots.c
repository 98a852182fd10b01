/* SPDX-License-Identifier: BSD-3-Clause */
/* Several ranges of RAM that come and go, and device accesses that leave at their instruction. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "unicorn/unicorn_engine.h"
#include "vcpu/registers.h"
#include "vcpu/vcpu.h"

#define LOW UINT64_C(0x10000)
#define HIGH UINT64_C(0x8000000000)
#define DEVICE UINT64_C(0x40000000)
#define WFI 0xd503207fu
#define ADD_X9 0x91000529u /* add x9, x9, #1 */

struct rig {
    struct memory ranges[3];
    struct memory_map map;
    struct vcpu_clock clock;
    struct vcpu_host host;
    struct vcpu_engine *engine;
    struct vcpu *vcpu;
};

static bool leaves(void *opaque, uint64_t address)
{
    (void)opaque, (void)address;
    return true;
}

static uint64_t never_read(void *opaque, uint64_t address, unsigned size)
{
    (void)opaque, (void)size;
    fail_msg("0x%llx is read by a callback", (unsigned long long)address);
    return 0;
}

static void never_write(void *opaque, uint64_t address, unsigned size, uint64_t value)
{
    (void)opaque, (void)size, (void)value;
    fail_msg("0x%llx is written by a callback", (unsigned long long)address);
}

static enum vcpu_sysreg_result native(void *opaque, struct vcpu_sysreg *access)
{
    (void)opaque, (void)access;
    return VCPU_SYSREG_NATIVE;
}

static int setup(void **state)
{
    static struct rig rig;

    memset(&rig, 0, sizeof(rig));
    assert_int_equal(memory_create(&rig.ranges[0], LOW, MEMORY_BLOCK), 0);
    assert_int_equal(memory_create(&rig.ranges[1], HIGH, MEMORY_BLOCK), 0);
    rig.map = (struct memory_map){.ranges = rig.ranges, .nr = 2};
    rig.host = (struct vcpu_host){
        .mmio_read = never_read, .mmio_write = never_write, .sysreg = native, .leaves = leaves};
    rig.clock.stop_at = rig.clock.check_at = UINT64_MAX;
    assert_int_equal(vcpu_engine_create(&unicorn_engine, &rig.map, &rig.clock, &rig.engine, NULL),
                     0);
    assert_int_equal(vcpu_create(rig.engine, &rig.host, &rig.vcpu, NULL), 0);
    *state = &rig;
    return 0;
}

static int teardown(void **state)
{
    struct rig *rig = *state;

    vcpu_destroy(rig->vcpu);
    vcpu_engine_destroy(rig->engine);
    for (size_t n = 0; n < 3; n++)
        memory_destroy(&rig->ranges[n]);
    return 0;
}

static void put_code(struct rig *rig, size_t range, const uint32_t *code, size_t n)
{
    memcpy(rig->ranges[range].host, code, n * sizeof(*code));
    vcpu_engine_remap(rig->engine);
    vcpu_set_pc(rig->vcpu, rig->ranges[range].base);
}

#define CODE(rig, range, ...)                             \
    put_code(rig, range, (const uint32_t[]){__VA_ARGS__}, \
             sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

/* Else the vCPU does not go on; the access is nobody's. */
static void need_exits(struct rig *rig)
{
    char words[300];

    if (vcpu_engine_lets_leave(rig->engine))
        return;
    CODE(rig, 0, 0x39400043 /* ldrb w3, [x2] */, WFI);
    vcpu_set_x(rig->vcpu, 2, DEVICE);
    assert_int_equal(vcpu_run(rig->vcpu), VCPU_EXIT_STUCK);
    vcpu_trouble(rig->vcpu, words, sizeof(words));
    assert_non_null(strstr(words, "the access to 0x40000000 cannot leave Unicorn"));
#ifdef VGIC5_DIRECT_STORES
    assert_string_not_equal(vcpu_engine_name(rig->engine), "Unicorn 2.0");
#endif
    skip();
}

static uint64_t pc_of(const struct rig *rig)
{
    struct vcpu_value values[NR_VCPU_ROWS];

    assert_int_equal(vcpu_get_state(rig->vcpu, values), 0);
    return values[VCPU_ROW_PC].low;
}

/* Code in each range, stores into the other; what the first bytes of RAM hold stays. */
static void ranges_are_ram(void **state)
{
    struct rig *rig = *state;

    for (size_t range = 0; range < 2; range++) {
        CODE(rig, range, 0xf9000041 /* str x1, [x2] */, 0xf9400043 /* ldr x3, [x2] */, WFI);
        vcpu_set_x(rig->vcpu, 1, 0x1234 + range);
        vcpu_set_x(rig->vcpu, 2, rig->ranges[1 - range].base + 0x1008);
        assert_int_equal(vcpu_run(rig->vcpu), VCPU_EXIT_WFI);
        assert_int_equal(vcpu_get_x(rig->vcpu, 3), 0x1234 + range);
        assert_int_equal(*(uint64_t *)(rig->ranges[1 - range].host + 0x1008), 0x1234 + range);
        assert_int_equal(*(uint32_t *)rig->ranges[range].host, 0xf9000041);
    }
}

/* A range that is added, moved and taken away between two runs, and registers that stay. */
static void ranges_come_and_go(void **state)
{
    struct rig *rig = *state;

    need_exits(rig);
    vcpu_set_x(rig->vcpu, 20, 77);
    assert_int_equal(memory_create(&rig->ranges[2], HIGH + (UINT64_C(1) << 30), MEMORY_BLOCK), 0);
    rig->ranges[2].host[0x2000] = 5;
    rig->map.nr = 3;
    CODE(rig, 0, 0x39400043 /* ldrb w3, [x2] */, WFI);
    vcpu_set_x(rig->vcpu, 2, rig->ranges[2].base + 0x2000);
    assert_int_equal(vcpu_run(rig->vcpu), VCPU_EXIT_WFI);
    assert_int_equal(vcpu_get_x(rig->vcpu, 3), 5);

    rig->ranges[2].base += MEMORY_BLOCK;
    CODE(rig, 0, 0x39400043, WFI);
    assert_int_equal(vcpu_run(rig->vcpu), VCPU_EXIT_MMIO); /* nothing is there any more */
    vcpu_set_x(rig->vcpu, 2, rig->ranges[2].base + 0x2000);
    assert_int_equal(vcpu_run(rig->vcpu), VCPU_EXIT_WFI);
    assert_int_equal(vcpu_get_x(rig->vcpu, 3), 5);

    rig->map.nr = 2;
    CODE(rig, 0, 0x39400043, WFI);
    assert_int_equal(vcpu_run(rig->vcpu), VCPU_EXIT_MMIO);
    assert_int_equal(vcpu_get_x(rig->vcpu, 20), 77);
}

/* Of each access the instruction is the fourth of its block. */
static const struct device_access {
    uint32_t insn;
    uint8_t size;
    bool is_write;
    uint64_t answer, loaded; /* into X3 */
} accesses[] = {
    {0x39000043, 1, true, 0, 0},                                    /* strb w3, [x2] */
    {0x79000043, 2, true, 0, 0},                                    /* strh w3, [x2] */
    {0xb9000043, 4, true, 0, 0},                                    /* str w3, [x2] */
    {0xf9000043, 8, true, 0, 0},                                    /* str x3, [x2] */
    {0x3820c843, 1, true, 0, 0},                                    /* strb w3, [x2, w0, sxtw] */
    {0xf8000043, 8, true, 0, 0},                                    /* stur x3, [x2] */
    {0xc89ffc43, 8, true, 0, 0},                                    /* stlr x3, [x2] */
    {0x39400043, 1, false, 0x85, 0x85},                             /* ldrb w3, [x2] */
    {0x79400043, 2, false, 0x8586, 0x8586},                         /* ldrh w3, [x2] */
    {0xb9400043, 4, false, 0x85868788, 0x85868788},                 /* ldr w3, [x2] */
    {0xf9400043, 8, false, 0x8586878811223344, 0x8586878811223344}, /* ldr x3, [x2] */
    {0x39800043, 1, false, 0x85, 0xffffffffffffff85},               /* ldrsb x3, [x2] */
    {0x39c00043, 1, false, 0x85, 0xffffff85},                       /* ldrsb w3, [x2] */
    {0x79800043, 2, false, 0x8586, 0xffffffffffff8586},             /* ldrsh x3, [x2] */
    {0x79c00043, 2, false, 0x8586, 0xffff8586},                     /* ldrsh w3, [x2] */
    {0xb9800043, 4, false, 0x85868788, 0xffffffff85868788},         /* ldrsw x3, [x2] */
    {0x38400043, 1, false, 0x91, 0x91},                             /* ldurb w3, [x2] */
    {0x38bfc043, 1, false, 0x91, 0x91},                             /* ldaprb w3, [x2] */
    {0x88dffc43, 4, false, 0x80000001, 0x80000001},                 /* ldar w3, [x2] */
    {0xa9000c43, 0, true, 0, 0},                                    /* stp x3, x3, [x2] */
    {0xf8408443, 0, false, 0, 0},                                   /* ldr x3, [x2], #8 */
    {0x3d800043, 0, true, 0, 0},                                    /* str q3, [x2] */
    {0xc85f7c43, 0, false, 0, 0},                                   /* ldxr x3, [x2] */
};

static void check_access(struct rig *rig, const struct device_access *access)
{
    const uint64_t mask = access->size == 8 ? UINT64_MAX : (UINT64_C(1) << 8 * access->size) - 1;
    uint64_t before = rig->clock.instructions;
    struct vcpu_mmio mmio;

    CODE(rig, 1, ADD_X9, ADD_X9, ADD_X9, access->insn, ADD_X9, WFI);
    vcpu_set_x(rig->vcpu, 0, 0);
    vcpu_set_x(rig->vcpu, 2, DEVICE);
    vcpu_set_x(rig->vcpu, 3, UINT64_C(0xa1a2a3a4a5a6a7a8));
    vcpu_set_x(rig->vcpu, 9, 0);
    assert_int_equal(vcpu_run(rig->vcpu), VCPU_EXIT_MMIO);
    vcpu_mmio(rig->vcpu, &mmio);
    assert_int_equal(mmio.address, DEVICE);
    assert_int_equal(mmio.is_write, access->is_write);
    assert_int_equal(mmio.size, access->size);
    assert_int_equal(mmio.value, access->is_write ? UINT64_C(0xa1a2a3a4a5a6a7a8) & mask : 0);
    assert_int_equal(pc_of(rig), rig->ranges[1].base + 12);
    assert_int_equal(vcpu_get_x(rig->vcpu, 9), 3);
    assert_int_equal(vcpu_get_x(rig->vcpu, 2), DEVICE);
    assert_int_equal(vcpu_get_x(rig->vcpu, 3), UINT64_C(0xa1a2a3a4a5a6a7a8));
    assert_int_equal(rig->clock.instructions - before, 3);
    if (access->size == 0)
        return;
    vcpu_complete(rig->vcpu, access->answer);
    assert_int_equal(vcpu_run(rig->vcpu), VCPU_EXIT_WFI);
    assert_int_equal(vcpu_get_x(rig->vcpu, 9), 4);
    if (!access->is_write)
        assert_int_equal(vcpu_get_x(rig->vcpu, 3), access->loaded);
    assert_int_equal(rig->clock.instructions - before, 6);
}

static void accesses_leave_at_their_instruction(void **state)
{
    need_exits(*state);
    for (size_t n = 0; n < sizeof(accesses) / sizeof(accesses[0]); n++)
        check_access(*state, &accesses[n]);
}

/* With SCTLR_EL1.EE: the bytes as they lie in memory. */
static void big_endian_accesses(void **state)
{
    struct rig *rig = *state;
    struct vcpu_value values[NR_VCPU_ROWS];
    struct vcpu_mmio mmio;

    need_exits(rig);
    CODE(rig, 0, 0xb9000043 /* str w3, [x2] */, 0x79400044 /* ldrh w4, [x2] */, WFI);
    assert_int_equal(vcpu_get_state(rig->vcpu, values), 0);
    values[VCPU_ROW_SCTLR_EL1].low |= 1u << 25;
    values[VCPU_ROW_X0 + 2].low = DEVICE;
    values[VCPU_ROW_X0 + 3].low = 0x11223344;
    vcpu_destroy(rig->vcpu);
    assert_int_equal(vcpu_create(rig->engine, &rig->host, &rig->vcpu, NULL), 0);
    assert_int_equal(vcpu_put_state(rig->vcpu, values), 0);
    assert_int_equal(vcpu_run(rig->vcpu), VCPU_EXIT_MMIO);
    vcpu_mmio(rig->vcpu, &mmio);
    assert_int_equal(mmio.value, 0x44332211);
    vcpu_complete(rig->vcpu, 0);
    assert_int_equal(vcpu_run(rig->vcpu), VCPU_EXIT_MMIO);
    vcpu_complete(rig->vcpu, 0x5566);
    assert_int_equal(vcpu_get_x(rig->vcpu, 4), 0x6655);
}

/* ---- Ranges that are read-only --------------------------------------------------------------- */

#define ROM UINT64_C(0xc0000000)
#define ROM_ABOVE UINT64_C(0x100000000) /* where ROM is, with translation */
#define GIB UINT64_C(0x40000000)
#define BLOCK_OF(physical) ((physical) | 0x701) /* normal memory, for EL1 */

static void add_rom(struct rig *rig)
{
    rig->ranges[2] = rig->ranges[1]; /* ranges ascend */
    assert_int_equal(memory_create(&rig->ranges[1], ROM, MEMORY_BLOCK), 0);
    rig->ranges[1].read_only = true;
    *(uint64_t *)(rig->ranges[1].host + 0x1008) = 0x1234;
    rig->map.nr = 3;
}

static void check_store(struct rig *rig, uint64_t address, uint64_t pc)
{
    struct vcpu_mmio mmio;

    vcpu_set_x(rig->vcpu, 3, 0x5678);
    assert_int_equal(vcpu_run(rig->vcpu), VCPU_EXIT_MMIO);
    vcpu_mmio(rig->vcpu, &mmio);
    assert_int_equal(mmio.address, address);
    assert_true(mmio.is_write);
    assert_int_equal(mmio.size, 8);
    assert_int_equal(mmio.value, 0x5678);
    assert_int_equal(pc_of(rig), pc);
    vcpu_complete(rig->vcpu, 0);
    assert_int_equal(*(uint64_t *)(rig->ranges[1].host + 0x1008), 0x1234);
}

/* Read, executed, and a store leaves: whether the page has been read before, or not. */
static void stores_into_rom_leave(void **state)
{
    struct rig *rig = *state;

    need_exits(rig);
    add_rom(rig);
    CODE(rig, 1, ADD_X9, 0xf9000043 /* str x3, [x2] */, 0xf9400044 /* ldr x4, [x2] */, ADD_X9,
         0xf9000043, 0xf9400044, WFI);
    vcpu_set_x(rig->vcpu, 2, ROM + 0x1008);
    vcpu_set_x(rig->vcpu, 9, 0);
    check_store(rig, ROM + 0x1008, ROM + 4);
    check_store(rig, ROM + 0x1008, ROM + 16);
    assert_int_equal(vcpu_get_x(rig->vcpu, 4), 0x1234);
    assert_int_equal(vcpu_run(rig->vcpu), VCPU_EXIT_WFI);
    assert_int_equal(vcpu_get_x(rig->vcpu, 4), 0x1234);
    assert_int_equal(vcpu_get_x(rig->vcpu, 9), 2);
}

/* Physical memory at its own address, but for the GiB of ROM: RAM is there, and ROM is above. */
static void translate(struct rig *rig)
{
    const uint64_t table = LOW + 0x4000;
    uint64_t *entries = (uint64_t *)(rig->ranges[0].host + 0x4000);
    struct vcpu_value values[NR_VCPU_ROWS];

    entries[0] = BLOCK_OF(0);
    entries[ROM / GIB] = BLOCK_OF(0);
    entries[ROM_ABOVE / GIB] = BLOCK_OF(ROM);
    assert_int_equal(vcpu_get_state(rig->vcpu, values), 0);
    values[VCPU_ROW_TTBR0_EL1].low = table;
    values[VCPU_ROW_MAIR_EL1].low = 0xff;
    values[VCPU_ROW_TCR_EL1].low = UINT64_C(5) << 32 | 1u << 23 | 25; /* 48 bits, 39 of TTBR0 */
    values[VCPU_ROW_SCTLR_EL1].low |= 1;
    vcpu_destroy(rig->vcpu);
    assert_int_equal(vcpu_create(rig->engine, &rig->host, &rig->vcpu, NULL), 0);
    assert_int_equal(vcpu_put_state(rig->vcpu, values), 0);
}

/* It is physical memory that is read-only, whatever the virtual address. */
static void rom_is_physical(void **state)
{
    struct rig *rig = *state;
    struct vcpu_mmio mmio;

    need_exits(rig);
    add_rom(rig);
    CODE(rig, 0, 0xf9000043 /* str x3, [x2] */, 0xf9400064 /* ldr x4, [x3] */,
         0xf9000063 /* str x3, [x3] */, WFI);
    translate(rig);
    vcpu_set_x(rig->vcpu, 2, ROM + LOW + 0x1008);
    vcpu_set_x(rig->vcpu, 3, ROM_ABOVE + 0x1008);
    assert_int_equal(vcpu_run(rig->vcpu), VCPU_EXIT_MMIO);
    assert_int_equal(*(uint64_t *)(rig->ranges[0].host + 0x1008), ROM_ABOVE + 0x1008);
    assert_int_equal(vcpu_get_x(rig->vcpu, 4), 0x1234);
    assert_int_equal(pc_of(rig), LOW + 8);
    vcpu_mmio(rig->vcpu, &mmio);
    assert_int_equal(mmio.address, ROM + 0x1008);
    assert_int_equal(mmio.virtual, ROM_ABOVE + 0x1008);
    vcpu_set_x(rig->vcpu, 3, ROM_ABOVE + 0x1008);
    vcpu_complete(rig->vcpu, 0);
    assert_int_equal(vcpu_run(rig->vcpu), VCPU_EXIT_WFI);
    assert_int_equal(*(uint64_t *)(rig->ranges[1].host + 0x1008), 0x1234);
}

#define SHUT (LOW + 0x1000)

/* X2 is the address, X3 what is stored, X4 what is expected there. */
static const struct {
    uint32_t insn;
    uint8_t size;
} stores[] = {
    {0x39000043, 1}, /* strb w3, [x2] */
    {0x79000043, 2}, /* strh w3, [x2] */
    {0xb9000043, 4}, /* str w3, [x2] */
    {0xf9000043, 8}, /* str x3, [x2] */
    {0xc89ffc43, 8}, /* stlr x3, [x2] */
    {0xa9000c43, 0}, /* stp x3, x3, [x2] */
    {0xf8008443, 0}, /* str x3, [x2], #8 */
    {0x3d800043, 0}, /* str q3, [x2] */
    {0xc8a47c43, 0}, /* cas x4, x3, [x2] */
    {0xf8230044, 0}, /* ldadd x3, x4, [x2] */
    {0xd50b7422, 0}, /* dc zva, x2 */
};

static void check_shut(struct rig *rig, uint64_t at, uint32_t insn, unsigned size)
{
    const uint64_t mask = size == 8 ? UINT64_MAX : (UINT64_C(1) << 8 * size) - 1;
    uint64_t *shut = (uint64_t *)(rig->ranges[0].host + 0x1000);
    struct vcpu_mmio mmio;

    CODE(rig, 1, 0xf9400045 /* ldr x5, [x2] */, ADD_X9, insn, ADD_X9, WFI);
    *shut = 0x1111;
    vcpu_set_x(rig->vcpu, 2, at);
    vcpu_set_x(rig->vcpu, 3, UINT64_C(0xa1a2a3a4a5a6a7a8));
    vcpu_set_x(rig->vcpu, 4, 0x1111);
    vcpu_set_x(rig->vcpu, 9, 0);
    assert_int_equal(vcpu_run(rig->vcpu), VCPU_EXIT_MMIO);
    vcpu_mmio(rig->vcpu, &mmio);
    assert_int_equal(mmio.address, SHUT);
    assert_true(mmio.is_write);
    assert_int_equal(mmio.size, size);
    assert_int_equal(mmio.value, size ? UINT64_C(0xa1a2a3a4a5a6a7a8) & mask : 0);
    assert_int_equal(vcpu_get_x(rig->vcpu, 5), 0x1111);
    assert_int_equal(vcpu_get_x(rig->vcpu, 9), 1);
    assert_int_equal(vcpu_get_x(rig->vcpu, 2), at);
    assert_int_equal(vcpu_get_x(rig->vcpu, 4), 0x1111);
    assert_int_equal(pc_of(rig), rig->ranges[1].base + 8);
    assert_int_equal(*shut, 0x1111);
    if (size == 0)
        return;
    vcpu_complete(rig->vcpu, 0);
    assert_int_equal(vcpu_run(rig->vcpu), VCPU_EXIT_WFI);
    assert_int_equal(vcpu_get_x(rig->vcpu, 9), 2);
    assert_int_equal(*shut, 0x1111);
}

/* Loads and instructions come from it; stores leave, each time, as those to a device do. */
static void each_store_into_rom(void **state)
{
    struct rig *rig = *state;

    need_exits(rig);
    rig->ranges[0].read_only = true;
    for (unsigned twice = 0; twice < 2; twice++) {
        for (size_t n = 0; n < sizeof(stores) / sizeof(stores[0]); n++)
            check_shut(rig, SHUT, stores[n].insn, stores[n].size);
    }
    CODE(rig, 0, 0xf9000041 /* str x1, [x2] */, ADD_X9, WFI);
    vcpu_set_x(rig->vcpu, 1, 5);
    vcpu_set_x(rig->vcpu, 2, HIGH + 0x1000);
    vcpu_set_x(rig->vcpu, 9, 0);
    assert_int_equal(vcpu_run(rig->vcpu), VCPU_EXIT_WFI);
    assert_int_equal(vcpu_get_x(rig->vcpu, 9), 1);
    assert_int_equal(*(uint64_t *)(rig->ranges[1].host + 0x1000), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(ranges_are_ram, setup, teardown),
        cmocka_unit_test_setup_teardown(ranges_come_and_go, setup, teardown),
        cmocka_unit_test_setup_teardown(accesses_leave_at_their_instruction, setup, teardown),
        cmocka_unit_test_setup_teardown(big_endian_accesses, setup, teardown),
        cmocka_unit_test_setup_teardown(stores_into_rom_leave, setup, teardown),
        cmocka_unit_test_setup_teardown(rom_is_physical, setup, teardown),
        cmocka_unit_test_setup_teardown(each_store_into_rom, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
