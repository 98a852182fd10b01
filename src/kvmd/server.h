/* SPDX-License-Identifier: BSD-3-Clause */
/* The emulated KVM behind a socket: a connection and a thread for each thread of the VMMs. */
#ifndef KVMD_SERVER_H
#define KVMD_SERVER_H

#include "kvmd/kvmd.h"
#include "kvmd/real.h"

struct kvmd_server;

/* Listen at `path`, which must not exist; mode 0600. Peers of another user are refused. With `real`
 * the host's own kernel answers, and there is no `kvmd`. */
int kvmd_server_start(struct kvmd *kvmd, struct kvmd_real *real, const char *path,
                      struct kvmd_server **server, struct vgic5_error *error);
/* Every connection ends, and every object goes. The socket is removed. How many threads have ever
 * connected: with 0, no VMM had the shim in. */
unsigned kvmd_server_stop(struct kvmd_server *server);
/* Objects that are open, for tests. */
size_t kvmd_server_objects(struct kvmd_server *server);

#endif
