/* SPDX-License-Identifier: BSD-3-Clause */
/* PPIs: the state of one PE's 128 of them, and the registers that show it. */
#ifndef GICV5_PPI_H
#define GICV5_PPI_H

#include "gicv5/state.h"

#define PPIS_PER_PRIORITYR 8u

/* Bitmaps. Writes drop what is not implemented. The masked ones set or clear where a 1 is written;
 * Pending changes for edge PPIs only. */
void ppi_write_enable(struct gicv5_pe *pe, uint32_t word, uint64_t value);
void ppi_set_active(struct gicv5_pe *pe, uint32_t word, uint64_t mask);
void ppi_clear_active(struct gicv5_pe *pe, uint32_t word, uint64_t mask);
void ppi_set_pending(struct gicv5_pe *pe, uint32_t word, uint64_t mask);
void ppi_clear_pending(struct gicv5_pe *pe, uint32_t word, uint64_t mask);

/* ICC_PPI_PRIORITYR<n>: PPI 8n + k at bits [8k + 4:8k]. */
uint64_t ppi_read_priorityr(const struct gicv5_pe *pe, uint32_t n);
void ppi_write_priorityr(struct gicv5_pe *pe, uint32_t n, uint64_t value);

/* Raw: replace Active; replace Pending, which for level PPIs is the wire. */
void ppi_put_active(struct gicv5_pe *pe, uint32_t word, uint64_t value);
void ppi_put_pending(struct gicv5_pe *pe, uint32_t word, uint64_t value);

/* Active is set; an edge PPI is no longer pending. */
void ppi_acknowledge(struct gicv5_pe *pe, uint32_t ppi);
void ppi_deactivate(struct gicv5_pe *pe, uint32_t ppi);

/* Recompute the best candidate. The functions above have done so. */
void ppi_select(struct gicv5_pe *pe);

#endif
