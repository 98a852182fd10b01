/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the emulated /dev/kvm costs a VMM, for bench/kvm: a guest of seven instructions that reads a
 * device of the VMM's, or the IRS again and again, and beside it a bare round trip, a message of
 * the shim's size to another process and back over the same kind of socket. All of them in turns,
 * in short batches; prints the median batch of each, in ns: a name and a figure on a line.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/kvm.h>

#include <vgic5/kvm.h>

#include "shim/protocol.h"

#ifndef __aarch64__ /* what the host's <linux/kvm.h> lacks there */
struct kvm_vcpu_init {
    uint32_t target;
    uint32_t features[7];
};
#endif

#define RAM_BASE UINT64_C(0x80000000)
#define RAM_SIZE UINT64_C(0x200000)
#define IRS_BASE UINT64_C(0x3fff0000) /* where IRS_IDR0 is */
#define DEVICE UINT64_C(0x09000000)
#define CORE_REGISTER(n) (UINT64_C(0x6030000000100000) + (n)*2u)
#define PC 32u
#define BATCHES 51u
#define CALLS 40u
#define ACCESSES 4000u
#define EXIT_LOOP 0u
#define ACCESS_LOOP 8u

/* x0: the device; x2: what is read in the loop; x3: how often. */
static const uint32_t code[] = {
    0xb9400001, /* ldr w1, [x0]    EXIT_LOOP */
    0x17ffffff, /* b .-4 */
    0xb9400041, /* ldr w1, [x2]    ACCESS_LOOP */
    0xf1000463, /* subs x3, x3, #1 */
    0x54ffffc1, /* b.ne .-8 */
    0xb9400001, /* ldr w1, [x0]: says that it is over */
    0x17fffffc, /* b .-16 */
};

struct kvm_vmm {
    int vm, gic, vcpu, echo;
    struct kvm_run *run;
    void *ram;
};

static void die(const char *what)
{
    fprintf(stderr, "kvm_vmm: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int check(int ret, const char *what)
{
    if (ret < 0)
        die(what);
    return ret;
}

/* ---- The VM ---------------------------------------------------------------------------------- */

static void set_register(struct kvm_vmm *b, unsigned n, uint64_t value)
{
    struct kvm_one_reg reg = {.id = CORE_REGISTER(n), .addr = (uintptr_t)&value};

    check(ioctl(b->vcpu, KVM_SET_ONE_REG, &reg), "KVM_SET_ONE_REG");
}

static uint64_t get_register(struct kvm_vmm *b, unsigned n)
{
    uint64_t value = 0;
    struct kvm_one_reg reg = {.id = CORE_REGISTER(n), .addr = (uintptr_t)&value};

    check(ioctl(b->vcpu, KVM_GET_ONE_REG, &reg), "KVM_GET_ONE_REG");
    return value;
}

static void set_attr(struct kvm_vmm *b, uint32_t group, uint64_t attr, const void *payload)
{
    const struct kvm_device_attr request = {
        .group = group, .attr = attr, .addr = (uintptr_t)payload};

    check(ioctl(b->gic, KVM_SET_DEVICE_ATTR, &request), "KVM_SET_DEVICE_ATTR");
}

static void add_memory(struct kvm_vmm *b)
{
    struct kvm_userspace_memory_region region = {.guest_phys_addr = RAM_BASE,
                                                 .memory_size = RAM_SIZE};

    b->ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (b->ram == MAP_FAILED)
        die("guest memory");
    memcpy(b->ram, code, sizeof(code));
    region.userspace_addr = (uintptr_t)b->ram;
    check(ioctl(b->vm, KVM_SET_USER_MEMORY_REGION, &region), "KVM_SET_USER_MEMORY_REGION");
}

static void add_vcpu(struct kvm_vmm *b, int kvm)
{
    int size = check(ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), "KVM_GET_VCPU_MMAP_SIZE");
    struct kvm_vcpu_init init;

    b->vcpu = check(ioctl(b->vm, KVM_CREATE_VCPU, 0), "KVM_CREATE_VCPU");
    b->run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, b->vcpu, 0);
    if (b->run == MAP_FAILED)
        die("kvm_run");
    check(ioctl(b->vm, KVM_ARM_PREFERRED_TARGET, &init), "KVM_ARM_PREFERRED_TARGET");
    check(ioctl(b->vcpu, KVM_ARM_VCPU_INIT, &init), "KVM_ARM_VCPU_INIT");
}

static void create(struct kvm_vmm *b)
{
    struct kvm_create_device device = {.type = VGIC5_DEV_TYPE};
    const uint64_t irs = IRS_BASE;
    int kvm = check(open("/dev/kvm", O_RDWR | O_CLOEXEC), "/dev/kvm");

    b->vm = check(ioctl(kvm, KVM_CREATE_VM, 0), "KVM_CREATE_VM");
    add_memory(b);
    check(ioctl(b->vm, KVM_CREATE_DEVICE, &device), "KVM_CREATE_DEVICE");
    b->gic = (int)device.fd;
    add_vcpu(b, kvm);
    set_attr(b, VGIC5_GRP_ADDR, VGIC5_ADDR_TYPE_IRS, &irs);
    set_attr(b, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NULL);
    set_register(b, 0, DEVICE);
}

/* ---- The other end of a bare round trip ------------------------------------------------------ */

static void echo(int s)
{
    struct shim_message message;

    while (recv(s, &message, sizeof(message), 0) == (ssize_t)sizeof(message)) {
        if (send(s, &message, sizeof(message), MSG_NOSIGNAL) < 0)
            break;
    }
    _exit(0);
}

static void start_echo(struct kvm_vmm *b)
{
    int ends[2];

    check(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), "socketpair");
    if (check(fork(), "fork") == 0) {
        close(ends[0]);
        echo(ends[1]);
    }
    close(ends[1]);
    b->echo = ends[0];
}

/* ---- What is measured ------------------------------------------------------------------------ */

static void bare(struct kvm_vmm *b)
{
    struct shim_message message = {.type = SHIM_IOCTL};

    if (send(b->echo, &message, sizeof(message), MSG_NOSIGNAL) < 0 ||
        recv(b->echo, &message, sizeof(message), 0) != (ssize_t)sizeof(message))
        die("a bare round trip");
}

/* Completes the last access, leaves for the VMM at the next. */
static void leave(struct kvm_vmm *b)
{
    check(ioctl(b->vcpu, KVM_RUN, 0), "KVM_RUN");
    if (b->run->exit_reason == KVM_EXIT_MMIO && b->run->mmio.phys_addr == DEVICE)
        return;
    fprintf(stderr, "kvm_vmm: exit reason %u\n", b->run->exit_reason);
    exit(1);
}

static void get(struct kvm_vmm *b)
{
    get_register(b, 0);
}

static void set(struct kvm_vmm *b)
{
    set_register(b, 5, 5);
}

/* The last access is completed before the guest goes on elsewhere. */
static void go_to(struct kvm_vmm *b, uint64_t offset)
{
    b->run->immediate_exit = 1;
    if (ioctl(b->vcpu, KVM_RUN, 0) == 0 || errno != EINTR)
        die("KVM_RUN does not come back");
    b->run->immediate_exit = 0;
    set_register(b, PC, RAM_BASE + offset);
}

static void exits_begin(struct kvm_vmm *b)
{
    go_to(b, EXIT_LOOP);
    leave(b);
}

static void loop_begin(struct kvm_vmm *b, uint64_t at)
{
    go_to(b, ACCESS_LOOP);
    set_register(b, 2, at);
    set_register(b, 3, 1);
    leave(b);
    set_register(b, 3, ACCESSES);
}

static void irs_begin(struct kvm_vmm *b)
{
    loop_begin(b, IRS_BASE);
}

static void ram_begin(struct kvm_vmm *b)
{
    loop_begin(b, RAM_BASE);
}

static const struct subject {
    const char *name;
    void (*begin)(struct kvm_vmm *b); /* may be NULL; its time does not count */
    void (*once)(struct kvm_vmm *b);
    unsigned times, divisor; /* how often in a batch; what the time of a batch is divided by */
} subjects[] = {
    {"bare", NULL, bare, CALLS, CALLS},
    {"mmio", exits_begin, leave, CALLS, CALLS},
    {"get", NULL, get, CALLS, CALLS},
    {"set", NULL, set, CALLS, CALLS},
    {"irs", irs_begin, leave, 1, ACCESSES},
    {"ram", ram_begin, leave, 1, ACCESSES}, /* what a turn of the loop costs without the IRS */
};
#define SUBJECTS (sizeof(subjects) / sizeof(subjects[0]))

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double batch(struct kvm_vmm *b, const struct subject *subject)
{
    double start;

    if (subject->begin)
        subject->begin(b);
    start = now();
    for (unsigned n = 0; n < subject->times; n++)
        subject->once(b);
    return (now() - start) / subject->divisor;
}

static int compare(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

int main(void)
{
    static double ns[SUBJECTS][BATCHES];
    struct kvm_vmm bench = {0};

    start_echo(&bench);
    create(&bench);
    for (unsigned n = 0; n < BATCHES; n++) {
        for (unsigned s = 0; s < SUBJECTS; s++)
            ns[s][n] = batch(&bench, &subjects[s]);
    }
    if (get_register(&bench, 0) != DEVICE || get_register(&bench, 5) != 5)
        die("a register has another value");
    for (unsigned s = 0; s < SUBJECTS; s++) {
        qsort(ns[s], BATCHES, sizeof(ns[s][0]), compare);
        printf("%s %.1f\n", subjects[s].name, ns[s][BATCHES / 2]);
    }
    return 0;
}
