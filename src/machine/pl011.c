/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * There is no baud rate here: a byte is sent the moment it is written, and the time-outs of the
 * receiver have always elapsed. Three consequences:
 *   - the transmit FIFO is always empty, and each write makes it pass its trigger level on the way
 *     down: TXRIS is set by every write to DR;
 *   - data that stay in the receive FIFO raise the receive time-out interrupt at once, on arrival
 *     and after each read, and each clear, that leaves some (the clear: the receive interrupt too,
 *     at its level), so a driver need not wait for the trigger level;
 *   - the divisors, the word format, UARTEN and TXE are kept but change nothing: a guest that
 * relies on firmware to have set up the UART can print and read. RXE = 0 holds input back.
 */
#include "machine/pl011.h"

#include <stdlib.h>
#include <string.h>

#include "machine/pl011_parts.h"

#define REGION_SIZE 0x1000u

#define DR_OE 0x800u
#define RSR_OE 0x8u

#define FR_CTS 0x001u
#define FR_DSR 0x002u
#define FR_DCD 0x004u
#define FR_RXFE 0x010u
#define FR_RXFF 0x040u
#define FR_TXFE 0x080u
#define FR_RI 0x100u

#define LCR_H_FEN 0x10u

#define CR_LBE 0x0080u
#define CR_RXE 0x0200u
#define CR_DTR 0x0400u
#define CR_RTS 0x0800u
#define CR_OUT1 0x1000u
#define CR_OUT2 0x2000u

#define INT_RI 0x001u
#define INT_CTS 0x002u
#define INT_DCD 0x004u
#define INT_DSR 0x008u
#define INT_TX 0x020u
#define INT_OE 0x400u

#define SLOT(member) offsetof(struct pl011_state, member)

uint32_t *pl011_slot(struct pl011_state *state, const struct pl011_register *reg)
{
    return (uint32_t *)(void *)((uint8_t *)state + reg->slot);
}

/* ---- FIFO and interrupts --------------------------------------------------------------------- */

uint32_t pl011_fifo_depth(const struct pl011_state *state)
{
    return state->lcr_h & LCR_H_FEN ? PL011_FIFO_DEPTH : 1;
}

/* IFLS.RXIFLSEL: 1/8, 1/4, 1/2, 3/4, 7/8; the reserved values behave as the last. */
uint32_t pl011_rx_trigger(const struct pl011_state *state)
{
    static const uint8_t eighths[] = {1, 2, 4, 6, 7, 7, 7, 7};

    if (!(state->lcr_h & LCR_H_FEN))
        return 1;
    return eighths[state->ifls >> 3 & 7] * PL011_FIFO_DEPTH / 8;
}

static void update_wire(struct pl011 *uart)
{
    bool level = (uart->state.ris & uart->state.imsc) != 0;

    if (level == uart->level)
        return;
    uart->level = level;
    uart->wire.set(uart->wire.opaque, uart->spi, level);
}

static void set_ris(struct pl011_state *state, uint32_t bit, bool on)
{
    state->ris = on ? state->ris | bit : state->ris & ~bit;
}

/* The receive FIFO was filled (the trigger level may have been reached) or emptied. */
static void rx_changed(struct pl011_state *state, bool filled)
{
    bool reached = state->rx_count >= pl011_rx_trigger(state);

    if (filled || !reached)
        set_ris(state, PL011_INT_RX, reached);
    set_ris(state, PL011_INT_RT, state->rx_count != 0);
}

static void rx_push(struct pl011_state *state, uint8_t byte)
{
    if (state->rx_count < pl011_fifo_depth(state)) {
        state->rx[state->rx_count++] = byte;
        rx_changed(state, true);
        return;
    }
    /* The byte is lost, what the FIFO holds stays good (DDI 0183, UARTRSR.OE). */
    state->overrun = 1;
    state->rsr |= RSR_OE;
    state->ris |= INT_OE;
}

static uint8_t rx_pop(struct pl011_state *state)
{
    uint8_t byte = state->rx[0];

    state->rx_count--;
    memmove(state->rx, state->rx + 1, state->rx_count);
    rx_changed(state, false);
    return byte;
}

/* ---- Registers ------------------------------------------------------------------------------- */

static uint32_t read_stored(struct pl011 *uart, const struct pl011_register *reg)
{
    return *pl011_slot(&uart->state, reg);
}

static void write_stored(struct pl011 *uart, const struct pl011_register *reg, uint32_t value)
{
    *pl011_slot(&uart->state, reg) = value;
}

static uint32_t read_constant(struct pl011 *uart, const struct pl011_register *reg)
{
    (void)uart;
    return reg->reset;
}

static uint32_t read_dr(struct pl011 *uart, const struct pl011_register *reg)
{
    struct pl011_state *state = &uart->state;
    uint32_t value;

    (void)reg;
    if (state->rx_count == 0)
        return 0;
    /* DR.OE lasts until there is room again, which this read makes. */
    value = state->overrun ? DR_OE : 0;
    state->overrun = 0;
    return value | rx_pop(state);
}

static void write_dr(struct pl011 *uart, const struct pl011_register *reg, uint32_t value)
{
    (void)reg;
    uart->state.polls = 0;
    uart->output(uart->opaque, (uint8_t)value);
    if (uart->state.cr & CR_LBE)
        rx_push(&uart->state, (uint8_t)value);
    uart->state.ris |= INT_TX;
}

/* UARTECR: any write clears the error flags. */
static void write_ecr(struct pl011 *uart, const struct pl011_register *reg, uint32_t value)
{
    (void)reg;
    (void)value;
    uart->state.rsr = 0;
}

/* The modem lines: inputs of FR, what drives them in loopback, and the interrupt on a change. */
static const struct {
    uint32_t fr, cr, interrupt;
} modem_lines[] = {
    {FR_CTS, CR_RTS, INT_CTS},
    {FR_DSR, CR_DTR, INT_DSR},
    {FR_DCD, CR_OUT1, INT_DCD},
    {FR_RI, CR_OUT2, INT_RI},
};

/* The far end is always there and ready. */
static uint32_t modem_inputs(uint32_t cr)
{
    uint32_t fr = 0;

    if (!(cr & CR_LBE))
        return FR_CTS | FR_DSR | FR_DCD;
    for (size_t i = 0; i < sizeof(modem_lines) / sizeof(modem_lines[0]); i++)
        fr |= cr & modem_lines[i].cr ? modem_lines[i].fr : 0;
    return fr;
}

static uint32_t read_fr(struct pl011 *uart, const struct pl011_register *reg)
{
    struct pl011_state *state = &uart->state;
    uint32_t fr = FR_TXFE | modem_inputs(state->cr);

    (void)reg;
    if (state->polls < PL011_POLLS)
        state->polls++;
    if (state->rx_count == 0)
        fr |= FR_RXFE;
    if (state->rx_count == pl011_fifo_depth(state))
        fr |= FR_RXFF;
    return fr;
}

static void write_cr(struct pl011 *uart, const struct pl011_register *reg, uint32_t value)
{
    struct pl011_state *state = &uart->state;
    uint32_t changed = modem_inputs(state->cr) ^ modem_inputs(value);

    (void)reg;
    state->cr = value;
    for (size_t i = 0; i < sizeof(modem_lines) / sizeof(modem_lines[0]); i++)
        state->ris |= changed & modem_lines[i].fr ? modem_lines[i].interrupt : 0;
}

static void write_lcr_h(struct pl011 *uart, const struct pl011_register *reg, uint32_t value)
{
    struct pl011_state *state = &uart->state;
    uint32_t changed = state->lcr_h ^ value;

    (void)reg;
    state->lcr_h = value;
    if (!(changed & LCR_H_FEN))
        return;
    /* Clearing FEN flushes; setting it keeps what the one holding register has. */
    if (!(value & LCR_H_FEN)) {
        state->rx_count = 0;
        state->overrun = 0;
    }
    rx_changed(state, true);
}

static void write_ifls(struct pl011 *uart, const struct pl011_register *reg, uint32_t value)
{
    uint32_t trigger = pl011_rx_trigger(&uart->state);

    write_stored(uart, reg, value);
    if (pl011_rx_trigger(&uart->state) != trigger)
        rx_changed(&uart->state, true);
}

static uint32_t read_mis(struct pl011 *uart, const struct pl011_register *reg)
{
    (void)reg;
    return uart->state.ris & uart->state.imsc;
}

static void write_icr(struct pl011 *uart, const struct pl011_register *reg, uint32_t value)
{
    (void)reg;
    uart->state.ris &= ~value;
    /* A fall, and the rise if data are left: whoever drained the FIFO too early hears of them. */
    update_wire(uart);
    rx_changed(&uart->state, true);
}

/* Revision 1 of Arm's PL011: the one with FIFOs of 16. */
static const struct pl011_register registers[] = {
    {"DR", 0x000, 0xff, 0, read_dr, write_dr, PL011_NO_SLOT},
    {"RSR", 0x004, 0xf, 0, read_stored, write_ecr, SLOT(rsr)},
    {"FR", 0x018, 0, 0, read_fr, NULL, PL011_NO_SLOT},
    {"ILPR", 0x020, 0xff, 0, read_stored, write_stored, SLOT(ilpr)},
    {"IBRD", 0x024, 0xffff, 0, read_stored, write_stored, SLOT(ibrd)},
    {"FBRD", 0x028, 0x3f, 0, read_stored, write_stored, SLOT(fbrd)},
    {"LCR_H", 0x02c, 0xff, 0, read_stored, write_lcr_h, SLOT(lcr_h)},
    {"CR", 0x030, 0xff87, 0x300, read_stored, write_cr, SLOT(cr)},
    {"IFLS", 0x034, 0x3f, 0x12, read_stored, write_ifls, SLOT(ifls)},
    {"IMSC", 0x038, 0x7ff, 0, read_stored, write_stored, SLOT(imsc)},
    {"RIS", 0x03c, 0x7ff, 0, read_stored, NULL, SLOT(ris)},
    {"MIS", 0x040, 0, 0, read_mis, NULL, PL011_NO_SLOT},
    {"ICR", 0x044, 0x7ff, 0, NULL, write_icr, PL011_NO_SLOT},
    {"DMACR", 0x048, 0x7, 0, read_stored, write_stored, SLOT(dmacr)},
    {"PeriphID0", 0xfe0, 0, 0x11, read_constant, NULL, PL011_NO_SLOT},
    {"PeriphID1", 0xfe4, 0, 0x10, read_constant, NULL, PL011_NO_SLOT},
    {"PeriphID2", 0xfe8, 0, 0x14, read_constant, NULL, PL011_NO_SLOT},
    {"PeriphID3", 0xfec, 0, 0x00, read_constant, NULL, PL011_NO_SLOT},
    {"PCellID0", 0xff0, 0, 0x0d, read_constant, NULL, PL011_NO_SLOT},
    {"PCellID1", 0xff4, 0, 0xf0, read_constant, NULL, PL011_NO_SLOT},
    {"PCellID2", 0xff8, 0, 0x05, read_constant, NULL, PL011_NO_SLOT},
    {"PCellID3", 0xffc, 0, 0xb1, read_constant, NULL, PL011_NO_SLOT},
};

#define NR_REGISTERS (sizeof(registers) / sizeof(registers[0]))

const struct pl011_register *pl011_stored_register(size_t n)
{
    for (size_t i = 0; i < NR_REGISTERS; i++) {
        if (registers[i].slot != PL011_NO_SLOT && n-- == 0)
            return &registers[i];
    }
    return NULL;
}

/* A register is accessed at its own offset, with up to 32 bits; anything else is RAZ/WI. */
static const struct pl011_register *find_register(uint64_t offset, unsigned size)
{
    if (size == 0 || size > 4)
        return NULL;
    for (size_t i = 0; i < NR_REGISTERS; i++) {
        if (registers[i].offset == offset)
            return &registers[i];
    }
    return NULL;
}

static uint32_t low_bytes(uint64_t value, unsigned size)
{
    return (uint32_t)(value & (UINT64_MAX >> (64 - 8 * size)));
}

static uint64_t device_read(void *opaque, uint64_t offset, unsigned size)
{
    struct pl011 *uart = opaque;
    const struct pl011_register *reg = find_register(offset, size);
    uint32_t value;

    if (!reg || !reg->read)
        return 0;
    value = reg->read(uart, reg);
    update_wire(uart);
    return low_bytes(value, size);
}

static void device_write(void *opaque, uint64_t offset, unsigned size, uint64_t value)
{
    struct pl011 *uart = opaque;
    const struct pl011_register *reg = find_register(offset, size);

    if (!reg || !reg->write)
        return;
    reg->write(uart, reg, low_bytes(value, size) & reg->mask);
    update_wire(uart);
}

/* ---- Life and input -------------------------------------------------------------------------- */

struct pl011 *pl011_create(struct bus_wire wire, uint32_t spi,
                           void (*output)(void *opaque, uint8_t byte), void *opaque)
{
    struct pl011 *uart = calloc(1, sizeof(*uart));
    const struct pl011_register *reg;

    if (!uart)
        return NULL;
    uart->wire = wire;
    uart->spi = spi;
    uart->output = output;
    uart->opaque = opaque;
    for (size_t n = 0; (reg = pl011_stored_register(n)); n++)
        *pl011_slot(&uart->state, reg) = reg->reset;
    return uart;
}

void pl011_destroy(struct pl011 *uart)
{
    free(uart);
}

struct bus_device pl011_device(struct pl011 *uart)
{
    return (struct bus_device){.name = "pl011",
                               .base = MAP_PL011_BASE,
                               .size = REGION_SIZE,
                               .read = device_read,
                               .write = device_write,
                               .opaque = uart};
}

size_t pl011_input_room(const struct pl011 *uart)
{
    const struct pl011_state *state = &uart->state;

    /* In loopback the receiver hears the transmitter alone. */
    if (!(state->cr & CR_RXE) || (state->cr & CR_LBE))
        return 0;
    return pl011_fifo_depth(state) - state->rx_count;
}

/*
 * A driver empties the FIFO before it takes the interrupt into use, so bytes that come earlier than
 * that are lost. Whoever takes no interrupts asks FR, more often than for sending.
 */
bool pl011_listens(const struct pl011 *uart, bool interrupt_enabled)
{
    if (uart->state.imsc & (PL011_INT_RX | PL011_INT_RT))
        return interrupt_enabled;
    return uart->state.polls == PL011_POLLS;
}

void pl011_input(struct pl011 *uart, const uint8_t *bytes, size_t n)
{
    if (!(uart->state.cr & CR_RXE) || (uart->state.cr & CR_LBE))
        return;
    for (size_t i = 0; i < n; i++)
        rx_push(&uart->state, bytes[i]);
    update_wire(uart);
}

/* ---- In the device tree ------------------------------------------------------------------------
 */

void pl011_node(struct tree *tree)
{
    tree_begin_named(tree, "pl011@%x", MAP_PL011_BASE);
    TREE_PUT_TEXTS(tree, "compatible", "arm,pl011\0arm,primecell");
    tree_put_reg(tree, MAP_PL011_BASE, REGION_SIZE);
    tree_put_spi(tree, SPI_PL011);
    TREE_PUT_CELLS(tree, "clocks", PHANDLE_CLOCK, PHANDLE_CLOCK);
    TREE_PUT_TEXTS(tree, "clock-names", "uartclk\0apb_pclk");
    tree_end(tree);
}
