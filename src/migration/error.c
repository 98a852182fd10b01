/* SPDX-License-Identifier: BSD-3-Clause */
/* One place where a refusal is born. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "migration/internal.h"

int migration_fail(struct vgic5_error *error, enum migration_exit exit_code, int errno_value,
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

const char *migration_errno_name(int errno_value)
{
    for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
        if (names[n].value == errno_value || names[n].value == -errno_value)
            return names[n].name;
    }
    return "an errno that the contract does not know";
}
