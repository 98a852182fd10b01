/* SPDX-License-Identifier: BSD-3-Clause */
/* Between the parts of the emulated /dev/kvm. */
#ifndef KVMD_INTERNAL_H
#define KVMD_INTERNAL_H

#include <pthread.h>

#include "facts/error.h"
#include "kvmd/coalesced.h"
#include "kvmd/identification.h"
#include "kvmd/kept.h"
#include "kvmd/kvmd.h"
#include "kvmd/ring.h"
#include "kvmd/slots.h"
#include "kvmd/uapi.h"
#include "kvmd/wires.h"
#include "vcpu/pe.h"
#include "vcpu/registers.h"

enum kvmd_kind { KVMD_SYSTEM, KVMD_VM, KVMD_VCPU, KVMD_DEVICE };

struct kvmd {
    struct kvmd_config config;
    struct vcpu_engine *engine; /* that has learnt what there is to know; it runs nothing */
    struct vcpu_clock clock;    /* of it */
    struct memory_map no_memory;
    struct pe_host pe_host;
    uint32_t nr_vms; /* that were ever made */
};

/* A lock that is handed over in turn, so that a vCPU that comes back at once starves nobody. */
struct turn_lock {
    pthread_mutex_t mutex;
    pthread_cond_t turn;
    uint64_t next, serving;
};

struct kvmd_vcpu;

struct kvmd_vm {
    struct kvmd *kvmd;
    uint32_t number;                 /* counted from 1, for who observes */
    unsigned objects;                /* that are open */
    void (*end)(struct kvmd_vm *vm); /* when the last of them is closed */
    uint8_t ipa_bits;
    struct turn_lock lock; /* of all below, and of the vCPUs */
    struct kvmd_slots slots;
    struct kvmd_wires wires;
    struct kvmd_zones zones;
    struct vgic5 *gic; /* NULL: the VM has none */
    uint64_t irs_base; /* UINT64_MAX: not known yet */
    struct kvmd_vcpu **vcpus;
    uint32_t nr_vcpus;
    const struct kvmd_vcpu *ran_last;

    struct vcpu_engine *engine; /* NULL: nothing has run yet */
    struct memory_map map;      /* of the slots, for the engine; */
    struct memory *ranges;
    uint64_t map_generation; /* as of this */
    struct vcpu_clock clock;
    uint64_t counter_offset; /* counter minus host ticks */
    uint64_t psci_version;   /* that its guest reads */
    bool system_suspend;     /* KVM_CAP_ARM_SYSTEM_SUSPEND */
    bool nisv_to_user;       /* KVM_CAP_ARM_NISV_TO_USER */
    struct identification identification;
};

struct kvmd_vcpu {
    struct kvmd_vm *vm;
    uint32_t id, index;
    struct kvm_run *run; /* shared with the VMM */
    struct kvmd_ring ring;
    uint32_t features; /* of KVM_ARM_VCPU_INIT */
    bool initialised, powered_off;
    bool inside;                        /* of KVM_RUN */
    bool waits;                         /* in WFI */
    bool suspended;                     /* KVM_MP_STATE_SUSPENDED */
    bool serror_pending, abort_pending; /* KVM_SET_VCPU_EVENTS */
    int wake;                           /* eventfd: an interrupt, or it has been started */

    struct pe pe;
    struct vcpu_host host;
    struct vcpu_value values[NR_VCPU_ROWS];
    bool live;        /* the engine has what `values` had; */
    bool fetched;     /* and it has not run since they were read from it */
    uint64_t spsr[4]; /* of AArch32's modes, for who moves them */
    uint64_t mpidr, clidr;
    uint64_t kept[KVMD_NR_KEPT]; /* registers that no guest of this PE has, for who moves them */

    uint32_t debug;     /* control of KVM_SET_GUEST_DEBUG; 0: none */
    uint32_t break_esr; /* of the BRK with which the engine has come back */
    bool stepped;       /* the one instruction of a step is over */

    struct vcpu_mmio mmio; /* with which KVM_RUN has come back */
    bool mmio_pending;
};

struct kvmd_object {
    enum kvmd_kind kind;
    int fd;
    unsigned users; /* the open descriptor, and ioctls under way */
    struct kvmd *kvmd;
    struct kvmd_vm *vm;     /* but of SYSTEM */
    struct kvmd_vcpu *vcpu; /* of VCPU */
};

/* One ioctl under way. */
struct kvmd_call {
    struct kvmd_object *object;
    struct kvmd_vm *vm;
    struct kvmd_vcpu *vcpu;
    const struct kvmd_client *client;
    uint64_t argument;
    struct kvmd_reply *reply;
};

/* 0 or -EFAULT: the structure at the argument. */
static inline int call_read(const struct kvmd_call *call, void *to, size_t size)
{
    return call->client->read(call->client->opaque, call->argument, to, size);
}

static inline int call_write(const struct kvmd_call *call, const void *from, size_t size)
{
    return call->client->write(call->client->opaque, call->argument, from, size);
}

/* An ioctl's function: its result, or a negative errno. With the VM's lock held. */
typedef int64_t kvmd_function(struct kvmd_call *call);
#define IOCTL(NAME, object, direction, number, size, needs, function) kvmd_function kvmd_##function;
#include "kvmd/ioctls.def"
#undef IOCTL

/* ---- turn.c ---- */
int turn_lock_init(struct turn_lock *lock);
void turn_lock_destroy(struct turn_lock *lock);
void turn_lock(struct turn_lock *lock);
void turn_unlock(struct turn_lock *lock);
bool turn_is_wanted(struct turn_lock *lock); /* by whoever holds it */

/* ---- dispatch.c ---- */
/* "KVM_RUN", or NULL: no ioctl of such an object. */
const char *kvmd_ioctl_of(enum kvmd_kind kind, uint32_t request);

/* ---- object.c ---- */
const char *kvmd_kind_name(enum kvmd_kind kind);
/* A new object with a file of `size` bytes; NULL and a negative errno in `*ret`. */
struct kvmd_object *object_create(enum kvmd_kind kind, struct kvmd *kvmd, size_t size, int *ret);
/* For the length of an ioctl: a VMM may close the descriptor meanwhile. */
void object_get(struct kvmd_object *object);
void object_put(struct kvmd_object *object);

/* ---- log.c ---- */
void kvmd_log(struct kvmd *kvmd, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- clock.c ---- */
uint64_t vm_counter(const struct kvmd_vm *vm);
void vm_set_counter(struct kvmd_vm *vm, uint64_t value);
struct pe_host clock_pe_host(void); /* opaque is the vCPU */

/* ---- guest.c: what a guest does that leaves the engine ---- */
struct vcpu_host guest_host(struct kvmd_vcpu *vcpu);

/* ---- vcpu.c ---- */
/* `fd` is its file. */
int vcpu_make(struct kvmd_vm *vm, uint32_t id, int fd, struct kvmd_vcpu **vcpu);
void vcpu_free(struct kvmd_vcpu *vcpu);
/* vgic5_host.line; opaque is the VM. */
void vcpu_line_changed(void *opaque, uint32_t vcpu_id, enum vgic5_line line);
void vcpu_wake(struct kvmd_vcpu *vcpu);
void vcpu_reset(struct kvmd_vcpu *vcpu);

/* ---- user_irq.c: the timers of a VM without an interrupt controller ---- */
/* Are the wires others than the VMM has been shown? */
bool user_irq_changed(const struct kvmd_vcpu *vcpu);
void user_irq_say(struct kvmd_vcpu *vcpu);

/* ---- events.c: with the vCPU in the engine ---- */
void events_take_abort(struct kvmd_vcpu *vcpu);
void events_take_serror(struct kvmd_vcpu *vcpu);

/* ---- debug.c ---- */
bool debug_steps(const struct kvmd_vcpu *vcpu);
bool debug_breaks(void *opaque, uint32_t esr); /* vcpu_host.breaks */
/* KVM_RUN comes back. */
void debug_at_break(struct kvmd_vcpu *vcpu);
void debug_after_step(struct kvmd_vcpu *vcpu);

/* ---- device.c ---- */
int device_create(struct kvmd_vm *vm, uint8_t ipa_bits, struct vgic5 **gic);
/* The client of the ioctl that this thread carries out: what vgic5_host.read_caller reads. */
void device_enter_call(const struct kvmd_client *client);

#endif
