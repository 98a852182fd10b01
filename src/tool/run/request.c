/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/run/request.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const char *type_name(json_type type)
{
    static const char *const names[] = {
        [JSON_OBJECT] = "an object", [JSON_ARRAY] = "a list",    [JSON_STRING] = "a string",
        [JSON_INTEGER] = "a number", [JSON_REAL] = "a fraction", [JSON_TRUE] = "true",
        [JSON_FALSE] = "false",      [JSON_NULL] = "null",
    };

    return names[type];
}

static void list(char words[], size_t size, const char *before, const char *word)
{
    size_t n = strlen(words);

    snprintf(words + n, size - n, "%s%s", before, word);
}

static int no_command(const struct request_form *forms, int nr_forms, char words[], size_t size)
{
    snprintf(words, size, "\"command\" is one of ");
    for (int n = 0; n < nr_forms; n++)
        list(words, size, n == 0 ? "" : ", ", forms[n].command);
    return -1;
}

static const struct request_key *find_key(const struct request_form *form, const char *name)
{
    for (int n = 0; n < REQUEST_KEYS && form->keys[n].name; n++)
        if (strcmp(form->keys[n].name, name) == 0)
            return &form->keys[n];
    return NULL;
}

static void unknown_key(const struct request_form *form, const char *name, char words[],
                        size_t size)
{
    snprintf(words, size, "%s has no key \"%.80s\"; its keys are command, id", form->command, name);
    for (int n = 0; n < REQUEST_KEYS && form->keys[n].name; n++)
        list(words, size, ", ", form->keys[n].name);
}

static bool is_key_right(const struct request_form *form, const char *name, const json_t *value,
                         char words[], size_t size)
{
    const struct request_key *key = find_key(form, name);
    json_type type = json_typeof(value);

    if (strcmp(name, "command") == 0)
        return true;
    if (strcmp(name, "id") == 0) {
        snprintf(words, size, "\"id\" is %s, expected a string or a number", type_name(type));
        return type == JSON_STRING || type == JSON_INTEGER;
    }
    if (!key)
        unknown_key(form, name, words, size);
    else
        snprintf(words, size, "\"%s\" is %s, expected %s", name, type_name(type),
                 type_name(key->type));
    return key && key->type == type;
}

static bool has_what_it_needs(const struct request_form *form, const json_t *request, char words[],
                              size_t size)
{
    for (int n = 0; n < REQUEST_KEYS && form->keys[n].name; n++) {
        if (form->keys[n].is_needed && !json_object_get(request, form->keys[n].name)) {
            snprintf(words, size, "%s without \"%s\"", form->command, form->keys[n].name);
            return false;
        }
    }
    return true;
}

int request_form_of(const struct request_form *forms, int nr_forms, const json_t *request,
                    char words[], size_t size)
{
    const char *command = json_string_value(json_object_get(request, "command")), *name;
    json_t *value;
    int n = 0;

    while (command && n < nr_forms && strcmp(forms[n].command, command) != 0)
        n++;
    if (!command || n == nr_forms)
        return no_command(forms, nr_forms, words, size);
    /* jansson's own loop casts const away */
    for (void *at = json_object_iter((json_t *)(uintptr_t)request); at;
         at = json_object_iter_next((json_t *)(uintptr_t)request, at)) {
        name = json_object_iter_key(at);
        value = json_object_iter_value(at);
        if (!is_key_right(&forms[n], name, value, words, size))
            return -1;
    }
    return has_what_it_needs(&forms[n], request, words, size) ? n : -1;
}
