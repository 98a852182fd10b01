/* SPDX-License-Identifier: BSD-3-Clause */
/* The guest's console: stdout, and stdin (raw when it is a terminal) or a file. */
#ifndef TOOL_RUN_CONSOLE_H
#define TOOL_RUN_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <termios.h>

enum console_from { CONSOLE_NO_INPUT, CONSOLE_STDIN, CONSOLE_FILE };

struct console {
    enum console_from from;
    int input; /* a file descriptor, or -1: no input (any more) */
    bool is_terminal;
    bool escape;           /* Ctrl-A was typed */
    bool quit;             /* Ctrl-A x was typed */
    struct termios cooked; /* the terminal as it was */
    int64_t looked;        /* when the terminal was last looked at */
    uint8_t ahead[16384];  /* typed, and not yet taken by the guest */
    size_t nr_ahead;
    char last[2048]; /* of the output, round and round */
    uint64_t nr_output;
    bool shares_terminal; /* stdout and stderr are one */
    bool at_line_start;   /* of the terminal, whatever the output ended in */
};

/* 0 or a negative errno. `path` for CONSOLE_FILE. */
int console_open(struct console *console, enum console_from from, const char *path);
/* Puts the terminal back. */
void console_close(struct console *console);

/* For struct machine_console; opaque is a struct console. */
void console_output(void *opaque, const uint8_t *bytes, size_t n);
size_t console_input(void *opaque, uint8_t *bytes, size_t n);
bool console_input_ended(void *opaque);

/* The last lines of output, for somebody who does not see stdout. */
void console_print_last(const struct console *console, FILE *to);

/* Words on stderr follow: not in the middle of the guest's line. */
void console_end_line(struct console *console);

/* Was Ctrl-A x typed? Also while the guest takes no input. */
bool console_quits(struct console *console);
/* What to wait for: with `input`, or where a person may type. -1: nothing. */
int console_interest(const struct console *console, bool input);
/* The terminal is looked at when it is asked next. */
void console_look_now(struct console *console);
/* Of a file: leave out what a guest has taken before. False: there is not that much. */
bool console_skip(struct console *console, uint64_t n);

#endif
