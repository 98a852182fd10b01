/* SPDX-License-Identifier: BSD-3-Clause */
/* What an incremental snapshot builds on. */
#include <errno.h>

#include "facts/error.h"
#include "snapshot/reader.h"

static const struct vgic5_field *field_of(const struct vgic5_snapshot *snapshot, const char *name,
                                          enum vgic5_field_kind kind)
{
    const struct vgic5_section *base = vgic5_snapshot_find(snapshot, SECTION_BASE, 0);
    const struct vgic5_field *field =
        base && base->fields ? vgic5_fields_find(base->fields, name) : NULL;

    return field && field->kind == kind ? field : NULL;
}

static const struct vgic5_field *root_of(const struct vgic5_snapshot *snapshot)
{
    const struct vgic5_field *root = field_of(snapshot, BASE_ROOT, VGIC5_FIELD_BYTES);

    return root && root->size == VGIC5_SNAPSHOT_ROOT_SIZE ? root : NULL;
}

const uint8_t *vgic5_snapshot_base(const struct vgic5_snapshot *snapshot, const char **name)
{
    const struct vgic5_field *text =
        snapshot ? field_of(snapshot, BASE_NAME, VGIC5_FIELD_TEXT) : NULL;

    if (name)
        *name = text ? text->bytes : NULL;
    if (!snapshot || !(snapshot->header.incompatible & INCOMPATIBLE_INCREMENTAL))
        return NULL;
    return root_of(snapshot)->bytes; /* reader_check_base has seen it */
}

int reader_check_base(const struct vgic5_snapshot *snapshot, struct vgic5_error *error)
{
    bool incremental = snapshot->header.incompatible & INCOMPATIBLE_INCREMENTAL;

    if (incremental && !root_of(snapshot))
        return error_damaged(error, "the snapshot is incremental, and no section base[0] with "
                                    "a root hash says what it builds on");
    if (!incremental && vgic5_snapshot_find(snapshot, SECTION_BASE, 0))
        return error_damaged(error, "section base[0] is there, and the file header does not "
                                    "say that the snapshot is incremental");
    return 0;
}
