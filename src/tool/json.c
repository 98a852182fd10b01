/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tool/options.h"
#include "tool/words.h"

json_t *json_hex(uint64_t value)
{
    char text[20];

    snprintf(text, sizeof(text), "0x%" PRIx64, value);
    return json_string(text);
}

json_t *json_words(const char *text)
{
    char *clean = printable(text, strlen(text));
    json_t *json = json_string(clean ? clean : "");

    free(clean);
    return json;
}

json_t *json_text(const char *text)
{
    json_t *json = json_string(text);

    return json ? json : json_words(text);
}

/* JSON_ENSURE_ASCII leaves DEL, which is only in strings. */
static int put(const char *bytes, size_t size, void *to)
{
    const char *del;

    for (; (del = memchr(bytes, 0x7f, size)) != NULL; bytes = del + 1) {
        if (fwrite(bytes, 1, (size_t)(del - bytes), to) != (size_t)(del - bytes) ||
            fputs("\\u007f", to) < 0)
            return -1;
        size -= (size_t)(del + 1 - bytes);
    }
    return fwrite(bytes, 1, size, to) == size ? 0 : -1;
}

int json_put(const json_t *root, FILE *to, size_t form)
{
    int ret = json_dump_callback(root, put, to, form | JSON_SORT_KEYS | JSON_ENSURE_ASCII);

    return ret == 0 && fputc('\n', to) != EOF && fflush(to) == 0 ? 0 : -1;
}

int json_print(json_t *root)
{
    int ret = json_put(root, stdout, JSON_INDENT(2));

    json_decref(root);
    return ret == 0 ? EXIT_DONE : EXIT_ENVIRONMENT;
}

int json_write(json_t *root, const char *path)
{
    mode_t before = umask(0077); /* keys of the guest may be in it */
    int ret = json_dump_file(root, path, JSON_INDENT(2) | JSON_SORT_KEYS);

    umask(before);
    json_decref(root);
    return ret == 0 ? EXIT_DONE : EXIT_ENVIRONMENT;
}
