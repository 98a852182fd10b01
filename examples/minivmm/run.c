/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "minivmm.h"

#define KICK SIGUSR1

/* ---- What the guest asks for ----------------------------------------------------------------- */

static void mmio(struct vmm *vmm, struct kvm_run *run)
{
    uint64_t offset = run->mmio.phys_addr - UART_BASE;

    if (offset < 8)
        uart_access(vmm, offset, run->mmio.is_write, run->mmio.data);
    else if (!run->mmio.is_write)
        memset(run->mmio.data, 0, sizeof(run->mmio.data));
}

static void end(struct vmm *vmm, int status)
{
    pthread_mutex_lock(&vmm->lock);
    vmm->ended = true;
    vmm->status = status;
    pthread_cond_broadcast(&vmm->changed);
    pthread_mutex_unlock(&vmm->lock);
    for (uint32_t n = 0; n < vmm->nr_vcpus; n++)
        pthread_kill(vmm->vcpus[n].thread, KICK);
}

static void serve(struct vcpu *vcpu)
{
    struct kvm_run *run = vcpu->run;

    if (run->exit_reason == KVM_EXIT_MMIO) {
        mmio(vcpu->vmm, run);
    } else if (run->exit_reason == KVM_EXIT_SYSTEM_EVENT) {
        end(vcpu->vmm, 0);
    } else {
        fprintf(stderr, "minivmm: vCPU %u: exit reason %u\n", vcpu->id, run->exit_reason);
        end(vcpu->vmm, 1);
    }
}

/* ---- Standing still -------------------------------------------------------------------------- */

/* A signal that comes before KVM_RUN is not lost: the handler asks it to come back at once. */
static __thread struct kvm_run *own_run;

static void on_kick(int number)
{
    (void)number;
    if (own_run)
        own_run->immediate_exit = 1;
}

/* KVM completes the last access to a device before it looks at immediate_exit. */
static void settle(struct vcpu *vcpu)
{
    vcpu->run->immediate_exit = 1;
    ioctl(vcpu->fd, KVM_RUN, 0);
    vcpu->run->immediate_exit = 0;
}

static bool stand_still(struct vcpu *vcpu)
{
    struct vmm *vmm = vcpu->vmm;
    bool ended;

    pthread_mutex_lock(&vmm->lock);
    if (vmm->paused) {
        settle(vcpu);
        vmm->stopped++;
        pthread_cond_broadcast(&vmm->changed);
        while (vmm->paused && !vmm->ended)
            pthread_cond_wait(&vmm->changed, &vmm->lock);
        vmm->stopped--;
    }
    ended = vmm->ended;
    pthread_mutex_unlock(&vmm->lock);
    return !ended;
}

static void *run_vcpu(void *opaque)
{
    struct vcpu *vcpu = opaque;

    own_run = vcpu->run;
    while (stand_still(vcpu)) {
        vcpu->run->immediate_exit = 0;
        if (__atomic_load_n(&vcpu->vmm->paused, __ATOMIC_ACQUIRE))
            continue;
        if (ioctl(vcpu->fd, KVM_RUN, 0) == 0)
            serve(vcpu);
        else if (errno != EINTR && errno != EAGAIN) {
            fprintf(stderr, "minivmm: vCPU %u: KVM_RUN: %s\n", vcpu->id, strerror(errno));
            end(vcpu->vmm, 1);
        }
    }
    return NULL;
}

void vmm_start(struct vmm *vmm)
{
    const struct sigaction action = {.sa_handler = on_kick};

    sigaction(KICK, &action, NULL);
    for (uint32_t n = 0; n < vmm->nr_vcpus; n++) {
        if (pthread_create(&vmm->vcpus[n].thread, NULL, run_vcpu, &vmm->vcpus[n]) != 0)
            die("a thread");
    }
}

void vmm_pause(struct vmm *vmm)
{
    pthread_mutex_lock(&vmm->lock);
    __atomic_store_n(&vmm->paused, true, __ATOMIC_RELEASE);
    while (vmm->stopped < vmm->nr_vcpus && !vmm->ended) {
        struct timespec soon;

        for (uint32_t n = 0; n < vmm->nr_vcpus; n++)
            pthread_kill(vmm->vcpus[n].thread, KICK);
        clock_gettime(CLOCK_REALTIME, &soon);
        soon.tv_nsec += 1000000; /* and again: a kick may have come between two looks */
        soon.tv_sec += soon.tv_nsec / 1000000000;
        soon.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&vmm->changed, &vmm->lock, &soon);
    }
    pthread_mutex_unlock(&vmm->lock);
}

void vmm_resume(struct vmm *vmm)
{
    pthread_mutex_lock(&vmm->lock);
    __atomic_store_n(&vmm->paused, false, __ATOMIC_RELEASE);
    pthread_cond_broadcast(&vmm->changed);
    pthread_mutex_unlock(&vmm->lock);
}

bool vmm_wait(struct vmm *vmm, const char *text)
{
    bool seen;

    pthread_mutex_lock(&vmm->lock);
    vmm->text = text;
    vmm->matched = 0;
    vmm->text_seen = false;
    while (!vmm->ended && !vmm->text_seen)
        pthread_cond_wait(&vmm->changed, &vmm->lock);
    seen = vmm->text_seen;
    vmm->text = NULL;
    pthread_mutex_unlock(&vmm->lock);
    return seen;
}

void vmm_join(struct vmm *vmm)
{
    for (uint32_t n = 0; n < vmm->nr_vcpus; n++)
        pthread_join(vmm->vcpus[n].thread, NULL);
}
