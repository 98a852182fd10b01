/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/look/fields_json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tool/json.h"
#include "tool/report.h"

/* ---- To JSON --------------------------------------------------------------------------------- */

static json_t *hex_of(const uint8_t *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    char *text = malloc(2 * size + 1);
    json_t *json;

    if (!text)
        return NULL;
    for (size_t n = 0; n < size; n++) {
        text[2 * n] = digits[bytes[n] >> 4];
        text[2 * n + 1] = digits[bytes[n] & 15];
    }
    json = json_stringn(text, 2 * size);
    free(text);
    return json;
}

static json_t *words_of(const uint8_t *bytes, size_t size)
{
    json_t *words = json_array();

    for (size_t n = 0; n < size; n += 4)
        json_array_append_new(words, json_hex(bytes[n] | (uint32_t)bytes[n + 1] << 8 |
                                              (uint32_t)bytes[n + 2] << 16 |
                                              (uint32_t)bytes[n + 3] << 24));
    return words;
}

/* Lists of ISTEs and of vCPU ids are for people to edit; one of millions is for nobody, and would
 * take gigabytes as JSON. */
#define MOST_WORDS (UINT32_C(1) << 18)

static bool has_words(const struct vgic5_field *field)
{
    return field->size % 4 == 0 && field->size / 4 <= MOST_WORDS &&
           (strcmp(field->name, "iste") == 0 || strcasecmp(field->name, "vcpu_ids") == 0);
}

json_t *field_bytes_as_json(const struct vgic5_field *field)
{
    return has_words(field) ? words_of(field->bytes, field->size)
                            : hex_of(field->bytes, field->size);
}

static json_t *field_as_json(const struct vgic5_field *field)
{
    json_t *json = json_pack("{s:s, s:o}", "name", field->name, "id", json_hex(field->id));

    if (field->kind == VGIC5_FIELD_U64)
        json_object_set_new(json, "number", json_hex(field->u64));
    else if (field->kind == VGIC5_FIELD_TEXT)
        json_object_set_new(json, "text", json_stringn(field->bytes, field->size));
    else
        json_object_set_new(json, has_words(field) ? "words" : "bytes", field_bytes_as_json(field));
    return json;
}

json_t *section_as_json(const struct vgic5_section *section)
{
    json_t *json = json_pack("{s:s, s:o, s:I, s:b}", "type", section->type, "instance",
                             json_hex(section->instance), "version", (json_int_t)section->version,
                             "required", (int)section->required);
    json_t *fields;

    if (section->kind == VGIC5_SECTION_MEMORY) {
        json_object_set_new(json, "memory",
                            json_pack("{s:o, s:o}", "base", json_hex(section->memory_base), "size",
                                      json_hex(section->memory_size)));
        return json;
    }
    if (!section->fields) {
        json_object_set_new(json, "kind", json_integer(section->kind));
        json_object_set_new(json, "raw", hex_of(section->raw, section->raw_size));
        return json;
    }
    fields = json_array();
    for (size_t n = 0; n < vgic5_fields_count(section->fields); n++)
        json_array_append_new(fields, field_as_json(vgic5_fields_at(section->fields, n)));
    json_object_set_new(json, "fields", fields);
    return json;
}

/* ---- From JSON ------------------------------------------------------------------------------- */

bool json_to_u64(const json_t *json, uint64_t *value)
{
    const char *text = json_string_value(json);
    char *end;

    if (json_is_integer(json) && json_integer_value(json) >= 0) {
        *value = (uint64_t)json_integer_value(json);
        return true;
    }
    if (!text || *text < '0' || *text > '9')
        return false;
    errno = 0;
    *value = strtoull(text, &end, 0);
    return errno == 0 && *end == '\0';
}

static int digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Allocated; NULL: it is no hex, or there is no memory. */
static uint8_t *bytes_of_hex(const json_t *json, size_t *size)
{
    const char *text = json_string_value(json);
    size_t length = json_string_length(json);
    uint8_t *bytes = text && length % 2 == 0 ? malloc(length / 2 + 1) : NULL;

    *size = length / 2;
    for (size_t n = 0; bytes && n < *size; n++) {
        int high = digit(text[2 * n]), low = digit(text[2 * n + 1]);

        if (high < 0 || low < 0) {
            free(bytes);
            return NULL;
        }
        bytes[n] = (uint8_t)(high << 4 | low);
    }
    return bytes;
}

static uint8_t *bytes_of_words(const json_t *json, size_t *size)
{
    uint8_t *bytes = json_is_array(json) ? malloc(4 * json_array_size(json) + 1) : NULL;

    *size = 4 * json_array_size(json);
    for (size_t n = 0; bytes && n < *size; n += 4) {
        uint64_t word;

        if (!json_to_u64(json_array_get(json, n / 4), &word) || word > UINT32_MAX) {
            free(bytes);
            return NULL;
        }
        for (unsigned byte = 0; byte < 4; byte++)
            bytes[n + byte] = (uint8_t)(word >> 8 * byte);
    }
    return bytes;
}

static int put_bytes(struct vgic5_fields *fields, const char *name, uint64_t id, const json_t *json,
                     uint8_t *(*decode)(const json_t *json, size_t *size))
{
    size_t size = 0;
    uint8_t *bytes = decode(json, &size);
    int ret = bytes ? vgic5_fields_put_bytes(fields, name, id, bytes, size) : -EINVAL;

    free(bytes);
    return ret;
}

static int put_field(struct vgic5_fields *fields, const json_t *json)
{
    const char *name = json_string_value(json_object_get(json, "name"));
    const json_t *number = json_object_get(json, "number"), *text = json_object_get(json, "text");
    const json_t *bytes = json_object_get(json, "bytes"), *words = json_object_get(json, "words");
    uint64_t id = 0, value;

    if (!name || !json_to_u64(json_object_get(json, "id"), &id) ||
        !number + !text + !bytes + !words != 3)
        return -EINVAL;
    if (number)
        return json_to_u64(number, &value) ? vgic5_fields_put_u64(fields, name, id, value)
                                           : -EINVAL;
    if (text)
        return json_is_string(text) && strlen(json_string_value(text)) == json_string_length(text)
                   ? vgic5_fields_put_text(fields, name, id, json_string_value(text))
                   : -EINVAL;
    if (bytes)
        return put_bytes(fields, name, id, bytes, bytes_of_hex);
    return put_bytes(fields, name, id, words, bytes_of_words);
}

static int put_fields(struct vgic5_fields *fields, const json_t *list, const char *where,
                      struct vgic5_error *error)
{
    for (size_t n = 0; n < json_array_size(list); n++) {
        const json_t *json = json_array_get(list, n);
        const char *name = json_string_value(json_object_get(json, "name"));
        int ret = put_field(fields, json);

        if (ret != 0)
            return error_set(error, VGIC5_CAUSE_DAMAGED, -EINVAL, "%s: field %zu (%.63s): %s",
                             where, n, name ? name : "without a name",
                             ret == -EEXIST ? "its name is there already"
                                            : "expected name, id, and one of number, text, "
                                              "bytes (hex) and words");
    }
    return 0;
}

int section_from_json(const json_t *json, struct vgic5_snapshot_writer *writer, const char *where,
                      struct vgic5_error *error)
{
    const char *type = json_string_value(json_object_get(json, "type"));
    const json_t *required = json_object_get(json, "required"), *raw = json_object_get(json, "raw");
    uint64_t instance, version, kind = 0;
    struct vgic5_fields *fields;
    size_t size = 0;
    uint8_t *bytes;
    int ret;

    if (!type || !json_to_u64(json_object_get(json, "instance"), &instance) ||
        !json_to_u64(json_object_get(json, "version"), &version) || version > UINT32_MAX ||
        !json_is_boolean(required) || !json_is_array(json_object_get(json, "fields")) == !raw)
        return error_set(error, VGIC5_CAUSE_DAMAGED, -EINVAL,
                         "%s: expected type, instance, version, required, "
                         "and fields or raw",
                         where);
    if (raw) {
        bytes = bytes_of_hex(raw, &size);
        if (!bytes || !json_to_u64(json_object_get(json, "kind"), &kind) || kind > UINT32_MAX)
            ret = error_set(error, VGIC5_CAUSE_DAMAGED, -EINVAL,
                            "%s: expected kind, and raw in hex", where);
        else
            ret = vgic5_snapshot_put_raw(writer, (uint32_t)kind, type, instance, (uint32_t)version,
                                         json_is_true(required), bytes, size, error);
        free(bytes);
        return ret;
    }
    fields = vgic5_fields_new();
    if (!fields)
        return error_set(error, VGIC5_CAUSE_ENVIRONMENT, -EINVAL, "no memory for the fields");
    ret = put_fields(fields, json_object_get(json, "fields"), where, error);
    if (ret == 0)
        ret = vgic5_snapshot_put_fields(writer, type, instance, (uint32_t)version,
                                        json_is_true(required), fields, error);
    vgic5_fields_free(fields);
    return ret;
}
