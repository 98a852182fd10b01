/* SPDX-License-Identifier: BSD-3-Clause */
/* The guest's console: stdout, and stdin (raw when it is a terminal) or a file. */
#ifndef CLI_CONSOLE_H
#define CLI_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <termios.h>

struct console {
    int input;              /* a file descriptor, or -1: no input (any more) */
    bool is_terminal;
    bool escape;            /* Ctrl-A was typed */
    bool quit;              /* Ctrl-A x was typed */
    struct termios cooked;  /* the terminal as it was */
};

enum console_from { CONSOLE_NO_INPUT, CONSOLE_STDIN, CONSOLE_FILE };

/* 0 or a negative errno. `path` for CONSOLE_FILE. */
int console_open(struct console *console, enum console_from from, const char *path);
/* Puts the terminal back. */
void console_close(struct console *console);

/* For struct machine_console; opaque is a struct console. */
void console_output(void *opaque, const uint8_t *bytes, size_t n);
size_t console_input(void *opaque, uint8_t *bytes, size_t n);

#endif
