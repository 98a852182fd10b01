/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Is this thread inside of Unicorn, and not in a callback of ours? Then it prints nothing: what
 * Unicorn says before it aborts (guard.c) is for nobody. These are the functions of glibc that it
 * says it with, found here first. Whoever else calls them is served as before.
 */
#include <stdarg.h>
#include <stdio.h>

#include "unicorn/guard.h"

#define REPLACED __attribute__((visibility("default")))

static _Thread_local struct unicorn_guard *armed;

struct unicorn_guard *unicorn_guard(void)
{
    return armed;
}

struct unicorn_guard *unicorn_outside(void)
{
    struct unicorn_guard *guard = armed;

    armed = NULL;
    return guard;
}

void unicorn_back(struct unicorn_guard *guard)
{
    armed = guard;
}

REPLACED int __fprintf_chk(FILE *stream, int flag, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
REPLACED int __printf_chk(int flag, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int print(FILE *stream, const char *format, va_list list)
{
    return armed ? 0 : vfprintf(stream, format, list);
}

int __fprintf_chk(FILE *stream, int flag, const char *format, ...)
{
    va_list list;
    int n;

    (void)flag;
    va_start(list, format);
    n = print(stream, format, list);
    va_end(list);
    return n;
}

int __printf_chk(int flag, const char *format, ...)
{
    va_list list;
    int n;

    (void)flag;
    va_start(list, format);
    n = print(stdout, format, list);
    va_end(list);
    return n;
}
