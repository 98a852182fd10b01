/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The engine has failed under a guest. What it was is saved if all of it is known, under a name of
 * its own: what --save names may be an older snapshot that is good.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool/run/session.h"

#include "tool/report.h"

#define MOST_NAMES 100u

/* Beside the file of --save, else beside the control socket, else here: the length of that. */
static int directory_of(const struct cli_options *options, const char **directory)
{
    const char *beside = options->save ? options->save : options->control, *slash;

    *directory = beside;
    slash = beside ? strrchr(beside, '/') : NULL;
    return slash ? (int)(slash + 1 - beside) : 0;
}

/* A new name; NULL: no memory, or too many are there. */
static char *new_name(const struct cli_options *options)
{
    const char *directory;
    int length = directory_of(options, &directory);
    size_t size = (size_t)length + 64;
    char *name = malloc(size);

    for (unsigned n = 0; name && n < MOST_NAMES; n++) {
        snprintf(name, size, "%.*svgic5-emergency-%ld-%u", length, directory ? directory : "",
                 (long)getpid(), n);
        if (access(name, F_OK) != 0 && errno == ENOENT)
            return name;
    }
    free(name);
    return NULL;
}

void session_emergency(struct session *session)
{
    char *name;

    steer_finish(&session->steer);
    name = new_name(session->options);
    if (!name || steer_save(&session->steer, name, NULL, true) != EXIT_DONE)
        report(
            session->verb, EXIT_BUG,
            "there is no emergency snapshot: not all of what the guest was is known, or it cannot "
            "be saved");
    else
        report(session->verb, EXIT_BUG, "%s is an emergency snapshot: the guest before the fault",
               name);
    free(name);
}
