/* SPDX-License-Identifier: BSD-3-Clause */
/* The numbers of arm64's KVM that the host's <linux/kvm.h> lacks: it may be older, and of another
 * architecture. Each is ABI. */
#ifndef KVMD_UAPI_H
#define KVMD_UAPI_H

#include <linux/kvm.h>
#include <stdint.h>

/* An ioctl's number from its parts, as <asm-generic/ioctl.h> makes it. */
enum { KVMD_DIR_NONE = 0, KVMD_DIR_WRITE = 1, KVMD_DIR_READ = 2, KVMD_DIR_BOTH = 3 };
#define KVMD_IOCTL(direction, number, size) \
    ((uint32_t)(direction) << 30 | (uint32_t)(size) << 16 | (uint32_t)KVMIO << 8 | (number))

#define KVMD_API_VERSION 12
#define KVMD_RUN_SIZE 0x11000u /* of a vCPU's file, without a dirty ring */
#define KVMD_RUN_PAGES 0x10000u
#define KVMD_RING_AT 0x40000u    /* in the same file, its page 64: the dirty ring */
#define KVMD_RING_MOST 0x100000u /* its bytes */
#define KVMD_COALESCED_PAGE 1u   /* of the same file: the ring of coalesced MMIO */
#define KVMD_IPA_BITS 44u        /* the PARange of the engine's CPU */
#define KVMD_MAX_SLOTS 512u
#define KVMD_MAX_VCPUS 512u
#define KVMD_MAX_ROUTES 4096u
#define KVMD_MAX_PAGES ((UINT64_C(1) << 31) - 1) /* of a slot */

/* arm64's own structures. */
struct kvmd_vcpu_init {
    uint32_t target;
    uint32_t features[7];
};

struct kvmd_vcpu_events {
    uint8_t serror_pending, serror_has_esr, ext_dabt_pending, pad[5];
    uint64_t serror_esr;
    uint32_t reserved[12];
};

struct kvmd_memory_region2 {
    uint32_t slot, flags;
    uint64_t guest_phys_addr, memory_size, userspace_addr, guest_memfd_offset;
    uint32_t guest_memfd, pad1;
    uint64_t pad2[14];
};

struct kvmd_reg_list {
    uint64_t n; /* and that many ids behind it */
};

struct kvmd_guest_debug {
    uint32_t control, pad;
    uint64_t registers[64]; /* of KVM_GUESTDBG_USE_HW */
};

/* Of kvm_run, for KVM_EXIT_DEBUG. */
struct kvmd_debug_exit {
    uint32_t hsr, hsr_high;
    uint64_t far;
};

/* KVM_ARM_GET_REG_WRITABLE_MASKS: a mask for each of Op1 0, 1, 3 with CRm and Op2 0 to 7. */
struct kvmd_reg_mask_range {
    uint64_t addr; /* of as many u64 */
    uint32_t range, reserved[13];
};
#define KVMD_NR_ID_MASKS (3u * 8u * 8u)

/* KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2 */
#define KVMD_DIRTY_LOG_MANUAL_PROTECT 1
#define KVMD_DIRTY_LOG_INITIALLY_SET 2
#define KVMD_DIRTY_LOG_MODES 3

#define KVMD_CAP_ARM_SYSTEM_SUSPEND 216
#define KVMD_CAP_DIRTY_LOG_RING_ACQ_REL 223
#define KVMD_CAP_DIRTY_LOG_RING_WITH_BITMAP 225
#define KVMD_CAP_ARM_WRITABLE_IMP_ID_REGS 239
#define KVMD_MP_STATE_SUSPENDED 10u
#define KVMD_VCPU_TIMER_CTRL 1u /* a group of a vCPU's attributes */
#define KVMD_TARGET_GENERIC_V8 5u
#define KVMD_VCPU_POWER_OFF (1u << 0)
#define KVMD_VCPU_PSCI_0_2 (1u << 2)

/* Register ids: architecture, size, class and the register in it. */
#define KVMD_REG_ARCH(id) ((id) >> 56)
#define KVMD_REG_ARM64 0x60u
#define KVMD_REG_SIZE(id) (1u << ((id) >> 52 & 15))
#define KVMD_REG_CLASS(id) ((uint32_t)((id) >> 16) & 0xfffu)
#define KVMD_CLASS_CORE 0x010u
#define KVMD_CLASS_SYSREG 0x013u
#define KVMD_CLASS_FIRMWARE 0x014u
#define KVMD_CLASS_FEATURES 0x016u
#define KVMD_REG(size_bits, class, reg) \
    ((uint64_t)KVMD_REG_ARM64 << 56 | (uint64_t)(size_bits) << 52 | (uint64_t)(class) << 16 | (reg))

#endif
