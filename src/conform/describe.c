/* SPDX-License-Identifier: BSD-3-Clause */
/* What a check says about itself, whatever family it is of. */
#include <stdio.h>

#include "conform/trial.h"

void describe_as(struct vgic5_conform_check *check, const char *name, const char *row,
                 uint32_t profiles)
{
    snprintf(check->name, sizeof(check->name), "%s", name);
    snprintf(check->row, sizeof(check->row), "%s", row);
    check->profiles = profiles;
}
