/* SPDX-License-Identifier: BSD-3-Clause */
/* Does a process of the command use the host's own /dev/kvm? Then the shim is not in it. */
#ifndef TOOL_KVM_BYPASS_H
#define TOOL_KVM_BYPASS_H

#include <stdbool.h>
#include <sys/types.h>

/* A descriptor that becomes readable when somebody opens it; -1: there is none, or nobody may. */
int bypass_watch(void);
/* Takes what has come; the process below `ancestor` that has it open, or 0. */
pid_t bypass_look(int watch, pid_t ancestor);

#endif
