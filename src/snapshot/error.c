/* SPDX-License-Identifier: BSD-3-Clause */
#include "snapshot/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int snapshot_fail(struct vgic5_error *error, enum snapshot_exit exit_code, int errno_value,
                  const char *format, ...)
{
    va_list arguments;

    if (error) {
        error->exit_code = exit_code;
        va_start(arguments, format);
        vsnprintf(error->message, sizeof(error->message), format, arguments);
        va_end(arguments);
    }
    return -errno_value;
}

int snapshot_no_memory(struct vgic5_error *error, const char *for_what)
{
    return snapshot_fail(error, SNAPSHOT_EXIT_ENVIRONMENT, ENOMEM, "no memory for %s", for_what);
}
