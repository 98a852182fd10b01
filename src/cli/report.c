/* SPDX-License-Identifier: BSD-3-Clause */
#include "report.h"

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
