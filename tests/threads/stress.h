/* SPDX-License-Identifier: BSD-3-Clause */
/* One device, a thread for each vCPU and others for wires; and a book of every interrupt. */
#ifndef TESTS_THREADS_STRESS_H
#define TESTS_THREADS_STRESS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "kit/vmm.h"

#define NR_VCPUS 6u    /* that cause, take and reconfigure */
#define NR_SLEEPERS 2u /* that take what they are told of, and sleep otherwise */
#define NR_ALL (NR_VCPUS + NR_SLEEPERS)
#define NR_LPIS 512u /* neighbours in 8 blocks, and of every target in each */
#define NR_SPIS 64u
#define NR_INTERRUPTS (NR_LPIS + NR_SPIS)
#define RAM_SIZE (4096u * sizeof(uint32_t))
#define ID_BITS 12u
#define ACTIVE_EVERY 50u /* LPIs that the guest left active in memory */

/* Where an interrupt is on its way. The one who moves it on is the one whose exchange succeeds. */
enum way { WAY_IDLE, WAY_CAUSED, WAY_TAKEN };

struct book {
    atomic_int way[NR_INTERRUPTS];
    atomic_ulong caused, taken;
    atomic_ulong duplicated; /* taken though not caused */
    atomic_ulong unknown;    /* an INTID that is none of ours */
};

/* What the line callback said last, and who sleeps until it says more. */
struct told {
    pthread_mutex_t mutex;
    pthread_cond_t raised;
    enum vgic5_line line;
};

struct stress {
    struct vmm vmm;
    struct book book;
    struct told told[NR_ALL];
    pthread_rwlock_t gate; /* shared by the vCPUs that are in */
    atomic_ulong seen;     /* gets of GRP_IST that were answered */
    atomic_ulong refused;  /* gets that were refused though all vCPUs were out */
    atomic_int causing;    /* vCPUs that go on causing */
    atomic_bool over;      /* nothing more is caused: drain */
    unsigned long steps;
    uint64_t seed;
};

struct actor {
    struct stress *stress;
    uint32_t number;
    uint64_t random;
    pthread_t thread;
};

/* device.c: the device, with LPIs that are active in memory before they are touched. 0 or an
 * errno. */
int stress_create(struct stress *s);
/* False: it has left memory, or freed with a wrong size. */
bool stress_destroy(struct stress *s);
uint32_t stress_intid(uint32_t interrupt);

/* actors.c: bodies of threads. */
void *actor_vcpu(void *actor);
void *actor_sleeper(void *actor);
void *actor_wires(void *actor);
void *actor_frame(void *actor);
void *actor_vmm(void *actor);

#endif
