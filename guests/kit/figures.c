/* SPDX-License-Identifier: BSD-3-Clause */
#include "kit.h"

void sort(uint64_t *values, uint32_t nr)
{
    for (uint32_t i = 1; i < nr; i++)
        for (uint32_t j = i; j && values[j] < values[j - 1]; j--) {
            uint64_t swapped = values[j];
            values[j] = values[j - 1];
            values[j - 1] = swapped;
        }
}

uint64_t ns_of(uint64_t ticks)
{
    return ticks * 1000 / (read_register("cntfrq_el0") / 1000000);
}
