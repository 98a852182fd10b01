/* SPDX-License-Identifier: BSD-3-Clause */
/* One section, field by field. */
#include "tool/look/inspect.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tool/look/fields_json.h"
#include "tool/json.h"
#include "tool/report.h"
#include "tool/words.h"

/* TYPE, or TYPE:INSTANCE. */
static bool is_wanted(const struct vgic5_section *section, const char *wanted)
{
    size_t length = strcspn(wanted, ":");
    char *end;

    if (strncmp(section->type, wanted, length) != 0 || section->type[length] != '\0')
        return false;
    if (wanted[length] == '\0')
        return true;
    return strtoull(wanted + length + 1, &end, 0) == section->instance && *end == '\0';
}

static void print_value(const struct vgic5_field *field)
{
    const uint8_t *bytes = field->bytes;

    if (field->kind == VGIC5_FIELD_U64) {
        say(stdout, "0x%" PRIx64, field->u64);
    } else if (field->kind == VGIC5_FIELD_TEXT) {
        say(stdout, "\"%.*s\"", (int)(field->size < 4096 ? field->size : 4096),
            (const char *)bytes);
    } else {
        for (size_t n = 0; n < field->size && n < 64; n++)
            say(stdout, "%02x", bytes[n]);
        if (field->size > 64)
            say(stdout, "… (%zu bytes)", field->size);
    }
}

static void print_fields(const struct vgic5_section *section)
{
    for (size_t n = 0; n < vgic5_fields_count(section->fields); n++) {
        const struct vgic5_field *field = vgic5_fields_at(section->fields, n);

        say(stdout, "  %-22s ", field->name);
        print_value(field);
        say(stdout, "\n");
    }
}

static void print_section(const struct vgic5_section *section)
{
    say(stdout, "%s %" PRIu64 ": version %" PRIu32 ", offset 0x%" PRIx64 ", %" PRIu64 " bytes\n",
        section->type, section->instance, section->version, section->offset, section->size);
    if (section->fields)
        print_fields(section);
    else if (section->kind == VGIC5_SECTION_MEMORY)
        say(stdout, "  memory 0x%" PRIx64 "+0x%" PRIx64 ", %zu frames stored\n",
            section->memory_base, section->memory_size, vgic5_snapshot_nr_frames(section));
    else
        say(stdout, "  kind %" PRIu32 ", which this program does not know\n", section->kind);
}

int inspect_sections(const struct inspection *inspection)
{
    const struct vgic5_snapshot *snapshot = inspection_snapshot(inspection);
    const char *wanted = inspection->options->section;
    json_t *all = json_array();
    size_t found = 0;

    for (size_t n = 0; n < vgic5_snapshot_nr_sections(snapshot); n++) {
        const struct vgic5_section *section = vgic5_snapshot_section(snapshot, n);

        if (!is_wanted(section, wanted))
            continue;
        found++;
        if (inspection->options->json)
            json_array_append_new(all, section_as_json(section));
        else
            print_section(section);
    }
    if (found > 0 && inspection->options->json)
        return json_print(json_pack("{s:s, s:o}", "schema", "vgic5.sections/1", "sections", all));
    json_decref(all);
    return found > 0 ? EXIT_DONE
                     : report(VERB_inspect, EXIT_USAGE, "there is no section %s", wanted);
}
