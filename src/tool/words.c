/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/words.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "facts/utf8.h"

#define LONGEST_ESCAPE 8u /* \u{2028} */

/* C0, DEL and C1; what begins a line or turns the direction of those that follow. */
static bool steers(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x61c || code == 0x200e ||
           code == 0x200f || (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2066 && code <= 0x2069);
}

static size_t escape(uint32_t code, char *to)
{
    static const char shorts[] = "\a\b\t\n\v\f\r", names[] = "abtnvfr";
    const char *at = code != 0 && code < 0x20 ? strchr(shorts, (int)code) : NULL;

    if (at)
        return (size_t)sprintf(to, "\\%c", names[at - shorts]);
    return (size_t)sprintf(to, code < 0x80 ? "\\x%02" PRIx32 : "\\u{%" PRIx32 "}", code);
}

char *printable(const char *text, size_t size)
{
    const uint8_t *bytes = (const uint8_t *)text;
    char *copy = malloc(size * LONGEST_ESCAPE + 1), *to = copy;

    for (size_t n = 0, step; copy && n < size; n += step) {
        uint32_t code = bytes[n];

        step = utf8_character(bytes + n, size - n, &code);
        if (step == 0) {
            to += sprintf(to, "\\x%02x", bytes[n]);
            step = 1;
        } else if (steers(code)) {
            to += escape(code, to);
        } else {
            memcpy(to, bytes + n, step);
            to += step;
        }
    }
    if (copy)
        *to = '\0';
    return copy;
}

void say(FILE *to, const char *format, ...)
{
    size_t length = strlen(format);
    bool ends_line = length > 0 && format[length - 1] == '\n';
    char *text = NULL, *clean = NULL;
    va_list arguments;
    int size;

    va_start(arguments, format);
    size = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (size >= ends_line)
        clean = printable(text, (size_t)size - ends_line);
    if (clean)
        fprintf(to, "%s%s", clean, ends_line ? "\n" : "");
    if (size >= 0)
        free(text);
    free(clean);
}
