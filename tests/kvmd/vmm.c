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

#include "vmm.h"

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

int open_kvm(void)
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

#define X3 UINT64_C(0x6030000000100006)
#define V1 UINT64_C(0x6040000000100058)

/* A register's value goes along with the call, or is asked for; also where it cannot be. */
static void registers(int vm, char *page)
{
    const uint32_t init[8] = {5};
    uint64_t *last = (void *)(page + 4096 - 8), wide[2] = {1, 2}, read[2] = {0};
    struct kvm_one_reg reg = {.id = X3, .addr = (uintptr_t)last};
    struct kvm_one_reg vector = {.id = V1, .addr = (uintptr_t)wide};
    int vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);

    *last = 33;
    CHECK(vcpu >= 0 && ioctl(vcpu, 0x4020aeae, init) == 0);
    CHECK(ioctl(vcpu, KVM_SET_ONE_REG, &reg) == 0);
    *last = 0;
    CHECK(ioctl(vcpu, KVM_GET_ONE_REG, &reg) == 0 && *last == 33);
    for (int n = 0; n < 2; n++) {
        reg.addr = n ? (uintptr_t)page + 4096 : 0; /* gone, and NULL */
        CHECK(ioctl(vcpu, KVM_SET_ONE_REG, &reg) == -1 && errno == EFAULT);
        CHECK(ioctl(vcpu, KVM_GET_ONE_REG, &reg) == -1 && errno == EFAULT);
    }
    CHECK(ioctl(vcpu, KVM_SET_ONE_REG, page + 4096) == -1 && errno == EFAULT);
    CHECK(ioctl(vcpu, KVM_GET_ONE_REG, page + 4096 - 8) == -1 && errno == EFAULT);
    CHECK(ioctl(vcpu, KVM_SET_ONE_REG, &vector) == 0);
    vector.addr = (uintptr_t)read;
    CHECK(ioctl(vcpu, KVM_GET_ONE_REG, &vector) == 0 && memcmp(read, wide, sizeof(wide)) == 0);
    reg.addr = (uintptr_t)read;
    CHECK(ioctl(vcpu, KVM_GET_ONE_REG, &reg) == 0 && read[0] == 33); /* as it was */
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
    registers(vm, page);
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

/* kB of this process: its pages, and the tables that hold them. */
static unsigned long footprint(void)
{
    FILE *status = fopen("/proc/self/status", "r");
    unsigned long kilobytes, sum = 0;
    char line[256];

    CHECK(status);
    while (fgets(line, sizeof(line), status)) {
        if (sscanf(line, "VmRSS: %lu", &kilobytes) == 1 ||
            sscanf(line, "VmPTE: %lu", &kilobytes) == 1)
            sum += kilobytes;
    }
    fclose(status);
    CHECK(sum > 0);
    return sum;
}

/* What was never touched costs nothing: to look at each page would leave 2 GiB of tables. */
static void large(void)
{
    int kvm = open_kvm(), vm = ioctl(kvm, KVM_CREATE_VM, 0);
    uint64_t size = UINT64_C(1) << 40;
    const uint64_t used[] = {0, 4096, size / 2 - 4096, size / 2 + (3 << 20), size - 4096};
    size_t nr = sizeof(used) / sizeof(used[0]);
    char *ram = mmap(NULL, size, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    struct kvm_userspace_memory_region region = {.memory_size = size,
                                                 .userspace_addr = (uintptr_t)ram};
    unsigned long before;

    CHECK(ram != MAP_FAILED);
    madvise(ram, size, MADV_NOHUGEPAGE);
    for (size_t n = 0; n < nr; n++)
        snprintf(ram + used[n], 4096, "page %zu", n);
    mprotect(ram + size / 4, 4096, PROT_READ); /* more than one mapping */
    before = footprint();
    CHECK(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region) == 0);
    CHECK(footprint() < before + 4096);
    for (size_t n = 0; n < nr; n++)
        CHECK(ram[used[n] + 5] == (char)('0' + n) && ram[used[n] + 6] == 0);
    CHECK(ram[size / 4] == 0 && footprint() < before + 4096);
    region.slot = 1;
    CHECK(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region) == -1 && errno == EEXIST);
}

/* Memory that is not there, all of it or a part, or that may not be read. */
static void no_memory(void)
{
    int kvm = open_kvm(), vm = ioctl(kvm, KVM_CREATE_VM, 0);
    size_t size = 1 << 20;
    char *ram = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct kvm_userspace_memory_region region = {.memory_size = size,
                                                 .userspace_addr = (uintptr_t)ram};

    CHECK(mprotect(ram + 8192, 4096, PROT_NONE) == 0);
    CHECK(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region) == -1 && errno == EFAULT);
    CHECK(munmap(ram + 8192, 4096) == 0);
    CHECK(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region) == -1 && errno == EFAULT);
    CHECK(munmap(ram, size) == 0);
    CHECK(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region) == -1 && errno == EFAULT);
    CHECK(mmap(ram, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
          ram);
    CHECK(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region) == 0);
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
    } parts[] = {{"conform", conform},   {"descriptors", descriptors},
                 {"pointers", pointers}, {"memory", memory},
                 {"large", large},       {"no-memory", no_memory},
                 {"orphaned", orphaned}, {"closed", closed},
                 {"dying", dying},       {"killed", killed}};

    setvbuf(stdout, NULL, _IONBF, 0);
    for (size_t n = 0; argc == 2 && n < sizeof(parts) / sizeof(parts[0]); n++) {
        if (strcmp(argv[1], parts[n].name) == 0) {
            parts[n].run();
            return 0;
        }
    }
    return 2;
}
