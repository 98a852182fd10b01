/* SPDX-License-Identifier: BSD-3-Clause */
/* The generations of the contract, as facts (kvm-abi §2, §3, §4). */
#include "device/internal.h"

static const struct device_profile profiles[] = {
    {
        /* The posting of April 2026: the selector loops of its save need sets after the guest has
         * run, and the LPI IST is saved where the guest put it. */
        .abi = VGIC5_ABI_V1,
        .baser_creates_ist = true,
        .spi_cfgr_sets_tm = true,
        .ist_get = ist_v1_get,
        .ist_set = ist_v1_set,
    },
    {
        /* As merged for Linux 7.4: sets only before the first run, and every table in a buffer. */
        .abi = VGIC5_ABI_7_4,
        .active_keeps_latch = true,
        .spi_iste_hm_is_tm = true,
        .ist_get = ist_7_4_get,
        .ist_set = ist_7_4_set,
        .lpis_in_host = true,
    },
};

const struct device_profile *device_profile_of(uint32_t abi)
{
    for (size_t n = 0; n < sizeof(profiles) / sizeof(profiles[0]); n++) {
        if (profiles[n].abi == abi)
            return &profiles[n];
    }
    return NULL;
}
