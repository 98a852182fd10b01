/* SPDX-License-Identifier: BSD-3-Clause */
#include "kvm/calls.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kvm/numbers.h"

/* ---- The C library's ------------------------------------------------------------------------- */

static int libc_open(void *opaque, const char *path, int flags)
{
    (void)opaque;
    return open(path, flags);
}

static int libc_close(void *opaque, int fd)
{
    (void)opaque;
    return close(fd);
}

static int libc_ioctl(void *opaque, int fd, unsigned long request, uintptr_t argument)
{
    (void)opaque;
    return ioctl(fd, request, argument);
}

static void *libc_map(void *opaque, int fd, size_t size)
{
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    (void)opaque;
    return at == MAP_FAILED ? NULL : at;
}

static void libc_unmap(void *opaque, void *at, size_t size)
{
    (void)opaque;
    munmap(at, size);
}

/* What this was compiled for is what it runs on: KVM takes no foreign binaries. */
static const char *libc_machine(void *opaque)
{
    (void)opaque;
#if defined(__aarch64__)
    return "aarch64";
#elif defined(__x86_64__)
    return "x86_64";
#else
    return "no arm64";
#endif
}

void kvm_calls_fill(struct vgic5_kvm_calls *calls, const struct vgic5_kvm_calls *given)
{
    memset(calls, 0, sizeof(*calls));
    if (given)
        memcpy(calls, given, given->size < sizeof(*calls) ? given->size : sizeof(*calls));
    calls->open = calls->open ? calls->open : libc_open;
    calls->close = calls->close ? calls->close : libc_close;
    calls->ioctl = calls->ioctl ? calls->ioctl : libc_ioctl;
    calls->map = calls->map ? calls->map : libc_map;
    calls->unmap = calls->unmap ? calls->unmap : libc_unmap;
    calls->machine = calls->machine ? calls->machine : libc_machine;
}

int kvm_ioctl(const struct vgic5_kvm_calls *calls, int fd, unsigned long request, const void *of)
{
    int ret = calls->ioctl(calls->opaque, fd, request, (uintptr_t)of);

    return ret < 0 ? -errno : ret;
}

/* ---- A small VM ------------------------------------------------------------------------------ */

static int create_device(struct kvm_vm *vm)
{
    struct kvm_create_device device = {.type = VGIC5_DEV_TYPE};
    int ret = kvm_ioctl(&vm->calls, vm->vm, KVM_CREATE_DEVICE, &device);

    if (ret == 0)
        vm->device = (int)device.fd;
    return ret;
}

static int give_ram(struct kvm_vm *vm)
{
    struct kvm_userspace_memory_region region = {.guest_phys_addr = KVM_VM_RAM_BASE,
                                                 .memory_size = KVM_VM_RAM_SIZE};

    vm->ram =
        mmap(NULL, KVM_VM_RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (vm->ram == MAP_FAILED) {
        vm->ram = NULL;
        return -ENOMEM;
    }
    region.userspace_addr = (uintptr_t)vm->ram;
    return kvm_ioctl(&vm->calls, vm->vm, KVM_SET_USER_MEMORY_REGION, &region);
}

static int open_dev(struct kvm_vm *vm)
{
    vm->kvm = vm->calls.open(vm->calls.opaque, "/dev/kvm", O_RDWR | O_CLOEXEC);
    return vm->kvm < 0 ? -errno : 0;
}

static int check_api(struct kvm_vm *vm)
{
    int ret = kvm_ioctl(&vm->calls, vm->kvm, KVM_GET_API_VERSION, NULL);

    return ret < 0 ? ret : ret == VGIC5_KVM_API ? 0 : -EPROTO;
}

static int create_vm(struct kvm_vm *vm)
{
    vm->vm = kvm_ioctl(&vm->calls, vm->kvm, KVM_CREATE_VM, NULL);
    return vm->vm < 0 ? vm->vm : 0;
}

static int get_run_size(struct kvm_vm *vm)
{
    vm->run_size = kvm_ioctl(&vm->calls, vm->kvm, KVM_GET_VCPU_MMAP_SIZE, NULL);
    return vm->run_size < 0 ? vm->run_size : 0;
}

int kvm_vm_open(struct kvm_vm *vm, const struct vgic5_kvm_calls *calls, const char **where)
{
    static const struct {
        const char *name;
        int (*make)(struct kvm_vm *vm);
    } steps[] = {
        {"/dev/kvm", open_dev},
        {"KVM_GET_API_VERSION", check_api},
        {"KVM_CREATE_VM", create_vm},
        {"KVM_GET_VCPU_MMAP_SIZE", get_run_size},
        {"KVM_SET_USER_MEMORY_REGION", give_ram},
        {"KVM_CREATE_DEVICE", create_device},
    };
    int ret = 0;

    memset(vm, 0, sizeof(*vm));
    vm->kvm = vm->vm = vm->device = -1;
    kvm_calls_fill(&vm->calls, calls);
    for (size_t n = 0; n < sizeof(steps) / sizeof(steps[0]) && ret == 0; n++) {
        *where = steps[n].name;
        ret = steps[n].make(vm);
    }
    return ret;
}

static void close_fd(const struct kvm_vm *vm, int fd)
{
    if (fd >= 0)
        vm->calls.close(vm->calls.opaque, fd);
}

void kvm_vm_close(struct kvm_vm *vm)
{
    for (uint32_t n = 0; n < vm->nr_vcpus; n++)
        close_fd(vm, vm->vcpus[n]);
    close_fd(vm, vm->device);
    close_fd(vm, vm->vm);
    close_fd(vm, vm->kvm);
    if (vm->ram)
        munmap(vm->ram, KVM_VM_RAM_SIZE);
}

int kvm_vm_add_vcpu(struct kvm_vm *vm, uint32_t id)
{
    struct kvm_numbers_vcpu_init init = {0};
    int fd, ret;

    if (vm->nr_vcpus == KVM_VM_VCPUS)
        return -E2BIG;
    fd = kvm_ioctl(&vm->calls, vm->vm, KVM_CREATE_VCPU, (const void *)(uintptr_t)id);
    if (fd < 0)
        return fd;
    vm->ids[vm->nr_vcpus] = id;
    vm->vcpus[vm->nr_vcpus++] = fd;
    ret = kvm_ioctl(&vm->calls, vm->vm, VGIC5_KVM_ARM_PREFERRED_TARGET, &init);
    return ret < 0 ? ret : kvm_ioctl(&vm->calls, fd, VGIC5_KVM_ARM_VCPU_INIT, &init);
}

/* immediate_exit: KVM maps the VGIC's resources, and comes back with EINTR before an instruction.
 */
int kvm_vm_run(struct kvm_vm *vm, uint32_t id)
{
    struct kvm_run *run;
    uint32_t n = 0;
    int ret;

    while (n < vm->nr_vcpus && vm->ids[n] != id)
        n++;
    if (n == vm->nr_vcpus)
        return -EINVAL;
    run = vm->calls.map(vm->calls.opaque, vm->vcpus[n], (size_t)vm->run_size);
    if (!run)
        return -ENOMEM;
    run->immediate_exit = 1;
    ret = kvm_ioctl(&vm->calls, vm->vcpus[n], KVM_RUN, NULL);
    vm->calls.unmap(vm->calls.opaque, run, (size_t)vm->run_size);
    return ret == -EINTR ? 0 : ret;
}

int kvm_vm_attr(const struct kvm_vm *vm, unsigned long request, const struct vgic5_attr *attr)
{
    return kvm_ioctl(&vm->calls, vm->device, request, attr);
}
