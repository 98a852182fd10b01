/* SPDX-License-Identifier: BSD-3-Clause */
/* Between the parts of the VMM that makes random ioctls. */
#ifndef FUZZ_KVM_H
#define FUZZ_KVM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/kvm.h>

#include "fuzz.h"
#include "input.h"
#include "kvmd/kvmd.h"

#define MOST_THINGS 48u
#define MOST_VMS 8u
#define NR_SLOTS 512u
#define NR_IDS 512u
#define UNKNOWN INT64_MAX /* no answer is foretold */
#define ARENA_SIZE 0x10000u
#define RAM_SIZE 0x100000u
#define BIG_SIZE (UINT64_C(64) << 30)
#define NR_FDS 8u

bool one_in(struct fuzz_input *input, unsigned n);

/* ---- kvm_client.c: a VMM's memory and descriptors -------------------------------------------- */

struct vmm_memory {
    uint8_t arena[ARENA_SIZE]; /* what ioctls may point to; all else is EFAULT */
    uint8_t *ram, *big;        /* what slots may have */
    unsigned fault_in;         /* 0: never; the n-th access faults, also of the arena */
    bool faulted;
    long mapped; /* slots that are */
    int fds[NR_FDS];
    int kick; /* always readable */
    unsigned looks;
};

extern struct vmm_memory memory;
extern const struct kvmd_client vmm_client;

void memory_open(void);
void memory_close(void);
unsigned open_descriptors(void);

/* ---- kvm_model.c: what exists, and what that lets one foretell ------------------------------- */

enum thing_kind { THING_SYSTEM, THING_VM, THING_VCPU, THING_DEVICE };

struct model_slot {
    bool used;
    uint32_t flags;
    uint64_t gpa, size, user;
};

struct model_vm {
    unsigned open; /* objects; 0: there is none */
    uint8_t ipa_bits;
    bool has_device, has_run;
    bool has_failed; /* to run, with a device */
    bool vcpus[NR_IDS];
    struct model_slot slots[NR_SLOTS];
};

struct thing {
    struct kvmd_object *object; /* NULL: none */
    enum thing_kind kind;
    struct model_vm *vm;
    bool initialised;
    uint32_t features;
    struct kvm_run *run;
};

struct fuzz_model {
    struct thing things[MOST_THINGS];
    struct model_vm vms[MOST_VMS];
};

int64_t foretell_vm(uint64_t type);
int64_t foretell_vcpu(const struct model_vm *vm, uint64_t id);
int64_t foretell_device(const struct model_vm *vm, const struct kvm_create_device *device);
int64_t foretell_init(const struct thing *vcpu, const uint32_t words[8]);
int64_t foretell_region(const struct model_vm *vm,
                        const struct kvm_userspace_memory_region *region);
int64_t foretell_run(const struct thing *vcpu);
bool run_may_answer(const struct thing *vcpu, int64_t answer);
/* What was foretold has happened. */
void run_has_ended(const struct thing *vcpu, int64_t answer);
void region_was_set(struct model_vm *vm, const struct kvm_userspace_memory_region *region);
/* The object, which is the model's from now on. */
struct thing *thing_is_made(struct fuzz_model *model, struct kvmd_object *object,
                            enum thing_kind kind, struct model_vm *vm);
void thing_is_closed(struct thing *thing);

#endif
