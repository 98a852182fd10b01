/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TOOL_RUN_HOST_TIME_H
#define TOOL_RUN_HOST_TIME_H

#include <stdint.h>
#include <time.h>

/* Microseconds of the host's monotonic clock. */
static inline uint64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

#endif
