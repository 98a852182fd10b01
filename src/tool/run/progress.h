/* SPDX-License-Identifier: BSD-3-Clause */
/* How far long work is, on stderr: a bar on a terminal, NDJSON, or nothing. And the two signals:
 * SIGUSR1 asks for a line, SIGINT gives the work up. */
#ifndef TOOL_RUN_PROGRESS_H
#define TOOL_RUN_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

enum progress_form { PROGRESS_NONE, PROGRESS_BAR, PROGRESS_JSON };

struct progress {
    enum progress_form form;
    const char *what; /* "save" */
    int shown;        /* per cent; -1: nothing yet */
};

/* "json", "none", "bar"; NULL: a bar if stderr is a terminal. False: none of these. */
bool progress_begin(struct progress *progress, const char *what, const char *form);
void progress_show(struct progress *progress, unsigned percent);
/* The same for a part of a whole. */
void progress_part(struct progress *progress, uint64_t done, uint64_t all);
/* Takes the bar away. */
void progress_end(struct progress *progress, bool good);

/* From now on the signals are noted instead of obeyed. */
void progress_catch_signals(void);
/* A descriptor that can be read when there has been one, until progress_woke(); -1: none. */
int progress_wakes(void);
void progress_woke(void);
/* Was there one since the last time it was asked? */
bool progress_line_is_wanted(void);
/* SIGINT, SIGTERM, SIGHUP; 0: none. */
int progress_asked_to_end(void);
/* Obey such a signal: the process ends by it. */
void progress_end_by(int number);

#endif
