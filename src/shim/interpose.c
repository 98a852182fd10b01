/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is found before the C library's functions: open of "/dev/kvm", and ioctl on what came of it.
 * Every object is an unlinked file of the server's, so that dup, fork, SCM_RIGHTS, close and mmap
 * stay the kernel's; which object an ioctl is for, its device and inode say.
 */
/* Else open would be another name of open64, which is here too. */
#undef _FILE_OFFSET_BITS
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim/shim.h"

#define KVM_TYPE 0xaeu
#define KVM_RUN 0xae80u
#define VISIBLE __attribute__((visibility("default")))

static dev_t our_device; /* of the server's files; 0: none has come yet */

static bool is_kvm(const char *path)
{
    return path && strcmp(path, "/dev/kvm") == 0 && getenv(SHIM_SOCKET);
}

static int open_kvm(int flags)
{
    struct shim_message message = {.type = SHIM_OPEN, .arg = SHIM_VERSION};
    struct stat status;
    int fd = (int)shim_call(&message, false);

    if (fd < 0)
        return fd;
    if (fstat(fd, &status) == 0)
        our_device = status.st_dev;
    if (!(flags & O_CLOEXEC))
        fcntl(fd, F_SETFD, 0);
    return fd;
}

static int open_any(int directory, const char *path, int flags, mode_t mode)
{
    return is_kvm(path) ? open_kvm(flags) : (int)syscall(SYS_openat, directory, path, flags, mode);
}

#define MODE_OF(flags, mode)                                                      \
    do {                                                                          \
        va_list arguments;                                                        \
                                                                                  \
        va_start(arguments, flags);                                               \
        mode = (flags) & (O_CREAT | __O_TMPFILE) ? va_arg(arguments, mode_t) : 0; \
        va_end(arguments);                                                        \
    } while (0)

#define OPEN(name)                                     \
    VISIBLE int name(const char *path, int flags, ...) \
    {                                                  \
        mode_t mode;                                   \
                                                       \
        MODE_OF(flags, mode);                          \
        return open_any(AT_FDCWD, path, flags, mode);  \
    }
#define OPENAT(name)                                                  \
    VISIBLE int name(int directory, const char *path, int flags, ...) \
    {                                                                 \
        mode_t mode;                                                  \
                                                                      \
        MODE_OF(flags, mode);                                         \
        return open_any(directory, path, flags, mode);                \
    }

OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

/* Those that a fortified program calls. */
VISIBLE int __open_2(const char *path, int flags);
VISIBLE int __open64_2(const char *path, int flags);
VISIBLE int __openat_2(int directory, const char *path, int flags);
VISIBLE int __openat64_2(int directory, const char *path, int flags);

int __open_2(const char *path, int flags)
{
    return open_any(AT_FDCWD, path, flags, 0);
}

int __open64_2(const char *path, int flags)
{
    return open_any(AT_FDCWD, path, flags, 0);
}

int __openat_2(int directory, const char *path, int flags)
{
    return open_any(directory, path, flags, 0);
}

int __openat64_2(int directory, const char *path, int flags)
{
    return open_any(directory, path, flags, 0);
}

VISIBLE int access(const char *path, int mode)
{
    return is_kvm(path) ? 0 : (int)syscall(SYS_faccessat, AT_FDCWD, path, mode);
}

VISIBLE int ioctl(int fd, unsigned long request, ...);

int ioctl(int fd, unsigned long request, ...)
{
    struct shim_message message = {.type = SHIM_IOCTL, .cmd = (uint32_t)request};
    struct stat status;
    va_list arguments;
    void *argument;

    va_start(arguments, request);
    argument = va_arg(arguments, void *);
    va_end(arguments);
    if ((request >> 8 & 0xff) != KVM_TYPE || !our_device)
        return (int)syscall(SYS_ioctl, fd, request, argument);
    if (fstat(fd, &status) != 0)
        return -1; /* EBADF: an emulator of user programs would say that there is no such call */
    if (status.st_dev != our_device)
        return (int)syscall(SYS_ioctl, fd, request, argument);
    message.dev = status.st_dev;
    message.ino = status.st_ino;
    message.arg = (uintptr_t)argument;
    return (int)shim_call(&message, message.cmd == KVM_RUN);
}
