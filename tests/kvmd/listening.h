/* SPDX-License-Identifier: BSD-3-Clause */
/* A server in this process, at a socket of its own. */
#ifndef TESTS_KVMD_LISTENING_H
#define TESTS_KVMD_LISTENING_H

#include "kvmd/server.h"

struct served_kernel {
    struct kvmd *kvmd;
    struct kvmd_server *server;
    char directory[32], path[64];
};

void open_kernel(struct served_kernel *kernel, enum kvmd_profile profile);
/* The VMMs have gone: so do their objects. */
void close_kernel(struct served_kernel *kernel);

#endif
