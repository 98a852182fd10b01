/* SPDX-License-Identifier: BSD-3-Clause */
/* A port as this library knows it, from that of an older or a newer caller. */
#include <errno.h>
#include <string.h>

#include "migration/internal.h"

/* Every port has the members before this one. */
#define PORT_NEEDS offsetof(struct vgic5_port, add_vcpu)

int migration_port_open(struct vgic5_port *port, const struct vgic5_port *given,
                        struct vgic5_error *error)
{
    memset(port, 0, sizeof(*port));
    if (!given)
        return error_misuse(error, "there is no port");
    if (given->size < PORT_NEEDS)
        return error_set(error, VGIC5_CAUSE_BUG, -EINVAL,
                         "the port's size is %u, expected %zu or more", given->size, PORT_NEEDS);
    memcpy(port, given, given->size < sizeof(*port) ? given->size : sizeof(*port));
    if (!vgic5_abi_name(port->abi))
        return error_set(error, VGIC5_CAUSE_BUG, -EINVAL,
                         "the port's abi is %u, which is not known", port->abi);
    if (!port->get_attr || !port->set_attr || !port->vcpus)
        return error_set(error, VGIC5_CAUSE_BUG, -EINVAL,
                         "the port lacks get_attr, set_attr or vcpus");
    return 0;
}
