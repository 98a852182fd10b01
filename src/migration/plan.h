/* SPDX-License-Identifier: BSD-3-Clause */
/* How the rows of the two tables are written. */
#ifndef MIGRATION_PLAN_H
#define MIGRATION_PLAN_H

#include "migration/engine.h"

#define V1 VGIC5_PROFILE(VGIC5_ABI_V1)
#define V7_4 VGIC5_PROFILE(VGIC5_ABI_7_4)
#define EVERY (V1 | V7_4)

/* The public part of a row after its names: action, group, attr, loop, profiles, what, why. */
#define AT_IRS(reg) .group = VGIC5_GRP_IRS_REGS, .attr = reg##_AT
#define AT_GROUP(grp, number) .group = VGIC5_GRP_##grp, .attr = (number)
#define NOWHERE .group = VGIC5_STEP_NO_GROUP

#endif
