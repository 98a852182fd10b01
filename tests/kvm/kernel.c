/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "kvm/numbers.h"

#define RUN_SIZE 8192

/* ---- The host of the device ------------------------------------------------------------------ */

static int copy_from_user(void *opaque, void *to, uint64_t addr, size_t size)
{
    struct iovec local = {to, size}, remote = {(void *)(uintptr_t)addr, size};

    (void)opaque;
    return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)size ? 0 : -EFAULT;
}

static int copy_to_user(void *opaque, uint64_t addr, const void *from, size_t size)
{
    struct iovec local = {(void *)(uintptr_t)from, size}, remote = {(void *)(uintptr_t)addr, size};

    (void)opaque;
    return process_vm_writev(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)size ? 0 : -EFAULT;
}

static struct vgic5_host host_of_kernel(void)
{
    struct vgic5_host host = vmm_host;

    host.read_caller = copy_from_user;
    host.write_caller = copy_to_user;
    return host;
}

/* ---- ioctls ---------------------------------------------------------------------------------- */

/* As a kernel whose guest has never used CDHM. */
static void clear_hm(const struct vgic5_attr *attr, uint32_t abi)
{
    const uint64_t *buffers = (const uint64_t *)(uintptr_t)attr->addr;
    uint32_t *spis = (uint32_t *)(uintptr_t)(abi == VGIC5_ABI_7_4 ? buffers[0] : attr->addr);

    for (unsigned n = 0; n < VGIC5_NR_SPIS_DEFAULT; n++)
        spis[n] &= ~4u;
}

/* Where its generation puts the LPIs: the second buffer, or the guest's (linear) table. */
static void lose_lpi(struct kernel *kernel, const struct vgic5_attr *attr)
{
    const uint64_t *buffers = (const uint64_t *)(uintptr_t)attr->addr;
    uint64_t baser = 0;
    struct vgic5_attr get = {
        .group = VGIC5_GRP_IRS_REGS, .attr = VGIC5_IRS_IST_BASER, .addr = (uintptr_t)&baser};
    uint32_t *lpis = NULL;

    if (kernel->abi == VGIC5_ABI_7_4)
        lpis = (uint32_t *)(uintptr_t)buffers[2];
    else if (vgic5_get_attr(kernel->vmm.device, &get) == 0 && (baser & 1))
        lpis = (uint32_t *)(void *)vmm_ram_at(&kernel->vmm, baser & ~UINT64_C(1), 4);
    if (lpis)
        lpis[kernel->loses_lpi] = 0;
}

static int on_device(struct kernel *kernel, unsigned long request, const struct vgic5_attr *attr)
{
    int ret;

    if (kernel->ctrl_only && attr->group != VGIC5_GRP_CTRL)
        return -ENXIO;
    if (request == KVM_HAS_DEVICE_ATTR)
        return vgic5_has_attr(kernel->vmm.device, attr);
    if (request == KVM_SET_DEVICE_ATTR)
        return ++kernel->sets == kernel->ignore_at ? 0 : vgic5_set_attr(kernel->vmm.device, attr);
    if (request != KVM_GET_DEVICE_ATTR)
        return -ENOTTY;
    ret = vgic5_get_attr(kernel->vmm.device, attr);
    if (ret == 0 && kernel->no_hm && attr->group == VGIC5_GRP_IST)
        clear_hm(attr, kernel->abi);
    if (ret == 0 && kernel->loses_lpi && attr->group == VGIC5_GRP_IST)
        lose_lpi(kernel, attr);
    if (ret == 0 && kernel->altered.bits && attr->group == kernel->altered.group &&
        attr->attr == kernel->altered.attr)
        *(uint64_t *)(uintptr_t)attr->addr ^= kernel->altered.bits;
    return ret;
}

static int create_device(struct kernel *kernel, struct kvm_create_device *create)
{
    const struct vgic5_host host = host_of_kernel();

    if (create->type != VGIC5_DEV_TYPE)
        return -ENODEV;
    if (kernel->vmm.device)
        return -EEXIST;
    create->fd = KERNEL_DEVICE;
    kernel->opened++;
    return vmm_create_device(&kernel->vmm, &kernel->config, &host);
}

static int create_vcpu(struct kernel *kernel, uint32_t id)
{
    int ret = vmm_add_vcpu(&kernel->vmm, id);

    if (ret)
        return ret;
    kernel->opened++;
    return KERNEL_VCPU + (int)kernel->vmm.nr_vcpus - 1;
}

static int set_memory(struct kernel *kernel, const struct kvm_userspace_memory_region *region)
{
    kernel->vmm.ram = (uint8_t *)(uintptr_t)region->userspace_addr;
    kernel->vmm.ram_base = region->guest_phys_addr;
    kernel->vmm.ram_size = region->memory_size;
    return 0;
}

static int on_vm(struct kernel *kernel, unsigned long request, uintptr_t argument)
{
    const struct kvm_irq_level *line = (const void *)argument;

    switch (request) {
    case KVM_CREATE_DEVICE:
        return create_device(kernel, (struct kvm_create_device *)argument);
    case KVM_CREATE_VCPU:
        return create_vcpu(kernel, (uint32_t)argument);
    case KVM_SET_USER_MEMORY_REGION:
        return set_memory(kernel, (const void *)argument);
    case KVM_IRQ_LINE:
        return vgic5_irq_line(kernel->vmm.device, line->irq, line->level);
    case VGIC5_KVM_ARM_PREFERRED_TARGET:
        return 0;
    default:
        return -ENOTTY;
    }
}

/* The first run maps the VGIC's resources; then immediate_exit ends it. */
static int on_vcpu(struct kernel *kernel, int fd, unsigned long request)
{
    struct vgic5_vcpu *vcpu = vgic5_vcpu(kernel->vmm.device, kernel->vmm.id[fd - KERNEL_VCPU]);
    int ret;

    if (request == VGIC5_KVM_ARM_VCPU_INIT)
        return 0;
    if (request != KVM_RUN || !((struct kvm_run *)kernel->run)->immediate_exit)
        return -ENOTTY;
    ret = vgic5_vcpu_enter(vcpu);
    vgic5_vcpu_leave(vcpu);
    kernel->dead = ret && ret != -EBUSY;
    return ret ? ret : -EINTR;
}

static int answer(struct kernel *kernel, int fd, unsigned long request, uintptr_t argument)
{
    if (kernel->fail_on == request)
        return -kernel->fail_errno;
    if (kernel->dead && fd != KERNEL_KVM)
        return -EIO;
    if (fd == KERNEL_DEVICE && ++kernel->asked == kernel->fail_at) {
        kernel->dead = kernel->dies;
        return -kernel->fail_errno;
    }
    if (fd == KERNEL_DEVICE)
        return on_device(kernel, request, (const struct vgic5_attr *)argument);
    if (fd == KERNEL_VM)
        return on_vm(kernel, request, argument);
    if (fd >= KERNEL_VCPU)
        return on_vcpu(kernel, fd, request);
    if (request == KVM_GET_API_VERSION)
        return kernel->api;
    if (request == KVM_GET_VCPU_MMAP_SIZE)
        return RUN_SIZE;
    if (request != KVM_CREATE_VM)
        return -ENOTTY;
    kernel->opened++;
    return KERNEL_VM;
}

static int kernel_ioctl(void *opaque, int fd, unsigned long request, uintptr_t argument)
{
    struct kernel *kernel = opaque;
    int ret = answer(kernel, fd, request, argument);

    if (kernel->nr_lines < MOST_LINES) {
        struct line *line = &kernel->lines[kernel->nr_lines++];
        const struct vgic5_attr *attr = (const struct vgic5_attr *)argument;

        *line = (struct line){.fd = fd, .request = request, .ret = ret};
        if (fd == KERNEL_DEVICE) {
            line->group = attr->group;
            line->attr = attr->attr;
        }
    }
    if (ret >= 0)
        return ret;
    errno = -ret;
    return -1;
}

/* ---- The other calls ------------------------------------------------------------------------- */

static int kernel_open_path(void *opaque, const char *path, int flags)
{
    struct kernel *kernel = opaque;

    (void)flags;
    errno = strcmp(path, "/dev/kvm") == 0 ? kernel->open_errno : ENOENT;
    if (errno)
        return -1;
    kernel->opened++;
    return KERNEL_KVM;
}

static int kernel_close_fd(void *opaque, int fd)
{
    struct kernel *kernel = opaque;

    kernel->opened--;
    if (fd == KERNEL_DEVICE) {
        kernel->leaks += !vmm_drop_device(&kernel->vmm);
        kernel->dead = false;
        kernel->vmm.nr_vcpus = 0;
    }
    return 0;
}

static void *kernel_map(void *opaque, int fd, size_t size)
{
    struct kernel *kernel = opaque;

    return fd >= KERNEL_VCPU && size == RUN_SIZE ? kernel->run : NULL;
}

static void kernel_unmap(void *opaque, void *at, size_t size)
{
    (void)opaque, (void)at, (void)size;
}

static const char *kernel_machine(void *opaque)
{
    return ((struct kernel *)opaque)->machine;
}

void kernel_open(struct kernel *kernel, uint32_t abi, struct vgic5_kvm_calls *calls)
{
    memset(kernel, 0, sizeof(*kernel));
    kernel->abi = abi;
    kernel->config =
        (struct vgic5_config){.size = sizeof(kernel->config), .abi = abi, .ipa_bits = 40};
    kernel->machine = "aarch64";
    kernel->api = 12;
    kernel->run = calloc(1, RUN_SIZE);
    *calls = (struct vgic5_kvm_calls){.size = sizeof(*calls),
                                      .opaque = kernel,
                                      .open = kernel_open_path,
                                      .close = kernel_close_fd,
                                      .ioctl = kernel_ioctl,
                                      .map = kernel_map,
                                      .unmap = kernel_unmap,
                                      .machine = kernel_machine};
}

void kernel_close(struct kernel *kernel)
{
    kernel->leaks += !vmm_drop_device(&kernel->vmm);
    assert_int_equal(kernel->leaks, 0);
    free(kernel->run);
}
