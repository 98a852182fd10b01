/* SPDX-License-Identifier: BSD-3-Clause */
/* Why interrupts are delivered or not: the library's answer, with what the snapshot says of PEs. */
#include <stdio.h>

#include "tool/look/picture.h"

struct picture_reason picture_why(const struct picture *picture,
                                  const struct picture_interrupt *interrupt)
{
    const struct picture_vcpu *vcpu =
        interrupt->vcpu < picture->nr_vcpus ? &picture->vcpus[interrupt->vcpu] : NULL;
    struct vgic5_vcpu *pe = vcpu ? vgic5_vcpu(picture->device, vcpu->id) : NULL;
    struct vgic5_why why = {.size = sizeof(why)};
    struct picture_reason reason = {.word = "unreachable"};

    if (vgic5_why(picture->device, pe, interrupt->intid, &why) != 0)
        return reason;
    if (vcpu)
        vgic5_why_at_pe(&why, !vcpu->on, vcpu->masked);
    reason.word = vgic5_why_word(why.reason);
    vgic5_why_sentence(&why, reason.sentence, sizeof(reason.sentence));
    return reason;
}

/* Candidates first, then by priority, then PPI, SPI, LPI, then by id: the order of delivery. */
static uint64_t rank(const struct picture_interrupt *interrupt)
{
    static const uint8_t order[] = {3, 0, 2, 1}; /* by enum vgic5_type */
    uint32_t type = VGIC5_INTID_TYPE(interrupt->intid) & 3;
    uint64_t candidate = interrupt->enabled && !interrupt->active ? 0 : 1;

    return candidate << 40 | (uint64_t)interrupt->priority << 32 | (uint64_t)order[type] << 24 |
           VGIC5_INTID_ID(interrupt->intid);
}

struct picture_reason picture_why_next(const struct picture *picture, uint32_t vcpu,
                                       const struct picture_interrupt **next)
{
    struct picture_reason none = {.word = vgic5_why_word(VGIC5_WHY_NOT_PENDING)};

    *next = NULL;
    if (picture->vcpus[vcpu].hppi != 0)
        *next = picture_find(picture, vcpu, picture->vcpus[vcpu].hppi);
    for (size_t n = 0; n < picture->nr_interrupts && picture->vcpus[vcpu].hppi == 0; n++) {
        const struct picture_interrupt *interrupt = &picture->interrupts[n];

        if (interrupt->vcpu == vcpu && interrupt->pending &&
            (!*next || rank(interrupt) < rank(*next)))
            *next = interrupt;
    }
    if (*next)
        return picture_why(picture, *next);
    snprintf(none.sentence, sizeof(none.sentence), "nothing is pending for vCPU %u",
             picture->vcpus[vcpu].id);
    return none;
}
