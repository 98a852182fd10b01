/* SPDX-License-Identifier: BSD-3-Clause */
#include "facts/error.h"
#include "machine/pl031.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "vcpu/timer.h"

#define REGION_SIZE 0x1000u
#define CR_START 1u

/* What a snapshot carries. The time is BASE + ELAPSED; the guest sets it by way of BASE. */
struct pl031_state {
    uint64_t base;    /* 32 bits */
    uint64_t elapsed; /* whole seconds of the guest's counter, at the machine's last word */
    uint64_t match, load, mask, raw;
};

struct pl031 {
    struct pl031_state state;
    struct bus_wire wire;
    uint32_t spi;
    void (*changed)(void *opaque);
    void *opaque;
};

static uint32_t time_of(const struct pl031_state *state)
{
    return (uint32_t)(state->base + state->elapsed);
}

static void update_wire(struct pl031 *rtc)
{
    rtc->wire.set(rtc->wire.opaque, rtc->spi, (rtc->state.raw & rtc->state.mask) != 0);
}

/* Seconds until the time is that of MR: 2^32 when it is so now. */
static uint64_t seconds_to_match(const struct pl031_state *state)
{
    uint32_t distance = (uint32_t)state->match - time_of(state);

    return distance != 0 ? distance : UINT64_C(1) << 32;
}

/* The counter and MR have been compared anew: equal at once is a match as well. */
static void compare(struct pl031 *rtc)
{
    if ((uint32_t)rtc->state.match == time_of(&rtc->state))
        rtc->state.raw = 1;
}

void pl031_set(struct pl031 *rtc, uint32_t seconds)
{
    rtc->state.base = (uint32_t)(seconds - rtc->state.elapsed);
}

void pl031_advance(struct pl031 *rtc, uint64_t counter)
{
    uint64_t elapsed = counter / COUNTER_FREQUENCY;

    if (elapsed <= rtc->state.elapsed)
        return;
    if (elapsed - rtc->state.elapsed >= seconds_to_match(&rtc->state))
        rtc->state.raw = 1;
    rtc->state.elapsed = elapsed;
    update_wire(rtc);
}

/* A match that nobody would hear of wakes nobody. */
uint64_t pl031_deadline(const struct pl031 *rtc)
{
    const struct pl031_state *state = &rtc->state;
    uint64_t at = state->elapsed + seconds_to_match(state);

    if (!state->mask || state->raw || at > UINT64_MAX / COUNTER_FREQUENCY)
        return COUNTER_NEVER;
    return at * COUNTER_FREQUENCY;
}

/* ---- Registers ---------------------------------------------------------------------------------
 */

static uint32_t read_time(const struct pl031_state *state)
{
    return time_of(state);
}

static uint32_t read_match(const struct pl031_state *state)
{
    return (uint32_t)state->match;
}

static uint32_t read_load(const struct pl031_state *state)
{
    return (uint32_t)state->load;
}

/* It runs, and once it does a write has no effect (DDI 0224, 3.3.4). */
static uint32_t read_control(const struct pl031_state *state)
{
    (void)state;
    return CR_START;
}

static uint32_t read_mask(const struct pl031_state *state)
{
    return (uint32_t)state->mask;
}

static uint32_t read_raw(const struct pl031_state *state)
{
    return (uint32_t)state->raw;
}

static uint32_t read_masked(const struct pl031_state *state)
{
    return (uint32_t)(state->raw & state->mask);
}

static void write_match(struct pl031 *rtc, uint32_t value)
{
    rtc->state.match = value;
    compare(rtc);
}

static void write_load(struct pl031 *rtc, uint32_t value)
{
    rtc->state.load = value;
    pl031_set(rtc, value);
    compare(rtc);
}

static void write_mask(struct pl031 *rtc, uint32_t value)
{
    rtc->state.mask = value & 1;
}

static void write_clear(struct pl031 *rtc, uint32_t value)
{
    if (value & 1)
        rtc->state.raw = 0;
}

/* NULL: reads as `constant`, or writes are ignored. */
static const struct pl031_register {
    uint32_t offset;
    uint32_t (*read)(const struct pl031_state *state);
    void (*write)(struct pl031 *rtc, uint32_t value);
    uint32_t constant;
} registers[] = {
    {0x000, read_time, NULL, 0},         /* DR */
    {0x004, read_match, write_match, 0}, /* MR */
    {0x008, read_load, write_load, 0},   /* LR */
    {0x00c, read_control, NULL, 0},      /* CR */
    {0x010, read_mask, write_mask, 0},   /* IMSC */
    {0x014, read_raw, NULL, 0},          /* RIS */
    {0x018, read_masked, NULL, 0},       /* MIS */
    {0x01c, NULL, write_clear, 0},       /* ICR */
    {0xfe0, NULL, NULL, 0x31},           /* PeriphID0 … */
    {0xfe4, NULL, NULL, 0x10},           {0xfe8, NULL, NULL, 0x04}, {0xfec, NULL, NULL, 0x00},
    {0xff0, NULL, NULL, 0x0d}, /* PCellID0 … */
    {0xff4, NULL, NULL, 0xf0},           {0xff8, NULL, NULL, 0x05}, {0xffc, NULL, NULL, 0xb1},
};

/* As in the PL011: at its own offset, with up to 32 bits; anything else is RAZ/WI. */
static const struct pl031_register *find_register(uint64_t offset, unsigned size)
{
    for (size_t i = 0; size <= 4 && i < sizeof(registers) / sizeof(*registers); i++)
        if (registers[i].offset == offset)
            return &registers[i];
    return NULL;
}

static uint64_t device_read(void *opaque, uint64_t offset, unsigned size)
{
    const struct pl031 *rtc = opaque;
    const struct pl031_register *reg = find_register(offset, size);
    uint32_t value;

    if (!reg)
        return 0;
    value = reg->read ? reg->read(&rtc->state) : reg->constant;
    return value & UINT64_MAX >> (64 - 8 * size);
}

static void device_write(void *opaque, uint64_t offset, unsigned size, uint64_t value)
{
    struct pl031 *rtc = opaque;
    const struct pl031_register *reg = find_register(offset, size);

    if (!reg || !reg->write)
        return;
    reg->write(rtc, (uint32_t)(value & UINT64_MAX >> (64 - 8 * size)));
    update_wire(rtc);
    rtc->changed(rtc->opaque);
}

/* ---- Life --------------------------------------------------------------------------------------
 */

struct pl031 *pl031_create(struct bus_wire wire, uint32_t spi, void (*changed)(void *opaque),
                           void *opaque)
{
    struct pl031 *rtc = calloc(1, sizeof(*rtc));

    if (!rtc)
        return NULL;
    rtc->wire = wire;
    rtc->spi = spi;
    rtc->changed = changed;
    rtc->opaque = opaque;
    return rtc;
}

void pl031_destroy(struct pl031 *rtc)
{
    free(rtc);
}

struct bus_device pl031_device(struct pl031 *rtc)
{
    return (struct bus_device){
        .name = "pl031",
        .base = MAP_PL031_BASE,
        .size = REGION_SIZE,
        .read = device_read,
        .write = device_write,
        .opaque = rtc,
    };
}

/* ---- Snapshot ----------------------------------------------------------------------------------
 */

#define UNLIMITED (UINT64_MAX / COUNTER_FREQUENCY)

static const struct {
    const char *name;
    uint64_t id; /* the register's offset, if it is one */
    uint64_t most;
    size_t offset;
} rows[] = {
#define ROW(name, id, most, member)                          \
    {                                                        \
        name, id, most, offsetof(struct pl031_state, member) \
    }
    ROW("MR", 0x04, UINT32_MAX, match), ROW("LR", 0x08, UINT32_MAX, load),
    ROW("IMSC", 0x10, 1, mask),         ROW("RIS", 0x14, 1, raw),
    ROW("BASE", 0, UINT32_MAX, base),   ROW("ELAPSED", 0, UNLIMITED, elapsed),
#undef ROW
};

#define NR_ROWS (sizeof(rows) / sizeof(*rows))

static uint64_t *slot(struct pl031_state *state, size_t row)
{
    return (uint64_t *)(void *)((char *)state + rows[row].offset);
}

int pl031_save(const struct pl031 *rtc, struct vgic5_fields *fields)
{
    struct pl031_state state = rtc->state;

    for (size_t i = 0; i < NR_ROWS; i++)
        vgic5_fields_put_u64(fields, rows[i].name, rows[i].id, *slot(&state, i));
    return vgic5_fields_error(fields);
}

static int refuse(struct vgic5_error *error, const char *name, uint64_t value, uint64_t most)
{
    return error_set(error, VGIC5_CAUSE_DAMAGED, -EINVAL,
                     "pl031 %s is 0x%" PRIx64 ", expected at most 0x%" PRIx64, name, value, most);
}

/* Sound, but not for this program: an unknown field is state that would be lost. */
static int check_count(const struct vgic5_fields *fields, struct vgic5_error *error)
{
    size_t found = vgic5_fields_count(fields);

    if (found == NR_ROWS)
        return 0;
    return error_unfit(error, "pl031: %zu fields, expected %zu", found, NR_ROWS);
}

int pl031_load(struct pl031 *rtc, const struct vgic5_fields *fields, struct vgic5_error *error)
{
    struct pl031_state state;
    int ret = 0;

    for (size_t i = 0; ret == 0 && i < NR_ROWS; i++) {
        uint64_t *value = slot(&state, i);

        ret = vgic5_fields_get_u64(fields, "pl031", rows[i].name, value, error);
        if (ret == 0 && *value > rows[i].most)
            return refuse(error, rows[i].name, *value, rows[i].most);
    }
    if (ret == 0)
        ret = check_count(fields, error);
    if (ret != 0)
        return ret;
    rtc->state = state;
    update_wire(rtc);
    return 0;
}

/* ---- In the device tree ------------------------------------------------------------------------
 */

void pl031_node(struct tree *tree)
{
    if (!tree->machine->pl031)
        return;
    tree_begin_named(tree, "pl031@%x", MAP_PL031_BASE);
    TREE_PUT_TEXTS(tree, "compatible", "arm,pl031\0arm,primecell");
    tree_put_reg(tree, MAP_PL031_BASE, REGION_SIZE);
    tree_put_spi(tree, SPI_PL031);
    TREE_PUT_CELLS(tree, "clocks", PHANDLE_CLOCK);
    tree_put_text(tree, "clock-names", "apb_pclk");
    tree_end(tree);
}
