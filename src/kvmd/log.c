/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stdio.h>

#include "kvmd/internal.h"

void kvmd_log(struct kvmd *kvmd, const char *format, ...)
{
    char message[200];
    va_list arguments;

    if (!kvmd->config.log)
        return;
    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    kvmd->config.log(kvmd->config.opaque, message);
}
