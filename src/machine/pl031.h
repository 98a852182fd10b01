/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PL031 real-time clock (Arm DDI 0224): seconds since 1970, with a match interrupt. It has no time
 * of its own: the machine tells it the guest's counter. What the guest reads is the time at the
 * machine's last word, so that it does not depend on where within a block of instructions it reads.
 */
#ifndef MACHINE_PL031_H
#define MACHINE_PL031_H

#include <stdint.h>

#include "machine/bus.h"
#include "machine/tree.h"

#include <vgic5/snapshot.h>

struct pl031;

/* `changed`, when the deadline is another one. */
struct pl031 *pl031_create(struct bus_wire wire, uint32_t spi, void (*changed)(void *opaque),
                           void *opaque);
void pl031_destroy(struct pl031 *rtc);
struct bus_device pl031_device(struct pl031 *rtc);
/* Now it is this time. */
void pl031_set(struct pl031 *rtc, uint32_t seconds);
/* The guest's counter has come to this value. It never goes back. */
void pl031_advance(struct pl031 *rtc, uint64_t counter);
/* The counter value of the next match, or COUNTER_NEVER. */
uint64_t pl031_deadline(const struct pl031 *rtc);
/* All state as named fields; load checks everything before it changes anything (DAMAGED), and
 * drives the wire. */
int pl031_save(const struct pl031 *rtc, struct vgic5_fields *fields);
int pl031_load(struct pl031 *rtc, const struct vgic5_fields *fields, struct vgic5_error *error);
/* Its node in the device tree. */
void pl031_node(struct tree *tree);

#endif
