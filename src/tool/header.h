/* SPDX-License-Identifier: BSD-3-Clause */
/* The header of a snapshot file, which can be read of damaged and of future ones too. */
#ifndef TOOL_HEADER_H
#define TOOL_HEADER_H

#include <vgic5/snapshot.h>

int header_of_file(const char *path, struct vgic5_snapshot_header *header,
                   struct vgic5_error *error);

#endif
