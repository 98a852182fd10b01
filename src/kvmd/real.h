/* SPDX-License-Identifier: BSD-3-Clause */
/* The host's own KVM, as the recorder in a VMM reports it: which object a descriptor is. */
#ifndef KVMD_REAL_H
#define KVMD_REAL_H

#include "kvmd/kvmd.h"
#include "shim/protocol.h"

struct kvmd_real;

/* NULL: no memory. The observer's `after` sees each ioctl; it lives as long. */
struct kvmd_real *kvmd_real_create(const struct kvmd_observer *observer, void *opaque);
void kvmd_real_destroy(struct kvmd_real *real);
/* One answer. `client` reads the VMM's memory, an argument's structure as it was before. */
void kvmd_real_seen(struct kvmd_real *real, const struct kvmd_client *client,
                    const struct shim_message *message);
/* After it: what the ioctl has made. `client` reads the memory as it is. */
void kvmd_real_made(struct kvmd_real *real, const struct kvmd_client *client,
                    const struct shim_message *message);

#endif
