/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/look/diff.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tool/look/fields_json.h"
#include "tool/json.h"

/* The interrupts tell these INTID by INTID. */
static bool told_by_interrupts(const char *type, const char *field)
{
    return strcmp(type, "spi") == 0 || strcmp(type, "lpi") == 0 ||
           (strcmp(type, "icc") == 0 && strncmp(field, "ICC_PPI_", 8) == 0);
}

static void name_of(const struct vgic5_section *section, char name[64])
{
    snprintf(name, 64, "%s %" PRIu64, section->type, section->instance);
}

static json_t *value_of(const struct vgic5_field *field)
{
    if (!field)
        return json_null();
    if (field->kind == VGIC5_FIELD_U64)
        return json_hex(field->u64);
    if (field->kind == VGIC5_FIELD_TEXT)
        return json_stringn(field->bytes, field->size);
    return field_bytes_as_json(field);
}

static bool same(const struct vgic5_field *a, const struct vgic5_field *b)
{
    if (!a || !b || a->kind != b->kind || a->id != b->id)
        return false;
    if (a->kind == VGIC5_FIELD_U64)
        return a->u64 == b->u64;
    return a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}

/* Each field of `fields` against its like in `others`; `swapped`: only those that are missing. */
static void diff_fields(struct diff *diff, const struct vgic5_section *section,
                        const struct vgic5_fields *fields, const struct vgic5_fields *others,
                        bool swapped)
{
    char what[64];

    name_of(section, what);
    for (size_t n = 0; n < vgic5_fields_count(fields); n++) {
        const struct vgic5_field *field = vgic5_fields_at(fields, n);
        const struct vgic5_field *other = vgic5_fields_find(others, field->name);

        if (told_by_interrupts(section->type, field->name) || (swapped && other) ||
            same(field, other))
            continue;
        diff_add(diff, what, field->name, value_of(swapped ? other : field),
                 value_of(swapped ? field : other));
    }
}

static void diff_raw(struct diff *diff, const struct vgic5_section *a,
                     const struct vgic5_section *b)
{
    char what[64];

    name_of(a, what);
    if (a->raw_size != b->raw_size || memcmp(a->raw, b->raw, a->raw_size) != 0)
        diff_add(diff, what, "raw", json_integer((json_int_t)a->raw_size),
                 json_integer((json_int_t)b->raw_size));
}

static void diff_section(struct diff *diff, const struct vgic5_section *a,
                         const struct vgic5_section *b)
{
    char what[64];

    name_of(a, what);
    if (a->version != b->version)
        diff_numbers(diff, what, "version", a->version, b->version);
    if (a->kind != b->kind)
        diff_numbers(diff, what, "kind", a->kind, b->kind);
    else if (a->fields && b->fields) {
        diff_fields(diff, a, a->fields, b->fields, false);
        diff_fields(diff, a, b->fields, a->fields, true);
    } else if (a->kind != VGIC5_SECTION_MEMORY) {
        diff_raw(diff, a, b);
    }
}

static void only_in_one(struct diff *diff, const struct vgic5_section *section, bool in_a)
{
    char what[64];

    name_of(section, what);
    diff_add(diff, what, "section", json_string(in_a ? "there" : "missing"),
             json_string(in_a ? "missing" : "there"));
}

/* How memory is stored is not what it holds. */
static bool is_compared(const struct vgic5_section *section)
{
    return strcmp(section->type, "base") != 0;
}

void diff_sections(struct diff *diff, const struct vgic5_snapshot *a,
                   const struct vgic5_snapshot *b)
{
    for (size_t n = 0; n < vgic5_snapshot_nr_sections(a); n++) {
        const struct vgic5_section *section = vgic5_snapshot_section(a, n);
        const struct vgic5_section *other =
            vgic5_snapshot_find(b, section->type, section->instance);

        if (!is_compared(section))
            continue;
        if (!other)
            only_in_one(diff, section, true);
        else
            diff_section(diff, section, other);
    }
    for (size_t n = 0; n < vgic5_snapshot_nr_sections(b); n++) {
        const struct vgic5_section *section = vgic5_snapshot_section(b, n);

        if (is_compared(section) && !vgic5_snapshot_find(a, section->type, section->instance))
            only_in_one(diff, section, false);
    }
}
