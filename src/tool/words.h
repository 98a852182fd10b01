/* SPDX-License-Identifier: BSD-3-Clause */
/* Words for people. What comes from a file, a name or a peer must not steer their terminal. */
#ifndef TOOL_WORDS_H
#define TOOL_WORDS_H

#include <stdio.h>

/* As fprintf, but what is not printable is written as an escape: control characters (a newline
 * too, but the one at the end of `format`), those that turn the direction of text, and bytes that
 * are not UTF-8. Everything that the tool says goes through it; the guest's console does not. */
void say(FILE *to, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same of one text; the caller frees it. NULL: no memory. */
char *printable(const char *text, size_t size);

#endif
