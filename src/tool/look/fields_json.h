/* SPDX-License-Identifier: BSD-3-Clause */
/* Sections of fields as JSON, and back, without loss. */
#ifndef TOOL_LOOK_FIELDS_JSON_H
#define TOOL_LOOK_FIELDS_JSON_H

#include <jansson.h>

#include <vgic5/snapshot.h>

/*
 * {"type", "instance", "version", "required", and
 *  "fields": [{"name", "id", and "number": "0x…" | "text": "…" | "bytes": "hex" |
 *              "words": ["0x…", …]}]        words: bytes of 32-bit little-endian numbers
 *  | "memory": {"base", "size"} | "kind", "raw": "hex"}
 */
json_t *section_as_json(const struct vgic5_section *section);

/* The value of a field of bytes: "hex", or ["0x…", …]. */
json_t *field_bytes_as_json(const struct vgic5_field *field);

/* Append the section that `json` describes, but for memory. 0 or a negative errno. `where` is for
 * words. */
int section_from_json(const json_t *json, struct vgic5_snapshot_writer *writer, const char *where,
                      struct vgic5_error *error);
/* "0x…" or a JSON integer that is not negative. */
bool json_to_u64(const json_t *json, uint64_t *value);

#endif
