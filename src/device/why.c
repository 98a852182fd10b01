/* SPDX-License-Identifier: BSD-3-Clause */
/* Why an interrupt is, or is not, delivered next: the answer for who asks, and its words. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "device/internal.h"
#include "facts/intid.h"
#include "facts/sized.h"

#define WHY_FIRST_SIZE SIZE_WITH(struct vgic5_why, nmi)

/* ---- The answer ------------------------------------------------------------------------------ */

/* A PPI's PE is the vCPU's; of the others any can ask. */
static bool can_ask(const struct vgic5 *device, const struct vgic5_vcpu *vcpu, uint32_t intid)
{
    uint32_t type = VGIC5_INTID_TYPE(intid);

    if (vcpu && vcpu->device != device)
        return false;
    if (type == VGIC5_PPI && !vcpu)
        return false;
    return type >= VGIC5_PPI && type <= VGIC5_SPI && intid == VGIC5_INTID(type, intid);
}

int vgic5_why(struct vgic5 *device, const struct vgic5_vcpu *vcpu, uint32_t intid,
              struct vgic5_why *why)
{
    struct vgic5_why own = {.size = sizeof(own)};

    if (!device || !why || why->size < WHY_FIRST_SIZE || !can_ask(device, vcpu, intid))
        return -EINVAL;
    if (!device->gic)
        return -EBUSY;
    if (!vcpu)
        vcpu = device->vcpus[0];
    gicv5_why(vcpu->pe, intid, &own);
    if (why->size < own.size)
        own.size = why->size;
    memcpy(why, &own, own.size);
    return 0;
}

void vgic5_why_at_pe(struct vgic5_why *why, bool off, bool masked)
{
    if (!why || why->size < WHY_FIRST_SIZE || why->reason != VGIC5_WHY_DELIVERED)
        return;
    if (off)
        why->reason = VGIC5_WHY_VCPU_OFF;
    else if (masked)
        why->reason = VGIC5_WHY_MASKED;
}

/* ---- Its words ------------------------------------------------------------------------------- */

struct text {
    char *to;
    size_t size;
};

__attribute__((format(printf, 2, 3))) static int say(const struct text *text, const char *format,
                                                     ...)
{
    va_list arguments;
    int ret;

    va_start(arguments, format);
    ret = vsnprintf(text->to, text->size, format, arguments);
    va_end(arguments);
    return ret;
}

static int say_delivered(const struct text *text, const struct vgic5_why *why)
{
    return say(text, "signalled to vCPU %u, which takes it next", why->iaffid);
}

static int say_unreachable(const struct text *text, const struct vgic5_why *why)
{
    const char *missing = VGIC5_INTID_TYPE(why->intid) == VGIC5_LPI   ? "it has no reachable ISTE"
                          : VGIC5_INTID_TYPE(why->intid) == VGIC5_PPI ? "it is not implemented"
                                                                      : "there are not as many";

    return say(text, "there is no %s %u: %s", intid_type_name(why->intid),
               VGIC5_INTID_ID(why->intid), missing);
}

static int say_not_pending(const struct text *text, const struct vgic5_why *why)
{
    return say(text, "%s", why->active ? "active, and not pending again" : "not pending");
}

static int say_active(const struct text *text, const struct vgic5_why *why)
{
    (void)why;
    return say(text, "pending, but active: no candidate until it is deactivated");
}

static int say_disabled(const struct text *text, const struct vgic5_why *why)
{
    (void)why;
    return say(text, "pending, but disabled");
}

static int say_no_pe(const struct text *text, const struct vgic5_why *why)
{
    return say(text, "its IAFFID %u is that of no PE", why->iaffid);
}

static int say_irsen(const struct text *text, const struct vgic5_why *why)
{
    (void)why;
    return say(text, "IRS_CR0.IRSEN is 0: the IRS forwards nothing");
}

static int say_en(const struct text *text, const struct vgic5_why *why)
{
    return say(text, "ICC_CR0_EL1.EN of vCPU %u is 0", why->iaffid);
}

static int say_pcr(const struct text *text, const struct vgic5_why *why)
{
    return say(text, "priority %u is masked: ICC_PCR_EL1.PRIORITY of vCPU %u is %u", why->priority,
               why->iaffid, why->pcr);
}

static int say_running_priority(const struct text *text, const struct vgic5_why *why)
{
    return say(text, "priority %u does not preempt: the running priority of vCPU %u is %u",
               why->priority, why->iaffid, why->running_priority);
}

static int say_behind(const struct text *text, const struct vgic5_why *why)
{
    return say(text, "behind %s %u, the HPPI of vCPU %u", intid_type_name(why->hppi),
               VGIC5_INTID_ID(why->hppi), why->iaffid);
}

static int say_vcpu_off(const struct text *text, const struct vgic5_why *why)
{
    return say(text, "signalled, but vCPU %u is powered off", why->iaffid);
}

static int say_masked(const struct text *text, const struct vgic5_why *why)
{
    return say(text, "signalled, but PSTATE.I of vCPU %u is 1", why->iaffid);
}

static const struct words {
    const char *word;
    int (*say)(const struct text *text, const struct vgic5_why *why);
} words[] = {
    [VGIC5_WHY_DELIVERED] = {"delivered", say_delivered},
    [VGIC5_WHY_UNREACHABLE] = {"unreachable", say_unreachable},
    [VGIC5_WHY_NOT_PENDING] = {"not-pending", say_not_pending},
    [VGIC5_WHY_ACTIVE] = {"active", say_active},
    [VGIC5_WHY_DISABLED] = {"disabled", say_disabled},
    [VGIC5_WHY_NO_PE] = {"no-pe", say_no_pe},
    [VGIC5_WHY_IRSEN] = {"irsen", say_irsen},
    [VGIC5_WHY_EN] = {"en", say_en},
    [VGIC5_WHY_PCR] = {"pcr", say_pcr},
    [VGIC5_WHY_RUNNING_PRIORITY] = {"running-priority", say_running_priority},
    [VGIC5_WHY_BEHIND] = {"behind", say_behind},
    [VGIC5_WHY_VCPU_OFF] = {"vcpu-off", say_vcpu_off},
    [VGIC5_WHY_MASKED] = {"pstate-i", say_masked},
};

const char *vgic5_why_word(uint32_t reason)
{
    return reason < sizeof(words) / sizeof(words[0]) ? words[reason].word : NULL;
}

int vgic5_why_sentence(const struct vgic5_why *why, char *to, size_t size)
{
    const struct text text = {to, size};

    if (!why || !to || why->size < WHY_FIRST_SIZE || !vgic5_why_word(why->reason))
        return -EINVAL;
    return words[why->reason].say(&text, why);
}
