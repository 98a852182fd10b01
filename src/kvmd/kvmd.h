/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An emulated /dev/kvm for arm64, as functions: the kernel's side of KVM's ioctls, around a VGICv5
 * of this project and an engine of src/vcpu. Who calls is a struct kvmd_client: a VMM of another
 * process behind a socket, or one in this process (kvmd_calls). See doc/KVM.md.
 *
 * Threads: any number may be inside at a time, as in the kernel; a VM has one lock, which is handed
 * over in turn.
 */
#ifndef KVMD_KVMD_H
#define KVMD_KVMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vgic5/kvm.h>

struct vcpu_engine_ops;
struct kvm_run;
struct kvmd;        /* one "kernel" */
struct kvmd_object; /* what a descriptor stands for: /dev/kvm, a VM, a vCPU, a device */

/* The contract that its VGICv5 has. */
enum kvmd_profile {
    KVMD_V1 = VGIC5_ABI_V1,
    KVMD_7_4 = VGIC5_ABI_7_4,
    KVMD_7_1, /* Linux 7.1 to 7.3: GRP_CTRL alone, and a VM runs without ADDR (kvm-abi §7) */
};

/*
 * One ioctl, as it is seen from beside. Its payloads are the VMM's memory, which `client` reads; an
 * argument's structure that came along reads as it was before the call.
 */
struct kvmd_seen {
    const char *object; /* "vm" */
    uint32_t vm;        /* the VMs are counted from 1; 0: of none */
    int64_t vcpu;       /* its id; -1: of none */
    const char *name;   /* "KVM_RUN"; NULL: no ioctl of this object */
    uint32_t request;
    uint64_t argument;
    const struct kvmd_client *client;
    const struct kvm_run *run; /* of a vCPU, or NULL */
    int64_t value;             /* what it answered */
};

/* Called from any thread, without a lock; may be NULL. */
struct kvmd_observer {
    /* 0: carry it out. A negative errno: it is not, and that is its answer. */
    int (*before)(void *opaque, const struct kvmd_seen *seen);
    /* Before the VMM has the answer. */
    void (*after)(void *opaque, const struct kvmd_seen *seen);
};

struct kvmd_config {
    enum kvmd_profile profile;
    const struct vcpu_engine_ops *engine; /* what runs its vCPUs */
    struct vgic5_config gic; /* what a VGICv5 offers; abi, ipa_bits and threads are set here */
    void (*log)(void *opaque, const char *message); /* NULL: nowhere */
    const struct kvmd_observer *observer;           /* NULL: nobody */
    void *opaque;
};

/* -ENOTSUP: the engine lets no access leave to the VMM. -ENOMEM, and what the engine cannot. */
int kvmd_create(const struct kvmd_config *config, struct kvmd **kvmd, struct vgic5_error *error);
/* After the last object has been closed. */
void kvmd_destroy(struct kvmd *kvmd);

/*
 * The VMM whose ioctl it is, as the kernel sees its process. Called from inside kvmd_ioctl alone,
 * on the thread of that call.
 */
struct kvmd_client {
    /* Its memory: 0 or -EFAULT. */
    int (*read)(void *opaque, uint64_t at, void *to, size_t size);
    int (*write)(void *opaque, uint64_t at, const void *from, size_t size);
    /* May be NULL. The same, as the last that a call does before it returns 0: that there is no
     * such memory may show only after that, and is the call's error. */
    int (*write_last)(void *opaque, uint64_t at, const void *from, size_t size);
    /* A descriptor of its own, duplicated into this process, or -EBADF. */
    int (*descriptor)(void *opaque, uint64_t number);
    /* A region of its memory, mapped here for as long as the slot lives. 0 or a negative errno. */
    int (*map)(void *opaque, uint64_t at, uint64_t size, void **host);
    void (*unmap)(void *host, uint64_t size); /* may come without a client */
    /* Has a signal come for the thread that is inside KVM_RUN? And a descriptor that becomes
     * readable when one does, or -1. */
    bool (*kicked)(void *opaque);
    int (*kick_descriptor)(void *opaque);
    void *opaque;
};

/* What an ioctl answers. */
struct kvmd_reply {
    int64_t value;            /* the result, or a negative errno */
    struct kvmd_object *made; /* a new descriptor: the result, or … */
    uint64_t made_at;         /* … where in the client's memory its u32 goes */
};

/* open("/dev/kvm"). -ENOMEM, -EMFILE. */
int kvmd_open(struct kvmd *kvmd, struct kvmd_object **object);
void kvmd_ioctl(struct kvmd_object *object, const struct kvmd_client *client, uint32_t request,
                uint64_t argument, struct kvmd_reply *reply);
/* The unlinked file that the VMM has open and maps; the object's own, until it is released: then
 * the caller's to close. -1: it has been. */
int kvmd_file(const struct kvmd_object *object);
int kvmd_release_file(struct kvmd_object *object);
/* The last descriptor is closed. The VM lives until the last of its objects has gone. */
void kvmd_close(struct kvmd_object *object);
const char *kvmd_object_name(const struct kvmd_object *object); /* "vm" */
/* "KVM_RUN", or NULL: no ioctl of this object. */
const char *kvmd_ioctl_name(const struct kvmd_object *object, uint32_t request);
/* The name of the n-th row of the table of ioctls, or NULL: there are no more. */
const char *kvmd_ioctl_row(size_t n);

/* ---- In one process -------------------------------------------------------------------------- */

/* Fill `calls` so that they are the system's calls to this kernel; they keep nothing else. */
struct kvmd_process;
int kvmd_process_create(struct kvmd *kvmd, struct kvmd_process **process);
void kvmd_process_destroy(struct kvmd_process *process);
void kvmd_calls(struct kvmd_process *process, struct vgic5_kvm_calls *calls);

#endif
