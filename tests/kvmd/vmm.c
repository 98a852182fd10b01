/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A program that knows /dev/kvm and nothing else; it is run with the shim preloaded. Prints what
 * went wrong, and exits with 1.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/kvm.h>

#include <vgic5/kvm.h>

#define CHECK(condition)                                                    \
    do {                                                                    \
        if (!(condition)) {                                                 \
            printf("line %d: " #condition ", errno %d\n", __LINE__, errno); \
            exit(1);                                                        \
        }                                                                   \
    } while (0)

static const char *arm64(void *opaque)
{
    (void)opaque;
    return "aarch64";
}

static const struct vgic5_kvm_calls calls = {.size = sizeof(calls), .machine = arm64};

static void report(void *opaque, const struct vgic5_conform_result *result)
{
    (void)opaque;
    if (result->verdict == VGIC5_CONFORM_FAIL)
        printf("%s: %s\n", result->check->name, result->message);
}

static void conform(void)
{
    struct vgic5_conform_summary summary = {.size = sizeof(summary)};
    struct vgic5_conform_ops ops;
    struct vgic5_error error = {0};
    uint32_t abi;

    if (vgic5_kvm_look(&calls, &abi, &error) != 0) {
        printf("%s\n", error.message);
        exit(1);
    }
    vgic5_kvm_conform(&calls, abi, &ops);
    CHECK(vgic5_conform_run(&ops, NULL, report, NULL, &summary) == 0);
    printf("%u passed, %u failed, %u skipped\n", summary.passed, summary.failed, summary.skipped);
    CHECK(summary.failed == 0 && summary.passed > 400);
}

static int open_kvm(void)
{
    int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);

    CHECK(kvm >= 0 && ioctl(kvm, KVM_GET_API_VERSION, 0) == 12);
    return kvm;
}

/* dup, fork and the descriptors of a child are the real kernel's. */
static void descriptors(void)
{
    int kvm = open_kvm(), vm = ioctl(kvm, KVM_CREATE_VM, 0), again = dup(vm), status;

    CHECK(vm >= 0 && again >= 0);
    CHECK(close(vm) == 0);
    CHECK(ioctl(again, KVM_CHECK_EXTENSION, KVM_CAP_ONE_REG) == 1);
    CHECK(ioctl(vm, KVM_CHECK_EXTENSION, KVM_CAP_ONE_REG) == -1 && errno == EBADF);
    if (fork() == 0)
        _exit(ioctl(again, KVM_CHECK_EXTENSION, KVM_CAP_USER_MEMORY) != 1);
    CHECK(wait(&status) > 0 && status == 0);
    CHECK(ioctl(kvm, KVM_CREATE_VCPU, 0) == -1 && errno == ENOTTY);
    CHECK(ioctl(again, 0xae7f, 0) == -1 && errno == ENOTTY);
}

/* Pointers that are not there are EFAULT, and nothing ends. */
static void pointers(void)
{
    int kvm = open_kvm(), vm = ioctl(kvm, KVM_CREATE_VM, 0);
    struct kvm_create_device device = {.type = VGIC5_DEV_TYPE};
    char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct kvm_create_device *read_only = (void *)(page + 4096);

    CHECK(ioctl(vm, KVM_CREATE_DEVICE, 1) == -1 && errno == EFAULT);
    CHECK(ioctl(vm, KVM_CREATE_DEVICE, NULL) == -1 && errno == EFAULT);
    munmap(page + 4096, 4096);
    CHECK(ioctl(vm, KVM_CREATE_DEVICE, page + 4092) == -1 && errno == EFAULT);
    page = mmap(page + 4096, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
                -1, 0);
    *read_only = device;
    mprotect(page, 4096, PROT_READ);
    CHECK(ioctl(vm, KVM_CREATE_DEVICE, read_only) == -1 && errno == EFAULT);
    CHECK(ioctl(vm, 0x8020aeaf, read_only) == -1 && errno == EFAULT);
}

/* Guest RAM stays the VMM's: what it holds, and what it holds after it has been shared. */
static void memory(void)
{
    int kvm = open_kvm(), vm = ioctl(kvm, KVM_CREATE_VM, 0);
    size_t size = 4 << 20;
    char *ram = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct kvm_userspace_memory_region region = {
        .guest_phys_addr = 0x80000000, .memory_size = size, .userspace_addr = (uintptr_t)ram};

    memcpy(ram + 8192, "before", 7);
    CHECK(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region) == 0);
    CHECK(strcmp(ram + 8192, "before") == 0);
    region.slot = 1;
    CHECK(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region) == -1 && errno == EEXIST);
    region.guest_phys_addr += size;
    CHECK(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region) == 0); /* the same memory twice */
    region.memory_size = 0;
    CHECK(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region) == 0);
    CHECK(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region) == -1 && errno == EINVAL);
}

/* A VMM that is killed in the middle. */
static void killed(void)
{
    int kvm = open_kvm();

    for (int n = 0; n < 20; n++)
        CHECK(ioctl(kvm, KVM_CREATE_VM, 0) >= 0);
    kill(getpid(), SIGKILL);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } parts[] = {{"conform", conform},
                 {"descriptors", descriptors},
                 {"pointers", pointers},
                 {"memory", memory},
                 {"killed", killed}};

    setvbuf(stdout, NULL, _IONBF, 0);
    for (size_t n = 0; argc == 2 && n < sizeof(parts) / sizeof(parts[0]); n++) {
        if (strcmp(argv[1], parts[n].name) == 0) {
            parts[n].run();
            return 0;
        }
    }
    return 2;
}
