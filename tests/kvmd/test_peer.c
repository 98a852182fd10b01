/* SPDX-License-Identifier: BSD-3-Clause */
/* A peer that speaks the protocol of the shim wrongly, or not at all: the server keeps nothing of
 * it, and serves the next. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <linux/kvm.h>

#include "kvmd/uapi.h"
#include "listening.h"
#include "shim/protocol.h"

#define MOST_FDS 253 /* of one message: SCM_MAX_FD */
#define WAIT 5000    /* milliseconds: then it is a hang */
#define RAM_SIZE 0x10000u
#define CREATE_VM 0xae01u
#define CREATE_VCPU 0xae41u
#define VCPU_INIT 0x4020aeaeu
#define SET_REGION 0x4020ae46u
#define IRQFD 0x4020ae76u
#define SET_ONE_REG 0x4010aeacu

/* ---- The wire -------------------------------------------------------------------------------- */

static int connect_to(const struct served_kernel *kernel)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int s = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    strcpy(to.sun_path, kernel->path);
    assert_int_equal(connect(s, (struct sockaddr *)&to, sizeof(to)), 0);
    return s;
}

/* `n` times the descriptor `fd` go along. */
static bool send_bytes(int s, const void *bytes, size_t size, int fd, unsigned n)
{
    char control[CMSG_SPACE(MOST_FDS * sizeof(int))] = {0};
    struct iovec part = {(void *)(uintptr_t)bytes, size};
    struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};

    if (n > 0) {
        struct cmsghdr *rights;

        header.msg_control = control;
        header.msg_controllen = CMSG_SPACE(n * sizeof(int));
        rights = CMSG_FIRSTHDR(&header);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(n * sizeof(int));
        for (unsigned i = 0; i < n; i++)
            memcpy(CMSG_DATA(rights) + i * sizeof(int), &fd, sizeof(int));
    }
    return sendmsg(s, &header, MSG_NOSIGNAL) == (ssize_t)size;
}

/* False: the server has ended the connection. A descriptor that comes along, or -1. */
static bool hear(int s, struct shim_message *message, int *fd)
{
    char control[CMSG_SPACE(sizeof(int))];
    struct iovec part = {message, sizeof(*message)};
    struct msghdr header = {.msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = control,
                            .msg_controllen = sizeof(control)};
    struct pollfd word = {.fd = s, .events = POLLIN};
    struct cmsghdr *rights;

    assert_int_equal(poll(&word, 1, WAIT), 1);
    if (recvmsg(s, &header, MSG_CMSG_CLOEXEC) < (ssize_t)sizeof(*message))
        return false;
    rights = CMSG_FIRSTHDR(&header);
    *fd = -1;
    if (rights)
        memcpy(fd, CMSG_DATA(rights), sizeof(int));
    return true;
}

/* ---- A peer that knows how ------------------------------------------------------------------- */

static struct shim_message ioctl_of(int fd, uint32_t request, uint64_t argument)
{
    struct stat status = {0};

    fstat(fd, &status);
    return (struct shim_message){.type = SHIM_IOCTL,
                                 .dev = status.st_dev,
                                 .ino = status.st_ino,
                                 .cmd = request,
                                 .arg = argument};
}

/* The answer of a call that asks nothing back: a descriptor, the value or a negative errno. */
static int64_t answer(int s)
{
    struct shim_message done;
    int fd;

    assert_true(hear(s, &done, &fd));
    assert_int_equal(done.type, SHIM_DONE);
    if (done.error)
        return done.error;
    return fd >= 0 ? fd : done.value;
}

static int open_kvm(int s)
{
    const struct shim_message open = {.type = SHIM_OPEN, .arg = SHIM_VERSION};

    assert_true(send_bytes(s, &open, sizeof(open), -1, 0));
    return (int)answer(s);
}

static int64_t call(int s, int fd, uint32_t request, uint64_t argument, const void *bytes,
                    size_t size)
{
    struct shim_message message = ioctl_of(fd, request, argument);
    uint8_t both[sizeof(message) + SHIM_INLINE];

    memcpy(both, &message, sizeof(message));
    if (size)
        memcpy(both + sizeof(message), bytes, size);
    assert_true(send_bytes(s, both, sizeof(message) + size, -1, 0));
    return answer(s);
}

struct socket_vmm {
    int s, kvm, vm, vcpu;
};

static void open_vmm(struct socket_vmm *vmm, const struct served_kernel *kernel)
{
    const uint32_t init[8] = {5, 4};

    vmm->s = connect_to(kernel);
    vmm->kvm = open_kvm(vmm->s);
    vmm->vm = (int)call(vmm->s, vmm->kvm, CREATE_VM, 0, NULL, 0);
    vmm->vcpu = (int)call(vmm->s, vmm->vm, CREATE_VCPU, 0, NULL, 0);
    assert_true(vmm->kvm >= 0 && vmm->vm >= 0 && vmm->vcpu >= 0);
    assert_int_equal(call(vmm->s, vmm->vcpu, VCPU_INIT, 0x1000, init, sizeof(init)), 0);
}

static void close_vmm(const struct socket_vmm *vmm)
{
    close(vmm->vcpu);
    close(vmm->vm);
    close(vmm->kvm);
    close(vmm->s);
}

static void is_served(const struct served_kernel *kernel)
{
    struct socket_vmm vmm;

    open_vmm(&vmm, kernel);
    close_vmm(&vmm);
}

/* ---- What is kept ---------------------------------------------------------------------------- */

static unsigned descriptors(void)
{
    DIR *directory = opendir("/proc/self/fd");
    unsigned count = 0;

    while (readdir(directory))
        count++;
    closedir(directory);
    return count;
}

/* Connections end, and objects go, in threads of their own. */
static void nothing_is_kept(const struct served_kernel *kernel, unsigned before)
{
    for (unsigned n = 0; n < 500; n++) {
        if (descriptors() == before && kvmd_server_objects(kernel->server) == 0)
            return;
        usleep(10000);
    }
    fail_msg("%u descriptors were %u, and %zu objects are left", descriptors(), before,
             kvmd_server_objects(kernel->server));
}

/* ---- Frames ---------------------------------------------------------------------------------- */

static const uint32_t types[] = {0,           SHIM_OPEN,  SHIM_IOCTL,     SHIM_KICK,
                                 SHIM_ANSWER, SHIM_DONE,  SHIM_READ,      SHIM_WRITE,
                                 SHIM_FD,     SHIM_SHARE, SHIM_SHARE + 1, UINT32_MAX};

/* Each length of a message, and the peer goes; the socket keeps messages whole. */
static void every_length(void **state)
{
    uint8_t bytes[sizeof(struct shim_message) + SHIM_INLINE + 64] = {0};
    struct served_kernel kernel;
    unsigned before;

    (void)state;
    open_kernel(&kernel, KVMD_7_4);
    before = descriptors();
    for (size_t type = 0; type < sizeof(types) / sizeof(types[0]); type++) {
        for (size_t size = 0; size <= sizeof(bytes); size++) {
            const struct shim_message message = {.type = types[type], .arg = SHIM_VERSION};
            int s = connect_to(&kernel);

            memcpy(bytes, &message, sizeof(message));
            assert_true(send_bytes(s, bytes, size, -1, 0));
            close(s);
        }
    }
    nothing_is_kept(&kernel, before);
    is_served(&kernel);
    close_kernel(&kernel);
}

/* More descriptors than anybody expects, along with anything, also with an empty message. */
static void descriptors_that_nobody_expects(void **state)
{
    static const unsigned numbers[] = {1, 2, 4, 5, MOST_FDS};
    struct served_kernel kernel;
    unsigned before;

    (void)state;
    open_kernel(&kernel, KVMD_7_4);
    before = descriptors();
    for (size_t n = 0; n < sizeof(numbers) / sizeof(numbers[0]); n++) {
        for (size_t type = 0; type < sizeof(types) / sizeof(types[0]); type++) {
            const struct shim_message message = {.type = types[type], .arg = SHIM_VERSION};
            const size_t sizes[] = {0, 1, sizeof(message)};

            for (size_t size = 0; size < 3; size++) {
                int s = connect_to(&kernel);

                assert_true(send_bytes(s, &message, sizes[size], STDERR_FILENO, numbers[n]));
                close(s);
            }
        }
    }
    nothing_is_kept(&kernel, before);
    is_served(&kernel);
    close_kernel(&kernel);
}

/* Of the bytes behind a call, the last go elsewhere: none, all, and more than there are. */
static void bytes_of_two_places(void **state)
{
    static const uint64_t sizes[] = {0, 1, 8, 16, 24, 25, SHIM_INLINE, UINT64_MAX};
    uint64_t bytes[3] = {UINT64_C(0x6030000000100006), 0x2000, 33};
    struct served_kernel kernel;
    unsigned before;

    (void)state;
    open_kernel(&kernel, KVMD_7_4);
    before = descriptors();
    for (size_t n = 0; n < sizeof(sizes) / sizeof(sizes[0]); n++) {
        uint8_t both[sizeof(struct shim_message) + sizeof(bytes)];
        struct shim_message message, word;
        struct socket_vmm vmm;
        int fd;

        open_vmm(&vmm, &kernel);
        message = ioctl_of(vmm.vcpu, SET_ONE_REG, 0x1000);
        message.size = sizes[n];
        message.value = sizes[n] == 8 ? 0x2000 : -4;
        memcpy(both, &message, sizeof(message));
        memcpy(both + sizeof(message), bytes, sizeof(bytes));
        assert_true(send_bytes(vmm.s, both, sizeof(both), -1, 0));
        assert_true(hear(vmm.s, &word, &fd)); /* what it does not have it asks for */
        assert_int_equal(word.type, sizes[n] == 8 ? SHIM_DONE : SHIM_READ);
        assert_int_equal(word.error, 0);
        close_vmm(&vmm);
    }
    nothing_is_kept(&kernel, before);
    is_served(&kernel);
    close_kernel(&kernel);
}

static uint64_t next(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* A message of a type that exists, with fields that may be anything, about objects that exist. */
static void any_message(const struct socket_vmm *vmm, uint64_t *seed)
{
    const int fds[] = {vmm->kvm, vmm->vm, vmm->vcpu};
    uint8_t bytes[sizeof(struct shim_message) + 64];
    struct shim_message message = ioctl_of(fds[next(seed) % 3], (uint32_t)next(seed), next(seed));
    size_t size = next(seed) % 8 ? sizeof(message) + next(seed) % 64 : next(seed) % sizeof(message);

    message.type = types[next(seed) % (sizeof(types) / sizeof(types[0]))];
    if (next(seed) % 2)
        message.cmd = (message.cmd & 0xff) | 0xae00;
    message.size = next(seed) >> next(seed) % 64;
    message.value = (int64_t)next(seed);
    message.error = (int32_t)next(seed) >> next(seed) % 32;
    for (size_t n = 0; n < sizeof(bytes); n++)
        bytes[n] = (uint8_t)next(seed);
    memcpy(bytes, &message, sizeof(message));
    (void)send_bytes(vmm->s, bytes, size, STDERR_FILENO, next(seed) % 4 ? 0 : 1);
}

static void random_messages(void **state)
{
    uint64_t seed = 20261201;
    struct served_kernel kernel;
    unsigned before;

    (void)state;
    open_kernel(&kernel, KVMD_7_4);
    before = descriptors();
    for (unsigned n = 0; n < 300; n++) {
        struct socket_vmm vmm;

        open_vmm(&vmm, &kernel);
        for (unsigned i = 0; i < 8; i++)
            any_message(&vmm, &seed);
        close_vmm(&vmm);
    }
    nothing_is_kept(&kernel, before);
    is_served(&kernel);
    close_kernel(&kernel);
}

/* ---- Answers to the server's questions ------------------------------------------------------- */

enum way { GOES, SHORT, LONG, POSITIVE, NO_DESCRIPTOR, PIPE, TINY, NR_WAYS };

static void answer_wrongly(int s, enum way way)
{
    struct shim_message message = {.type = SHIM_ANSWER, .value = way == LONG ? -4096 : 0};
    uint8_t bytes[4096] = {0};
    int pair[2] = {-1, -1}, fd = -1;

    if (way == POSITIVE)
        message.error = 5;
    if (way == PIPE && pipe(pair) == 0)
        fd = pair[1];
    if (way == TINY)
        fd = memfd_create("tiny", MFD_CLOEXEC);
    memcpy(bytes, &message, sizeof(message));
    (void)send_bytes(s, bytes,
                     way == SHORT  ? sizeof(message) - 1
                     : way == LONG ? sizeof(bytes)
                                   : sizeof(message),
                     fd, fd >= 0);
    if (fd >= 0)
        close(fd);
    if (pair[0] >= 0)
        close(pair[0]);
}

/* Each question is answered wrongly until the call is over, one way or the other. */
static void one_call(const struct socket_vmm *vmm, int fd, uint32_t request, const void *bytes,
                     size_t size, enum way way)
{
    struct shim_message word = ioctl_of(fd, request, 0x10000);
    uint8_t both[sizeof(word) + SHIM_INLINE];
    int got;

    memcpy(both, &word, sizeof(word));
    memcpy(both + sizeof(word), bytes, size);
    assert_true(send_bytes(vmm->s, both, sizeof(word) + size, -1, 0));
    while (hear(vmm->s, &word, &got) && word.type != SHIM_DONE) {
        if (way == GOES)
            return;
        answer_wrongly(vmm->s, way);
    }
    if (word.type == SHIM_DONE && way != TINY)
        assert_true(word.error < 0);
}

static void wrong_answers(void **state)
{
    const struct kvm_userspace_memory_region region = {
        .guest_phys_addr = 0x80000000, .memory_size = RAM_SIZE, .userspace_addr = 0x7000000};
    const uint64_t irqfd[4] = {1};
    struct served_kernel kernel;
    unsigned before;

    (void)state;
    open_kernel(&kernel, KVMD_7_4);
    before = descriptors();
    for (enum way way = GOES; way < NR_WAYS; way++) {
        for (unsigned n = 0; n < 4; n++) {
            struct socket_vmm vmm;

            open_vmm(&vmm, &kernel);
            if (n == 0)
                one_call(&vmm, vmm.vm, SET_REGION, &region, sizeof(region), way);
            else if (n == 1) /* what is not sent along is asked for */
                one_call(&vmm, vmm.vm, SET_REGION, &region, way == TINY ? sizeof(region) : 0, way);
            else if (n == 2)
                one_call(&vmm, vmm.vm, IRQFD, irqfd, sizeof(irqfd), way);
            else /* KVM_GET_MP_STATE: a write */
                one_call(&vmm, vmm.vcpu, 0x8004ae98, irqfd, 0, way);
            close_vmm(&vmm);
        }
    }
    nothing_is_kept(&kernel, before);
    is_served(&kernel);
    close_kernel(&kernel);
}

/* Who never answers keeps its own VM alone. */
static void silence(void **state)
{
    struct shim_message word;
    struct served_kernel kernel;
    struct socket_vmm vmm;
    unsigned before;
    int fd;

    (void)state;
    open_kernel(&kernel, KVMD_7_4);
    before = descriptors();
    open_vmm(&vmm, &kernel);
    word = ioctl_of(vmm.vm, SET_REGION, 0x10000);
    assert_true(send_bytes(vmm.s, &word, sizeof(word), -1, 0));
    assert_true(hear(vmm.s, &word, &fd));
    assert_int_equal(word.type, SHIM_READ);
    is_served(&kernel);
    close_vmm(&vmm);
    nothing_is_kept(&kernel, before);
    close_kernel(&kernel);
}

/* ---- KVM_RUN --------------------------------------------------------------------------------- */

static uint64_t cpu_ms(void)
{
    struct timespec used;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (uint64_t)used.tv_sec * 1000 + (uint64_t)used.tv_nsec / 1000000;
}

/* A vCPU that is off waits, until a word comes; whatever it is, it does not spin over it. */
static void a_word_in_the_middle_of_a_run(void **state)
{
    const uint32_t off[8] = {5, 5};
    struct shim_message run, word;
    struct served_kernel kernel;
    struct socket_vmm vmm;
    uint64_t used;

    (void)state;
    open_kernel(&kernel, KVMD_7_4);
    open_vmm(&vmm, &kernel);
    assert_int_equal(call(vmm.s, vmm.vcpu, VCPU_INIT, 0x1000, off, sizeof(off)), 0);
    run = ioctl_of(vmm.vcpu, KVM_RUN, 0);
    word = ioctl_of(vmm.kvm, KVM_GET_API_VERSION, 0);
    assert_true(send_bytes(vmm.s, &run, sizeof(run), -1, 0));
    used = cpu_ms();
    usleep(200000);
    assert_true(cpu_ms() - used < 100);
    assert_true(send_bytes(vmm.s, &word, sizeof(word), -1, 0));
    assert_int_equal(answer(vmm.s), -EINTR);
    assert_int_equal(answer(vmm.s), KVMD_API_VERSION);
    close_vmm(&vmm);
    close_kernel(&kernel);
}

/* The register's value comes along with the call. */
static void set_pc(const struct socket_vmm *vmm, uint64_t pc)
{
    const uint64_t words[] = {UINT64_C(0x6030000000100040), 0x1010, pc};

    assert_int_equal(call(vmm->s, vmm->vcpu, 0x4010aeac, 0x1000, words, sizeof(words)), 0);
}

static int64_t run_shortly(const struct socket_vmm *vmm)
{
    const struct shim_message run = ioctl_of(vmm->vcpu, KVM_RUN, 0), kick = {.type = SHIM_KICK};

    assert_true(send_bytes(vmm->s, &run, sizeof(run), -1, 0));
    assert_true(send_bytes(vmm->s, &kick, sizeof(kick), -1, 0));
    return answer(vmm->s);
}

/* The file of a vCPU, and guest RAM, are the VMM's to spoil. */
static void memory_that_is_taken_away(void **state)
{
    const struct kvm_userspace_memory_region region = {
        .guest_phys_addr = 0x80000000, .memory_size = RAM_SIZE, .userspace_addr = 0x7000000};
    struct served_kernel kernel;
    struct socket_vmm vmm;

    (void)state;
    open_kernel(&kernel, KVMD_7_4);
    open_vmm(&vmm, &kernel);
    one_call(&vmm, vmm.vm, SET_REGION, &region, sizeof(region), TINY);
    set_pc(&vmm, region.guest_phys_addr);
    assert_true(run_shortly(&vmm) <= 0);
    assert_int_equal(ftruncate(vmm.vcpu, 0), 0);
    assert_true(run_shortly(&vmm) <= 0);
    is_served(&kernel);
    close_vmm(&vmm);
    close_kernel(&kernel);
}

/* ---- Numbers --------------------------------------------------------------------------------- */

/* Whoever wants more objects than there are hears so, and then there are some again. */
static void too_many(void **state)
{
    struct served_kernel kernel;
    struct socket_vmm vmm;
    static int fds[20000];
    int made = 0;
    int64_t last = 0;

    (void)state;
    open_kernel(&kernel, KVMD_7_4);
    open_vmm(&vmm, &kernel);
    while (made < 20000 && (last = call(vmm.s, vmm.kvm, CREATE_VM, 0, NULL, 0)) >= 0)
        fds[made++] = (int)last;
    assert_true(last == -EMFILE || last == -ENFILE);
    assert_true(made >= 900);
    while (made > 0)
        close(fds[--made]);
    for (unsigned n = 0; n < 500 && kvmd_server_objects(kernel.server) > 3; n++)
        usleep(10000);
    is_served(&kernel);
    close_vmm(&vmm);
    close_kernel(&kernel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_length),
        cmocka_unit_test(descriptors_that_nobody_expects),
        cmocka_unit_test(bytes_of_two_places),
        cmocka_unit_test(random_messages),
        cmocka_unit_test(wrong_answers),
        cmocka_unit_test(silence),
        cmocka_unit_test(a_word_in_the_middle_of_a_run),
        cmocka_unit_test(memory_that_is_taken_away),
        cmocka_unit_test(too_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
