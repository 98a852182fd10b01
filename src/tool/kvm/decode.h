/* SPDX-License-Identifier: BSD-3-Clause */
/* One ioctl as a JSON object whose keys stand in the order in which a person reads them. */
#ifndef TOOL_KVM_DECODE_H
#define TOOL_KVM_DECODE_H

#include <jansson.h>

#include "kvmd/kvmd.h"

/* How the payload of GRP_IST looks. */
struct decode_ist {
    bool has_descriptor; /* as under 7.4, else the SPI entries alone */
    uint32_t nr_spis;    /* of the VM */
};

/* A new reference, or NULL: no memory. */
json_t *decode_ioctl(const struct kvmd_seen *seen, const struct decode_ist *ist);
/* What the VMM has set as the number of SPIs with this call; 0: it is no such call. */
uint32_t decode_nr_spis(const struct kvmd_seen *seen);

#endif
