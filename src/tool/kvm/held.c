/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The order is what makes it safe: the thread is told to stop while its call still waits, and only
 * then is the call answered. So it stops on the way out of the kernel, before any signal is taken
 * and before the VMM sees the answer, which is written into its registers when it is let go.
 */
#include "tool/kvm/held.h"

#include <elf.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define CALL_STOP (SIGTRAP | 0x80)
#define MOST_STOPS 8 /* before the one that is waited for */

/* ---- Registers ------------------------------------------------------------------------------- */

#if defined(__x86_64__)
typedef struct user_regs_struct registers;

static void set_call(registers *r, long number, const uint64_t a[6])
{
    r->rax = (uint64_t)number;
    r->rdi = a[0];
    r->rsi = a[1];
    r->rdx = a[2];
    r->r10 = a[3];
    r->r8 = a[4];
    r->r9 = a[5];
    r->orig_rax = UINT64_MAX;
    r->rip -= 2; /* the length of the instruction by which it came */
}

static int64_t result_of(const registers *r)
{
    return (int64_t)r->rax;
}

static void set_result(registers *r, int64_t result)
{
    r->rax = (uint64_t)result;
    r->orig_rax = UINT64_MAX;
}
#elif defined(__aarch64__)
typedef struct user_regs_struct registers;

static void set_call(registers *r, long number, const uint64_t a[6])
{
    for (unsigned n = 0; n < 6; n++)
        r->regs[n] = a[n];
    r->regs[8] = (uint64_t)number;
    r->pc -= 4;
}

static int64_t result_of(const registers *r)
{
    return (int64_t)r->regs[0];
}

static void set_result(registers *r, int64_t result)
{
    r->regs[0] = (uint64_t)result;
}
#else
typedef struct {
    uint64_t none;
} registers;

static void set_call(registers *r, long number, const uint64_t a[6])
{
    (void)r, (void)number, (void)a;
}

static int64_t result_of(const registers *r)
{
    (void)r;
    return -ENOSYS;
}

static void set_result(registers *r, int64_t result)
{
    (void)r, (void)result;
}
#endif

static int transfer(const struct tracee *tracee, int request, registers *r)
{
    struct iovec all = {r, sizeof(*r)};

    return ptrace(request, tracee->tid, (void *)(uintptr_t)NT_PRSTATUS, &all) == 0 ? 0 : -errno;
}

/* ---- Stops ----------------------------------------------------------------------------------- */

/* Its end is for whoever waits for the command: only stops are taken. */
static int next_stop(const struct tracee *tracee)
{
    siginfo_t info;

    while (waitid(P_PID, (id_t)tracee->tid, &info, WSTOPPED | __WALL) != 0) {
        if (errno != EINTR)
            return -errno;
    }
    return info.si_status;
}

static int run_to(const struct tracee *tracee)
{
    for (unsigned n = 0; n < MOST_STOPS; n++) {
        int stop;

        if (ptrace(PTRACE_SYSCALL, tracee->tid, NULL, NULL) != 0)
            return -errno;
        stop = next_stop(tracee);
        if (stop < 0 || stop == CALL_STOP)
            return stop < 0 ? stop : 0;
    }
    return -EBUSY;
}

static int mask_signals(const struct tracee *tracee, uint64_t mask)
{
    return ptrace(PTRACE_SETSIGMASK, tracee->tid, (void *)sizeof(mask), &mask) == 0 ? 0 : -errno;
}

/* A traced thread that has died stays until its tracer has seen that, and keeps its process; but a
 * child of the tool's own is for who waits for the command. */
static void bury(const struct tracee *tracee)
{
    siginfo_t info;

    if (tracee->tid != tracee->process || tracee_parent(tracee) != getpid())
        waitid(P_PID, (id_t)tracee->tid, &info, WEXITED | __WALL);
}

/* What fails here fails because the thread has died. */
static int stop(struct tracee *tracee, int fd, int *number)
{
    struct seccomp_notif_addfd addition = {.id = tracee->id, .srcfd = (uint32_t)fd};
    struct seccomp_notif_resp answer = {.id = tracee->id};
    int ret;

    *number = ioctl(tracee->listener, SECCOMP_IOCTL_NOTIF_ADDFD, &addition);
    if (*number < 0)
        *number = -errno;
    if (ptrace(PTRACE_INTERRUPT, tracee->tid, NULL, NULL) != 0 ||
        ioctl(tracee->listener, SECCOMP_IOCTL_NOTIF_SEND, &answer) != 0)
        return -errno;
    ret = next_stop(tracee);
    if (ret > 0)
        ret = transfer(tracee, PTRACE_GETREGSET, tracee->registers);
    if (ret == 0 &&
        ptrace(PTRACE_GETSIGMASK, tracee->tid, (void *)sizeof(tracee->mask), &tracee->mask) != 0)
        ret = -errno;
    return ret ? ret : mask_signals(tracee, UINT64_MAX);
}

int held_stop(struct tracee *tracee, int fd, int *number)
{
    int ret = 0;

    tracee->registers = calloc(1, sizeof(registers));
    if (!tracee->registers)
        return -ENOMEM;
    if (ptrace(PTRACE_SEIZE, tracee->tid, NULL, (void *)PTRACE_O_TRACESYSGOOD) != 0) {
        ret = -errno; /* a debugger has it */
    } else {
        ret = stop(tracee, fd, number);
        tracee->stopped = ret == 0;
        if (ret)
            bury(tracee);
    }
    if (ret) {
        free(tracee->registers);
        tracee->registers = NULL;
    }
    return ret;
}

int64_t held_call(const struct tracee *tracee, long number, const uint64_t arguments[6])
{
    registers r;
    int ret;

    memcpy(&r, tracee->registers, sizeof(r));
    set_call(&r, number, arguments);
    ret = transfer(tracee, PTRACE_SETREGSET, &r);
    for (unsigned n = 0; n < 2 && ret == 0; n++) /* at its entry, and at its end */
        ret = run_to(tracee);
    if (ret == 0)
        ret = transfer(tracee, PTRACE_GETREGSET, &r);
    return ret ? ret : result_of(&r);
}

void tracee_release(struct tracee *tracee, int64_t result)
{
    set_result(tracee->registers, result);
    transfer(tracee, PTRACE_SETREGSET, tracee->registers);
    mask_signals(tracee, tracee->mask);
    if (ptrace(PTRACE_DETACH, tracee->tid, NULL, NULL) != 0)
        bury(tracee);
    free(tracee->registers);
    tracee->registers = NULL;
    tracee->stopped = false;
}
