/* SPDX-License-Identifier: BSD-3-Clause */
/* A field is: kind, length of name, name, id, then the number, or a size and that many bytes.
 * Numbers are LEB128 in their shortest form, so a list has one encoding. */
#include "snapshot/fields.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "facts/error.h"

/* ---- Encoding -------------------------------------------------------------------------------- */

static size_t number_size(uint64_t value)
{
    size_t size = 1;

    while (value >>= 7)
        size++;
    return size;
}

static uint8_t *number_encode(uint8_t *to, uint64_t value)
{
    for (; value > 0x7f; value >>= 7)
        *to++ = (uint8_t)(value | 0x80);
    *to++ = (uint8_t)value;
    return to;
}

static size_t field_size(const struct vgic5_field *field)
{
    uint64_t last = field->kind == VGIC5_FIELD_U64 ? field->u64 : field->size;

    return 2 + strlen(field->name) + number_size(field->id) + number_size(last) + field->size;
}

static uint8_t *field_encode(const struct vgic5_field *field, uint8_t *to)
{
    size_t name_length = strlen(field->name);

    *to++ = (uint8_t)field->kind;
    *to++ = (uint8_t)name_length;
    memcpy(to, field->name, name_length);
    to = number_encode(to + name_length, field->id);
    if (field->kind == VGIC5_FIELD_U64)
        return number_encode(to, field->u64);
    to = number_encode(to, field->size);
    if (field->size)
        memcpy(to, field->bytes, field->size);
    return to + field->size;
}

size_t fields_encoded_size(const struct vgic5_fields *fields)
{
    size_t size = 0;

    for (size_t i = 0; i < vgic5_fields_count(fields); i++)
        size += field_size(vgic5_fields_at(fields, i));
    return size;
}

void fields_encode(const struct vgic5_fields *fields, uint8_t *to)
{
    for (size_t i = 0; i < vgic5_fields_count(fields); i++)
        to = field_encode(vgic5_fields_at(fields, i), to);
}

/* ---- Decoding -------------------------------------------------------------------------------- */

struct cursor {
    const uint8_t *at;
    size_t left;
};

static const uint8_t *take(struct cursor *cursor, size_t size)
{
    const uint8_t *taken = cursor->at;

    if (size > cursor->left)
        return NULL;
    cursor->at += size;
    cursor->left -= size;
    return taken;
}

/* False at the end of the bytes, above 64 bits, and for a form that is not the shortest. */
static bool take_number(struct cursor *cursor, uint64_t *value)
{
    *value = 0;
    for (unsigned int shift = 0; shift < 64; shift += 7) {
        const uint8_t *byte = take(cursor, 1);

        if (!byte || (shift == 63 && *byte > 1))
            return false;
        *value |= (uint64_t)(*byte & 0x7f) << shift;
        if (!(*byte & 0x80))
            return *byte != 0 || shift == 0;
    }
    return false;
}

/* NULL when the field is well-formed, else what is wrong with it. */
static const char *take_field(struct cursor *cursor, struct vgic5_field *field, size_t *name_length)
{
    const uint8_t *start = take(cursor, 2);
    uint64_t last;

    if (!start)
        return "it is cut off";
    *field = (struct vgic5_field){.kind = start[0]};
    *name_length = start[1];
    field->name = (const char *)take(cursor, *name_length);
    if (field->kind < VGIC5_FIELD_U64 || field->kind > VGIC5_FIELD_TEXT)
        return "its kind is unknown";
    if (!field->name || !field_name_is_valid(field->name, *name_length))
        return "its name is not 1..63 printable characters";
    if (!take_number(cursor, &field->id) || !take_number(cursor, &last))
        return "a number in it is malformed";
    if (field->kind == VGIC5_FIELD_U64) {
        field->u64 = last;
        return NULL;
    }
    if (last > cursor->left)
        return "its value is longer than the section";
    field->size = last;
    field->bytes = take(cursor, field->size);
    return NULL;
}

static const char *put_reason(int ret)
{
    switch (ret) {
    case -EEXIST:
        return "its name is taken by an earlier field";
    case -E2BIG:
        return "there are too many fields";
    default:
        return "its text is not UTF-8 without NUL";
    }
}

int fields_decode(const uint8_t *from, size_t size, const char *where, uint64_t offset,
                  struct vgic5_fields **fields, struct vgic5_error *error)
{
    struct cursor cursor = {.at = from, .left = size};
    struct vgic5_fields *list = vgic5_fields_new();
    struct vgic5_field field;
    const char *reason = NULL;
    size_t start = 0, name_length;
    int ret = list ? 0 : -ENOMEM;

    while (ret == 0 && !reason && cursor.left) {
        start = size - cursor.left;
        reason = take_field(&cursor, &field, &name_length);
        if (!reason)
            ret = fields_put(list, &field, name_length);
    }
    if (ret == 0 && !reason) {
        *fields = list;
        return 0;
    }
    if (ret == -ENOMEM)
        ret = error_no_memory(error, "fields");
    else
        ret = error_damaged(error, "%s: field %zu at offset 0x%" PRIx64 ": %s", where,
                            vgic5_fields_count(list), offset + start,
                            reason ? reason : put_reason(ret));
    vgic5_fields_free(list);
    return ret;
}
