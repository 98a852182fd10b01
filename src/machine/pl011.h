/* SPDX-License-Identifier: BSD-3-Clause */
/* PL011 UART (Arm DDI 0183), both directions, with its FIFOs and one combined level interrupt. */
#ifndef MACHINE_PL011_H
#define MACHINE_PL011_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "machine/bus.h"
#include "machine/tree.h"

#include <vgic5/snapshot.h>

struct pl011;

/* `output` gets each transmitted byte. */
struct pl011 *pl011_create(struct bus_wire wire, uint32_t spi,
                           void (*output)(void *opaque, uint8_t byte), void *opaque);
void pl011_destroy(struct pl011 *uart);
struct bus_device pl011_device(struct pl011 *uart);
/* Room in the receive FIFO; the machine offers no more input than that. */
size_t pl011_input_room(const struct pl011 *uart);
/* Does the guest wait for input, or would it miss what came now? `interrupt_enabled`: in the
 * interrupt controller. */
bool pl011_listens(const struct pl011 *uart, bool interrupt_enabled);
void pl011_input(struct pl011 *uart, const uint8_t *bytes, size_t n);
/* All state as named fields; load checks everything before it changes anything (DAMAGED), and
 * drives the wire. */
int pl011_save(const struct pl011 *uart, struct vgic5_fields *fields);
int pl011_load(struct pl011 *uart, const struct vgic5_fields *fields, struct vgic5_error *error);
/* Its node in the device tree. */
void pl011_node(struct tree *tree);

#endif
