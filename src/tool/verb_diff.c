/* SPDX-License-Identifier: BSD-3-Clause */
/* Says what differs between two snapshots, in the architecture's words. */
#include "tool/look/diff.h"

#include <string.h>

#include "tool/json.h"
#include "tool/report.h"
#include "tool/words.h"

static int compare(struct diff *diff, struct loaded *a, struct loaded *b, struct vgic5_error *error)
{
    int ret;

    diff_sections(diff, a->snapshot, b->snapshot);
    ret = diff_interrupts(diff, a, b, error);
    return ret == 0 ? diff_memory(diff, a->chain, b->chain, error) : ret;
}

static void print_value(const json_t *value)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS);

    if (json_is_string(value))
        say(stdout, "%s", json_string_value(value));
    else
        say(stdout, "%s", json_is_null(value) ? "missing" : text ? text : "?");
    free(text);
}

static void print_words(const struct diff *diff)
{
    const json_t *entry;
    size_t n;

    json_array_foreach(diff->found, n, entry)
    {
        const char *what = json_string_value(json_object_get(entry, "what"));

        say(stdout, "%s %s: ", what, json_string_value(json_object_get(entry, "field")));
        if (strcmp(what, "memory") == 0 && json_is_object(json_object_get(entry, "a"))) {
            say(stdout, "%d pages differ\n",
                (int)json_integer_value(json_object_get(json_object_get(entry, "a"), "pages")));
            continue;
        }
        print_value(json_object_get(entry, "a"));
        say(stdout, " -> ");
        print_value(json_object_get(entry, "b"));
        say(stdout, "\n");
    }
}

static int finish(struct diff *diff, const struct cli_options *options)
{
    size_t found = json_array_size(diff->found);
    int ret = EXIT_DONE;

    if (options->json)
        ret = json_print(json_pack("{s:s, s:b, s:O, s:I}", "schema", "vgic5.diff/1", "same",
                                   (int)(found == 0), "differences", diff->found, "ignored",
                                   (json_int_t)diff->nr_ignored));
    else
        print_words(diff);
    if (ret != EXIT_DONE || fflush(stdout) != 0)
        return EXIT_ENVIRONMENT;
    return found == 0 ? EXIT_DONE : EXIT_DIFFERS;
}

int verb_diff(const struct cli_options *options)
{
    struct diff diff = {.ignored = &options->ignore, .found = json_array()};
    struct vgic5_error error = {0};
    struct loaded a, b;
    int ret;

    if (load_open(VERB_diff, options->operand, NULL, &a, &error) != 0) {
        json_decref(diff.found);
        return report_error(VERB_diff, &error);
    }
    if (load_open(VERB_diff, options->operand2, NULL, &b, &error) != 0) {
        ret = report_error(VERB_diff, &error);
    } else {
        ret = compare(&diff, &a, &b, &error) == 0 ? finish(&diff, options)
                                                  : report_error(VERB_diff, &error);
        load_close(&b);
    }
    load_close(&a);
    json_decref(diff.found);
    return ret;
}
