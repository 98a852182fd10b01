/* SPDX-License-Identifier: BSD-3-Clause */
/* What may stand in a request of the control socket. */
#ifndef TOOL_RUN_REQUEST_H
#define TOOL_RUN_REQUEST_H

#include <jansson.h>
#include <stdbool.h>

#define REQUEST_KEYS 2

struct request_form {
    const char *command;
    struct request_key {
        const char *name; /* NULL: there are no more */
        json_type type;
        bool is_needed;
    } keys[REQUEST_KEYS];
};

/* The number of the form that the request has, or -1 with words on what is wrong with it. Each may
 * also have an "id", a string or a number. */
int request_form_of(const struct request_form *forms, int nr_forms, const json_t *request,
                    char words[], size_t size);

#endif
