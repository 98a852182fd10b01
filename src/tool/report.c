/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/report.h"

#include <errno.h>
#include <stdarg.h>

int report_error(enum cli_verb verb, const struct vgic5_error *error)
{
    fprintf(stderr, "vgic5: %s: %s\n", cli_verb_name(verb), error->message);
    return error->exit_code != 0 ? error->exit_code : EXIT_BUG;
}

int report(enum cli_verb verb, enum cli_exit status, const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "vgic5: %s: ", cli_verb_name(verb));
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    return (int)status;
}

static void warn(void *opaque, const char *message)
{
    (void)opaque;
    fprintf(stderr, "vgic5: %s\n", message);
}

const struct vgic5_migration_options report_warnings = { .size = sizeof report_warnings,
                                                         .warn = warn };

int error_fill(struct vgic5_error *error, int exit_code, const char *format, ...)
{
    va_list arguments;

    if (error == NULL)
        return -EINVAL;
    va_start(arguments, format);
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    error->exit_code = exit_code;
    return -EINVAL;
}
