/* SPDX-License-Identifier: BSD-3-Clause */
/* A thread of a VMM, behind its socket. */
#ifndef KVMD_CONNECTION_H
#define KVMD_CONNECTION_H

#include "kvmd/real.h"
#include "kvmd/registry.h"
#include "shim/protocol.h"

/* Bytes of the VMM's memory. */
struct connection_range {
    uint64_t at;
    const uint8_t *bytes;
    size_t size;
};

struct connection {
    int fd;
    struct kvmd *kvmd;      /* or, */
    struct kvmd_real *real; /* when the host's own kernel answers */
    struct registry *registry;
    bool kicked;                      /* a KICK has come while something else was waited for */
    uint8_t bytes[SHIM_INLINE];       /* that came along with a call: */
    struct connection_range along[2]; /* the argument's, and those that it points to */
    struct connection_range last;     /* go along with the end of the call, */
    bool takes_bytes;                 /* if the peer takes them so */
    uint8_t last_bytes[SHIM_LAST];
};

/* Serve it until the peer goes. */
void connection_serve(struct connection *connection);

#endif
