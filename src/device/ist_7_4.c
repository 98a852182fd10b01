/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * GRP_IST as merged for Linux 7.4: the payload describes two buffers, the SPIs' and the LPIs'. The
 * set makes the LPI IST live; guest memory is neither read nor written.
 */
#include <errno.h>

#include "device/contract.h"

static int lpis_get(struct vgic5 *device, const struct ist_buffers *buffers)
{
    uint32_t *image = device->host.alloc(device->opaque, buffers->lpi_ist_size);
    int ret;

    if (!image)
        return -ENOMEM;
    ret = gicv5_lpi_image_get(device->gic, image, buffers->lpi_ist_size / sizeof(*image));
    if (ret == 0)
        ret = caller_write(device, buffers->lpi_ist_addr, image, buffers->lpi_ist_size);
    device->host.free(device->opaque, image, buffers->lpi_ist_size);
    return ret;
}

int ist_7_4_get(struct access *access)
{
    const struct ist_buffers *buffers = &access->payload.buffers;
    struct vgic5 *device = access->device;
    uint32_t spis[VGIC5_NR_SPIS_MAX];
    int ret;

    ist_spis_collect(device, spis);
    ret = caller_write(device, buffers->spi_ist_addr, spis, device->nr_spis * sizeof(spis[0]));
    if (ret == 0 && buffers->lpi_ist_size != 0)
        ret = lpis_get(device, buffers);
    return ret;
}

/* Make the LPI IST live with this content, or leave everything as it was. */
static int lpis_create(struct vgic5 *device, const uint32_t *image, size_t words)
{
    uint64_t baser = gicv5_irs_read(device->gic, IRS_IST_BASER_ROW);
    int ret = lpi_ist_check_cfgr(device);

    if (ret == 0)
        ret = gicv5_ist_create(device->gic);
    if (ret)
        return ret;
    ret = gicv5_lpi_image_put(device->gic, image, words);
    if (ret) {
        gicv5_irs_write(device->gic, IRS_IST_BASER_ROW, 0);
        gicv5_irs_put(device->gic, IRS_IST_BASER_ROW, baser);
    }
    return ret;
}

static int lpis_set(struct vgic5 *device, const struct ist_buffers *buffers)
{
    uint32_t *image = device->host.alloc(device->opaque, buffers->lpi_ist_size);
    int ret;

    if (!image)
        return -ENOMEM;
    ret = caller_read(device, image, buffers->lpi_ist_addr, buffers->lpi_ist_size);
    if (ret == 0)
        ret = lpis_create(device, image, buffers->lpi_ist_size / sizeof(*image));
    device->host.free(device->opaque, image, buffers->lpi_ist_size);
    return ret;
}

int ist_7_4_set(struct access *access)
{
    const struct ist_buffers *buffers = &access->payload.buffers;
    struct vgic5 *device = access->device;
    uint32_t spis[VGIC5_NR_SPIS_MAX];
    int ret = caller_read(device, spis, buffers->spi_ist_addr, buffers->spi_ist_size);

    if (ret == 0 && buffers->lpi_ist_size != 0)
        ret = lpis_set(device, buffers);
    if (ret)
        return ret;
    ist_spis_apply(device, spis);
    gicv5_settle(device->gic);
    return 0;
}
