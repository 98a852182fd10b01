/* SPDX-License-Identifier: BSD-3-Clause */
/* What was pending and active when a snapshot was taken. */
#ifndef CLI_IN_FLIGHT_H
#define CLI_IN_FLIGHT_H

#include "save.h"

struct in_flight_vcpu {
    uint32_t id;
    uint32_t pending, active; /* PPIs of its own, SPIs and LPIs that target it */
    int running_priority;     /* -1: none active */
    enum vgic5_line line;
};

struct in_flight {
    uint32_t pending[4], active[4]; /* by enum vgic5_type */
    uint32_t nr_vcpus;
    struct in_flight_vcpu *vcpus;
};

/*
 * Restores the interrupt controller of the snapshot, without its machine, into a device of its own,
 * and asks that: whatever a restore would refuse is refused here.
 */
int in_flight_of(const struct loaded *loaded, struct in_flight *flight, struct vgic5_error *error);
void in_flight_free(struct in_flight *flight);

#endif
