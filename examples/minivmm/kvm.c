/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "minivmm.h"

static int check(int ret, const char *what)
{
    if (ret < 0)
        die(what);
    return ret;
}

/* ---- Memory ---------------------------------------------------------------------------------- */

static void give_memory(struct vmm *vmm)
{
    struct kvm_userspace_memory_region region = {.flags = KVM_MEM_LOG_DIRTY_PAGES,
                                                 .guest_phys_addr = RAM_BASE,
                                                 .memory_size = vmm->ram_size};

    vmm->ram = mmap(NULL, vmm->ram_size, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (vmm->ram == MAP_FAILED)
        die("guest memory");
    region.userspace_addr = (uintptr_t)vmm->ram;
    check(ioctl(vmm->vm, KVM_SET_USER_MEMORY_REGION, &region), "KVM_SET_USER_MEMORY_REGION");
}

static bool is_ram(const struct vmm *vmm, uint64_t ipa, size_t size)
{
    return ipa >= RAM_BASE && size <= vmm->ram_size && ipa - RAM_BASE <= vmm->ram_size - size;
}

/* For a restore from one generation of the contract to the other. */
static int read_guest(void *opaque, uint64_t ipa, void *to, size_t size)
{
    struct vmm *vmm = opaque;

    if (!is_ram(vmm, ipa, size))
        return -EFAULT;
    memcpy(to, vmm->ram + (ipa - RAM_BASE), size);
    return 0;
}

static int write_guest(void *opaque, uint64_t ipa, const void *from, size_t size)
{
    struct vmm *vmm = opaque;

    if (!is_ram(vmm, ipa, size))
        return -EFAULT;
    memcpy(vmm->ram + (ipa - RAM_BASE), from, size);
    return 0;
}

/* KVM knows what the guest has written: its log has the form that vgic5/ram.h wants. */
static int take_written(void *opaque, size_t range, uint64_t *pages)
{
    struct vmm *vmm = opaque;
    size_t words = (size_t)(vmm->ram_size / 4096 + 63) / 64;
    uint64_t *written = calloc(words, sizeof(*written));
    struct kvm_dirty_log log = {.slot = (uint32_t)range, .dirty_bitmap = written};
    int ret = written ? ioctl(vmm->vm, KVM_GET_DIRTY_LOG, &log) : -1;

    for (size_t n = 0; n < words && ret == 0; n++)
        pages[n] |= written[n];
    free(written);
    return ret == 0 ? 0 : -errno;
}

static void keep_history(struct vmm *vmm)
{
    const struct vgic5_dirty_source source = {
        .size = sizeof(source), .take = take_written, .opaque = vmm};
    const struct vgic5_ram_options options = {.size = sizeof(options), .source = &source};
    const struct vgic5_ram_range range = {
        .base = RAM_BASE, .size = vmm->ram_size, .host = vmm->ram};
    struct vgic5_error error = {0};

    if (vgic5_ram_create(&range, 1, &options, &vmm->history, &error) != 0) {
        fprintf(stderr, "minivmm: %s\n", error.message);
        exit(1);
    }
}

/* ---- vCPUs ----------------------------------------------------------------------------------- */

static void add_vcpu(struct vmm *vmm, uint32_t id, size_t run_size)
{
    struct vcpu *vcpu = &vmm->vcpus[id];
    struct kvm_vcpu_init init;

    vcpu->vmm = vmm;
    vcpu->id = id;
    vmm->ids[id] = id;
    vcpu->fd = check(ioctl(vmm->vm, KVM_CREATE_VCPU, id), "KVM_CREATE_VCPU");
    vcpu->run = mmap(NULL, run_size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu->fd, 0);
    if (vcpu->run == MAP_FAILED)
        die("kvm_run");
    check(ioctl(vmm->vm, KVM_ARM_PREFERRED_TARGET, &init), "KVM_ARM_PREFERRED_TARGET");
    init.features[0] |= 1u << KVM_ARM_VCPU_PSCI_0_2;
    if (id > 0)
        init.features[0] |= 1u << KVM_ARM_VCPU_POWER_OFF;
    check(ioctl(vcpu->fd, KVM_ARM_VCPU_INIT, &init), "KVM_ARM_VCPU_INIT");
}

/* ---- The whole ------------------------------------------------------------------------------- */

void vmm_create(struct vmm *vmm, uint32_t nr_vcpus, uint64_t ram_size)
{
    struct kvm_create_device device = {.type = VGIC5_DEV_TYPE};
    struct vgic5_error error = {0};
    size_t run_size;
    uint32_t abi;

    if (vgic5_kvm_look(NULL, &abi, &error) != 0) {
        fprintf(stderr, "minivmm: %s\n", error.message);
        exit(1);
    }
    *vmm = (struct vmm){.ram_size = ram_size, .nr_vcpus = nr_vcpus};
    vmm->kvm = check(open("/dev/kvm", O_RDWR | O_CLOEXEC), "/dev/kvm");
    vmm->vm = check(ioctl(vmm->kvm, KVM_CREATE_VM, 0), "KVM_CREATE_VM");
    give_memory(vmm);
    keep_history(vmm);
    run_size = (size_t)check(ioctl(vmm->kvm, KVM_GET_VCPU_MMAP_SIZE, 0), "KVM_GET_VCPU_MMAP_SIZE");
    check(ioctl(vmm->vm, KVM_CREATE_DEVICE, &device), "KVM_CREATE_DEVICE");
    vmm->gic = (int)device.fd;
    for (uint32_t id = 0; id < nr_vcpus; id++)
        add_vcpu(vmm, id, run_size);
    vmm->port = (struct vgic5_kvm){.size = sizeof(vmm->port),
                                   .abi = abi,
                                   .vm = vmm->vm,
                                   .device = vmm->gic,
                                   .nr_vcpus = nr_vcpus,
                                   .vcpu_ids = vmm->ids,
                                   .read_guest = read_guest,
                                   .write_guest = write_guest,
                                   .opaque = vmm};
    pthread_mutex_init(&vmm->lock, NULL);
    pthread_cond_init(&vmm->changed, NULL);
}

static void set(struct vmm *vmm, uint32_t group, uint64_t attr, const void *payload,
                const char *what)
{
    const struct kvm_device_attr request = {
        .group = group, .attr = attr, .addr = (uintptr_t)payload};

    check(ioctl(vmm->gic, KVM_SET_DEVICE_ATTR, &request), what);
}

void vmm_init_gic(struct vmm *vmm)
{
    const uint64_t irs = IRS_BASE;
    const uint32_t nr_spis = 64;

    set(vmm, VGIC5_GRP_ADDR, VGIC5_ADDR_TYPE_IRS, &irs, "GRP_ADDR");
    set(vmm, VGIC5_GRP_NR_IRQS, 0, &nr_spis, "GRP_NR_IRQS");
    set(vmm, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NULL, "CTRL_INIT");
}

void vmm_destroy(struct vmm *vmm)
{
    vgic5_ram_destroy(vmm->history);
    for (uint32_t n = 0; n < vmm->nr_vcpus; n++)
        close(vmm->vcpus[n].fd);
    close(vmm->gic);
    close(vmm->vm);
    close(vmm->kvm);
    munmap(vmm->ram, vmm->ram_size);
}
