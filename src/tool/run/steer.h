/* SPDX-License-Identifier: BSD-3-Clause */
/* What reaches a running guest from outside: the control socket, signals, and the save under way.
 */
#ifndef TOOL_RUN_STEER_H
#define TOOL_RUN_STEER_H

#include "tool/run/console.h"
#include "tool/run/control.h"
#include "tool/options.h"
#include "tool/run/progress.h"
#include "tool/saver.h"

/* Who waits for an answer. */
struct asker {
    int client; /* -1: nobody */
    json_t *id; /* of the request, or NULL */
};

struct steer {
    enum cli_verb verb;
    struct machine *machine;
    const struct machine_config *config;
    struct console *console; /* where a person types */
    struct control control;
    struct progress progress;
    struct vgic5_ram *ram;
    struct files *files;           /* which a save must leave alone */
    struct saver saver;            /* the save under way */
    char *saver_path, *saver_base; /* what is saved, and on what (or NULL) */
    struct asker saver_asker;
    int save_status; /* EXIT_ABORTED once a save has failed */
    bool is_over;    /* the guest has ended, or is being ended */
    bool paused, quit, filling;
    uint64_t
        pause_at; /* pause again when so many instructions have been executed; UINT64_MAX: never */
    bool save_wanted; /* by the control socket: the next two say what */
    struct asker wanted_asker;
    char *wanted_path, *wanted_base;
    uint64_t looked; /* when the world was last looked at, in microseconds */
};

/* An exit status; --control and --progress. */
int steer_open(struct steer *steer, enum cli_verb verb, const struct cli_options *options);
void steer_close(struct steer *steer);

/* Asked between slices: look around now and then; true when the machine has to stop for it. */
bool steer_stops(struct steer *steer);
/* Nothing runs: wait until steer_stops has something to look at, or the console has (with `input`),
 * at most for so many nanoseconds. */
void steer_wait(struct steer *steer, uint64_t nanoseconds, bool input);
/* The machine has stopped: was it for pause_at? Then it is paused. */
bool steer_has_paused(struct steer *steer);
/* The machine has stopped: do what was asked for, and wait while it is paused. */
void steer_serve(struct steer *steer);

/* Save the stopped machine. With `waits` the file is there on return, else the guest goes on
 * meanwhile. EXIT_DONE or EXIT_ABORTED. */
int steer_save(struct steer *steer, const char *path, const char *base, bool waits);
/* Wait for a save under way. */
void steer_finish(struct steer *steer);

#endif
