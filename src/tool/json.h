/* SPDX-License-Identifier: BSD-3-Clause */
/* JSON as the tool writes it: sorted keys, 64-bit values as "0x…" strings. */
#ifndef TOOL_JSON_H
#define TOOL_JSON_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

/* A new reference. */
json_t *json_hex(uint64_t value);
/* Text from anywhere: bytes that are not UTF-8, which JSON cannot have, as escapes (words.h). */
json_t *json_text(const char *text);
/* A message, as it would be said (words.h). */
json_t *json_words(const char *text);
/* As a line with sorted keys, of plain ASCII that can go to any terminal. 0 or -1. */
int json_put(const json_t *root, FILE *to, size_t form);
/* Print with sorted keys and drop the reference. An exit status. */
int json_print(json_t *root);

/* The same into a file. */
int json_write(json_t *root, const char *path);

#endif
