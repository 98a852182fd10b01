/* SPDX-License-Identifier: BSD-3-Clause */
/* Between the parts of the program that knows /dev/kvm and nothing else. */
#ifndef TESTS_KVMD_VMM_H
#define TESTS_KVMD_VMM_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition)                                                            \
    do {                                                                            \
        if (!(condition)) {                                                         \
            printf("%s:%d: " #condition ", errno %d\n", __FILE__, __LINE__, errno); \
            exit(1);                                                                \
        }                                                                           \
    } while (0)

int open_kvm(void);

/* ---- vmm_threads.c ---- */
/* The server is killed under it, once it has printed "under way". */
void orphaned(void);
/* Descriptors are closed while KVM_RUN is under way. */
void closed(void);
/* Threads end inside of KVM_RUN. */
void dying(void);

#endif
