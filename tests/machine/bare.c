/* SPDX-License-Identifier: BSD-3-Clause */
#include "bare.h"

#include <stdlib.h>
#include <string.h>

static void note(struct bare *bare, struct bare_access access)
{
    assert_true(bare->nr_accesses < MOST_ACCESSES);
    bare->accesses[bare->nr_accesses++] = access;
}

/* Each byte tells its address. */
static uint64_t device_value(uint64_t address, unsigned size)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < size; i++)
        value |= ((address + i) & 0xff) << 8 * i;
    return value;
}

static uint64_t mmio_read(void *opaque, uint64_t address, unsigned size)
{
    uint64_t value = device_value(address, size);

    note(opaque, (struct bare_access){false, address, size, value});
    return value;
}

static void mmio_write(void *opaque, uint64_t address, unsigned size, uint64_t value)
{
    note(opaque, (struct bare_access){true, address, size, value});
}

static enum vcpu_sysreg_result sysreg(void *opaque, struct vcpu_sysreg *access)
{
    struct bare *bare = opaque;

    bare->sysreg = *access;
    access->value = bare->sysreg_value;
    return bare->sysreg_result;
}

int bare_setup(void **state)
{
    struct bare *bare = calloc(1, sizeof(*bare));

    assert_non_null(bare);
    assert_int_equal(memory_create(&bare->ram, RAM, RAM_SIZE), 0);
    bare->map = (struct memory_map){.ranges = &bare->ram, .nr = 1};
    bare->host = (struct vcpu_host){
        .mmio_read = mmio_read, .mmio_write = mmio_write, .sysreg = sysreg, .opaque = bare};
    assert_int_equal(
        vcpu_engine_create(&unicorn_engine, &bare->map, &bare->clock, &bare->engine, NULL), 0);
    assert_int_equal(vcpu_create(bare->engine, &bare->host, &bare->vcpu, NULL), 0);
    *state = bare;
    return 0;
}

int bare_teardown(void **state)
{
    struct bare *bare = *state;

    vcpu_destroy(bare->vcpu);
    vcpu_engine_destroy(bare->engine);
    memory_destroy(&bare->ram);
    free(bare);
    return 0;
}

void bare_code(struct bare *bare, uint64_t offset, const uint32_t *code, size_t n)
{
    assert_int_equal(memory_write(&bare->ram, RAM + offset, code, n * sizeof(*code)), 0);
    if (bare->engine)
        vcpu_engine_remap(bare->engine); /* what was translated there is forgotten */
}

enum vcpu_exit bare_run(struct bare *bare, uint64_t offset)
{
    bare->clock.stop_at = bare->clock.check_at = UINT64_MAX;
    vcpu_set_pc(bare->vcpu, RAM + offset);
    return vcpu_run(bare->vcpu);
}

static size_t row_of(const char *name, const struct vcpu_register *registers, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(registers[i].name, name) == 0)
            return i;
    fail_msg("no register %s", name);
    return 0;
}

uint64_t bare_register(struct bare *bare, const char *name)
{
    struct vcpu_value values[256];
    size_t n;
    const struct vcpu_register *registers = vcpu_registers(&n);

    assert_true(n <= 256);
    assert_int_equal(vcpu_get_state(bare->vcpu, values), 0);
    return values[row_of(name, registers, n)].low;
}

void bare_set_register(struct bare *bare, const char *name, uint64_t value)
{
    struct vcpu_value values[256];
    size_t n;
    const struct vcpu_register *registers = vcpu_registers(&n);

    assert_true(n <= 256);
    assert_int_equal(vcpu_get_state(bare->vcpu, values), 0);
    values[row_of(name, registers, n)].low = value;
    assert_int_equal(vcpu_put_state(bare->vcpu, values), 0);
}
