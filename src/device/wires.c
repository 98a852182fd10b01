/* SPDX-License-Identifier: BSD-3-Clause */
/* The wires: KVM_IRQ_LINE, the PPIs of the VMM's own timers, and the levels for a restore. */
#include <errno.h>
#include <string.h>

#include "device/contract.h"
#include "facts/fields.h"

#define NR_PPIS 64u /* architected PPIs; the IMPDEF ones have no wire here */
#define WIRE_WORDS (VGIC5_NR_SPIS_MAX / 64u)

/* An SPI that exists: the contract's table refuses nothing, and devices drive these all the time.
 */
static bool is_spi(const struct vgic5 *device, uint32_t irq)
{
    return device->gic && (irq >> 24 & 0xfu) == VGIC5_IRQ_TYPE_SPI &&
           (irq & 0xffffu) < device->nr_spis;
}

int vgic5_irq_line(struct vgic5 *device, uint32_t irq, bool level)
{
    struct access access;
    int ret;

    if (!device)
        return -EINVAL;
    if (is_spi(device, irq)) {
        gicv5_spi_wire(device->gic, irq & 0xffffu, level);
        return 0;
    }
    access_open(&access, device, CONTRACT_IRQ_LINE, CONTRACT_DO, irq, 0);
    ret = contract_check(&access);
    if (ret)
        return ret;
    gicv5_ppi_wire(access.vcpu->pe, irq & 0xffffu, level);
    return 0;
}

int vgic5_ppi_line(struct vgic5_vcpu *vcpu, uint32_t ppi, bool level)
{
    if (!vcpu)
        return -EINVAL;
    if (!vcpu->pe)
        return -EBUSY;
    if (ppi >= NR_PPIS || ppi == VGIC5_PPI_SW || !(vcpu->device->config.ppis[0] >> ppi & 1u))
        return -EINVAL;
    gicv5_ppi_wire(vcpu->pe, ppi, level);
    return 0;
}

bool vgic5_spi_enabled(const struct vgic5 *device, uint32_t spi)
{
    return device && device->gic && spi < device->nr_spis && gicv5_spi_enabled(device->gic, spi);
}

int vgic5_get_spi_wires(struct vgic5 *device, uint64_t *wires, size_t words)
{
    uint64_t all[WIRE_WORDS] = {0};

    if (!device || !wires)
        return -EINVAL;
    if (!device->gic)
        return -EBUSY;
    device_lock(device);
    gicv5_spi_wires_get(device->gic, all, WIRE_WORDS);
    device_unlock(device);
    for (size_t n = 0; n < words; n++)
        wires[n] = n < WIRE_WORDS ? all[n] : 0;
    return 0;
}

/* Bits of word n that stand for an SPI. */
static uint64_t spis_of_word(const struct vgic5 *device, size_t n)
{
    if (n >= WIRE_WORDS || n * 64 >= device->nr_spis)
        return 0;
    return device->nr_spis - n * 64 >= 64 ? UINT64_MAX : UINT32_MAX; /* a multiple of 32 */
}

static int set_spi_wires(struct vgic5 *device, const uint64_t *wires, size_t words)
{
    uint64_t all[WIRE_WORDS] = {0};

    if (device->has_run)
        return -EBUSY;
    for (size_t n = 0; n < words; n++) {
        if (wires[n] & ~spis_of_word(device, n))
            return -EINVAL;
        if (n < WIRE_WORDS)
            all[n] = wires[n];
    }
    gicv5_spi_wires_put(device->gic, all, WIRE_WORDS);
    return 0;
}

int vgic5_set_spi_wires(struct vgic5 *device, const uint64_t *wires, size_t words)
{
    int ret;

    if (!device || !wires)
        return -EINVAL;
    if (!device->gic)
        return -EBUSY;
    device_lock(device);
    ret = set_spi_wires(device, wires, words);
    device_unlock(device);
    return ret;
}

int vgic5_get_spi_modes(struct vgic5 *device, uint64_t *trigger, uint64_t *handling, size_t words)
{
    if (!device || !trigger || !handling)
        return -EINVAL;
    if (!device->gic)
        return -EBUSY;
    memset(trigger, 0, words * sizeof(*trigger));
    memset(handling, 0, words * sizeof(*handling));
    device_lock(device);
    for (uint32_t id = 0; id < device->nr_spis && id / 64 < words; id++) {
        uint64_t level = gicv5_spi_tm(device->gic, id);
        uint64_t mode = FIELD_GET(ISTE_HM, gicv5_spi_get(device->gic, id));

        trigger[id / 64] |= level << id % 64;
        handling[id / 64] |= mode << id % 64;
    }
    device_unlock(device);
    return 0;
}
