/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/look/diff.h"

#include <inttypes.h>
#include <stdio.h>

#include "facts/intid.h"
#include "tool/look/picture.h"

/* PPIs by vCPU, then SPIs, then LPIs: the order in which a picture lists them. */
static uint64_t key_of(const struct picture *picture, const struct picture_interrupt *interrupt)
{
    uint32_t type = VGIC5_INTID_TYPE(interrupt->intid);
    uint64_t id = VGIC5_INTID_ID(interrupt->intid);

    if (type == VGIC5_PPI)
        return (uint64_t)interrupt->vcpu << 24 | id;
    (void)picture;
    return (type == VGIC5_SPI ? UINT64_C(1) : UINT64_C(2)) << 48 | id;
}

static void compare(struct diff *diff, const char *what, const struct picture_interrupt *a,
                    const struct picture_interrupt *b)
{
    const struct {
        const char *field;
        uint64_t a, b;
    } fields[] = {
        {"PENDING", a->pending, b->pending}, {"ACTIVE", a->active, b->active},
        {"ENABLE", a->enabled, b->enabled},  {"PRIORITY", a->priority, b->priority},
        {"IAFFID", a->iaffid, b->iaffid},    {"LEVEL", a->level, b->level},
        {"WIRE", a->wire, b->wire},
    };

    for (size_t n = 0; n < sizeof(fields) / sizeof(*fields); n++)
        if (fields[n].a != fields[n].b)
            diff_numbers(diff, what, fields[n].field, fields[n].a, fields[n].b);
}

/* One of the two may be missing: then it is in its reset state. */
static void diff_pair(struct diff *diff, const struct picture *picture,
                      const struct picture_interrupt *a, const struct picture_interrupt *b)
{
    const struct picture_interrupt *one = a ? a : b;
    uint32_t type = VGIC5_INTID_TYPE(one->intid);
    struct picture_interrupt reset = {.intid = one->intid};
    char what[64];

    if (type == VGIC5_PPI) { /* has no IAFFID and no HM of its own */
        reset.iaffid = one->iaffid;
        reset.level = one->level;
        snprintf(what, sizeof(what), "ppi %u of vCPU %u", VGIC5_INTID_ID(one->intid),
                 picture->vcpus[one->vcpu].id);
    } else {
        snprintf(what, sizeof(what), "%s %u", intid_type_name(one->intid),
                 VGIC5_INTID_ID(one->intid));
    }
    compare(diff, what, a ? a : &reset, b ? b : &reset);
}

static void diff_pictures(struct diff *diff, const struct picture *a, const struct picture *b)
{
    size_t i = 0, j = 0;

    while (i < a->nr_interrupts || j < b->nr_interrupts) {
        uint64_t x = i < a->nr_interrupts ? key_of(a, &a->interrupts[i]) : UINT64_MAX;
        uint64_t y = j < b->nr_interrupts ? key_of(b, &b->interrupts[j]) : UINT64_MAX;

        diff_pair(diff, x <= y ? a : b, x <= y ? &a->interrupts[i] : NULL,
                  y <= x ? &b->interrupts[j] : NULL);
        i += x <= y;
        j += y <= x;
    }
}

int diff_interrupts(struct diff *diff, struct loaded *a, struct loaded *b,
                    struct vgic5_error *error)
{
    struct picture one, other;
    int ret = picture_take(a, &one, error);

    if (ret != 0)
        return ret;
    ret = picture_take(b, &other, error);
    if (ret == 0) {
        diff_pictures(diff, &one, &other);
        picture_free(&other);
    }
    picture_free(&one);
    return ret;
}
