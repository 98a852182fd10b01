/* SPDX-License-Identifier: BSD-3-Clause */
/* JSON as the tool writes it: sorted keys, 64-bit values as "0x…" strings. */
#ifndef TOOL_JSON_H
#define TOOL_JSON_H

#include <jansson.h>
#include <stdint.h>

/* A new reference. */
json_t *json_hex(uint64_t value);
/* Print with sorted keys and drop the reference. An exit status. */
int json_print(json_t *root);

/* The same into a file. */
int json_write(json_t *root, const char *path);

#endif
