/* SPDX-License-Identifier: BSD-3-Clause */
/* A VMM with threads: what happens to one while another is in KVM_RUN. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <linux/kvm.h>

#include "kvm/numbers.h"
#include "vmm.h"

#define RAM UINT64_C(0x80000000)
#define RAM_SIZE 0x10000u
#define COUNTER 0x1000u
#define DOORBELL UINT64_C(0x10000000)
#define PATIENCE 20 /* seconds, after which it hangs */
#define X(n) (UINT64_C(0x6030000000100000) | 2 * (n))
#define PC UINT64_C(0x6030000000100040)

/* Where the guest may begin. */
enum place { COUNTS = 0, WAITS = 0x100, RINGS = 0x200 };

static const struct {
    uint32_t at, word;
} guest[] = {
    {COUNTS, 0x91000400},     {COUNTS + 4, 0xf9000040}, /* add x0, x0, #1; str x0, [x2] */
    {COUNTS + 8, 0x17fffffe},                           /* b .-8 */
    {WAITS, 0xd503207f},      {WAITS + 4, 0x17ffffff},  /* wfi; b .-4 */
    {RINGS, 0xf9000060},      {RINGS + 4, 0x17ffffff},  /* str x0, [x3]; b .-4 */
};

struct threaded_vm {
    int kvm, vm, vcpu;
    struct kvm_run *run;
    volatile uint64_t *counter;
    pthread_t thread;
    volatile int result, error;
};

static void set(const struct threaded_vm *machine, uint64_t id, uint64_t value)
{
    const struct kvm_one_reg reg = {.id = id, .addr = (uintptr_t)&value};

    CHECK(ioctl(machine->vcpu, KVM_SET_ONE_REG, &reg) == 0);
}

static void create(struct threaded_vm *machine, enum place place)
{
    char *ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    const struct kvm_userspace_memory_region region = {
        .guest_phys_addr = RAM, .memory_size = RAM_SIZE, .userspace_addr = (uintptr_t)ram};
    struct kvm_numbers_vcpu_init init;

    memset(machine, 0, sizeof(*machine));
    for (size_t n = 0; n < sizeof(guest) / sizeof(guest[0]); n++)
        memcpy(ram + guest[n].at, &guest[n].word, 4);
    machine->counter = (volatile uint64_t *)(ram + COUNTER);
    machine->kvm = open_kvm();
    machine->vm = ioctl(machine->kvm, KVM_CREATE_VM, 0);
    CHECK(ioctl(machine->vm, KVM_SET_USER_MEMORY_REGION, &region) == 0);
    machine->vcpu = ioctl(machine->vm, KVM_CREATE_VCPU, 0);
    CHECK(machine->vcpu >= 0);
    machine->run = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, machine->vcpu, 0);
    CHECK(machine->run != MAP_FAILED);
    CHECK(ioctl(machine->vm, VGIC5_KVM_ARM_PREFERRED_TARGET, &init) == 0);
    CHECK(ioctl(machine->vcpu, VGIC5_KVM_ARM_VCPU_INIT, &init) == 0);
    set(machine, X(2), RAM + COUNTER);
    set(machine, X(3), DOORBELL);
    set(machine, PC, RAM + place);
}

/* Another VM of the same server, from its making to an exit. */
static void another_works(void)
{
    struct threaded_vm other;

    create(&other, RINGS);
    CHECK(ioctl(other.vcpu, KVM_RUN, 0) == 0);
    CHECK(other.run->exit_reason == KVM_EXIT_MMIO && other.run->mmio.phys_addr == DOORBELL);
    CHECK(close(other.vcpu) == 0 && close(other.vm) == 0 && close(other.kvm) == 0);
}

static void wait_a_little(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

static void *run_thread(void *opaque)
{
    struct threaded_vm *machine = opaque;

    machine->result = ioctl(machine->vcpu, KVM_RUN, 0);
    machine->error = errno;
    return NULL;
}

static void call_extension(struct threaded_vm *machine)
{
    machine->result = ioctl(machine->vm, KVM_CHECK_EXTENSION, KVM_CAP_ONE_REG);
    machine->error = errno;
}

static void start(struct threaded_vm *machine, void *(*function)(void *))
{
    CHECK(pthread_create(&machine->thread, NULL, function, machine) == 0);
}

static void until_it_counts(const struct threaded_vm *machine)
{
    uint64_t before = *machine->counter;

    for (int n = 0; n < PATIENCE * 1000 && *machine->counter == before; n++)
        wait_a_little();
    CHECK(*machine->counter != before);
}

static void join(const struct threaded_vm *machine)
{
    struct timespec end;

    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += PATIENCE;
    CHECK(pthread_timedjoin_np(machine->thread, NULL, &end) == 0);
}

/* ---- The server dies ------------------------------------------------------------------------- */

static void *call_thread(void *opaque)
{
    struct threaded_vm *machine = opaque;

    do {
        call_extension(machine);
    } while (machine->result == 1);
    return NULL;
}

static void every_call_is_eio(const struct threaded_vm *machine)
{
    for (unsigned n = 0; n < 3; n++) {
        CHECK(ioctl(machine->kvm, KVM_GET_API_VERSION, 0) == -1 && errno == EIO);
        CHECK(ioctl(machine->vm, KVM_CHECK_EXTENSION, KVM_CAP_ONE_REG) == -1 && errno == EIO);
        CHECK(ioctl(machine->vm, KVM_CREATE_VCPU, 7) == -1 && errno == EIO);
        CHECK(ioctl(machine->vcpu, KVM_RUN, 0) == -1 && errno == EIO);
        CHECK(open("/dev/kvm", O_RDWR) == -1 && errno == EIO);
    }
}

static void *later_thread(void *opaque)
{
    every_call_is_eio(opaque);
    return NULL;
}

void orphaned(void)
{
    struct threaded_vm counts, waits, calls;

    create(&counts, COUNTS);
    create(&waits, WAITS);
    create(&calls, COUNTS);
    start(&counts, run_thread);
    start(&waits, run_thread);
    start(&calls, call_thread);
    until_it_counts(&counts);
    for (int n = 0; n < PATIENCE * 1000 && calls.result != 1; n++)
        wait_a_little();
    CHECK(calls.result == 1);
    printf("under way\n");
    join(&counts);
    join(&waits);
    join(&calls);
    CHECK(counts.result == -1 && counts.error == EIO);
    CHECK(waits.result == -1 && waits.error == EIO);
    CHECK(calls.result == -1 && calls.error == EIO);
    every_call_is_eio(&counts); /* in a thread that had a connection, and in one that never had */
    start(&counts, later_thread);
    join(&counts);
    printf("all are EIO\n");
}

/* ---- Descriptors are closed ------------------------------------------------------------------ */

static void ignore(int number)
{
    (void)number;
}

/* As the kernel's: the call that is under way keeps its vCPU, and a signal ends it. */
void closed(void)
{
    const struct sigaction action = {.sa_handler = ignore};
    struct threaded_vm machine;

    sigaction(SIGUSR1, &action, NULL);
    for (unsigned n = 0; n < 10; n++) {
        create(&machine, COUNTS);
        start(&machine, run_thread);
        until_it_counts(&machine);
        CHECK(close(machine.vm) == 0);
        if (n % 2)
            CHECK(munmap(machine.run, 4096) == 0);
        CHECK(close(machine.vcpu) == 0);
        CHECK(ioctl(machine.vcpu, KVM_RUN, 0) == -1 && errno == EBADF);
        another_works();
        until_it_counts(&machine);
        CHECK(pthread_kill(machine.thread, SIGUSR1) == 0);
        join(&machine);
        CHECK(machine.result == -1 && machine.error == EINTR);
        CHECK(close(machine.kvm) == 0);
    }
    another_works();
}

/* ---- A thread dies --------------------------------------------------------------------------- */

static void end_thread(int number)
{
    (void)number;
    pthread_exit(NULL);
}

/* As the kernel's: the vCPU is there for others, and so are the VM and the server. */
static void die_inside(enum place place)
{
    struct threaded_vm machine, lasting;

    create(&machine, place);
    create(&lasting, COUNTS);
    start(&machine, run_thread);
    start(&lasting, run_thread);
    until_it_counts(&lasting);
    if (place == COUNTS)
        until_it_counts(&machine);
    else
        wait_a_little();
    CHECK(pthread_kill(machine.thread, SIGUSR1) == 0);
    join(&machine);
    CHECK(machine.error == 0); /* the call has not come back */
    set(&machine, PC, RAM + RINGS);
    CHECK(ioctl(machine.vcpu, KVM_RUN, 0) == 0 && machine.run->exit_reason == KVM_EXIT_MMIO);
    another_works();
    until_it_counts(&lasting);
    CHECK(pthread_kill(lasting.thread, SIGUSR1) == 0);
    join(&lasting);
}

/* By the system call itself: the C library does not hear of it. */
static void *vanishing_thread(void *opaque)
{
    call_extension(opaque);
    syscall(SYS_exit, 0);
    return NULL;
}

static void *short_thread(void *opaque)
{
    call_extension(opaque);
    return NULL;
}

static void die_between(void *(*function)(void *))
{
    struct threaded_vm machine, lasting;

    create(&machine, RINGS);
    create(&lasting, COUNTS);
    start(&lasting, run_thread);
    until_it_counts(&lasting);
    start(&machine, function);
    join(&machine);
    CHECK(machine.result == 1);
    CHECK(ioctl(machine.vcpu, KVM_RUN, 0) == 0 && machine.run->exit_reason == KVM_EXIT_MMIO);
    another_works();
    until_it_counts(&lasting);
    CHECK(pthread_kill(lasting.thread, SIGUSR1) == 0);
    join(&lasting);
}

/* The lowest descriptor of the shim's that is free: those of threads that have ended are. */
static int lowest_free(void)
{
    int fd = fcntl(0, F_DUPFD, 512);

    CHECK(fd >= 0 && close(fd) == 0);
    return fd;
}

void dying(void)
{
    const struct sigaction action = {.sa_handler = end_thread};
    int before;

    sigaction(SIGUSR1, &action, NULL);
    for (unsigned n = 0; n < 5; n++) {
        die_inside(COUNTS);
        die_inside(WAITS);
    }
    before = lowest_free();
    for (unsigned n = 0; n < 5; n++)
        die_between(short_thread);
    CHECK(lowest_free() == before);
    die_between(vanishing_thread);
}
