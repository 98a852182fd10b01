/* SPDX-License-Identifier: BSD-3-Clause */
/* The device tree that the guest sees (libfdt). */
#ifndef MACHINE_FDT_H
#define MACHINE_FDT_H

#include <stdbool.h>
#include <stdint.h>

#include "vcpu/memory.h"

struct fdt_description {
    uint32_t nr_vcpus;
    const uint32_t *vcpu_ids; /* IAFFIDs; MPIDR by vgic5_mpidr_of_vcpu; NULL: 0, 1, 2, … */
    uint64_t ram_base, ram_size;
    const char *append;                /* chosen/bootargs, may be NULL */
    uint64_t initrd_start, initrd_end; /* 0, 0: none */
    bool pl031;
};

/* Writes the tree at `at`, within `room` bytes. 0; -EFAULT (the room is not RAM), -EINVAL (`at` is
 * not 8-byte aligned, no or too many vCPUs, an id above 65535, initrd_end below initrd_start),
 * -ENOSPC, -ENOMEM: then memory is as it was. */
int fdt_write(struct memory *memory, uint64_t at, uint64_t room, const struct fdt_description *d);

#endif
