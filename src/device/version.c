/* SPDX-License-Identifier: BSD-3-Clause */
#include <vgic5/device.h>

#ifndef VGIC5_VERSION /* the build system says it */
#define VGIC5_VERSION "0.0.0"
#endif

const char *vgic5_version(void)
{
    return "vgic5 " VGIC5_VERSION;
}
