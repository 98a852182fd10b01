/* SPDX-License-Identifier: BSD-3-Clause */
/* What stands between a pending interrupt and its delivery, in the order in which it is decided:
 * at the interrupt, in the IRS, at the CPU interface, at the PE. */
#include <stdarg.h>
#include <stdio.h>

#include "tool/look/picture.h"

__attribute__((format(printf, 2, 3))) static struct picture_reason because(const char *word,
                                                                           const char *format, ...)
{
    struct picture_reason reason = {.word = word};
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(reason.sentence, sizeof(reason.sentence), format, arguments);
    va_end(arguments);
    return reason;
}

/* At the PE: it is signalled. */
static struct picture_reason why_signalled(const struct picture_vcpu *vcpu)
{
    if (!vcpu->on)
        return because("vcpu-off", "signalled, but vCPU %u is powered off", vcpu->id);
    if (vcpu->masked)
        return because("pstate-i", "signalled, but PSTATE.I of vCPU %u is 1", vcpu->id);
    return because("delivered", "signalled to vCPU %u, which takes it next", vcpu->id);
}

/* At the CPU interface (D_MSQKF): EN, the priority mask, the running priority. */
static struct picture_reason why_at_interface(const struct picture_vcpu *vcpu,
                                              const struct picture_interrupt *interrupt)
{
    int running = vcpu->running_priority;

    if (!vcpu->enabled)
        return because("en", "ICC_CR0_EL1.EN of vCPU %u is 0", vcpu->id);
    if (interrupt->priority > vcpu->pcr)
        return because("pcr", "priority %u is masked: ICC_PCR_EL1.PRIORITY of vCPU %u is %u",
                       interrupt->priority, vcpu->id, vcpu->pcr);
    if (running >= 0 && interrupt->priority >= running)
        return because("running-priority",
                       "priority %u does not preempt: the running priority of "
                       "vCPU %u is %d",
                       interrupt->priority, vcpu->id, running);
    if (interrupt->intid == vcpu->hppi)
        return why_signalled(vcpu);
    return because("behind", "behind %s %u, the HPPI of vCPU %u", picture_type_name(vcpu->hppi),
                   VGIC5_INTID_ID(vcpu->hppi), vcpu->id);
}

struct picture_reason picture_why(const struct picture *picture,
                                  const struct picture_interrupt *interrupt)
{
    bool own = VGIC5_INTID_TYPE(interrupt->intid) == VGIC5_PPI;

    if (!interrupt->pending)
        return because("not-pending",
                       interrupt->active ? "active, and not pending again" : "not pending");
    if (interrupt->active)
        return because("active", "pending, but active: no candidate until it is deactivated");
    if (!interrupt->enabled)
        return because("disabled", "pending, but disabled");
    if (interrupt->vcpu == picture->nr_vcpus)
        return because("no-pe", "its IAFFID %u is that of no PE", interrupt->iaffid);
    if (!own && !picture->irsen)
        return because("irsen", "IRS_CR0.IRSEN is 0: the IRS forwards nothing");
    return why_at_interface(&picture->vcpus[interrupt->vcpu], interrupt);
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
    *next = NULL;
    if (picture->vcpus[vcpu].hppi != 0)
        *next = picture_find(picture, vcpu, picture->vcpus[vcpu].hppi);
    for (size_t n = 0; n < picture->nr_interrupts && picture->vcpus[vcpu].hppi == 0; n++) {
        const struct picture_interrupt *interrupt = &picture->interrupts[n];

        if (interrupt->vcpu == vcpu && interrupt->pending &&
            (!*next || rank(interrupt) < rank(*next)))
            *next = interrupt;
    }
    if (!*next)
        return because("not-pending", "nothing is pending for vCPU %u", picture->vcpus[vcpu].id);
    return picture_why(picture, *next);
}
