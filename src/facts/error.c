/* SPDX-License-Identifier: BSD-3-Clause */
#include "facts/error.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

int error_set_list(struct vgic5_error *error, enum vgic5_cause cause, int result,
                   const char *format, va_list arguments)
{
    if (error) {
        error->cause = cause;
        vsnprintf(error->message, sizeof(error->message), format, arguments);
    }
    return result;
}

int error_set(struct vgic5_error *error, enum vgic5_cause cause, int result, const char *format,
              ...)
{
    va_list arguments;

    va_start(arguments, format);
    error_set_list(error, cause, result, format, arguments);
    va_end(arguments);
    return result;
}

void error_add(struct vgic5_error *error, const char *format, ...)
{
    size_t length = error ? strlen(error->message) : 0;
    size_t room = sizeof(error->message) - length;
    va_list arguments;

    if (!error)
        return;
    va_start(arguments, format);
    if ((size_t)vsnprintf(error->message + length, room, format, arguments) >= room)
        error->message[length] = '\0';
    va_end(arguments);
}

void error_recast(struct vgic5_error *error, enum vgic5_cause cause)
{
    if (error)
        error->cause = cause;
}

void error_copy(struct vgic5_error *error, const struct vgic5_error *from)
{
    if (!error)
        return;
    error->cause = from->cause;
    memcpy(error->message, from->message, sizeof(error->message));
}

/* Those of kvm-abi §2. */
static const struct {
    int value;
    const char *name;
} names[] = {
    {EBUSY, "EBUSY"},   {EEXIST, "EEXIST"},       {EINVAL, "EINVAL"}, {ENXIO, "ENXIO"},
    {EFAULT, "EFAULT"}, {ENOENT, "ENOENT"},       {ENODEV, "ENODEV"}, {ENOMEM, "ENOMEM"},
    {E2BIG, "E2BIG"},   {ENOSPC, "ENOSPC"},       {EIO, "EIO"},       {ETIMEDOUT, "ETIMEDOUT"},
    {EINTR, "EINTR"},   {ECANCELED, "ECANCELED"},
};

const char *error_name(int errno_value)
{
    for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
        if (names[n].value == errno_value || names[n].value == -errno_value)
            return names[n].name;
    }
    return "an errno that the contract does not know";
}
