/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/run/console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CTRL_A 1
#define LAST_LINES 8u     /* and what follows the last of them */
#define LOOK_EVERY 500000 /* nanoseconds between looks at the terminal */

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
    *console = (struct console){.input = -1, .from = from, .at_line_start = true};
    console->shares_terminal = isatty(STDOUT_FILENO) && isatty(STDERR_FILENO);
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
    struct console *console = opaque;

    if (n > 0)
        console->at_line_start = bytes[n - 1] == '\n';
    for (size_t i = 0; i < n; i++)
        console->last[console->nr_output++ % sizeof(console->last)] = (char)bytes[i];
    while (n > 0) {
        ssize_t done = write(STDOUT_FILENO, bytes, n);
        if (done < 0 && errno == EAGAIN) {
            struct pollfd room = {STDOUT_FILENO, POLLOUT, 0};
            poll(&room, 1, -1);
        } else if (done < 0 && errno != EINTR) {
            return; /* nobody listens any more: the guest goes on, as on a real wire */
        } else if (done > 0) {
            bytes += done;
            n -= (size_t)done;
        }
    }
}

static char byte_before_end(const struct console *console, size_t n)
{
    return console->last[(console->nr_output - n) % sizeof(console->last)];
}

void console_print_last(const struct console *console, FILE *to)
{
    size_t n = 0, lines = 0, most = sizeof(console->last);

    if (most > console->nr_output)
        most = (size_t)console->nr_output;
    while (n < most && (byte_before_end(console, n + 1) != '\n' || lines++ < LAST_LINES))
        n++;
    if (n > 0)
        fprintf(to, "the last lines of the console:\n");
    for (bool begins = true; n > 0; n--) {
        char byte = byte_before_end(console, n);

        if (begins)
            fprintf(to, "  | ");
        begins = byte == '\n';
        if (byte == '\n' || (byte >= ' ' && byte != 0x7f))
            fputc(byte, to);
    }
    if (console->nr_output > 0 && byte_before_end(console, 1) != '\n')
        fputc('\n', to);
}

void console_end_line(struct console *console)
{
    if (console->shares_terminal && !console->at_line_start)
        fputc('\n', stderr);
    console->at_line_start = true;
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

/* What there is now. A file is read whole: the bytes must not depend on the moment. */
static size_t read_some(struct console *console, uint8_t *bytes, size_t n)
{
    struct pollfd ready = {console->input, POLLIN, 0};
    ssize_t got;

    if (console->input < 0 || n == 0)
        return 0;
    if (console->from != CONSOLE_FILE && poll(&ready, 1, 0) <= 0)
        return 0;
    do {
        got = read(console->input, bytes, n);
    } while (got < 0 && errno == EINTR);
    if (got == 0 || (got < 0 && errno != EAGAIN)) /* no input any more; a terminal was hung up */
        console->input = -1;
    return got > 0 ? (size_t)got : 0;
}

/* Typed ahead: the guest may not take it, but Ctrl-A x is heard. What is too much is lost. */
static void read_ahead(struct console *console)
{
    uint8_t bytes[256];
    size_t room = sizeof(console->ahead) - console->nr_ahead;
    size_t n = filter_escapes(console, bytes, read_some(console, bytes, sizeof(bytes)));

    if (n > room)
        n = room;
    memcpy(console->ahead + console->nr_ahead, bytes, n);
    console->nr_ahead += n;
}

static int64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

bool console_quits(struct console *console)
{
    if (console->is_terminal && now() - console->looked >= LOOK_EVERY) {
        console->looked = now();
        read_ahead(console);
    }
    return console->quit;
}

int console_interest(const struct console *console, bool input)
{
    return input || console->is_terminal ? console->input : -1;
}

void console_look_now(struct console *console)
{
    console->looked = 0;
}

static size_t take_ahead(struct console *console, uint8_t *bytes, size_t n)
{
    if (n > console->nr_ahead)
        n = console->nr_ahead;
    memcpy(bytes, console->ahead, n);
    console->nr_ahead -= n;
    memmove(console->ahead, console->ahead + n, console->nr_ahead);
    return n;
}

size_t console_input(void *opaque, uint8_t *bytes, size_t n)
{
    struct console *console = opaque;
    size_t got = 0, more;

    if (console->is_terminal) {
        read_ahead(console);
        return take_ahead(console, bytes, n);
    }
    do {
        more = read_some(console, bytes + got, n - got);
        got += more;
    } while (console->from == CONSOLE_FILE && more > 0);
    return got;
}

bool console_input_ended(void *opaque)
{
    const struct console *console = opaque;

    return console->input < 0 && console->nr_ahead == 0;
}

bool console_skip(struct console *console, uint64_t n)
{
    uint8_t bytes[4096];

    while (n > 0) {
        size_t got = console_input(console, bytes, n < sizeof(bytes) ? n : sizeof(bytes));

        if (got == 0)
            return false;
        n -= got;
    }
    return true;
}
