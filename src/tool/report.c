/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include "tool/words.h"

enum cli_exit exit_of(enum vgic5_cause cause)
{
    static const enum cli_exit exits[] = {
        [VGIC5_CAUSE_NONE] = EXIT_BUG,
        [VGIC5_CAUSE_REQUEST] = EXIT_USAGE,
        [VGIC5_CAUSE_ENVIRONMENT] = EXIT_ENVIRONMENT,
        [VGIC5_CAUSE_DAMAGED] = EXIT_DAMAGED,
        [VGIC5_CAUSE_UNFIT] = EXIT_UNFIT,
        [VGIC5_CAUSE_GIVEN_UP] = EXIT_ABORTED,
        [VGIC5_CAUSE_VM_DEAD] = EXIT_ENVIRONMENT,
        [VGIC5_CAUSE_BUG] = EXIT_BUG,
    };

    return (size_t)cause < sizeof(exits) / sizeof(exits[0]) ? exits[cause] : EXIT_BUG;
}

int report_error(enum cli_verb verb, const struct vgic5_error *error)
{
    say(stderr, "vgic5: %s: %s\n", cli_verb_name(verb), error->message);
    return (int)exit_of(error->cause);
}

int report(enum cli_verb verb, enum cli_exit status, const char *format, ...)
{
    va_list arguments;
    char *text = NULL;
    int size;

    va_start(arguments, format);
    size = vasprintf(&text, format, arguments);
    va_end(arguments);
    say(stderr, "vgic5: %s: %s\n", cli_verb_name(verb), size < 0 ? format : text);
    if (size >= 0)
        free(text);
    return (int)status;
}

static void warn(void *opaque, const char *message)
{
    (void)opaque;
    say(stderr, "vgic5: %s\n", message);
}

const struct vgic5_migration_options report_warnings = {.size = sizeof(report_warnings),
                                                        .warn = warn};
