/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/look/diff.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "tool/json.h"

bool diff_is_ignored(struct diff *diff, const char *what, const char *field)
{
    char whole[160], type[64];

    snprintf(whole, sizeof(whole), "%s.%s", what, field);
    snprintf(type, sizeof(type), "%.*s", (int)strcspn(what, " "), what);
    for (size_t n = 0; n < diff->ignored->n; n++) {
        const char *pattern = diff->ignored->items[n];
        char of_type[160];

        snprintf(of_type, sizeof(of_type), "%s.%s", type, field);
        if (fnmatch(pattern, whole, 0) == 0 || fnmatch(pattern, of_type, 0) == 0 ||
            fnmatch(pattern, field, 0) == 0 || fnmatch(pattern, what, 0) == 0 ||
            fnmatch(pattern, type, 0) == 0) {
            diff->nr_ignored++;
            return true;
        }
    }
    return false;
}

void diff_add(struct diff *diff, const char *what, const char *field, json_t *a, json_t *b)
{
    if (diff_is_ignored(diff, what, field)) {
        json_decref(a);
        json_decref(b);
        return;
    }
    json_array_append_new(diff->found, json_pack("{s:s, s:s, s:o, s:o}", "what", what, "field",
                                                 field, "a", a, "b", b));
}

void diff_numbers(struct diff *diff, const char *what, const char *field, uint64_t a, uint64_t b)
{
    diff_add(diff, what, field, json_hex(a), json_hex(b));
}
