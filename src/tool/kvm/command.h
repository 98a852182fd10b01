/* SPDX-License-Identifier: BSD-3-Clause */
/* The VMM that `vgic5 kvm` starts: what kind of program it is, and how the shim gets into it. */
#ifndef TOOL_KVM_COMMAND_H
#define TOOL_KVM_COMMAND_H

#include <limits.h>
#include <stdbool.h>

struct command {
    char **words;            /* of the user, NULL-terminated */
    char program[PATH_MAX];  /* the file of words[0] */
    char shim[PATH_MAX];     /* that fits it */
    char emulator[PATH_MAX]; /* of user programs; "": it is native */
    bool is_real;
    bool is_static;             /* nothing can be preloaded into it */
    bool needs_arm64_libraries; /* which the host has elsewhere */
};

/* An exit status, after words on stderr. `is_real`: the host's own /dev/kvm is to be recorded. */
int command_look(char **words, bool is_real, struct command *command);
/* In the child: its environment, and exec; returns only with errno. */
void command_exec(const struct command *command, const char *socket);

#endif
