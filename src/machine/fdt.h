/* SPDX-License-Identifier: BSD-3-Clause */
/* The device tree that the guest sees (libfdt). */
#ifndef MACHINE_FDT_H
#define MACHINE_FDT_H

#include "machine/tree.h"
#include "vcpu/memory.h"

/* Writes the tree at `at`, within `room` bytes. 0; -EFAULT (the room is not RAM), -EINVAL (`at` is
 * not 8-byte aligned, no or too many vCPUs, an id above 65535, initrd_end below initrd_start),
 * -ENOSPC, -ENOMEM: then memory is as it was. */
int fdt_write(struct memory *memory, uint64_t at, uint64_t room, const struct fdt_description *d);

#endif
