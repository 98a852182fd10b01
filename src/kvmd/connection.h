/* SPDX-License-Identifier: BSD-3-Clause */
/* A thread of a VMM, behind its socket. */
#ifndef KVMD_CONNECTION_H
#define KVMD_CONNECTION_H

#include "kvmd/real.h"
#include "kvmd/registry.h"
#include "shim/protocol.h"

struct connection {
    int fd;
    struct kvmd *kvmd;      /* or, */
    struct kvmd_real *real; /* when the host's own kernel answers */
    struct registry *registry;
    bool kicked;        /* a KICK has come while something else was waited for */
    uint64_t inline_at; /* the argument's bytes that came along */
    uint8_t inline_bytes[SHIM_INLINE];
    size_t inline_size;
};

/* Serve it until the peer goes. */
void connection_serve(struct connection *connection);

#endif
