/* SPDX-License-Identifier: BSD-3-Clause */
/* A VM with one vCPU and guest.S in its RAM, in this process. */
#ifndef TESTS_KVMD_VM_H
#define TESTS_KVMD_VM_H

#include <linux/kvm.h>

#include "process.h"

#define RAM UINT64_C(0x80000000)
#define RAM_SIZE 0x200000u
#define DOORBELL UINT64_C(0x10000000)
#define IRS UINT64_C(0x20000000)
#define X(n) (UINT64_C(0x6030000000100000) | 2 * (n))
#define PC UINT64_C(0x6030000000100040)
#define SYSREG(op0, op1, crn, crm, op2) \
    (UINT64_C(0x6030000000130000) | (op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))

struct vm {
    struct emulated emulated;
    int kvm, vm, vcpu, device;
    struct kvm_run *run;
};

extern uint8_t vm_ram[RAM_SIZE];

/* The file of guest.S. */
void vm_guest(const char *path);
void open_vm(struct vm *vm);
/* With these capabilities from the beginning. */
void open_vm_with(struct vm *vm, const struct kvm_enable_cap *caps, size_t nr);
/* A vCPU for `vm`, in place of the one that it has. */
void open_vcpu(struct vm *vm, uint64_t id);
void close_vcpu(const struct vm *vm);
/* A VGICv5 for it, at IRS. */
void add_gic(struct vm *vm);
void close_vm(struct vm *vm);
/* The result, or a negative errno. */
int call(const struct vm *vm, int fd, unsigned long request, const void *argument);
int try_get(const struct vm *vm, uint64_t id, uint64_t *value);
int try_set(const struct vm *vm, uint64_t id, uint64_t value);
uint64_t get(const struct vm *vm, uint64_t id);
void set(const struct vm *vm, uint64_t id, uint64_t value);
/* The guest begins with what `what` is in guest.S, and comes back with exit_reason. */
uint32_t run_guest(const struct vm *vm, uint64_t what);
uint32_t go_on(const struct vm *vm);
/* KVM_RUN, while another thread does `what` a moment later; its result. */
int run_while(struct vm *vm, void (*what)(struct vm *vm));
void ask_to_exit(struct vm *vm);

#endif
