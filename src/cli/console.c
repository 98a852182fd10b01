/* SPDX-License-Identifier: BSD-3-Clause */
#include "console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#define CTRL_A 1

static void make_raw(struct console *console)
{
    struct termios raw = console->cooked;

    raw.c_iflag &= ~(tcflag_t)(ICRNL | IXON);
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG | IEXTEN);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

int console_open(struct console *console, enum console_from from, const char *path)
{
    *console = (struct console){ .input = -1 };
    if (from == CONSOLE_FILE) {
        console->input = open(path, O_RDONLY | O_CLOEXEC);
        return console->input < 0 ? -errno : 0;
    }
    if (from == CONSOLE_STDIN) {
        console->input = STDIN_FILENO;
        console->is_terminal = tcgetattr(STDIN_FILENO, &console->cooked) == 0;
        if (console->is_terminal)
            make_raw(console);
    }
    return 0;
}

void console_close(struct console *console)
{
    if (console->is_terminal)
        tcsetattr(STDIN_FILENO, TCSANOW, &console->cooked);
    if (console->input > STDIN_FILENO)
        close(console->input);
    console->input = -1;
}

void console_output(void *opaque, const uint8_t *bytes, size_t n)
{
    (void)opaque;
    while (n > 0) {
        ssize_t done = write(STDOUT_FILENO, bytes, n);
        if (done < 0 && errno != EINTR && errno != EAGAIN)
            return; /* nobody listens any more: the guest goes on, as on a real wire */
        if (done > 0) {
            bytes += done;
            n -= (size_t)done;
        }
    }
}

/* Ctrl-A x quits, Ctrl-A Ctrl-A is one Ctrl-A, as in QEMU. Returns the bytes for the guest. */
static size_t filter_escapes(struct console *console, uint8_t *bytes, size_t n)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++) {
        if (!console->escape && bytes[i] == CTRL_A) {
            console->escape = true;
            continue;
        }
        if (console->escape && bytes[i] == 'x')
            console->quit = true;
        else if (!console->escape || bytes[i] == CTRL_A)
            bytes[kept++] = bytes[i];
        console->escape = false;
    }
    return kept;
}

size_t console_input(void *opaque, uint8_t *bytes, size_t n)
{
    struct console *console = opaque;
    struct pollfd ready = { console->input, POLLIN, 0 };
    ssize_t got;

    if (console->input < 0 || n == 0 || poll(&ready, 1, 0) <= 0)
        return 0;
    got = read(console->input, bytes, n);
    if (got == 0)
        console->input = -1; /* end of file is no input */
    if (got <= 0)
        return 0;
    return console->is_terminal ? filter_escapes(console, bytes, (size_t)got) : (size_t)got;
}
