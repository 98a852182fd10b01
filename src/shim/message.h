/* SPDX-License-Identifier: BSD-3-Clause */
/* A message of the protocol, and the descriptor that may come with it, on a socket; for both ends.
 */
#ifndef SHIM_MESSAGE_H
#define SHIM_MESSAGE_H

#include <stddef.h>

#include "shim/protocol.h"

/* Bytes of a call's argument that go along: those that an ioctl's number says are read. */
size_t shim_argument_size(const struct shim_message *message);
/* With `size` bytes behind it, and the descriptor, -1: none. 0 or a negative errno. */
int shim_send(int s, const struct shim_message *message, const void *bytes, size_t size, int fd);
/* What recvmsg returns; the bytes behind it, as many as there is room for. `*fd` is a descriptor
 * that came along, the caller's from now on, or -1. NULL, where none is expected: it is closed, and
 * a message costs less. */
long shim_receive(int s, struct shim_message *message, void *bytes, size_t room, int *fd);

#endif
