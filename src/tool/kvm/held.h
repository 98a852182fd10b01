/* SPDX-License-Identifier: BSD-3-Clause */
/* A thread of the VMM that is held by ptrace at the end of its call, and calls it makes for us. */
#ifndef TOOL_KVM_HELD_H
#define TOOL_KVM_HELD_H

#include "tool/kvm/tracee.h"

/*
 * Its call is answered, and it stops before it sees that; tracee_release lets it go. `fd` is a new
 * descriptor in it, and its number goes to `*number`; a negative errno there: it has no room.
 * Answers 0, or a negative errno: then it is not held, be it because it has died.
 */
int held_stop(struct tracee *tracee, int fd, int *number);
/* The system call's result. */
int64_t held_call(const struct tracee *tracee, long number, const uint64_t arguments[6]);

#endif
