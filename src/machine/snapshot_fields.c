/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine/snapshot_fields.h"

#include <errno.h>
#include <inttypes.h>

#include "machine/machine_parts.h"

int section_fields(const struct vgic5_snapshot *snapshot, const char *type, uint64_t instance,
                   uint32_t version, const struct vgic5_fields **fields, struct vgic5_error *error)
{
    const struct vgic5_section *section = vgic5_snapshot_find(snapshot, type, instance);

    if (!section || !section->fields)
        return error_set(error, VGIC5_CAUSE_DAMAGED, -ENOENT,
                         "the snapshot has no section %s %" PRIu64, type, instance);
    if (section->version != version)
        return error_set(error, VGIC5_CAUSE_UNFIT, -ENOTSUP,
                         "section %s %" PRIu64 " has version %" PRIu32
                         ", this program knows version %" PRIu32,
                         type, instance, section->version, version);
    *fields = section->fields;
    return 0;
}

int fields_expect_count(const struct vgic5_fields *fields, const char *where, size_t n,
                        struct vgic5_error *error)
{
    size_t found = vgic5_fields_count(fields);

    if (found == n)
        return 0;
    return error_set(error, VGIC5_CAUSE_UNFIT, -ENOTSUP,
                     "section %s has %zu fields, %zu of which this program does not know", where,
                     found, found - n);
}
