/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The contract of a VGICv5 as a suite of named checks, for anyone who writes one: fill in
 * struct vgic5_conform_ops, call vgic5_conform_run. Each check cites the row of the contract that
 * it holds (doc/CONTRACT.md). Checks of what the ops cannot do are skipped, and say why.
 *
 * A pointer may be NULL where its function says so. Elsewhere a NULL is refused and nothing
 * happens: -EINVAL where an errno is answered, and else what says that there is nothing: 0, false,
 * NULL.
 *
 * Library: libvgic5-conform.
 */
#ifndef VGIC5_CONFORM_H
#define VGIC5_CONFORM_H

#include <vgic5/device.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What can be made to go wrong around a VM, for the checks of what happens then. */
enum vgic5_conform_fault {
    VGIC5_FAULT_WOKEN,     /* the next `times` attempts to quiesce are disturbed */
    VGIC5_FAULT_TIMEOUT,   /* the IRS does not become idle, `times` times */
    VGIC5_FAULT_NO_MEMORY, /* the next `times` allocations fail */
    VGIC5_FAULT_GUEST,     /* guest memory cannot be reached (1), or can again (0) */
    /* At the next `times` CTRL_INIT the host … */
    VGIC5_FAULT_NO_VM_ID,     /* has no VM id left: ENOSPC */
    VGIC5_FAULT_NO_ROOM,      /* has no room for so many vCPUs, or for an id as high: E2BIG */
    VGIC5_FAULT_INIT_TIMEOUT, /* has an IRS that does not answer: ETIMEDOUT */
};

/*
 * How VMs with a VGICv5 are made, and reached. All functions return 0 or a negative errno, those of
 * the contract. Members that say so may be NULL; `vm` is what create made, one VM at a time.
 */
struct vgic5_conform_ops {
    uint32_t size; /* sizeof(struct vgic5_conform_ops) of the caller */
    uint32_t abi;  /* enum vgic5_abi: which rows hold */
    void *opaque;  /* for create */

    /* A VM with a VGICv5 and without vCPUs; destroyed after each check, whatever its state: a vCPU
     * may still be inside. */
    int (*create)(void *opaque, void **vm);
    void (*destroy)(void *vm);
    /* The vCPU's id is its IAFFID. Those of the checks: 3, 17, and 259 where -E2BIG is no answer.
     */
    int (*add_vcpu)(void *vm, uint32_t id);

    /* KVM_{HAS,GET,SET}_DEVICE_ATTR. attr->addr is an address of this process; one that is not
     * mapped must be EFAULT (in the same process: process_vm_readv, see examples/conform.c). */
    int (*has_attr)(void *vm, const struct vgic5_attr *attr);
    int (*get_attr)(void *vm, const struct vgic5_attr *attr);
    int (*set_attr)(void *vm, const struct vgic5_attr *attr);

    /* Run the vCPU, as the first KVM_RUN does. With `stays` it must still be inside when the call
     * returns, until leave; -EOPNOTSUPP: it cannot. */
    int (*enter)(void *vm, uint32_t vcpu_id, bool stays);
    void (*leave)(void *vm, uint32_t vcpu_id);
    /* KVM_IRQ_LINE, `irq` as vgic5_irq_line has it. */
    int (*irq_line)(void *vm, uint32_t irq, bool level);

    /* Bits of a guest physical address [40]. */
    uint32_t ipa_bits;

    /* ---- NULL: the checks that need them are skipped. ---- */

    /* A guest's access at EL1. 0 when the GIC has answered. */
    int (*guest_mmio)(void *vm, struct vgic5_mmio *access);
    int (*guest_register)(void *vm, uint32_t vcpu_id, uint16_t encoding, bool is_write,
                          uint64_t *value);
    /* RAM of the guest, from ram_base, ram_size bytes, a multiple of 1 MiB. 0 or -EFAULT. */
    int (*read_guest)(void *vm, uint64_t ipa, void *to, size_t size);
    int (*write_guest)(void *vm, uint64_t ipa, const void *from, size_t size);
    uint64_t ram_base, ram_size;
    /* Make this go wrong. -EOPNOTSUPP: that cannot be made. */
    int (*fault)(void *vm, enum vgic5_conform_fault fault, unsigned times);
    /* KVM_CREATE_DEVICE once more in this VM; one that is made is closed again. */
    int (*create_device)(void *vm, uint32_t type);
};

enum vgic5_conform_verdict { VGIC5_CONFORM_PASS, VGIC5_CONFORM_FAIL, VGIC5_CONFORM_SKIP };

/* A check: what it is called, which row it cites, and in which profiles (1 << abi) it holds. */
struct vgic5_conform_check {
    char name[64];
    char row[32];
    uint32_t profiles;
};

/* The library's own, until report returns. */
struct vgic5_conform_result {
    const struct vgic5_conform_check *check;
    enum vgic5_conform_verdict verdict;
    const char *message; /* why it failed or was skipped; else "" */
};

/* The n-th check of all profiles, in the order in which they run, and how many there are. `check`
 * has `size` bytes: no more are filled, and what this library does not know is 0. 0; -EINVAL: there
 * are no more, and `*check` is as it was. */
int vgic5_conform_check_at_sized(size_t n, struct vgic5_conform_check *check, size_t size);
static inline int vgic5_conform_check_at(size_t n, struct vgic5_conform_check *check)
{
    return vgic5_conform_check_at_sized(n, check, sizeof(*check));
}
size_t vgic5_conform_length(void);

/* What a row of the contract says, static: "RUN DO, before CTRL_INIT: EBUSY". NULL: no such row. */
const char *vgic5_conform_row_words(const char *row);

struct vgic5_conform_summary {
    uint32_t size; /* sizeof(struct vgic5_conform_summary) of the caller: no more is filled */
    unsigned passed, failed, skipped;
};

/*
 * Run the checks of ops->abi whose name begins with `prefix` (NULL: all), one after the other, each
 * in a VM of its own, and tell each result: `*result` lasts until report returns. `report` and
 * `summary` may be NULL. `ops` is copied; everything runs on the caller's thread.
 * 0, also when checks have failed; -EINVAL: ops lack something that every check needs, their abi is
 * none, or summary->size is none; -ENOENT: no check of this abi has such a name, and nothing was
 * checked.
 */
int vgic5_conform_run(const struct vgic5_conform_ops *ops, const char *prefix,
                      void (*report)(void *opaque, const struct vgic5_conform_result *result),
                      void *opaque, struct vgic5_conform_summary *summary);

/*
 * Fill `ops`, of `size` bytes, for the device in this process (libvgic5). `config` (NULL: defaults)
 * must outlive them; its abi is taken. ops->size becomes what was filled, which is less than `size`
 * where the caller is newer than the library; the rest is zero. Members may be replaced afterwards.
 * It cannot fail: with a config that vgic5_create refuses every check does.
 */
void vgic5_conform_model_sized(const struct vgic5_config *config, struct vgic5_conform_ops *ops,
                               uint32_t size);

/* The same for the struct that the caller was compiled with. */
static inline void vgic5_conform_model(const struct vgic5_config *config,
                                       struct vgic5_conform_ops *ops)
{
    vgic5_conform_model_sized(config, ops, sizeof(*ops));
}

#ifdef __cplusplus
}
#endif
#endif
