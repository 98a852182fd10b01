/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VMM for arm64 in plain C: it boots Linux on a VGICv5 through /dev/kvm, saves the guest, and
 * restores it in another process. On a host without GICv5: `vgic5 kvm -- minivmm …`.
 */
#ifndef MINIVMM_H
#define MINIVMM_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <linux/kvm.h>

#include <vgic5/kvm.h>
#include <vgic5/ram.h>

#define RAM_BASE UINT64_C(0x80000000)
#define IRS_BASE UINT64_C(0x3fff0000)
#define UART_BASE UINT64_C(0x09000000)
#define MOST_VCPUS 8u

/* What the host's <linux/kvm.h> lacks on another architecture. */
#ifndef __aarch64__ /* where only `vgic5 kvm` has such a /dev/kvm */
struct kvm_vcpu_init {
    uint32_t target;
    uint32_t features[7];
};
#define KVM_ARM_VCPU_POWER_OFF 0
#define KVM_ARM_VCPU_PSCI_0_2 2
#endif

struct vcpu {
    struct vmm *vmm;
    pthread_t thread;
    uint32_t id;
    int fd;
    struct kvm_run *run;
};

struct vmm {
    int kvm, vm, gic;
    uint8_t *ram;
    uint64_t ram_size;
    struct vcpu vcpus[MOST_VCPUS];
    uint32_t nr_vcpus, ids[MOST_VCPUS];
    struct vgic5_kvm port;
    struct vgic5_ram *history; /* which pages were written since which snapshot */

    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool paused, ended;
    unsigned stopped; /* vCPUs that stand still */
    int status;

    const char *text; /* save when the console has printed it; */
    size_t matched;
    bool text_seen; /* and it has */

    uint8_t line_control, byte; /* of the UART, and the next byte of input */
    bool has_byte, input_ended;
};

/* Ends the program with words, errno among them. */
void die(const char *what) __attribute__((noreturn));

/* kvm.c: the VM, its memory, its vCPUs and its VGICv5. Nothing runs. */
void vmm_create(struct vmm *vmm, uint32_t nr_vcpus, uint64_t ram_size);
/* Give the device its address and initialise it: of a guest that boots. A restore does it itself.
 */
void vmm_init_gic(struct vmm *vmm);
void vmm_destroy(struct vmm *vmm);

/* boot.c: kernel, initrd (may be NULL) and device tree; vCPU 0 is at the entry. */
void boot(struct vmm *vmm, const char *kernel, const char *initrd, const char *append);

/* run.c: a thread for each vCPU, until the guest ends. */
void vmm_start(struct vmm *vmm);
/* All vCPUs stand still, and no access to a device is under way. */
void vmm_pause(struct vmm *vmm);
void vmm_resume(struct vmm *vmm);
/* Waits until the guest has ended, or (true) until it has printed `text`. */
bool vmm_wait(struct vmm *vmm, const char *text);
void vmm_join(struct vmm *vmm);

/* uart.c: an 8250 that is polled. */
void uart_access(struct vmm *vmm, uint64_t offset, bool is_write, uint8_t *value);

/* state.c: the seed's sequence, by libvgic5-migration. `base`: only what was written since. */
void save(struct vmm *vmm, const char *path, const char *base);
void restore(struct vmm *vmm, const char *path);

#endif
