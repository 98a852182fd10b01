/* SPDX-License-Identifier: BSD-3-Clause */
/* One section: header, payload, footer. The hash is checked before the payload is looked at. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "facts/error.h"
#include "snapshot/fields.h"
#include "snapshot/reader.h"

void section_where(const struct section_head *head, uint64_t offset, char where[WHERE_SIZE])
{
    const char *format = head->instance < 65536 ? "section %s[%" PRIu64 "] at offset 0x%" PRIx64
                                                : "section %s[0x%" PRIx64 "] at offset 0x%" PRIx64;

    if (section_type_is_valid(head->type))
        snprintf(where, WHERE_SIZE, format, head->type, head->instance, offset);
    else
        snprintf(where, WHERE_SIZE, "section at offset 0x%" PRIx64, offset);
}

/* ---- Header ---------------------------------------------------------------------------------- */

static int check_limits(const struct vgic5_snapshot *snapshot, const struct section_head *head,
                        const char *where, struct vgic5_error *error)
{
    if (snapshot->nr_sections == MAX_SECTIONS)
        return error_damaged(error, "%s: more than %u sections", where, MAX_SECTIONS);
    if (head->kind != SECTION_MEMORY) {
        if (head->length > MAX_PAYLOAD_IN_ALL - snapshot->payload)
            return error_damaged(error, "%s: more than 0x%llx bytes in all sections", where,
                                 MAX_PAYLOAD_IN_ALL);
        return 0;
    }
    if (snapshot->nr_memory == MAX_MEMORY_SECTIONS)
        return error_damaged(error, "%s: more than %u memory sections", where, MAX_MEMORY_SECTIONS);
    if (head->size > MAX_MEMORY_IN_ALL - snapshot->memory)
        return error_damaged(error, "%s: more than 0x%llx bytes of memory", where,
                             MAX_MEMORY_IN_ALL);
    return 0;
}

static int check_against_others(const struct vgic5_snapshot *snapshot,
                                const struct section_head *head, const char *where,
                                struct vgic5_error *error)
{
    for (size_t i = 0; i < snapshot->nr_sections; i++) {
        const struct section *other = snapshot->sections[i];

        if (section_head_same_name(head, &other->head))
            return error_damaged(error, "%s: the section is there already at offset 0x%" PRIx64,
                                 where, other->entry.offset);
        if (section_head_overlap(head, &other->head))
            return error_damaged(error,
                                 "%s: its memory overlaps with that of the section at "
                                 "offset 0x%" PRIx64,
                                 where, other->entry.offset);
    }
    return 0;
}

static int check_head(const struct vgic5_snapshot *snapshot, const struct section_head *head,
                      const char *where, struct vgic5_error *error)
{
    struct vgic5_error reason = {0};
    int ret;

    if (section_head_check(head, &reason) != 0)
        return error_damaged(error, "%s: %.400s", where, reason.message);
    ret = check_limits(snapshot, head, where, error);
    return ret == 0 ? check_against_others(snapshot, head, where, error) : ret;
}

/* Sections never move: the caller has pointers to them. */
static struct section *add_section(struct vgic5_snapshot *snapshot)
{
    struct section *section;

    if (snapshot->nr_sections == snapshot->capacity) {
        size_t capacity = snapshot->capacity ? 2 * snapshot->capacity : 16;
        struct section **sections = reallocarray(snapshot->sections, capacity, sizeof(*sections));

        if (!sections)
            return NULL;
        snapshot->sections = sections;
        snapshot->capacity = capacity;
    }
    section = calloc(1, sizeof(*section));
    if (section)
        snapshot->sections[snapshot->nr_sections++] = section;
    return section;
}

/* ---- Payload and footer ---------------------------------------------------------------------- */

static int read_foot(struct vgic5_snapshot *snapshot, struct section *section,
                     const struct hash_part *payload, const char *where, struct vgic5_error *error)
{
    uint64_t offset = snapshot->input.offset;
    uint8_t raw[SECTION_FOOTER_SIZE];
    struct section_foot found, right;
    int ret = input_read(&snapshot->input, raw, sizeof(raw), where, error);

    if (ret != 0)
        return ret;
    if (!section_foot_decode(raw, &found))
        return error_damaged(error, "%s: no section footer at offset 0x%" PRIx64, where, offset);
    right = (struct section_foot){.nr_frames = section->nr_frames,
                                  .total = snapshot->input.offset - section->entry.offset};
    if (found.nr_frames != right.nr_frames || found.total != right.total)
        return error_damaged(
            error,
            "%s: its footer at offset 0x%" PRIx64 " says 0x%" PRIx64 " bytes and %" PRIu32
            " frames, 0x%" PRIx64 " and %" PRIu32 " were found",
            where, offset, found.total, found.nr_frames, right.total, right.nr_frames);
    section_hash(section->raw_head, payload, &right);
    if (memcmp(found.hash, right.hash, sizeof(right.hash)) != 0)
        return error_damaged(error,
                             "%s: its content does not match the hash in its footer at "
                             "offset 0x%" PRIx64,
                             where, offset);
    section->entry.total = right.total;
    memcpy(section->entry.hash, right.hash, sizeof(right.hash));
    return 0;
}

static int decode_payload(struct vgic5_snapshot *snapshot, struct section *section,
                          uint8_t **payload, const char *where, struct vgic5_error *error)
{
    int ret;

    if (section->head.kind != SECTION_FIELDS) {
        section->raw = *payload;
        *payload = NULL;
        return 0;
    }
    ret = fields_decode(*payload, section->head.length, where,
                        section->entry.offset + SECTION_HEADER_SIZE, &section->fields, error);
    if (ret != 0)
        return ret;
    snapshot->nr_fields += vgic5_fields_count(section->fields);
    if (snapshot->nr_fields > MAX_FIELDS_IN_ALL)
        return error_damaged(error, "%s: more than %u fields in all sections", where,
                             MAX_FIELDS_IN_ALL);
    return 0;
}

static int read_payload(struct vgic5_snapshot *snapshot, struct section *section, const char *where,
                        struct vgic5_error *error)
{
    uint8_t *payload;
    struct hash_part part;
    int ret = input_read_new(&snapshot->input, &payload, section->head.length, where, error);

    if (ret != 0)
        return ret;
    part = (struct hash_part){payload, section->head.length};
    ret = read_foot(snapshot, section, &part, where, error);
    if (ret == 0)
        ret = decode_payload(snapshot, section, &payload, where, error);
    free(payload);
    return ret;
}

static int read_memory(struct vgic5_snapshot *snapshot, struct section *section, uint64_t total,
                       const char *where, struct vgic5_error *error)
{
    struct hash_part part;
    int ret = total ? reader_index_memory(snapshot, section, total, where, error)
                    : reader_stream_memory(snapshot, section, where, error);

    if (ret != 0)
        return ret;
    part = (struct hash_part){section->index, (size_t)section->nr_frames * RECORD_SIZE};
    return read_foot(snapshot, section, &part, where, error);
}

/* ---- The whole ------------------------------------------------------------------------------- */

static void publish(struct section *section)
{
    const struct section_head *head = &section->head;

    section->public = (struct vgic5_section){
        .type = head->type,
        .instance = head->instance,
        .version = head->version,
        .required = head->required,
        .offset = section->entry.offset,
        .size = section->entry.total,
        .fields = section->fields,
        .memory_base = head->base,
        .memory_size = head->size,
        .kind = head->kind,
        .raw = section->raw,
        .raw_size = section->raw ? head->length : 0,
    };
}

static void count(struct vgic5_snapshot *snapshot, const struct section_head *head)
{
    if (head->kind == SECTION_MEMORY) {
        snapshot->memory += head->size;
        snapshot->nr_memory++;
    } else {
        snapshot->payload += head->length;
    }
}

int reader_read_section(struct vgic5_snapshot *snapshot,
                        const uint8_t raw_head[SECTION_HEADER_SIZE], uint64_t total,
                        struct vgic5_error *error)
{
    uint64_t offset = snapshot->input.offset - SECTION_HEADER_SIZE;
    struct section_head head;
    struct section *section;
    char where[WHERE_SIZE];
    int ret = section_head_decode(raw_head, offset, &head, error);

    if (ret != 0)
        return ret;
    section_where(&head, offset, where);
    ret = check_head(snapshot, &head, where, error);
    if (ret != 0)
        return ret;
    section = add_section(snapshot);
    if (!section)
        return error_no_memory(error, "the list of sections");
    section->head = head;
    section->entry.offset = offset;
    section->incremental = snapshot->header.incompatible & INCOMPATIBLE_INCREMENTAL;
    memcpy(section->raw_head, raw_head, SECTION_HEADER_SIZE);
    count(snapshot, &head);
    publish(section); /* for the memory sink */
    ret = head.kind == SECTION_MEMORY ? read_memory(snapshot, section, total, where, error)
                                      : read_payload(snapshot, section, where, error);
    publish(section);
    return ret;
}
