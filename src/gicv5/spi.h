/* SPDX-License-Identifier: BSD-3-Clause */
/* SPIs: wires, trigger modes and the events that they make. */
#ifndef GICV5_SPI_H
#define GICV5_SPI_H

#include "gicv5/state.h"

/* A change of IRS_SPI_CFGR.TM, with its event (R_KBPXL). */
void spi_set_tm(struct gicv5 *gic, uint32_t id, bool level);
/* IRS_SPI_RESAMPLER (R_DMTFM). */
void spi_resample(struct gicv5 *gic, uint32_t id);

#endif
