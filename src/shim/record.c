/* SPDX-License-Identifier: BSD-3-Clause */
/* Preloaded instead of the shim: the host's own kernel answers, and each answer is reported. */
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <sys/uio.h>
#include <unistd.h>

#include "shim/shim.h"

#define KVM_TYPE 0xaeu

typedef int ioctl_function(int fd, unsigned long request, ...);

__attribute__((visibility("default"))) ioctl_function ioctl;

/* As it is before the call; what is not there is for the kernel to find out. */
static size_t copy_argument(const struct shim_message *message, void *to)
{
    struct iovec own = {to, shim_argument_size(message)};
    struct iovec there = {(void *)(uintptr_t)message->arg, own.iov_len};
    ssize_t got = own.iov_len > 0 ? process_vm_readv(getpid(), &own, 1, &there, 1, 0) : 0;

    return got > 0 ? (size_t)got : 0;
}

int ioctl(int fd, unsigned long request, ...)
{
    struct shim_message message = {.type = SHIM_SEEN, .cmd = (uint32_t)request};
    unsigned char before[SHIM_INLINE];
    ioctl_function *next;
    va_list arguments;
    void *argument;
    size_t size;
    int ret, error;

    va_start(arguments, request);
    argument = va_arg(arguments, void *);
    va_end(arguments);
    *(void **)&next = dlsym(RTLD_NEXT, "ioctl");
    if ((request >> 8 & 0xff) != KVM_TYPE)
        return next(fd, request, argument);
    message.dev = (uint64_t)getpid();
    message.ino = (uint64_t)fd;
    message.arg = (uintptr_t)argument;
    size = copy_argument(&message, before);
    ret = next(fd, request, argument);
    error = errno;
    message.value = ret;
    message.error = ret < 0 ? -error : 0;
    shim_report(&message, before, size);
    errno = error;
    return ret;
}
