/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the contract says: one VM's VGICv5, its life, and who may do what when. The interrupts
 * themselves are gicv5/'s. "kvm-abi" in comments is doc/facts/kvm-abi.md.
 */
#ifndef DEVICE_INTERNAL_H
#define DEVICE_INTERNAL_H

#include <vgic5/device.h>

#include "gicv5/gicv5.h"

#define ADDR_UNSET UINT64_MAX /* what GRP_ADDR reads before it is set (kvm-abi §2) */

struct access; /* one call: contract.h */

/* How one generation of the contract differs from another: facts only, no code path knows an ABI
 * by its name. */
struct device_profile {
    uint32_t abi;            /* enum vgic5_abi */
    bool baser_creates_ist;  /* a set of IST_BASER.VALID makes the LPI IST live */
    bool spi_cfgr_sets_tm;   /* a set of SPI_CFGR stores the trigger mode */
    bool active_keeps_latch; /* a set of an SPI, level and Active, does not clear its Pending */
    bool spi_iste_hm_is_tm;  /* an SPI's HM bit in GRP_IST carries its trigger mode */
    int (*ist_get)(struct access *access); /* GRP_IST */
    int (*ist_set)(struct access *access);
    bool lpis_in_host; /* GRP_IST carries the LPIs; guest memory is not touched */
};

/* NULL: no such ABI. */
const struct device_profile *device_profile_of(uint32_t abi);

/* On a cache line of its own: its thread writes it whenever the vCPU is entered. */
struct vgic5_vcpu {
    _Alignas(64) struct vgic5 *device;
    struct gicv5_pe *pe; /* NULL before CTRL_INIT */
    uint32_t id;
    bool running; /* written with the PE's lock */
    bool nmi;     /* SCTLR_EL1.NMI */
};

struct vgic5 {
    const struct device_profile *profile;
    struct vgic5_config config; /* every default filled in */
    struct vgic5_host host;     /* every pair of functions filled in */
    void *opaque;
    struct gicv5 *gic; /* NULL before CTRL_INIT */
    uint64_t addr;     /* of the IRS region, or ADDR_UNSET */
    uint32_t nr_spis;  /* 0 before NR_IRQS and CTRL_INIT */
    uint32_t nr_vcpus;
    bool has_run;  /* a vCPU has been entered at any time; it stays */
    bool moving;   /* a vCPU may be inside: written with the lock, and true when one enters */
    bool unusable; /* the first run failed; it stays */
    struct vgic5_vcpu *vcpus[VGIC5_MAX_VCPUS]; /* in the order of their addition */
};

/* ---- config.c -------------------------------------------------------------------------------- */

/* Fill `config` from what the caller gave (NULL: all defaults). -EINVAL, -ENODEV. */
int device_config_fill(struct vgic5_config *config, const struct vgic5_config *given);
/* Copy as much of `own` as the caller's version of the struct, config->size, has room for.
 * -EINVAL. */
int device_config_give(struct vgic5_config *config, const struct vgic5_config *own);
/* Fill `host`: pairs that the caller left out become the library's own. -EINVAL. */
int device_host_fill(struct vgic5_host *host, const struct vgic5_host *given);
/* IDR0.PA_RANGE's code of a guest physical address size, or -1. */
int device_pa_range(uint32_t ipa_bits);

/* ---- life.c ---------------------------------------------------------------------------------- */

/* Keep other threads out of everything (gicv5.h), once there is a GIC. */
void device_lock(struct vgic5 *device);
void device_unlock(struct vgic5 *device);
/* Is any vCPU inside? With a lock held that keeps those out that matter. */
bool device_is_running(const struct vgic5 *device);
/* With the lock held: if none is, let device_is_running know without looking at each. */
void device_note_stillness(struct vgic5 *device);

/* ---- caller.c -------------------------------------------------------------------------------- */

/* The memory behind vgic5_attr.addr. 0 or -EFAULT. */
int caller_read(struct vgic5 *device, void *to, uint64_t addr, size_t size);
int caller_write(struct vgic5 *device, uint64_t addr, const void *from, size_t size);

/* One line to host.log, if there is one. */
void device_log(struct vgic5 *device, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- init.c ---------------------------------------------------------------------------------- */

/* CTRL_INIT: create the IRS and its CPU interfaces; there is a vCPU. -ENOMEM, and host.claim's. */
int device_init(struct vgic5 *device);
/* The PPIs that KVM_IRQ_LINE may drive: SW_PPI where it is implemented. */
uint64_t device_userspace_ppis(const struct vgic5 *device);

/* ---- groups.c -------------------------------------------------------------------------------- */

/* One group: what is left to do when the contract's table (contract.def) refuses nothing. */
struct attribute_group {
    uint32_t group;
    int (*get)(struct access *access);
    int (*set)(struct access *access);
};
/* NULL: no such group. */
const struct attribute_group *attribute_group_of(uint32_t group);

/* ---- identity.c ------------------------------------------------------------------------------ */

/* May the VMM set this identification register to `value`? 0 and the value to adopt, or -EINVAL. */
int identity_check(struct vgic5 *device, enum irs_row row, uint32_t value, uint32_t *adopted);

/* ---- lpi_ist.c ------------------------------------------------------------------------------- */

/* Is an LPI IST live (not only named by the registers)? */
bool lpi_ist_exists(const struct vgic5 *device);
/* Do the registers name one? */
bool lpi_ist_is_named(const struct vgic5 *device);
/* 0, or -EINVAL when IST_CFGR does not describe a table that IDR2 allows. */
int lpi_ist_check_cfgr(struct vgic5 *device);
/* Sets of IST_BASER and IST_CFGR through GRP_IRS_REGS. */
int lpi_ist_set_baser(struct vgic5 *device, uint64_t value);
int lpi_ist_set_cfgr(struct vgic5 *device, uint64_t value);

/* ---- ist_v1.c, ist_7_4.c --------------------------------------------------------------------- */

/* GRP_IST of one generation. */
int ist_v1_get(struct access *access);
int ist_v1_set(struct access *access);
int ist_7_4_get(struct access *access);
int ist_7_4_set(struct access *access);

/* ---- ist_spis.c: what they share ------------------------------------------------------------- */

/* The SPIs' words for the VMM, and from it; the second cannot fail. */
void ist_spis_collect(struct vgic5 *device, uint32_t *words);
void ist_spis_apply(struct vgic5 *device, const uint32_t *words);

#endif
