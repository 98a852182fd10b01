/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The server of `vgic5 kvm`: a process of its own, so that a VMM never shares one with the engine.
 * It and the tool watch each other: whichever is killed, the other takes away what is left.
 */
#ifndef TOOL_KVM_SERVE_H
#define TOOL_KVM_SERVE_H

#include <stdint.h>
#include <sys/types.h>

#include "kvmd/kvmd.h"
#include "tool/kvm/watch.h"

#define SERVE_PATH 108u /* of a socket at most */

struct serve {
    pid_t pid;
    int lifeline; /* while it is open, the server serves */
    int reports;
    char directory[SERVE_PATH], socket[SERVE_PATH];
};

/* An exit status, after words on stderr. With EXIT_DONE it listens at serve->socket. */
int serve_start(struct kvmd_config *config, struct watch *watch, struct serve *serve);
/* It ends, and everything of it goes. An exit status; `*connections`: threads that ever came. */
int serve_stop(struct serve *serve, uint32_t *connections);

#endif
