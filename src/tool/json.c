/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/json.h"

#include <inttypes.h>
#include <sys/stat.h>

#include "tool/options.h"

json_t *json_hex(uint64_t value)
{
    char text[20];

    snprintf(text, sizeof(text), "0x%" PRIx64, value);
    return json_string(text);
}

int json_print(json_t *root)
{
    int status = json_dumpf(root, stdout, JSON_INDENT(2) | JSON_SORT_KEYS);

    putchar('\n');
    json_decref(root);
    return status == 0 && fflush(stdout) == 0 ? EXIT_DONE : EXIT_ENVIRONMENT;
}

int json_write(json_t *root, const char *path)
{
    mode_t before = umask(0077); /* keys of the guest may be in it */
    int status = json_dump_file(root, path, JSON_INDENT(2) | JSON_SORT_KEYS);

    umask(before);
    json_decref(root);
    return status == 0 ? EXIT_DONE : EXIT_ENVIRONMENT;
}
