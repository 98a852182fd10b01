/* SPDX-License-Identifier: BSD-3-Clause */
/* What a guest makes of the times that it has measured. */
#ifndef KIT_FIGURES_H
#define KIT_FIGURES_H

#include <stdint.h>

void sort(uint64_t *values, uint32_t nr);
/* Of ticks of the counter. */
uint64_t ns_of(uint64_t ticks);

#endif
