/* SPDX-License-Identifier: BSD-3-Clause */
/* The VMM's side of an attribute call: its memory, and what it gets. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "device/internal.h"

/* NULL is never readable, whatever the ops say (kvm-abi §2: "NULL EFAULT"). */
int caller_read(struct vgic5 *device, void *to, uint64_t addr, size_t size)
{
    if (addr == 0 || device->host.read_caller(device->opaque, to, addr, size))
        return -EFAULT;
    return 0;
}

int caller_write(struct vgic5 *device, uint64_t addr, const void *from, size_t size)
{
    if (addr == 0 || device->host.write_caller(device->opaque, addr, from, size))
        return -EFAULT;
    return 0;
}

void device_log(struct vgic5 *device, const char *format, ...)
{
    char message[256];
    va_list arguments;

    if (!device->host.log)
        return;
    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    device->host.log(device->opaque, message);
}

/* ---- The guest's memory ---------------------------------------------------------------------- */

int vgic5_read_guest(struct vgic5 *device, uint64_t ipa, void *to, size_t size)
{
    if (!device || !to)
        return -EINVAL;
    return device->host.read_guest(device->opaque, ipa, to, size) ? -EFAULT : 0;
}

int vgic5_write_guest(struct vgic5 *device, uint64_t ipa, const void *from, size_t size)
{
    if (!device || !from)
        return -EINVAL;
    return device->host.write_guest(device->opaque, ipa, from, size) ? -EFAULT : 0;
}
