/* SPDX-License-Identifier: BSD-3-Clause */
/* Which generation of the contract a device follows that does not say so (kvm-abi §1). */
#include <errno.h>

#include "migration/ist_payload.h"

int vgic5_probe_abi(const struct vgic5_port *given, uint32_t *abi, struct vgic5_error *error)
{
    int ret;

    if (!given || !abi)
        return error_misuse(error, "there is no port, or no place for its abi");
    if (given->size < offsetof(struct vgic5_port, set_attr) || !given->get_attr)
        return error_set(error, VGIC5_CAUSE_BUG, -EINVAL, "the port lacks get_attr");
    ret = ist_payload_probe(given, abi);
    if (ret == 0)
        return 0;
    return error_set(error, VGIC5_CAUSE_ENVIRONMENT, ret,
                     "the device answers %s to the probe of GRP_IST; it must have had CTRL_INIT, "
                     "and stand still",
                     error_name(ret));
}
