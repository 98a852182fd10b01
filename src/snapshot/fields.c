/* SPDX-License-Identifier: BSD-3-Clause */
#include "snapshot/fields.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "facts/error.h"
#include "snapshot/layout.h"

/* `slots` is an open hash table of positions + 1, at most half full. A field is one allocation that
 * holds its name and bytes too, so that pointers into the list stay good while it grows. */
struct vgic5_fields {
    struct vgic5_field **at;
    uint32_t *slots;
    size_t count, capacity;
    size_t payload; /* bytes of names and values so far */
    int error;
};

struct vgic5_fields *vgic5_fields_new(void)
{
    return calloc(1, sizeof(struct vgic5_fields));
}

void vgic5_fields_free(struct vgic5_fields *fields)
{
    if (!fields)
        return;
    for (size_t i = 0; i < fields->count; i++)
        free(fields->at[i]);
    free(fields->at);
    free(fields->slots);
    free(fields);
}

/* ---- Finding --------------------------------------------------------------------------------- */

/* The slot that has this name, or the free one where it belongs. The address of the list is the
 * hash's seed, so that no file can be made of names that collide, which would take the square of
 * their number; the order of fields does not depend on it. */
static uint32_t *find_slot(const struct vgic5_fields *fields, const char *name, size_t length)
{
    size_t mask = 2 * fields->capacity - 1;
    size_t i = hash_64_seeded(name, length, (uintptr_t)fields) & mask;

    for (;; i = (i + 1) & mask) {
        uint32_t position = fields->slots[i];

        if (!position)
            return &fields->slots[i];
        if (strncmp(fields->at[position - 1]->name, name, length) == 0 &&
            fields->at[position - 1]->name[length] == '\0')
            return &fields->slots[i];
    }
}

const struct vgic5_field *vgic5_fields_find(const struct vgic5_fields *fields, const char *name)
{
    uint32_t position = 0;

    if (fields && name && fields->capacity)
        position = *find_slot(fields, name, strlen(name));
    return position ? fields->at[position - 1] : NULL;
}

/* ---- Adding ---------------------------------------------------------------------------------- */

static int grow(struct vgic5_fields *fields)
{
    size_t capacity = fields->capacity ? 2 * fields->capacity : 16;
    struct vgic5_field **at = reallocarray(fields->at, capacity, sizeof(*at));
    uint32_t *slots = calloc(2 * capacity, sizeof(*slots));

    if (at)
        fields->at = at;
    if (!at || !slots) {
        free(slots);
        return -ENOMEM;
    }
    free(fields->slots);
    fields->slots = slots;
    fields->capacity = capacity;
    for (size_t i = 0; i < fields->count; i++)
        *find_slot(fields, at[i]->name, strlen(at[i]->name)) = (uint32_t)i + 1;
    return 0;
}

static struct vgic5_field *copy_field(const struct vgic5_field *from, size_t name_length)
{
    struct vgic5_field *copy = malloc(sizeof(*copy) + from->size + 1 + name_length + 1);
    char *bytes, *name;

    if (!copy)
        return NULL;
    bytes = (char *)(copy + 1);
    name = bytes + from->size + 1;
    *copy = *from;
    if (from->size)
        memcpy(bytes, from->bytes, from->size);
    bytes[from->size] = '\0';
    copy->bytes = from->kind == VGIC5_FIELD_U64 ? NULL : bytes;
    memcpy(name, from->name, name_length);
    name[name_length] = '\0';
    copy->name = name;
    return copy;
}

bool field_name_is_valid(const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (name[i] < 0x21 || name[i] > 0x7e)
            return false;
    }
    return length >= 1 && length <= MAX_FIELD_NAME;
}

static int check_put(const struct vgic5_fields *fields, const struct vgic5_field *field,
                     size_t name_length)
{
    if (!field_name_is_valid(field->name, name_length))
        return -EINVAL;
    if (!field->bytes && field->size != 0)
        return -EINVAL;
    if (field->kind == VGIC5_FIELD_TEXT && !field_text_is_valid(field->bytes, field->size))
        return -EINVAL;
    if (fields->count == MAX_FIELDS || field->size > MAX_PAYLOAD - fields->payload)
        return -E2BIG;
    return 0;
}

int fields_put(struct vgic5_fields *fields, const struct vgic5_field *field, size_t name_length)
{
    struct vgic5_field *copy;
    uint32_t *slot;
    int ret = check_put(fields, field, name_length);

    if (ret == 0 && fields->count == fields->capacity)
        ret = grow(fields);
    if (ret != 0)
        return ret;
    slot = find_slot(fields, field->name, name_length);
    if (*slot)
        return -EEXIST;
    copy = copy_field(field, name_length);
    if (!copy)
        return -ENOMEM;
    fields->at[fields->count++] = copy;
    fields->payload += field->size;
    *slot = (uint32_t)fields->count;
    return 0;
}

/* The first failure stays, so that a run of puts can be checked once. */
static int put(struct vgic5_fields *fields, const struct vgic5_field *field)
{
    if (!fields || !field->name)
        return -EINVAL;
    if (fields->error == 0)
        fields->error = fields_put(fields, field, strnlen(field->name, MAX_FIELD_NAME + 1));
    return fields->error;
}

int vgic5_fields_put_u64(struct vgic5_fields *fields, const char *name, uint64_t id, uint64_t value)
{
    const struct vgic5_field field = {
        .name = name, .id = id, .kind = VGIC5_FIELD_U64, .u64 = value};

    return put(fields, &field);
}

int vgic5_fields_put_bytes(struct vgic5_fields *fields, const char *name, uint64_t id,
                           const void *bytes, size_t size)
{
    const struct vgic5_field field = {
        .name = name, .id = id, .kind = VGIC5_FIELD_BYTES, .bytes = bytes, .size = size};

    return put(fields, &field);
}

int vgic5_fields_put_text(struct vgic5_fields *fields, const char *name, uint64_t id,
                          const char *text)
{
    const struct vgic5_field field = {.name = name,
                                      .id = id,
                                      .kind = VGIC5_FIELD_TEXT,
                                      .bytes = text,
                                      .size = text ? strlen(text) : 0};

    if (!text)
        return -EINVAL;
    return put(fields, &field);
}

/* ---- Asking ---------------------------------------------------------------------------------- */

int vgic5_fields_error(const struct vgic5_fields *fields)
{
    return fields ? fields->error : -EINVAL;
}

size_t vgic5_fields_count(const struct vgic5_fields *fields)
{
    return fields ? fields->count : 0;
}

const struct vgic5_field *vgic5_fields_at(const struct vgic5_fields *fields, size_t n)
{
    return fields && n < fields->count ? fields->at[n] : NULL;
}

static const char *kind_name(enum vgic5_field_kind kind)
{
    static const char *const names[] = {
        [VGIC5_FIELD_U64] = "a number", [VGIC5_FIELD_BYTES] = "bytes", [VGIC5_FIELD_TEXT] = "text"};

    return names[kind];
}

/* `place` is where the value is to go. */
static int find_kind(const struct vgic5_fields *fields, const char *where, const char *name,
                     enum vgic5_field_kind kind, const void *place,
                     const struct vgic5_field **field, struct vgic5_error *error)
{
    if (!fields || !where || !name || !place)
        return error_absent(error, !fields  ? "list of fields"
                                   : !place ? "place for the value"
                                            : "name");
    *field = vgic5_fields_find(fields, name);
    if (!*field)
        return error_set(error, VGIC5_CAUSE_DAMAGED, -ENOENT, "%s: field %s is missing", where,
                         name);
    if ((*field)->kind != kind)
        return error_set(error, VGIC5_CAUSE_DAMAGED, -EINVAL, "%s: field %s is %s, %s expected",
                         where, name, kind_name((*field)->kind), kind_name(kind));
    return 0;
}

int vgic5_fields_get_u64(const struct vgic5_fields *fields, const char *where, const char *name,
                         uint64_t *value, struct vgic5_error *error)
{
    const struct vgic5_field *field;
    int ret = find_kind(fields, where, name, VGIC5_FIELD_U64, value, &field, error);

    if (ret == 0)
        *value = field->u64;
    return ret;
}

int vgic5_fields_get_bytes(const struct vgic5_fields *fields, const char *where, const char *name,
                           void *to, size_t size, struct vgic5_error *error)
{
    const struct vgic5_field *field;
    int ret = find_kind(fields, where, name, VGIC5_FIELD_BYTES, to, &field, error);

    if (ret != 0)
        return ret;
    if (field->size != size)
        return error_set(error, VGIC5_CAUSE_DAMAGED, -EINVAL,
                         "%s: field %s has %zu bytes, %zu expected", where, name, field->size,
                         size);
    if (size)
        memcpy(to, field->bytes, size);
    return 0;
}

int vgic5_fields_get_text(const struct vgic5_fields *fields, const char *where, const char *name,
                          const char **text, struct vgic5_error *error)
{
    const struct vgic5_field *field;
    int ret = find_kind(fields, where, name, VGIC5_FIELD_TEXT, text, &field, error);

    if (ret == 0)
        *text = field->bytes;
    return ret;
}
