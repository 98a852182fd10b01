/* SPDX-License-Identifier: BSD-3-Clause */
/* What is held of the LPIs gives way to something else that may fail to come. */
#ifndef GICV5_ASIDE_H
#define GICV5_ASIDE_H

#include "gicv5/state.h"

/* Pending and Active count in what is restored. */
#define RESTORE_HONOURS ((uint32_t)(FIELD_MASK(ISTE_PENDING) | FIELD_MASK(ISTE_ACTIVE)))

/* Hold what `fill` brings instead of what is held; if it fails (its result), or there is no memory
 * (-ENOMEM), nothing has changed. */
int aside_replace(struct gicv5 *gic, int (*fill)(struct gicv5 *gic, void *context), void *context);

#endif
