/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/kvm/fields.h"

#include <string.h>

#include <linux/kvm.h>

#include <vgic5/migration.h>

#include "kvmd/uapi.h"
#include "tool/kvm/names.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define MOST_SIZE 520u /* of a structure */

/* ---- Forms ----------------------------------------------------------------------------------- */

static void say_hex(struct event *event, const char *key, uint64_t value)
{
    add_hex(event, key, value);
}

static void say_number(struct event *event, const char *key, uint64_t value)
{
    add_number(event, key, (int64_t)value);
}

static void say_s32(struct event *event, const char *key, uint64_t value)
{
    add_number(event, key, (int32_t)value);
}

static void say_capability(struct event *event, const char *key, uint64_t value)
{
    add_name(event, key, name_of_capability(value), (int64_t)value);
}

static void say_device(struct event *event, const char *key, uint64_t value)
{
    add_name(event, key, value == VGIC5_DEV_TYPE ? "ARM_VGIC_V5" : NULL, (int64_t)value);
}

static void say_mp_state(struct event *event, const char *key, uint64_t value)
{
    const char *name = value == KVM_MP_STATE_RUNNABLE  ? "RUNNABLE"
                       : value == KVM_MP_STATE_STOPPED ? "STOPPED"
                                                       : NULL;

    add_name(event, key, name, (int64_t)value);
}

/* ---- The table ------------------------------------------------------------------------------- */

static const struct field {
    const char *ioctl;
    size_t behind; /* the size of the structure behind the argument; 0: none */
    size_t offset, size;
    const char *key;
    void (*say)(struct event *event, const char *key, uint64_t value);
    bool answer;
} fields[] = {
#define MEMBER(type, member) \
    sizeof(struct type), offsetof(struct type, member), sizeof(((struct type *)0)->member)
#define ARGUMENT(ioctl, key, form) {#ioctl, 0, 0, sizeof(uint64_t), key, say_##form, false},
#define FIELD(ioctl, type, member, key, form) \
    {#ioctl, MEMBER(type, member), key, say_##form, false},
#define ANSWER(ioctl, type, member, key, form) \
    {#ioctl, MEMBER(type, member), key, say_##form, true},
#include "tool/kvm/fields.def"
#undef ANSWER
#undef FIELD
#undef ARGUMENT
};

#define FITS(type) _Static_assert(sizeof(struct type) <= MOST_SIZE, "MOST_SIZE is too small");
#define ARGUMENT(ioctl, key, form)
#define FIELD(ioctl, type, member, key, form) FITS(type)
#define ANSWER(ioctl, type, member, key, form) FITS(type)
#include "tool/kvm/fields.def"
#undef ANSWER
#undef FIELD
#undef ARGUMENT

/* ---- A line ---------------------------------------------------------------------------------- */

static const struct field *first_of(const char *ioctl)
{
    for (size_t n = 0; n < COUNT(fields); n++)
        if (strcmp(fields[n].ioctl, ioctl) == 0)
            return &fields[n];
    return NULL;
}

static bool read_structure(const struct event *event, const struct field *field, uint8_t *to)
{
    if (field->answer && event->seen->value < 0)
        return false;
    if (field->behind > 0)
        return read_argument(event, to, field->behind);
    memcpy(to, &event->seen->argument, field->size);
    return true;
}

bool fields_add(struct event *event)
{
    const struct field *field = first_of(event->seen->name), *end = fields + COUNT(fields);
    const char *ioctl = field ? field->ioctl : NULL;
    uint8_t structure[MOST_SIZE];

    if (!field)
        return false;
    if (!read_structure(event, field, structure))
        return true;
    for (; field < end && strcmp(field->ioctl, ioctl) == 0; field++) {
        uint64_t value = 0;

        memcpy(&value, structure + field->offset, field->size);
        field->say(event, field->key, value);
    }
    return true;
}
