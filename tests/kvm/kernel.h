/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A kernel for the tests: /dev/kvm with VGICv5s, answered by the device in this process. Every
 * ioctl is written down; any can be made to fail.
 */
#ifndef TESTS_PORT_KERNEL_H
#define TESTS_PORT_KERNEL_H

#include <vgic5/kvm.h>

#include "kit/vmm.h"

#define MOST_LINES 8192u

struct kernel {
    struct vmm vmm; /* the VM's device, vCPUs and RAM, which is where the VMM has put it */
    uint32_t abi;
    const char *machine;
    int open_errno;        /* of /dev/kvm; 0: it opens */
    int api;               /* KVM_GET_API_VERSION */
    unsigned long fail_on; /* this request */
    int fail_errno;
    unsigned fail_at; /* the n-th ioctl of the device; it is over then with the VM, if it `dies` */
    bool dies;
    unsigned ignore_at; /* the n-th set of an attribute is answered 0, and has no effect */
    struct {            /* an attribute that reads with these bits turned over */
        uint32_t group;
        uint64_t attr, bits;
    } altered;
    uint32_t loses_lpi; /* GRP_IST comes with nothing of this one; 0: none */
    bool ctrl_only;     /* Linux 7.1 to 7.3 */
    bool no_hm;         /* GRP_IST comes with HM as the guest left it: 0 */

    struct vgic5_config config; /* of the next device */
    unsigned sets;              /* of attributes */
    unsigned asked;             /* ioctls of the device */
    bool dead;      /* its first run has failed, or it died: every ioctl but a close is EIO */
    unsigned leaks; /* devices that have left something */
    int opened;     /* fds that were not closed */
    void *run;      /* struct kvm_run */

    struct line {
        int fd;
        unsigned long request;
        uint32_t group; /* of the attribute ioctls */
        uint64_t attr;
        int ret;
    } lines[MOST_LINES];
    unsigned nr_lines;
};

#define KERNEL_KVM 100
#define KERNEL_VM 101
#define KERNEL_DEVICE 102
#define KERNEL_VCPU 110

void kernel_open(struct kernel *kernel, uint32_t abi, struct vgic5_kvm_calls *calls);
void kernel_close(struct kernel *kernel);

#endif
