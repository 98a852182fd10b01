/* SPDX-License-Identifier: BSD-3-Clause */
/* Which generation of the contract a device follows that does not say so (kvm-abi §1). */
#include <errno.h>

#include "migration/internal.h"

/* As large as any v1 answer, and at least the 4 KiB that the sheet asks for. */
#define PROBE_WORDS VGIC5_NR_SPIS_MAX

int vgic5_probe_abi(const struct vgic5_port *given, uint32_t *abi, struct vgic5_error *error)
{
    uint32_t payload[PROBE_WORDS] = {0};
    struct vgic5_attr access = {.group = VGIC5_GRP_IST, .addr = (uintptr_t)payload};
    int ret;

    if (given->size < offsetof(struct vgic5_port, set_attr) || !given->get_attr)
        return error_set(error, VGIC5_CAUSE_BUG, -EINVAL, "the port lacks get_attr");
    ret = given->get_attr(given->opaque, &access);
    _Static_assert(sizeof(payload) >= 4096, "kvm-abi §1");
    if (ret != 0 && ret != -EINVAL)
        return error_set(error, VGIC5_CAUSE_ENVIRONMENT, ret,
                         "the device answers %s to the probe of GRP_IST; it must have had "
                         "CTRL_INIT, and stand still",
                         error_name(ret));
    *abi = ret == 0 ? VGIC5_ABI_V1 : VGIC5_ABI_7_4;
    return 0;
}
