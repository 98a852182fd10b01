/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VGICv5 of Linux's KVM: looking for one, a port to one for save and restore, and the ops to run
 * the conformance suite against one. Library: libvgic5-migration. Compiles on every Linux host;
 * only an arm64 host with GICv5 has such a device.
 *
 * A pointer may be NULL where its function says so. Elsewhere a NULL is refused and nothing
 * happens: -EINVAL where an errno is answered, and else what says that there is nothing: 0, false,
 * NULL.
 */
#ifndef VGIC5_KVM_H
#define VGIC5_KVM_H

#include <vgic5/conform.h>
#include <vgic5/migration.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The system's functions, so that a test can be the kernel. NULL members: the C library's. */
struct vgic5_kvm_calls {
    uint32_t size; /* sizeof(struct vgic5_kvm_calls) of the caller */
    void *opaque;
    /* As open(2), close(2), ioctl(2): -1 and errno. */
    int (*open)(void *opaque, const char *path, int flags);
    int (*close)(void *opaque, int fd);
    int (*ioctl)(void *opaque, int fd, unsigned long request, uintptr_t argument);
    /* A shared mapping of `size` bytes of this fd; NULL: it failed. unmap ends it. */
    void *(*map)(void *opaque, int fd, size_t size);
    void (*unmap)(void *opaque, void *at, size_t size);
    /* "aarch64", as uname(2) says. */
    const char *(*machine)(void *opaque);
};

/*
 * Is there a VGICv5 that can be saved, and which generation is it? A VM is made for the question,
 * and goes again. `calls` may be NULL. 0 and the generation in `*abi`. Errors: ENVIRONMENT, and
 * `error` says what is missing: no /dev/kvm, not arm64 (-ENODEV), no GICv5
 * (-ENODEV), a kernel whose VGICv5 has GRP_CTRL only (7.1 to 7.3: -ENXIO), or which call has
 * answered which errno.
 */
int vgic5_kvm_look(const struct vgic5_kvm_calls *calls, uint32_t *abi, struct vgic5_error *error);

/* A VM that the VMM has made. `calls` and `vcpu_ids` must outlive the port. */
struct vgic5_kvm {
    uint32_t size;                       /* sizeof(struct vgic5_kvm) of the caller */
    uint32_t abi;                        /* of vgic5_kvm_look, or vgic5_probe_abi */
    const struct vgic5_kvm_calls *calls; /* NULL: the system's */
    int vm;                              /* fd of the VM, */
    int device;                          /* and of its VGICv5 */
    uint32_t nr_vcpus;
    const uint32_t *vcpu_ids; /* as given to KVM_CREATE_VCPU, in the order of creation */
    /* Guest memory, for a restore across profiles; may be NULL. */
    int (*read_guest)(void *opaque, uint64_t ipa, void *to, size_t size);
    int (*write_guest)(void *opaque, uint64_t ipa, const void *from, size_t size);
    void *opaque;
};

/* Fill `port`, as vgic5_port_model_sized does; `kvm` must outlive it. The wires are the VMM's to
 * know: it replaces port->get_spi_wires with a function of its own, or re-asserts them after a
 * restore (vgic5_port.irq_line). It cannot fail: what the kernel answers is the port's answer. */
void vgic5_port_kvm_sized(const struct vgic5_kvm *kvm, struct vgic5_port *port, uint32_t size);

static inline void vgic5_port_kvm(const struct vgic5_kvm *kvm, struct vgic5_port *port)
{
    vgic5_port_kvm_sized(kvm, port, sizeof(*port));
}

/* Fill `ops`, of `size` bytes, so that they make VMs of /dev/kvm; `calls` (NULL: the system's) must
 * outlive them, and `abi` is what vgic5_kvm_look has found. A vCPU's first run is one that leaves
 * at once; a vCPU cannot stay inside, there is no guest, and nothing can be made to go wrong.
 * ops->size as in vgic5_port_model_sized. It cannot fail: without a VGICv5 every check does. */
void vgic5_kvm_conform_sized(const struct vgic5_kvm_calls *calls, uint32_t abi,
                             struct vgic5_conform_ops *ops, uint32_t size);

static inline void vgic5_kvm_conform(const struct vgic5_kvm_calls *calls, uint32_t abi,
                                     struct vgic5_conform_ops *ops)
{
    vgic5_kvm_conform_sized(calls, abi, ops, sizeof(*ops));
}

#ifdef __cplusplus
}
#endif
#endif
