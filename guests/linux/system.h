/* SPDX-License-Identifier: BSD-3-Clause */
/* Linux system calls for a program without a libc: numbers and structures of the arm64 ABI. */
#ifndef LINUX_SYSTEM_H
#define LINUX_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum system_call {
    SYS_DUP3 = 24,
    SYS_IOCTL = 29,
    SYS_MKDIRAT = 34,
    SYS_MOUNT = 40,
    SYS_OPENAT = 56,
    SYS_CLOSE = 57,
    SYS_READ = 63,
    SYS_WRITE = 64,
    SYS_TIMERFD_CREATE = 85,
    SYS_TIMERFD_SETTIME = 86,
    SYS_EXIT_GROUP = 94,
    SYS_FUTEX = 98,
    SYS_CLOCK_GETTIME = 113,
    SYS_CLOCK_NANOSLEEP = 115,
    SYS_SCHED_SETAFFINITY = 122,
    SYS_REBOOT = 142,
    SYS_CLONE = 220,
};

enum clock { CLOCK_REALTIME = 0, CLOCK_MONOTONIC = 1, CLOCK_BOOTTIME = 7 };

struct timespec {
    int64_t seconds;
    int64_t nanoseconds;
};

struct itimerspec {
    struct timespec interval;
    struct timespec value;
};

/* start.S. The result, or a negative errno. */
long system_call(enum system_call number, long a, long b, long c, long d, long e);
/* A thread that runs function(argument) on this stack and exits; its id or a negative errno. */
long thread_start(void (*function)(void *), void *argument, void *stack_top);

#define CALL(number, a, b, c, d, e) \
    system_call(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e))

#endif
