/* SPDX-License-Identifier: BSD-3-Clause */
/* What an opened snapshot says it has. */
#include <inttypes.h>
#include <string.h>

#include "facts/error.h"
#include "snapshot/reader.h"

const struct vgic5_snapshot_header *vgic5_snapshot_header(const struct vgic5_snapshot *snapshot)
{
    return snapshot ? &snapshot->header : NULL;
}

const uint8_t *vgic5_snapshot_root(const struct vgic5_snapshot *snapshot)
{
    return snapshot ? snapshot->root : NULL;
}

size_t vgic5_snapshot_nr_sections(const struct vgic5_snapshot *snapshot)
{
    return snapshot ? snapshot->nr_sections : 0;
}

const struct vgic5_section *vgic5_snapshot_section(const struct vgic5_snapshot *snapshot, size_t n)
{
    return snapshot && n < snapshot->nr_sections ? &snapshot->sections[n]->public : NULL;
}

const struct vgic5_section *vgic5_snapshot_find(const struct vgic5_snapshot *snapshot,
                                                const char *type, uint64_t instance)
{
    for (size_t i = 0; snapshot && type && i < snapshot->nr_sections; i++) {
        const struct vgic5_section *section = &snapshot->sections[i]->public;

        if (section->instance == instance && strcmp(section->type, type) == 0)
            return section;
    }
    return NULL;
}

static bool is_known(const struct vgic5_section *section, const char *const *known, size_t nr_known)
{
    if (section->kind > SECTION_MEMORY)
        return false;
    for (size_t i = 0; i < nr_known; i++) {
        if (strcmp(section->type, known[i]) == 0)
            return true;
    }
    return false;
}

int vgic5_snapshot_require_known(const struct vgic5_snapshot *snapshot, const char *const *known,
                                 size_t nr_known, struct vgic5_error *error)
{
    if (!snapshot || !known)
        return error_absent(error, !snapshot ? "snapshot" : "list of types");
    for (size_t i = 0; i < snapshot->nr_sections; i++) {
        const struct section *section = snapshot->sections[i];
        char where[WHERE_SIZE];

        if (!section->public.required || is_known(&section->public, known, nr_known))
            continue;
        section_where(&section->head, section->entry.offset, where);
        return error_unfit(error,
                           "%s (kind %" PRIu32 ", version %" PRIu32
                           ") is required and not known to this program; written by "
                           "\"%s\", format %u.%u",
                           where, section->head.kind, section->head.version,
                           snapshot->header.producer, snapshot->header.major,
                           snapshot->header.minor);
    }
    return 0;
}
