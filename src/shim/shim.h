/* SPDX-License-Identifier: BSD-3-Clause */
/* Between the parts of the shim. */
#ifndef SHIM_SHIM_H
#define SHIM_SHIM_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shim/message.h"

/* ---- connection.c ---- */
/* This thread's connection to the server, made when it is first needed. -1: there is no server. */
int shim_connection(void);
/* A handler that runs while this thread waits has a connection of its own. */
void shim_nest(int by);

/* ---- region.c ---- */
/* Make this region of the process shared memory; its descriptor (the shim's own), or a negative
 * errno. */
int shim_share(uint64_t at, uint64_t size, int64_t *offset);

/* ---- call.c ---- */
/* Carry out one call. -1 and errno, as ioctl(2). */
long shim_call(struct shim_message *message, bool is_run);
/* What has happened, with the bytes of its argument; nothing comes back. */
void shim_report(struct shim_message *message, const void *bytes, size_t size);

/* Out of the way of a VMM that counts its descriptors. `fd` is closed; the new one, or `fd`. */
int shim_move_up(int fd);

#endif
