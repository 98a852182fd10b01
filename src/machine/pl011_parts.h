/* SPDX-License-Identifier: BSD-3-Clause */
/* Between the behaviour of the PL011 and its state in a snapshot. */
#ifndef MACHINE_PL011_PARTS_H
#define MACHINE_PL011_PARTS_H

#include "machine/pl011.h"

#define PL011_FIFO_DEPTH 16u

/* So often in a row nobody reads FR who only waits to send. */
#define PL011_POLLS 8u

#define PL011_INT_RX 0x010u
#define PL011_INT_RT 0x040u

/* What a snapshot carries. */
struct pl011_state {
    uint32_t rsr, ilpr, ibrd, fbrd, lcr_h, cr, ifls, imsc, ris, dmacr;
    uint32_t overrun; /* DR.OE of the next read */
    uint32_t polls;   /* reads of FR since the last byte was sent, up to PL011_POLLS */
    uint32_t rx_count;
    uint8_t rx[PL011_FIFO_DEPTH]; /* oldest first */
};

struct pl011 {
    struct pl011_state state;
    bool level; /* on the wire */
    struct bus_wire wire;
    uint32_t spi;
    void (*output)(void *opaque, uint8_t byte);
    void *opaque;
};

/* A member is NULL where reads are zero, or writes ignored. */
struct pl011_register {
    const char *name;
    uint32_t offset;
    uint32_t mask;  /* the bits that exist; the others are RES0 */
    uint32_t reset; /* of an identification register: its value */
    uint32_t (*read)(struct pl011 *uart, const struct pl011_register *reg);
    void (*write)(struct pl011 *uart, const struct pl011_register *reg, uint32_t value);
    size_t slot; /* of its value in struct pl011_state, or PL011_NO_SLOT */
};

#define PL011_NO_SLOT SIZE_MAX

/* The n-th register that has a value of its own, or NULL behind the last. */
const struct pl011_register *pl011_stored_register(size_t n);
uint32_t *pl011_slot(struct pl011_state *state, const struct pl011_register *reg);
uint32_t pl011_fifo_depth(const struct pl011_state *state);
/* IFLS.RXIFLSEL, in bytes. */
uint32_t pl011_rx_trigger(const struct pl011_state *state);

#endif
