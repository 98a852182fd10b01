/* SPDX-License-Identifier: BSD-3-Clause */
/* One device, a thread for each vCPU and others for wires; and a book of every interrupt. */
#ifndef TESTS_THREADS_STRESS_H
#define TESTS_THREADS_STRESS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <vgic5/device.h>

#define NR_VCPUS 6u    /* that cause, take and reconfigure */
#define NR_SLEEPERS 2u /* that take what they are told of, and sleep otherwise */
#define NR_ALL (NR_VCPUS + NR_SLEEPERS)
#define NR_LPIS 512u /* neighbours in 8 blocks, and of every target in each */
#define NR_SPIS 64u
#define NR_INTERRUPTS (NR_LPIS + NR_SPIS)
#define RAM_BASE 0x40000000ull
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
    struct vgic5 *device;
    struct vgic5_vcpu *vcpu[NR_ALL];
    unsigned char ram[RAM_SIZE];
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
uint32_t stress_intid(uint32_t interrupt);

/* actors.c: bodies of threads. */
void *actor_vcpu(void *actor);
void *actor_sleeper(void *actor);
void *actor_wires(void *actor);
void *actor_frame(void *actor);
void *actor_vmm(void *actor);

static inline void msr(struct vgic5_vcpu *vcpu, uint16_t encoding, uint64_t value)
{
    vgic5_cpu_access(vcpu, encoding, true, &value);
}

static inline uint64_t mrs(struct vgic5_vcpu *vcpu, uint16_t encoding)
{
    uint64_t value = 0;
    vgic5_cpu_access(vcpu, encoding, false, &value);
    return value;
}

#define CDDIS VGIC5_ENCODING(1, 0, 12, 1, 0)
#define CDEN VGIC5_ENCODING(1, 0, 12, 1, 1)
#define CDPRI VGIC5_ENCODING(1, 0, 12, 1, 2)
#define CDAFF VGIC5_ENCODING(1, 0, 12, 1, 3)
#define CDPEND VGIC5_ENCODING(1, 0, 12, 1, 4)
#define CDRCFG VGIC5_ENCODING(1, 0, 12, 1, 5)
#define CDEOI VGIC5_ENCODING(1, 0, 12, 1, 7)
#define CDDI VGIC5_ENCODING(1, 0, 12, 2, 0)
#define CDIA VGIC5_ENCODING(1, 0, 12, 3, 0)
#define ICC_HPPIR VGIC5_ENCODING(3, 0, 12, 10, 3)
#define ICC_ICSR VGIC5_ENCODING(3, 0, 12, 10, 4)
#define ICC_CR0 VGIC5_ENCODING(3, 1, 12, 0, 1)
#define ICC_PCR VGIC5_ENCODING(3, 1, 12, 0, 2)

#define IRS_CR0 0x080u
#define IRS_CR1 0x084u
#define IRS_SPI_SELR 0x108u
#define IRS_SPI_STATUSR 0x118u
#define IRS_IST_BASER 0x180u
#define IRS_IST_CFGR 0x190u

#endif
