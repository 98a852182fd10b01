/* SPDX-License-Identifier: BSD-3-Clause */
/* PL011 (Arm DDI 0183) as its guest sees it. */
#include "uart.h"

static int setup(void **state)
{
    static struct uart_bench bench;

    bench_create(&bench);
    *state = &bench;
    return 0;
}

static int teardown(void **state)
{
    bench_destroy(*state);
    return 0;
}

/* ---- Registers ------------------------------------------------------------------------------- */

static void where_it_is(void **state)
{
    struct uart_bench *b = *state;

    assert_string_equal(b->device.name, "pl011");
    assert_int_equal(b->device.base, 0x09000000);
    assert_int_equal(b->device.size, 0x1000);
}

static void reset_values(void **state)
{
    static const struct {
        uint32_t offset, value;
    } rows[] = {
        {DR, 0},       {RSR, 0},      {FR, 0x97},    {ILPR, 0},     {IBRD, 0},     {FBRD, 0},
        {LCR_H, 0},    {CR, 0x300},   {IFLS, 0x12},  {IMSC, 0},     {RIS, 0},      {MIS, 0},
        {ICR, 0},      {DMACR, 0},    {0xfe0, 0x11}, {0xfe4, 0x10}, {0xfe8, 0x14}, {0xfec, 0},
        {0xff0, 0x0d}, {0xff4, 0xf0}, {0xff8, 0x05}, {0xffc, 0xb1},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(get(*state, rows[i].offset), rows[i].value);
}

/* The id that the AMBA bus of a guest reads, under the mask of Arm's PL011 driver entry. */
static void amba_identification(void **state)
{
    uint32_t periph = 0, cell = 0;

    for (unsigned i = 0; i < 4; i++) {
        periph |= get(*state, 0xfe0 + 4 * i) << 8 * i;
        cell |= get(*state, 0xff0 + 4 * i) << 8 * i;
    }
    assert_int_equal(periph & 0xfffff, 0x41011);
    assert_true(cell == 0xb105f00d);
}

static void reserved_bits_are_zero(void **state)
{
    static const struct {
        uint32_t offset, mask;
    } rows[] = {{ILPR, 0xff}, {IBRD, 0xffff}, {FBRD, 0x3f},  {LCR_H, 0xff},
                {CR, 0xff87}, {IFLS, 0x3f},   {IMSC, 0x7ff}, {DMACR, 7}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        put(*state, rows[i].offset, 0xffffffff);
        assert_int_equal(get(*state, rows[i].offset), rows[i].mask);
        put(*state, rows[i].offset, 0);
        assert_int_equal(get(*state, rows[i].offset), 0);
    }
}

static void read_only_registers(void **state)
{
    static const uint32_t offsets[] = {FR,    RIS,   MIS,   0xfe0, 0xfe4, 0xfe8,
                                       0xfec, 0xff0, 0xff4, 0xff8, 0xffc};

    for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        uint32_t before = get(*state, offsets[i]);

        put(*state, offsets[i], ~before);
        assert_int_equal(get(*state, offsets[i]), before);
    }
}

static void holes_are_raz_wi(void **state)
{
    struct uart_bench *b = *state;

    for (uint32_t offset = 0; offset < 0x1000; offset++) {
        bool reg = offset % 4 == 0 && (offset >= 0xfe0 || offset <= RSR ||
                                       (offset >= FR && offset != 0x1c && offset <= DMACR));

        if (reg)
            continue;
        put(b, offset, 0xffffffff);
        assert_int_equal(get(b, offset), 0);
    }
    assert_int_equal(b->nr_sent, 0);
    assert_int_equal(get(b, CR), 0x300);
    assert_int_equal(get(b, RIS), 0);
}

static void access_sizes(void **state)
{
    struct uart_bench *b = *state;

    b->device.write(b->device.opaque, IBRD, 1, 0xabcd);
    assert_int_equal(get(b, IBRD), 0xcd);
    b->device.write(b->device.opaque, IBRD, 2, 0x1abcd);
    assert_int_equal(get(b, IBRD), 0xabcd);
    assert_int_equal(b->device.read(b->device.opaque, IBRD, 1), 0xcd);
    assert_int_equal(b->device.read(b->device.opaque, IBRD, 2), 0xabcd);
    b->device.write(b->device.opaque, IBRD, 4, UINT64_C(0x100000001));
    assert_int_equal(get(b, IBRD), 1);
    b->device.write(b->device.opaque, IBRD, 8, 7);
    assert_int_equal(get(b, IBRD), 1);
    assert_int_equal(b->device.read(b->device.opaque, IBRD, 8), 0);
    /* An access of 8 bytes takes nothing from the FIFO and sends nothing. */
    type(b, 'a', 1);
    assert_int_equal(b->device.read(b->device.opaque, DR, 8), 0);
    b->device.write(b->device.opaque, DR, 8, 'x');
    assert_int_equal(b->nr_sent, 0);
    assert_int_equal(b->device.read(b->device.opaque, DR, 1), 'a');
}

/* ---- Transmitting ---------------------------------------------------------------------------- */

/* As a polled driver does, with and without having set up anything. */
static void polled_output(void **state)
{
    struct uart_bench *b = *state;

    for (const char *p = "polled"; *p; p++) {
        assert_int_equal(get(b, FR) & 0x28, 0); /* neither TXFF nor BUSY */
        b->device.write(b->device.opaque, DR, 1, (uint8_t)*p);
        assert_int_equal(get(b, FR) & 0x88, 0x80);
    }
    put(b, CR, 0);
    put(b, DR, 0x1ff00 | '!');
    assert_int_equal(b->nr_sent, 7);
    assert_memory_equal(b->sent, "polled!", 7);
    assert_int_equal(b->changes, 0);
}

static void transmit_interrupt(void **state)
{
    struct uart_bench *b = *state;

    put(b, IMSC, TX); /* no transition yet, so no interrupt */
    assert_int_equal(b->level, 0);
    put(b, DR, 'x');
    assert_int_equal(get(b, RIS), TX);
    assert_int_equal(get(b, MIS), TX);
    assert_int_equal(b->level, 1);
    put(b, ICR, TX);
    assert_int_equal(b->level, 0);
    assert_int_equal(get(b, RIS), 0);
    put(b, DR, 'y');
    assert_int_equal(b->level, 1);
    put(b, IMSC, 0); /* as a driver stops: it is still raw */
    assert_int_equal(b->level, 0);
    assert_int_equal(get(b, RIS), TX);
    assert_int_equal(get(b, MIS), 0);
    assert_int_equal(b->changes, 4);
}

/* ---- Receiving ------------------------------------------------------------------------------- */

static void polled_input(void **state)
{
    struct uart_bench *b = *state;

    assert_int_equal(pl011_input_room(b->uart), 1);
    assert_int_equal(get(b, FR) & 0x50, 0x10);
    type(b, 'q', 1);
    assert_int_equal(pl011_input_room(b->uart), 0);
    assert_int_equal(get(b, FR) & 0x50, 0x40);
    assert_int_equal(get(b, DR), 'q');
    assert_int_equal(pl011_input_room(b->uart), 1);
    assert_int_equal(get(b, FR) & 0x50, 0x10);
    assert_int_equal(get(b, DR), 0); /* empty */
}

static void fifo_keeps_order(void **state)
{
    struct uart_bench *b = *state;

    put(b, LCR_H, FEN);
    assert_int_equal(pl011_input_room(b->uart), 16);
    for (unsigned round = 0; round < 5; round++) {
        type(b, 'a', 11);
        assert_int_equal(pl011_input_room(b->uart), 5);
        for (unsigned i = 0; i < 11; i++)
            assert_int_equal(get(b, DR), 'a' + i);
    }
    type(b, 0, 16);
    assert_int_equal(pl011_input_room(b->uart), 0);
    assert_int_equal(get(b, FR) & 0x50, 0x40);
    assert_int_equal(get(b, RSR), 0);
    for (unsigned i = 0; i < 16; i++)
        assert_int_equal(get(b, DR), i);
}

static void receive_interrupt_by_level(void **state)
{
    static const uint8_t levels[] = {2, 4, 8, 12, 14, 14, 14, 14};
    struct uart_bench *b = *state;

    put(b, LCR_H, FEN);
    put(b, IMSC, RX);
    for (unsigned select = 0; select < 8; select++) {
        put(b, IFLS, select << 3 | 7);
        for (unsigned n = 1; n <= 16; n++) {
            type(b, 'a', 1);
            assert_int_equal(b->level, n >= levels[select]);
        }
        for (unsigned left = 16; left-- > 0;) {
            get(b, DR);
            assert_int_equal(b->level, left >= levels[select]);
        }
    }
    assert_int_equal(b->changes, 16);
}

/* FEN = 0: one byte is the level, one read clears (DDI 0183, UARTRXINTR). */
static void receive_interrupt_without_fifo(void **state)
{
    struct uart_bench *b = *state;

    put(b, IMSC, RX);
    type(b, 'a', 1);
    assert_int_equal(get(b, MIS), RX);
    assert_int_equal(b->level, 1);
    get(b, DR);
    assert_int_equal(get(b, RIS), 0);
    assert_int_equal(b->level, 0);
}

static void receive_timeout(void **state)
{
    struct uart_bench *b = *state;

    put(b, LCR_H, FEN);
    put(b, IMSC, RX | RT);
    type(b, 'a', 3); /* below the level of 8 */
    assert_int_equal(get(b, MIS), RT);
    assert_int_equal(b->level, 1);
    get(b, DR);
    get(b, DR);
    assert_int_equal(get(b, MIS), RT);
    get(b, DR);
    assert_int_equal(get(b, MIS), 0);
    assert_int_equal(b->level, 0);
    assert_int_equal(b->changes, 2);
}

/* With data left the receive time-out elapses again at once, and so does the level hold. */
static void icr_with_data_left_raises_again(void **state)
{
    struct uart_bench *b = *state;

    put(b, LCR_H, FEN);
    put(b, IMSC, RX | RT);
    type(b, 'a', 9);
    assert_int_equal(get(b, RIS), RX | RT);
    assert_int_equal(b->changes, 1);
    put(b, ICR, RX | RT);
    assert_int_equal(get(b, RIS), RX | RT);
    assert_int_equal(b->level, 1);
    assert_int_equal(b->changes, 3); /* down and up: an edge, for those who listen to edges */
    put(b, ICR, RT);
    assert_int_equal(get(b, RIS), RX | RT);
    put(b, ICR, OE | TX); /* no edge without a clear */
    assert_int_equal(b->changes, 3);
    get(b, DR);
    get(b, DR);
    assert_int_equal(get(b, RIS), RT); /* below the level */
    put(b, ICR, RX | RT);
    assert_int_equal(get(b, RIS), RT);
    for (unsigned i = 0; i < 7; i++)
        get(b, DR);
    put(b, ICR, RX | RT);
    assert_int_equal(get(b, RIS), 0);
    assert_int_equal(b->level, 0);
}

/* A driver empties the FIFO and then clears; what comes in between must not be forgotten, whatever
 * it has unmasked, with a FIFO and without. */
static void a_byte_between_drain_and_clear_is_reported(void **state)
{
    static const struct {
        uint32_t fifo, mask, bytes;
    } drivers[] = {{FEN, RX | RT, 1}, {FEN, RT, 1}, {FEN, RX, 8}, {0, RX | RT, 1}, {0, RX, 1}};
    struct uart_bench *b = *state;

    for (unsigned i = 0; i < sizeof(drivers) / sizeof(*drivers); i++) {
        put(b, LCR_H, drivers[i].fifo);
        put(b, IMSC, drivers[i].mask);
        for (unsigned round = 0; round < 3; round++) {
            type(b, 'a', drivers[i].bytes);
            assert_int_equal(b->level, 1);
            while (!(get(b, FR) & 0x10))
                get(b, DR);
            type(b, 'A', drivers[i].bytes);
            put(b, ICR, 0x7ff);
            assert_int_equal(b->level, 1);
            while (!(get(b, FR) & 0x10))
                get(b, DR);
            put(b, ICR, 0x7ff);
            assert_int_equal(b->level, 0);
        }
    }
}

static void overrun(void **state)
{
    struct uart_bench *b = *state;

    put(b, LCR_H, FEN);
    put(b, IMSC, OE);
    type(b, 0, 17);
    assert_int_equal(get(b, RIS) & OE, OE);
    assert_int_equal(b->level, 1);
    assert_int_equal(get(b, RSR), 8);
    assert_int_equal(get(b, DR), 0x800); /* the first byte is good, and says so once */
    assert_int_equal(get(b, DR), 1);
    assert_int_equal(get(b, RSR), 8);
    put(b, RSR, 0);
    assert_int_equal(get(b, RSR), 0);
    put(b, ICR, OE);
    assert_int_equal(b->level, 0);
    for (unsigned i = 2; i < 16; i++)
        assert_int_equal(get(b, DR), i);
    assert_int_equal(get(b, FR) & 0x10, 0x10);
}

static void receiver_off_holds_input_back(void **state)
{
    struct uart_bench *b = *state;

    put(b, CR, 0x101);
    assert_int_equal(pl011_input_room(b->uart), 0);
    type(b, 'a', 3);
    assert_int_equal(get(b, FR) & 0x10, 0x10);
    assert_int_equal(get(b, RIS), 0);
    put(b, CR, 0x301);
    assert_int_equal(pl011_input_room(b->uart), 1);
}

static void fen_resizes_the_fifo(void **state)
{
    struct uart_bench *b = *state;

    put(b, IMSC, RX);
    type(b, 'a', 1);
    assert_int_equal(b->level, 1);
    put(b, LCR_H, FEN); /* the byte stays, but is below the level now */
    assert_int_equal(b->level, 0);
    assert_int_equal(get(b, RIS), RT);
    type(b, 'b', 16);
    assert_int_equal(get(b, RSR), 8);
    put(b, LCR_H, 0); /* flushed */
    assert_int_equal(get(b, FR) & 0x50, 0x10);
    assert_int_equal(get(b, RIS), OE);
    type(b, 'c', 1);
    assert_int_equal(get(b, DR), 'c'); /* without OE */
}

static void level_moves_under_the_data(void **state)
{
    struct uart_bench *b = *state;

    put(b, LCR_H, FEN);
    put(b, IFLS, 4 << 3);
    put(b, IMSC, RX);
    type(b, 'a', 5);
    assert_int_equal(b->level, 0);
    put(b, IFLS, 1 << 3);
    assert_int_equal(b->level, 1);
    put(b, IFLS, 2 << 3);
    assert_int_equal(b->level, 0);
}

/* ---- Loopback -------------------------------------------------------------------------------- */

static void loopback(void **state)
{
    struct uart_bench *b = *state;

    put(b, CR, 0x381);
    assert_int_equal(get(b, FR) & 0x107, 0);
    assert_int_equal(get(b, RIS), 0xe); /* CTS, DCD and DSR fell */
    assert_int_equal(pl011_input_room(b->uart), 0);
    put(b, DR, 'l');
    assert_int_equal(b->nr_sent, 1);
    assert_int_equal(get(b, DR), 'l');
    put(b, ICR, 0x7ff);
    put(b, CR, 0x381 | 0x3c00); /* DTR RTS Out1 Out2 */
    assert_int_equal(get(b, FR) & 0x107, 0x107);
    assert_int_equal(get(b, RIS), 0xf);
    put(b, ICR, 0x5);
    assert_int_equal(get(b, RIS), 0xa);
    put(b, ICR, 0xa);
    assert_int_equal(get(b, RIS), 0);
    put(b, DR, 1);
    put(b, DR, 2);
    assert_int_equal(get(b, RSR), 8);
}

/* ---- A driver, and noise --------------------------------------------------------------------- */

/* The order of accesses of a common interrupt-driven driver: probe, open, transmit, receive. */
static void interrupt_driven_driver(void **state)
{
    struct uart_bench *b = *state;

    put(b, IMSC, 0);
    put(b, ICR, 0xffff);
    put(b, CR, 0);
    put(b, FBRD, 4);
    put(b, IBRD, 39);
    put(b, LCR_H, 0x70);
    put(b, IFLS, 2 << 3 | 1);
    put(b, CR, 0xf01);
    put(b, ICR, RX | RT);
    while (!(get(b, FR) & 0x10))
        get(b, DR);
    put(b, IMSC, RX | RT | OE);
    assert_int_equal(b->changes, 0);

    put(b, DR, '>');
    assert_int_equal(b->level, 0);
    put(b, IMSC, RX | RT | OE | TX);
    assert_int_equal(b->level, 1);
    put(b, IMSC, RX | RT | OE);
    assert_int_equal(b->level, 0);

    type(b, 'a', 2);
    assert_int_equal(b->level, 1);
    assert_int_equal(get(b, DR), 'a');
    assert_int_equal(get(b, DR), 'b');
    assert_int_equal(b->level, 0);
}

static void wire_follows_ris_and_imsc(void **state)
{
    struct uart_bench *b = *state;
    uint64_t seed = 11;
    unsigned ups = 0;

    for (unsigned i = 0; i < 50000; i++) {
        uint64_t r = noise(&seed);
        uint32_t offset = (uint32_t)(r >> 8) % 20 * 4;
        int before = b->level;
        unsigned changes = b->changes;

        if (r % 3 == 0)
            put(b, offset, (uint32_t)(r >> 32));
        else if (r % 3 == 1)
            b->device.read(b->device.opaque, offset, 1u << (r >> 40 & 3));
        else
            type(b, (uint8_t)r, (r >> 16) % 4);
        assert_int_equal(b->level, (get(b, RIS) & get(b, IMSC)) != 0);
        assert_int_equal(get(b, MIS), get(b, RIS) & get(b, IMSC));
        assert_true(b->level != before || (b->changes - changes) % 2 == 0);
        assert_true(pl011_input_room(b->uart) <= 16);
        ups += b->level > before;
    }
    assert_true(ups > 100);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

/* By interrupt, if it can come; or by asking FR, but not because it is about to send. */
static void listens(void **state)
{
    struct uart_bench *b = *state;

    assert_false(pl011_listens(b->uart, true));
    put(b, IMSC, TX);
    assert_false(pl011_listens(b->uart, true));
    put(b, IMSC, RT);
    assert_true(pl011_listens(b->uart, true));
    assert_false(pl011_listens(b->uart, false));
    put(b, IMSC, 0);
    for (int i = 0; i < 7; i++)
        get(b, FR);
    assert_false(pl011_listens(b->uart, true));
    put(b, DR, 'x');
    for (int i = 0; i < 8; i++) {
        assert_false(pl011_listens(b->uart, true));
        get(b, FR);
    }
    assert_true(pl011_listens(b->uart, false));
    put(b, DR, 'x');
    assert_false(pl011_listens(b->uart, false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(where_it_is),
        TEST(reset_values),
        TEST(amba_identification),
        TEST(reserved_bits_are_zero),
        TEST(read_only_registers),
        TEST(holes_are_raz_wi),
        TEST(access_sizes),
        TEST(polled_output),
        TEST(transmit_interrupt),
        TEST(polled_input),
        TEST(fifo_keeps_order),
        TEST(receive_interrupt_by_level),
        TEST(receive_interrupt_without_fifo),
        TEST(receive_timeout),
        TEST(icr_with_data_left_raises_again),
        TEST(a_byte_between_drain_and_clear_is_reported),
        TEST(overrun),
        TEST(receiver_off_holds_input_back),
        TEST(fen_resizes_the_fifo),
        TEST(level_moves_under_the_data),
        TEST(loopback),
        TEST(interrupt_driven_driver),
        TEST(wire_follows_ris_and_imsc),
        TEST(listens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
