/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * GRP_IST as the two generations have it: v1's payload are the SPI entries themselves, 7.4's is a
 * descriptor of two buffers. A port that names the wrong generation must cost no memory: whatever
 * is handed over has room for either's answer (kvm-abi §1).
 */
#ifndef MIGRATION_IST_PAYLOAD_H
#define MIGRATION_IST_PAYLOAD_H

#include "migration/engine.h"

/* The images that go in or come out, in INTID order. */
struct ist_images {
    uint32_t *spis; /* room for VGIC5_NR_SPIS_MAX */
    size_t nr_spis;
    uint32_t *lpis; /* 7.4 alone; NULL: no LPI IST */
    size_t nr_lpis;
};

/* One get, again after EBUSY as often as the options allow; one set. A failure is in words.
 * -ENOTSUP: the device is of the other generation than its port. */
int ist_payload_get(struct engine *engine, const struct ist_images *images);
int ist_payload_set(struct engine *engine, const struct ist_images *images);

/* Which generation an initialised device is that has no LPI IST yet: a get whose payload is zeros.
 * 0, or what it answers beside that. */
int ist_payload_probe(const struct vgic5_port *port, uint32_t *abi);

#endif
