/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ioctls of a save or a restore as text, a line each: recorded before a kernel, or played to
 * the port, which must then ask the same in the same order.
 *
 *     get 10 0x180 = 0: 40000001 0            (group, attr, answer, payload in words)
 *     set 10 0x108 = 0: 9 0
 *     line 0x1000009 1 = 0
 */
#ifndef TESTS_PORT_TRAFFIC_H
#define TESTS_PORT_TRAFFIC_H

#include <stdio.h>

#include <vgic5/kvm.h>

struct traffic {
    FILE *file;
    uint32_t abi;
    uint32_t nr_spis;                     /* for the size of v1's GRP_IST */
    const struct vgic5_kvm_calls *kernel; /* NULL: the file is played */
    unsigned line;
};

/* Calls whose ioctl records, or plays; a difference fails the test, and names the line. */
struct vgic5_kvm_calls traffic_calls(struct traffic *traffic);
/* Nothing must be left. */
void traffic_end(struct traffic *traffic);

#endif
