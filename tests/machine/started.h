/* SPDX-License-Identifier: BSD-3-Clause */
/* A machine with one vCPU at this code, without an image to load. */
#ifndef TESTS_MACHINE_STARTED_H
#define TESTS_MACHINE_STARTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct machine *started(bool deterministic, const uint32_t *code, size_t n);

#define STARTED(deterministic, ...)                         \
    started(deterministic, (const uint32_t[]){__VA_ARGS__}, \
            sizeof((const uint32_t[]){__VA_ARGS__}) / 4)

#endif
