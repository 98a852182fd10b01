/* SPDX-License-Identifier: BSD-3-Clause */
/* The PL011 in a snapshot: what is saved comes back, and what is wrong is refused whole. */
#include "uart.h"

#include <errno.h>
#include <string.h>

static struct vgic5_fields *save(struct uart_bench *b)
{
    struct vgic5_fields *fields = vgic5_fields_new();

    assert_non_null(fields);
    assert_int_equal(pl011_save(b->uart, fields), 0);
    return fields;
}

static void expect_same(const struct vgic5_fields *a, const struct vgic5_fields *b)
{
    assert_int_equal(vgic5_fields_count(a), vgic5_fields_count(b));
    for (size_t i = 0; i < vgic5_fields_count(a); i++) {
        const struct vgic5_field *x = vgic5_fields_at(a, i), *y = vgic5_fields_at(b, i);

        assert_string_equal(x->name, y->name);
        assert_int_equal(x->kind, y->kind);
        assert_int_equal(x->id, y->id);
        if (x->kind == VGIC5_FIELD_U64)
            assert_int_equal(x->u64, y->u64);
        assert_int_equal(x->size, y->size);
        if (x->kind == VGIC5_FIELD_BYTES && x->size)
            assert_memory_equal(x->bytes, y->bytes, x->size);
    }
}

static void busy(struct uart_bench *b)
{
    put(b, ILPR, 1);
    put(b, IBRD, 2);
    put(b, FBRD, 3);
    put(b, LCR_H, 0x70);
    put(b, CR, 0xf01);
    put(b, IFLS, 0x0a);
    put(b, IMSC, RX | RT | OE);
    put(b, DMACR, 5);
    put(b, DR, 'x');
    get(b, FR);
    get(b, FR);
    type(b, 'a', 20);
    get(b, DR);
    type(b, 'z', 2);
}

static void names_and_values(void **unused)
{
    static const struct {
        const char *name;
        uint64_t id, value;
    } rows[] = {{"RSR", 4, 8},        {"ILPR", 0x20, 1},     {"IBRD", 0x24, 2},
                {"FBRD", 0x28, 3},    {"LCR_H", 0x2c, 0x70}, {"CR", 0x30, 0xf01},
                {"IFLS", 0x34, 0x0a}, {"IMSC", 0x38, 0x450}, {"RIS", 0x3c, 0x470},
                {"DMACR", 0x48, 5},   {"OVERRUN", 0, 1},     {"POLLS", 0, 2}};
    const struct vgic5_field *fifo;
    struct vgic5_fields *fields;
    struct uart_bench b;

    (void)unused;
    bench_create(&b);
    busy(&b);
    fields = save(&b);
    assert_int_equal(vgic5_fields_count(fields), sizeof(rows) / sizeof(rows[0]) + 1);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct vgic5_field *f = vgic5_fields_find(fields, rows[i].name);

        assert_non_null(f);
        assert_int_equal(f->id, rows[i].id);
        assert_int_equal(f->kind, VGIC5_FIELD_U64);
        assert_int_equal(f->u64, rows[i].value);
    }
    fifo = vgic5_fields_find(fields, "RXFIFO");
    assert_non_null(fifo);
    assert_int_equal(fifo->size, 16);
    assert_memory_equal(fifo->bytes, "bcdefghijklmnopz", 16);
    vgic5_fields_free(fields);
    bench_destroy(&b);
}

static void loads_what_was_saved(void **unused)
{
    struct vgic5_error error = {0};
    struct vgic5_fields *before, *after;
    struct uart_bench b, c;

    (void)unused;
    bench_create(&b);
    bench_create(&c);
    busy(&b);
    before = save(&b);
    assert_int_equal(pl011_load(c.uart, before, &error), 0);
    after = save(&c);
    expect_same(before, after);
    assert_int_equal(c.level, 1);
    assert_int_equal(c.nr_sent, 0);
    assert_int_equal(get(&c, DR), 0x800 | 'b');
    assert_int_equal(get(&c, DR), 'c');
    vgic5_fields_free(before);
    vgic5_fields_free(after);
    bench_destroy(&b);
    bench_destroy(&c);
}

/* A quiet state that replaces a busy one lowers the wire. */
static void load_drives_the_wire(void **unused)
{
    struct vgic5_fields *quiet;
    struct uart_bench b;

    (void)unused;
    bench_create(&b);
    quiet = save(&b);
    busy(&b);
    assert_int_equal(b.level, 1);
    assert_int_equal(pl011_load(b.uart, quiet, NULL), 0);
    assert_int_equal(b.level, 0);
    put(&b, IMSC, TX);
    put(&b, DR, 'x');
    assert_int_equal(b.level, 1);
    vgic5_fields_free(quiet);
    bench_destroy(&b);
}

/* `fields` with one of them changed, missing (NULL value and no bytes), or added. */
struct pl011_change {
    const char *name;
    const char *expected; /* in the message */
    enum { VALUE, BYTES, TEXT, MISSING } how;
    uint64_t value; /* VALUE; BYTES: how many */
};

static struct vgic5_fields *changed(const struct vgic5_fields *from,
                                    const struct pl011_change *change)
{
    static const uint8_t bytes[64] = "................................";
    struct vgic5_fields *to = vgic5_fields_new();

    for (size_t i = 0; i < vgic5_fields_count(from); i++) {
        const struct vgic5_field *f = vgic5_fields_at(from, i);

        if (strcmp(f->name, change->name) == 0)
            continue;
        if (f->kind == VGIC5_FIELD_U64)
            vgic5_fields_put_u64(to, f->name, f->id, f->u64);
        else
            vgic5_fields_put_bytes(to, f->name, f->id, f->bytes, f->size);
    }
    if (change->how == VALUE)
        vgic5_fields_put_u64(to, change->name, 0, change->value);
    else if (change->how == BYTES)
        vgic5_fields_put_bytes(to, change->name, 0, bytes, change->value);
    else if (change->how == TEXT)
        vgic5_fields_put_text(to, change->name, 0, "text");
    assert_int_equal(vgic5_fields_error(to), 0);
    return to;
}

static const struct pl011_change hostile[] = {
    {"RSR", "RSR is 0x10", VALUE, 0x10},
    {"ILPR", "ILPR is 0x100", VALUE, 0x100},
    {"IBRD", "IBRD is 0x10000", VALUE, 0x10000},
    {"FBRD", "FBRD is 0x40", VALUE, 0x40},
    {"LCR_H", "LCR_H is 0x170", VALUE, 0x170},
    {"CR", "CR is 0x8", VALUE, 0x8},
    {"IFLS", "IFLS is 0x40", VALUE, 0x40},
    {"IMSC", "IMSC is 0x800", VALUE, 0x800},
    {"IMSC", "IMSC is 0x100000000", VALUE, UINT64_C(0x100000000)},
    {"RIS", "RIS is 0xffffffffffffffff", VALUE, UINT64_MAX},
    {"DMACR", "DMACR is 0x8", VALUE, 8},
    {"OVERRUN", "OVERRUN is 0x2", VALUE, 2},
    {"POLLS", "POLLS is 9", VALUE, 9},
    {"CR", "CR", MISSING, 0},
    {"CR", "CR", BYTES, 8},
    {"CR", "CR", TEXT, 0},
    {"OVERRUN", "OVERRUN", MISSING, 0},
    {"RXFIFO", "RXFIFO", MISSING, 0},
    {"RXFIFO", "RXFIFO", VALUE, 3},
    {"RXFIFO", "RXFIFO", TEXT, 0},
    {"RXFIFO", "RXFIFO holds 17 bytes", BYTES, 17},
    {"RXFIFO", "RXFIFO holds 64 bytes", BYTES, 64},
    {"RXFIFO", "RIS is 0x470 with 0 bytes", BYTES, 0},
    {"RXFIFO", "RIS is 0x470 with 3 bytes", BYTES, 3},
    {"LCR_H", "RXFIFO holds 16 bytes", VALUE, 0},
    {"SURPRISE", "14 fields, expected 13", VALUE, 0},
};

static void hostile_fields_change_nothing(void **unused)
{
    struct vgic5_fields *good, *before;
    struct uart_bench b, c;

    (void)unused;
    bench_create(&b);
    bench_create(&c);
    busy(&b);
    good = save(&b);
    type(&c, 'k', 1);
    put(&c, IMSC, RX);
    before = save(&c);
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
        struct vgic5_fields *bad = changed(good, &hostile[i]), *after;
        struct vgic5_error error = {0};
        unsigned changes = c.changes;

        assert_true(pl011_load(c.uart, bad, &error) < 0);
        assert_true(pl011_load(c.uart, bad, NULL) < 0);
        assert_int_equal(error.cause, strcmp(hostile[i].name, "SURPRISE") == 0
                                          ? VGIC5_CAUSE_UNFIT
                                          : VGIC5_CAUSE_DAMAGED);
        assert_non_null(strstr(error.message, "pl011"));
        if (!strstr(error.message, hostile[i].expected))
            fail_msg("'%s' does not say '%s'", error.message, hostile[i].expected);
        assert_int_equal(c.changes, changes);
        after = save(&c);
        expect_same(before, after);
        vgic5_fields_free(after);
        vgic5_fields_free(bad);
    }
    vgic5_fields_free(good);
    vgic5_fields_free(before);
    bench_destroy(&b);
    bench_destroy(&c);
}

/* Whatever a guest did, its UART can be saved and loaded. */
static void every_reachable_state_loads(void **unused)
{
    uint64_t seed = 77;
    struct uart_bench b, c;

    (void)unused;
    bench_create(&b);
    bench_create(&c);
    for (unsigned i = 0; i < 20000; i++) {
        uint64_t r = noise(&seed);
        uint32_t offset = (uint32_t)(r >> 8) % 20 * 4;

        if (r % 3 == 0)
            put(&b, offset, (uint32_t)(r >> 32));
        else if (r % 3 == 1)
            get(&b, offset);
        else
            type(&b, (uint8_t)r, (r >> 16) % 4);
        if (i % 8 == 0) {
            struct vgic5_fields *before = save(&b), *after;

            assert_int_equal(pl011_load(c.uart, before, NULL), 0);
            after = save(&c);
            expect_same(before, after);
            assert_int_equal(c.level, b.level);
            vgic5_fields_free(before);
            vgic5_fields_free(after);
        }
    }
    bench_destroy(&b);
    bench_destroy(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_values),
        cmocka_unit_test(loads_what_was_saved),
        cmocka_unit_test(load_drives_the_wire),
        cmocka_unit_test(hostile_fields_change_nothing),
        cmocka_unit_test(every_reachable_state_loads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
