/* SPDX-License-Identifier: BSD-3-Clause */
/* Words on the console, and words of /proc/interrupts. */
#ifndef LINUX_TEXT_H
#define LINUX_TEXT_H

#include "system.h"

/* %s, %u (uint64_t), %t (uint64_t, nanoseconds, as seconds with six places). One line, one write.
 */
void say(const char *format, ...);
bool same_text(const char *a, const char *b);
/* "name=VALUE" among the arguments: VALUE, or what is passed. */
uint64_t number_argument(char **argv, const char *name, uint64_t otherwise);
bool have_argument(char **argv, const char *name);

#define MAX_CPUS 8u

/* /proc/interrupts, read whole. */
struct interrupts {
    char text[32768];
    size_t size;
};

bool interrupts_read(struct interrupts *interrupts);
/* Add up, CPU by CPU, the lines that hold `word`; false: there is none. */
bool interrupts_count(const struct interrupts *interrupts, const char *word,
                      uint64_t counts[MAX_CPUS]);

#endif
