/* SPDX-License-Identifier: BSD-3-Clause */
/* GRP_ADDR: where the IRS region lies. May be set before or after CTRL_INIT, once. */
#include <errno.h>

#include "device/internal.h"

static int addr_has(struct vgic5 *device, const struct vgic5_attr *attr)
{
    (void)device;
    return attr->attr == VGIC5_ADDR_TYPE_IRS ? 0 : -ENXIO;
}

static int addr_get(struct vgic5 *device, const struct vgic5_attr *attr)
{
    int ret = addr_has(device, attr);

    return ret ? ret : caller_write(device, attr->addr, &device->addr, sizeof(device->addr));
}

/* kvm-abi §2: "base, or base+128 KiB, beyond the IPA size"; a wrap-around is EINVAL. */
static int addr_check(const struct vgic5 *device, uint64_t base)
{
    uint64_t limit = UINT64_C(1) << device->config.ipa_bits;

    if (base % VGIC5_IRS_FRAME_SIZE != 0 || base + VGIC5_IRS_REGION_SIZE < base)
        return -EINVAL;
    if (base + VGIC5_IRS_REGION_SIZE > limit)
        return -E2BIG;
    return 0;
}

/* Precedence: EFAULT, ENXIO, EEXIST, EINVAL, E2BIG. */
static int addr_set(struct vgic5 *device, const struct vgic5_attr *attr)
{
    uint64_t base;
    int ret = caller_read(device, &base, attr->addr, sizeof(base));

    if (ret)
        return ret;
    ret = addr_has(device, attr);
    if (ret)
        return ret;
    if (device->addr != ADDR_UNSET)
        return -EEXIST;
    ret = addr_check(device, base);
    if (ret)
        return ret;
    device->addr = base;
    return 0;
}

const struct attribute_group attribute_addr = {
    .group = VGIC5_GRP_ADDR,
    .has = addr_has,
    .get = addr_get,
    .set = addr_set,
};
