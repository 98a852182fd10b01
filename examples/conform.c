/* SPDX-License-Identifier: BSD-3-Clause */
/* A VGICv5 of somebody else's, as far as it has come (GRP_ADDR), before the conformance suite. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include <vgic5/conform.h>

#define IPA_BITS 40

struct device {
    uint64_t addr;
    uint32_t nr_vcpus;
    bool forgetful; /* the mistake that the suite must find */
};

/* EFAULT must be real: the kernel says whether an address of this process can be read. */
static int copy_in(void *to, uint64_t addr, size_t size)
{
    struct iovec local = {to, size}, remote = {(void *)(uintptr_t)addr, size};

    return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)size ? 0 : -EFAULT;
}

static int copy_out(uint64_t addr, const void *from, size_t size)
{
    struct iovec local = {(void *)(uintptr_t)from, size}, remote = {(void *)(uintptr_t)addr, size};

    return process_vm_writev(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)size ? 0 : -EFAULT;
}

static int create(void *opaque, void **vm)
{
    struct device *device = calloc(1, sizeof(*device));

    if (!device)
        return -ENOMEM;
    device->addr = UINT64_MAX;
    device->forgetful = *(const bool *)opaque;
    *vm = device;
    return 0;
}

static int add_vcpu(void *vm, uint32_t id)
{
    (void)id;
    ((struct device *)vm)->nr_vcpus++;
    return 0;
}

static bool is_addr(const struct vgic5_attr *attr)
{
    return attr->group == VGIC5_GRP_ADDR && attr->attr == VGIC5_ADDR_TYPE_IRS;
}

static int has_attr(void *vm, const struct vgic5_attr *attr)
{
    (void)vm;
    return is_addr(attr) ? 0 : -ENXIO;
}

static int get_attr(void *vm, const struct vgic5_attr *attr)
{
    const struct device *device = vm;

    return is_addr(attr) ? copy_out(attr->addr, &device->addr, sizeof(device->addr)) : -ENXIO;
}

/* The order of the refusals is part of the contract (doc/CONTRACT.md). */
static int set_addr(struct device *device, const struct vgic5_attr *attr)
{
    uint64_t addr;

    if (copy_in(&addr, attr->addr, sizeof(addr)))
        return -EFAULT;
    if (attr->attr != VGIC5_ADDR_TYPE_IRS)
        return -ENXIO;
    if (device->addr != UINT64_MAX && !device->forgetful)
        return -EEXIST;
    if (addr % VGIC5_IRS_FRAME_SIZE != 0 || addr + VGIC5_IRS_REGION_SIZE < addr)
        return -EINVAL;
    if (addr + VGIC5_IRS_REGION_SIZE > UINT64_C(1) << IPA_BITS)
        return -E2BIG;
    device->addr = addr;
    return 0;
}

static int set_attr(void *vm, const struct vgic5_attr *attr)
{
    if (attr->group == VGIC5_GRP_NR_IRQS || attr->group == VGIC5_GRP_CTRL)
        return 0; /* to come */
    return attr->group == VGIC5_GRP_ADDR ? set_addr(vm, attr) : -ENXIO;
}

static int enter(void *vm, uint32_t vcpu_id, bool stays)
{
    (void)vm, (void)vcpu_id, (void)stays;
    return -EOPNOTSUPP; /* to come: what needs it is skipped */
}

static void leave(void *vm, uint32_t vcpu_id)
{
    (void)vm, (void)vcpu_id;
}

static int irq_line(void *vm, uint32_t irq, bool level)
{
    (void)vm, (void)irq, (void)level;
    return -EBUSY;
}

static void report(void *opaque, const struct vgic5_conform_result *result)
{
    (void)opaque;
    if (result->verdict == VGIC5_CONFORM_FAIL)
        printf("%s: %s\n    the row says: %s\n", result->check->name, result->message,
               vgic5_conform_row_words(result->check->row));
}

int main(int argc, char **argv)
{
    bool forgetful = argc > 1 && strcmp(argv[1], "forgetful") == 0;
    struct vgic5_conform_ops ops = {.size = sizeof(ops),
                                    .abi = VGIC5_ABI_7_4,
                                    .opaque = &forgetful,
                                    .create = create,
                                    .destroy = free,
                                    .add_vcpu = add_vcpu,
                                    .has_attr = has_attr,
                                    .get_attr = get_attr,
                                    .set_attr = set_attr,
                                    .enter = enter,
                                    .leave = leave,
                                    .irq_line = irq_line,
                                    .ipa_bits = IPA_BITS};
    struct vgic5_conform_summary summary = {.size = sizeof(summary)};

    if (vgic5_conform_run(&ops, "addr.", report, NULL, &summary) != 0)
        return 2;
    printf("%u passed, %u failed, %u skipped\n", summary.passed, summary.failed, summary.skipped);
    return summary.failed != 0;
}
