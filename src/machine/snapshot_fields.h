/* SPDX-License-Identifier: BSD-3-Clause */
/* What both readers of the machine's sections need. */
#ifndef MACHINE_SNAPSHOT_FIELDS_H
#define MACHINE_SNAPSHOT_FIELDS_H

#include <vgic5/snapshot.h>

/* The fields of a section that must be there, in this version. DAMAGED or UNFIT. */
int section_fields(const struct vgic5_snapshot *snapshot, const char *type, uint64_t instance,
                   uint32_t version, const struct vgic5_fields **fields, struct vgic5_error *error);
/* All that were asked for are there; so is nothing else? UNFIT: it would be lost. */
int fields_expect_count(const struct vgic5_fields *fields, const char *where, size_t n,
                        struct vgic5_error *error);

#endif
