/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The LPIs between the guest's own table and an image in INTID order: the one is where v1 keeps
 * them, the other where 7.4 does (kvm-abi §4).
 */
#ifndef MIGRATION_IST_GUEST_H
#define MIGRATION_IST_GUEST_H

#include "migration/internal.h"

/* The table is the one that the state's IST_BASER and IST_CFGR name, `image` has state_ist_lpis()
 * words. -EFAULT: a part of the table is not in guest memory. An LPI without an L2 table reads 0.
 */
int ist_image_from_guest(const struct vgic5_port *port, const struct vgic5_state *state,
                         uint32_t *image);
/* Can all of the table be read? 0 or -EFAULT. */
int ist_guest_is_there(const struct vgic5_port *port, const struct vgic5_state *state);
/* -ENXIO: the image has an LPI for which the guest has made no L2 table valid. What has been
 * written until then stays. */
int ist_image_to_guest(const struct vgic5_port *port, const struct vgic5_state *state,
                       const uint32_t *image);

#endif
