/* SPDX-License-Identifier: BSD-3-Clause */
/* How each register of IRS_CONFIG_FRAME behaves: one of these behind each row of the table. */
#ifndef GICV5_IRS_ACCESS_H
#define GICV5_IRS_ACCESS_H

#include "gicv5/state.h"

struct irs_access {
    uint64_t (*read)(const struct gicv5 *gic, enum irs_row row);
    /* The guest's, with its events. `mask` has the bits that are written, all or one half. */
    void (*write)(struct gicv5 *gic, enum irs_row row, uint64_t value, uint64_t mask);
    /* Raw: no event. NULL: there is nothing to put. */
    void (*put)(struct gicv5 *gic, enum irs_row row, uint64_t value);
    /* It concerns more than the registers of the frame. */
    bool write_reaches_pes, put_reaches_pes;
};

extern const struct irs_access *const irs_access_of[IRS_NR_ROWS];

/* The values of the ID registers, from the configuration. */
void irs_identify(struct gicv5 *gic);
/* Adopt an ID register of another IRS, which governs this one from now on. */
void irs_put_identity(struct gicv5 *gic, enum irs_row row, uint64_t value);

#endif
