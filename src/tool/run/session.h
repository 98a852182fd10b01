/* SPDX-License-Identifier: BSD-3-Clause */
/* One run of a guest, from `run` or `restore` to its end, with the saves on its way. */
#ifndef TOOL_RUN_SESSION_H
#define TOOL_RUN_SESSION_H

#include <time.h>

#include "tool/run/console.h"
#include "machine/machine.h"
#include "tool/options.h"
#include "tool/run/steer.h"
#include "tool/run/trace.h"

struct session {
    enum cli_verb verb;
    const struct cli_options *options;
    struct machine_config config;
    struct machine *machine;
    struct console console;
    struct trace trace;
    bool save_pending;       /* the moment of --save has not come yet */
    const char *next_counts; /* of --save-at-insn, behind save_at */
    uint64_t save_at;
    struct vgic5_ram *ram;   /* what is absent, what was written since which snapshot */
    struct steer steer;      /* what comes from outside, and saves */
    struct timespec started; /* for --save-after */
};

/* What the options ask of `save` makes sense; false after words on stderr. */
bool session_check_options(enum cli_verb verb, const struct cli_options *options);
/* Open the console and the trace and put them into config. An exit status, EXIT_DONE if all is
 * well. */
int session_open(struct session *session);
/* Is an incremental save on top of the snapshot that was restored to be expected? */
bool session_wants_log(const struct session *session);
/* Run the machine to its end. The exit status of the tool. */
int session_run(struct session *session);
/* emergency.c: the engine has failed. What is left of the guest is saved, if it is exact. */
void session_emergency(struct session *session);
/* Destroys the machine and puts the terminal back. `status`, or what the trace makes of it. */
int session_close(struct session *session, int status);

#endif
