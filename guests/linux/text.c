/* SPDX-License-Identifier: BSD-3-Clause */
#include "text.h"

#include <stdarg.h>

#define AT_FDCWD (-100)

struct line {
    char bytes[256];
    size_t n;
};

static void put(struct line *line, char c)
{
    if (line->n < sizeof(line->bytes))
        line->bytes[line->n++] = c;
}

static void put_number(struct line *line, uint64_t value, unsigned width)
{
    char digits[20];
    unsigned n = 0;

    do {
        digits[n++] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0 || n < width);
    while (n > 0)
        put(line, digits[--n]);
}

static void put_argument(struct line *line, char kind, va_list *list)
{
    const char *text;
    uint64_t number;

    if (kind == 's') {
        for (text = va_arg(*list, const char *); *text != '\0'; text++)
            put(line, *text);
        return;
    }
    number = va_arg(*list, uint64_t);
    put_number(line, kind == 't' ? number / 1000000000 : number, 1);
    if (kind != 't')
        return;
    put(line, '.');
    put_number(line, number / 1000 % 1000000, 6);
}

void say(const char *format, ...)
{
    struct line line;
    va_list list;

    line.n = 0;
    va_start(list, format);
    for (; *format != '\0'; format++) {
        if (*format == '%')
            put_argument(&line, *++format, &list);
        else
            put(&line, *format);
    }
    va_end(list);
    CALL(SYS_WRITE, 1, line.bytes, line.n, 0, 0);
}

static size_t length(const char *text)
{
    size_t n = 0;

    while (text[n] != '\0')
        n++;
    return n;
}

static bool begins_with(const char *text, const char *with)
{
    while (*with != '\0')
        if (*text++ != *with++)
            return false;
    return true;
}

bool same_text(const char *a, const char *b)
{
    return begins_with(a, b) && a[length(b)] == '\0';
}

bool have_argument(char **argv, const char *name)
{
    for (; *argv != NULL; argv++)
        if (same_text(*argv, name))
            return true;
    return false;
}

static uint64_t read_number(const char **at)
{
    uint64_t value = 0;

    for (; **at >= '0' && **at <= '9'; ++*at)
        value = value * 10 + (uint64_t)(**at - '0');
    return value;
}

uint64_t number_argument(char **argv, const char *name, uint64_t otherwise)
{
    for (; *argv != NULL; argv++) {
        const char *at = *argv + length(name);

        if (begins_with(*argv, name) && *at++ == '=')
            return read_number(&at);
    }
    return otherwise;
}

bool interrupts_read(struct interrupts *interrupts)
{
    long file = CALL(SYS_OPENAT, AT_FDCWD, "/proc/interrupts", 0, 0, 0), n;

    interrupts->size = 0;
    if (file < 0)
        return false;
    while ((n = CALL(SYS_READ, file, interrupts->text + interrupts->size,
                     sizeof(interrupts->text) - 1 - interrupts->size, 0, 0)) > 0)
        interrupts->size += (size_t)n;
    CALL(SYS_CLOSE, file, 0, 0, 0, 0);
    interrupts->text[interrupts->size] = '\0';
    return n == 0;
}

static bool line_holds(const char *line, const char *word)
{
    for (; *line != '\0' && *line != '\n'; line++)
        if (begins_with(line, word))
            return true;
    return false;
}

/* "14:   12    0   GICv5 ..." */
static void add_line(const char *line, uint64_t counts[MAX_CPUS])
{
    while (*line != ':' && *line != '\n')
        line++;
    if (*line == ':')
        line++;
    for (unsigned cpu = 0; cpu < MAX_CPUS; cpu++) {
        while (*line == ' ')
            line++;
        if (*line < '0' || *line > '9')
            return;
        counts[cpu] += read_number(&line);
    }
}

bool interrupts_count(const struct interrupts *interrupts, const char *word,
                      uint64_t counts[MAX_CPUS])
{
    const char *line = interrupts->text;
    bool found = false;

    for (unsigned cpu = 0; cpu < MAX_CPUS; cpu++)
        counts[cpu] = 0;
    while (*line != '\0') {
        if (line_holds(line, word)) {
            add_line(line, counts);
            found = true;
        }
        while (*line != '\0' && *line++ != '\n')
            ;
    }
    return found;
}
