/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine/bus.h"

const struct bus_device *bus_find(const struct bus_device *devices, size_t n, uint64_t address)
{
    for (size_t i = 0; i < n; i++) {
        /* One comparison for both ends: below the base the difference wraps to a large number. */
        if (address - devices[i].base < devices[i].size)
            return &devices[i];
    }
    return NULL;
}
