/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * GRP_IST as merged for Linux 7.4: the payload describes two buffers, the SPIs' and the LPIs'. The
 * set makes the LPI IST live; guest memory is neither read nor written.
 */
#include <errno.h>

#include "device/internal.h"
#include "gicv5/fields.h"

/* struct kvm_vgic_v5_ist. */
struct ist_buffers {
    uint64_t spi_ist_addr;
    uint64_t spi_ist_size;
    uint64_t lpi_ist_addr;
    uint64_t lpi_ist_size;
};

/* Bytes of the LPI image that the registers ask for; 0 when they name no IST. */
static uint64_t lpi_image_size(struct vgic5 *device)
{
    uint64_t cfgr = gicv5_irs_read(device->gic, IRS_IST_CFGR_ROW);

    if (!lpi_ist_is_named(device))
        return 0;
    return UINT64_C(4) << FIELD_GET(IRS_IST_CFGR_LPI_ID_BITS, cfgr);
}

/* The exact sizes of kvm-abi §2; a buffer that must be there has an address. */
static int buffers_check(struct vgic5 *device, const struct ist_buffers *buffers)
{
    uint64_t lpi_size = lpi_image_size(device);

    if (buffers->spi_ist_addr == 0 || buffers->spi_ist_size != UINT64_C(4) * device->nr_spis)
        return -EINVAL;
    if (buffers->lpi_ist_size != lpi_size || !buffers->lpi_ist_addr != !lpi_size)
        return -EINVAL;
    return 0;
}

static int buffers_read(struct vgic5 *device, uint64_t addr, struct ist_buffers *buffers)
{
    int ret = caller_read(device, buffers, addr, sizeof(*buffers));

    return ret ? ret : buffers_check(device, buffers);
}

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

static int lpis_get(struct vgic5 *device, const struct ist_buffers *buffers)
{
    struct lpi_buffer buffer = {device, buffers->lpi_ist_addr};

    return gicv5_lpi_image_get(device->gic,
                               &(struct gicv5_image_out){write_piece, &buffer});
}

int ist_7_4_get(struct vgic5 *device, uint64_t addr)
{
    uint32_t spis[VGIC5_NR_SPIS_MAX];
    struct ist_buffers buffers;
    int ret = buffers_read(device, addr, &buffers);

    if (ret)
        return ret;
    if (lpi_ist_is_named(device) && !lpi_ist_exists(device))
        return -ENXIO; /* BASER restored and GRP_IST never set: guest and host disagree */
    ist_spis_collect(device, spis);
    ret = caller_write(device, buffers.spi_ist_addr, spis, device->nr_spis * sizeof(spis[0]));
    if (ret == 0 && buffers.lpi_ist_size != 0)
        ret = lpis_get(device, &buffers);
    return ret;
}

/* Make the LPI IST live with this content, or leave everything as it was. */
static int lpis_set(struct vgic5 *device, const struct ist_buffers *buffers)
{
    uint64_t baser = gicv5_irs_read(device->gic, IRS_IST_BASER_ROW);
    struct lpi_buffer buffer = {device, buffers->lpi_ist_addr};
    int ret = gicv5_ist_create(device->gic);

    if (ret)
        return ret;
    ret = gicv5_lpi_image_put(device->gic, &(struct gicv5_image_in){read_piece, &buffer});
    if (ret) {
        gicv5_irs_write(device->gic, IRS_IST_BASER_ROW, 0);
        gicv5_irs_put(device->gic, IRS_IST_BASER_ROW, baser);
    }
    return ret;
}

/* May this VM be given LPIs now? */
static int lpis_check(struct vgic5 *device)
{
    return lpi_ist_exists(device) ? -EBUSY : lpi_ist_check_cfgr(device);
}

int ist_7_4_set(struct vgic5 *device, uint64_t addr)
{
    uint32_t spis[VGIC5_NR_SPIS_MAX];
    struct ist_buffers buffers;
    int ret = buffers_read(device, addr, &buffers);

    if (ret == 0 && buffers.lpi_ist_size != 0)
        ret = lpis_check(device);
    if (ret == 0)
        ret = caller_read(device, spis, buffers.spi_ist_addr, buffers.spi_ist_size);
    if (ret == 0 && buffers.lpi_ist_size != 0)
        ret = lpis_set(device, &buffers);
    if (ret)
        return ret;
    ist_spis_apply(device, spis);
    gicv5_settle(device->gic);
    return 0;
}
