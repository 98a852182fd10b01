/* SPDX-License-Identifier: BSD-3-Clause */
/* CTRL_INIT: what was configured becomes an IRS with its CPU interfaces. */
#include <errno.h>

#include "device/internal.h"

static uint32_t highest_id(const struct vgic5 *device)
{
    uint32_t highest = 0;

    for (uint32_t n = 0; n < device->nr_vcpus; n++) {
        if (device->vcpus[n]->id > highest)
            highest = device->vcpus[n]->id;
    }
    return highest;
}

/* IDR1.IAFFID_BITS is N-1 with N = max(1, bits for the highest id) (kvm-abi §3). */
static uint8_t iaffid_bits(const struct vgic5 *device)
{
    uint8_t bits = 0;

    for (uint32_t left = highest_id(device) | 1; left; left >>= 1)
        bits++;
    return bits;
}

static struct gicv5_config irs_config(const struct vgic5 *device, uint32_t nr_spis)
{
    const struct vgic5_config *config = &device->config;

    return (struct gicv5_config){
        .nr_spis = nr_spis,
        .pa_range = (uint8_t)device_pa_range(config->ipa_bits),
        .priority_bits = config->priority_bits,
        .iaffid_bits = iaffid_bits(device),
        .lpi_id_bits = config->lpi_id_bits,
        .min_lpi_id_bits = config->min_lpi_id_bits,
        .ist_l2sz = config->ist_l2sz,
        .istmd = config->istmd,
        .istmd_sz = config->istmd_sz,
        .ppis = {config->ppis[0], config->ppis[1]},
        /* Every architected PPI is level, but the software PPI (R_CFSKX). */
        .ppi_hmr = {config->ppis[0] & ~(UINT64_C(1) << VGIC5_PPI_SW), 0},
        .lpis_in_host = device->profile->lpis_in_host,
        .threads = config->threads,
    };
}

/* No vCPU may use an interface before CTRL_INIT, so what was set meanwhile is passed on now. */
static void connect_vcpus(struct vgic5 *device)
{
    for (uint32_t n = 0; n < device->nr_vcpus; n++) {
        device->vcpus[n]->pe = gicv5_pe(device->gic, n);
        gicv5_set_nmi(device->vcpus[n]->pe, device->vcpus[n]->nmi);
    }
}

/* What KVM answers when the host itself cannot take another VM. */
static int claim(const struct vgic5 *device)
{
    int ret = 0;

    if (device->host.claim)
        ret = device->host.claim(device->opaque, device->nr_vcpus, highest_id(device));
    return ret > 0 ? -ret : ret;
}

int device_init(struct vgic5 *device)
{
    uint32_t nr_spis = device->nr_spis ? device->nr_spis : VGIC5_NR_SPIS_DEFAULT;
    struct gicv5_config config = irs_config(device, nr_spis);
    uint16_t iaffids[VGIC5_MAX_VCPUS];
    struct gicv5 *gic;
    int ret;

    if (device->gic)
        return 0; /* a second time: 0 (kvm-abi §2) */
    for (uint32_t n = 0; n < device->nr_vcpus; n++)
        iaffids[n] = (uint16_t)device->vcpus[n]->id;
    ret = gicv5_create(&config, iaffids, device->nr_vcpus, &device->host, device->opaque, &gic);
    if (ret)
        return ret;
    ret = claim(device);
    if (ret) {
        gicv5_destroy(gic);
        return ret;
    }
    device->gic = gic;
    device->nr_spis = nr_spis;
    connect_vcpus(device);
    return 0;
}

uint64_t device_userspace_ppis(const struct vgic5 *device)
{
    return device->config.ppis[0] & UINT64_C(1) << VGIC5_PPI_SW;
}
