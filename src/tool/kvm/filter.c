/* SPDX-License-Identifier: BSD-3-Clause */
/* In the child: which system calls wait for the tool's answer. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim/message.h"
#include "tool/kvm/notify.h"
#include "tool/kvm/tracee.h"

#if defined(__x86_64__)
#define OWN_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OWN_ARCH AUDIT_ARCH_AARCH64
#else
#define OWN_ARCH 0
#endif

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define UNLESS(value, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip)
#define ANSWER(what) BPF_STMT(BPF_RET | BPF_K, what)
#define HOLD(call) UNLESS(call, 1), ANSWER(SECCOMP_RET_USER_NOTIF)

/* No filter sees a path: every open is looked at. Of ioctls, those of KVM's type are. */
static struct sock_filter filter[] = {
    LOAD(arch),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OWN_ARCH, 1, 0),
    ANSWER(SECCOMP_RET_ALLOW),
    LOAD(nr),
#ifdef SYS_open
    HOLD(SYS_open),
#endif
    HOLD(SYS_openat),
    HOLD(SYS_openat2),
#ifdef SYS_access
    HOLD(SYS_access),
#endif
    HOLD(SYS_faccessat),
    HOLD(SYS_faccessat2),
    UNLESS(SYS_ioctl, 4),
    LOAD(args[1]),
    BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xff00),
    UNLESS(0xae00, 1),
    ANSWER(SECCOMP_RET_USER_NOTIF),
    ANSWER(SECCOMP_RET_ALLOW),
};

bool notify_is_possible(void)
{
    return TRACEE_IS_HERE;
}

/* A signal does not break off a call that has been taken up: but for KVM_RUN no call of KVM's ends
 * with EINTR, and KVM_RUN is ended by the tool. */
int notify_install(int to)
{
    const struct shim_message hello = {.type = SHIM_FD};
    struct sock_fprog program = {sizeof(filter) / sizeof(*filter), filter};
    int fd, ret;

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return -errno;
    fd = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                      SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
                      &program);
    if (fd < 0)
        return -errno;
    ret = shim_send(to, &hello, NULL, 0, fd);
    close(fd);
    return ret;
}
