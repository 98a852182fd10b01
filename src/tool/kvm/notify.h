/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The way in for a program that nothing can be preloaded into: a seccomp filter of the kernel's
 * holds its open of files and its KVM ioctls until the tool has answered them, which speaks for it
 * to the server what the shim speaks.
 */
#ifndef TOOL_KVM_NOTIFY_H
#define TOOL_KVM_NOTIFY_H

#include <stdbool.h>

/* Is this host one whose threads can be made to map their guest RAM? */
bool notify_is_possible(void);
/* In the child: this process and those it starts are filtered from now on; who answers is at the
 * other end of `to`. 0 or a negative errno. */
int notify_install(int to);
/* In the tool: threads answer what comes, for as long as this process lives. 0 or a negative errno;
 * 0 also if the child said nothing. */
int notify_serve(int from, const char *socket);

#endif
