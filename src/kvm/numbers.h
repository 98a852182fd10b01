/* SPDX-License-Identifier: BSD-3-Clause */
/* What <linux/kvm.h> of Debian 12, or of another architecture, lacks; each number is ABI. */
#ifndef KVM_NUMBERS_H
#define KVM_NUMBERS_H

#include <linux/kvm.h>
#include <stdint.h>
#include <sys/ioctl.h>

#define VGIC5_KVM_API 12 /* KVM_GET_API_VERSION */

/* arm64's struct kvm_vcpu_init, which its own header alone has. */
struct kvm_numbers_vcpu_init {
    uint32_t target;
    uint32_t features[7];
};
#define VGIC5_KVM_ARM_VCPU_INIT _IOW(KVMIO, 0xae, struct kvm_numbers_vcpu_init)
#define VGIC5_KVM_ARM_PREFERRED_TARGET _IOR(KVMIO, 0xaf, struct kvm_numbers_vcpu_init)

/* struct vgic5_attr is struct kvm_device_attr. */
_Static_assert(sizeof(struct kvm_device_attr) == 24, "struct kvm_device_attr");

#endif
