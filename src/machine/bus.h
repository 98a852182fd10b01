/* SPDX-License-Identifier: BSD-3-Clause */
/* A device on the machine's bus, and the map that finds it. */
#ifndef MACHINE_BUS_H
#define MACHINE_BUS_H

#include <stddef.h>
#include <stdint.h>

#include "facts/map.h"

/* `size` is 1, 2, 4 or 8; reads are zero-extended. Offsets are within the device. */
struct bus_device {
    const char *name;
    uint64_t base, size;
    uint64_t (*read)(void *opaque, uint64_t offset, unsigned size);
    void (*write)(void *opaque, uint64_t offset, unsigned size, uint64_t value);
    void *opaque;
};

/* The device that covers `address`, or NULL. */
const struct bus_device *bus_find(const struct bus_device *devices, size_t n, uint64_t address);

/* How a device drives its SPI wire. */
struct bus_wire {
    void (*set)(void *opaque, uint32_t spi, int level);
    void *opaque;
};

#endif
