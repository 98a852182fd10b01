/* SPDX-License-Identifier: BSD-3-Clause */
/* The words of GRP_IST that checks set and expect, and the LPI table in guest memory. */
#ifndef CONFORM_IST_H
#define CONFORM_IST_H

#include "conform/trial.h"

#define LPIS (1u << LPI_BITS)

/* Something in every entry: pending, active, enabled; to both vCPUs, with the priority bit that
 * every IRS has. */
void ist_fill(uint32_t *words, uint32_t number);
void ist_compare(struct trial *trial, const uint32_t *found, const uint32_t *expected,
                 uint32_t number, const char *what);

/* LPIS entries at the start of guest memory. Skips where the port has none. */
void ist_put_guest(struct trial *trial, const uint32_t *words);
void ist_get_guest(struct trial *trial, uint32_t *words);

#endif
