/* SPDX-License-Identifier: BSD-3-Clause */
#include <vgic5/device.h>

#define WORD(number) #number
#define DOTTED(major, minor, patch) WORD(major) "." WORD(minor) "." WORD(patch)

const char *vgic5_version(void)
{
    return "vgic5 " DOTTED(VGIC5_VERSION_MAJOR, VGIC5_VERSION_MINOR, VGIC5_VERSION_PATCH);
}
