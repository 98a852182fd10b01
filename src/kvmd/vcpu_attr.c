/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Attributes of a vCPU: the PPIs of its timers, which GICv5 fixes, so that they can be read, and
 * set to what they are. There is no PMU and no stolen time.
 */
#include <errno.h>

#include "kvmd/internal.h"

#define PPI_CNTHP 26u
#define PPI_CNTHV 28u

/* By the number of the attribute. */
static const uint32_t timers[] = {VGIC5_PPI_CNTV, VGIC5_PPI_CNTP, PPI_CNTHV, PPI_CNTHP};
#define NR_TIMERS (sizeof(timers) / sizeof(timers[0]))

static bool is_timer(const struct kvm_device_attr *attr)
{
    return attr->group == KVMD_VCPU_TIMER_CTRL && attr->attr < NR_TIMERS;
}

/* With a VGICv5 as an INTID; without an interrupt controller of the kernel's the number alone. */
static uint32_t irq_of(const struct kvmd_vm *vm, uint64_t timer)
{
    return vm->gic ? VGIC5_INTID(VGIC5_PPI, timers[timer]) : timers[timer];
}

int64_t kvmd_has_vcpu_attr(struct kvmd_call *call)
{
    struct kvm_device_attr attr;
    int ret = call_read(call, &attr, sizeof(attr));

    if (ret)
        return ret;
    return is_timer(&attr) ? 0 : -ENXIO;
}

int64_t kvmd_get_vcpu_attr(struct kvmd_call *call)
{
    const struct kvmd_client *client = call->client;
    struct kvm_device_attr attr;
    uint32_t irq;
    int ret = call_read(call, &attr, sizeof(attr));

    if (ret)
        return ret;
    if (!is_timer(&attr))
        return -ENXIO;
    irq = irq_of(call->vm, attr.attr);
    return client->write(client->opaque, attr.addr, &irq, sizeof(irq));
}

/* In the order of the kernel's own checks. */
static int set_timer(struct kvmd_call *call, const struct kvm_device_attr *attr)
{
    const struct kvmd_client *client = call->client;
    uint32_t irq;
    int ret;

    if (!call->vm->gic)
        return -EINVAL;
    ret = client->read(client->opaque, attr->addr, &irq, sizeof(irq));
    if (ret)
        return ret;
    if (VGIC5_INTID_TYPE(irq) != VGIC5_PPI)
        return -EINVAL;
    if (call->vm->identification.frozen) /* a vCPU has run */
        return -EBUSY;
    if (!is_timer(attr))
        return -ENXIO;
    return irq == irq_of(call->vm, attr->attr) ? 0 : -EINVAL;
}

int64_t kvmd_set_vcpu_attr(struct kvmd_call *call)
{
    struct kvm_device_attr attr;
    int ret = call_read(call, &attr, sizeof(attr));

    if (ret)
        return ret;
    return attr.group == KVMD_VCPU_TIMER_CTRL ? set_timer(call, &attr) : -ENXIO;
}
