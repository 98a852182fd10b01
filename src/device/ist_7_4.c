/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * GRP_IST as merged for Linux 7.4: the payload describes two buffers, the SPIs' and the LPIs'. The
 * set makes the LPI IST live; guest memory is neither read nor written.
 */
#include <errno.h>

#include "device/contract.h"

/* The LPIs' buffer in the VMM's memory. */
struct lpi_buffer {
    struct vgic5 *device;
    uint64_t addr;
};

static int write_piece(void *context, size_t first, const uint32_t *words, size_t nr)
{
    const struct lpi_buffer *buffer = context;

    return caller_write(buffer->device, buffer->addr + first * sizeof(*words), words,
                        nr * sizeof(*words));
}

static int read_piece(void *context, size_t first, uint32_t *words, size_t nr)
{
    const struct lpi_buffer *buffer = context;

    return caller_read(buffer->device, words, buffer->addr + first * sizeof(*words),
                       nr * sizeof(*words));
}

static int lpis_get(struct vgic5 *device, const struct vgic5_ist *buffers)
{
    struct lpi_buffer buffer = {device, buffers->lpi_ist_addr};

    return gicv5_lpi_image_get(device->gic, &(struct gicv5_image_out){write_piece, &buffer});
}

int ist_7_4_get(struct access *access)
{
    const struct vgic5_ist *buffers = &access->payload.buffers;
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
static int lpis_set(struct vgic5 *device, const struct vgic5_ist *buffers)
{
    uint64_t baser = gicv5_irs_read(device->gic, IRS_IST_BASER_ROW);
    struct lpi_buffer buffer = {device, buffers->lpi_ist_addr};
    int ret = lpi_ist_check_cfgr(device);

    if (ret == 0)
        ret = gicv5_ist_create(device->gic);
    if (ret)
        return ret;
    ret = gicv5_lpi_image_put(device->gic, &(struct gicv5_image_in){read_piece, &buffer});
    if (ret) {
        gicv5_irs_write(device->gic, IRS_IST_BASER_ROW, 0);
        gicv5_irs_put(device->gic, IRS_IST_BASER_ROW, baser);
    }
    return ret;
}

int ist_7_4_set(struct access *access)
{
    const struct vgic5_ist *buffers = &access->payload.buffers;
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
