/* SPDX-License-Identifier: BSD-3-Clause */
/* The port of a device in this process: the library's own functions. */
#include <string.h>

#include <vgic5/migration.h>

static int model_has(void *opaque, const struct vgic5_attr *attr)
{
    return vgic5_has_attr(opaque, attr);
}

static int model_get(void *opaque, const struct vgic5_attr *attr)
{
    return vgic5_get_attr(opaque, attr);
}

static int model_set(void *opaque, const struct vgic5_attr *attr)
{
    return vgic5_set_attr(opaque, attr);
}

static int model_vcpus(void *opaque, uint32_t *ids, size_t max)
{
    uint32_t number = vgic5_nr_vcpus(opaque);

    for (uint32_t n = 0; n < number && n < max; n++)
        ids[n] = vgic5_vcpu_id(opaque, n);
    return (int)number;
}

static int model_add_vcpu(void *opaque, uint32_t id)
{
    return vgic5_add_vcpu(opaque, id);
}

static int model_describe(void *opaque, struct vgic5_config *config)
{
    return vgic5_get_config(opaque, config);
}

static int model_get_wires(void *opaque, uint64_t *wires, size_t words)
{
    return vgic5_get_spi_wires(opaque, wires, words);
}

static int model_set_wires(void *opaque, const uint64_t *wires, size_t words)
{
    return vgic5_set_spi_wires(opaque, wires, words);
}

static int model_irq_line(void *opaque, uint32_t irq, bool level)
{
    return vgic5_irq_line(opaque, irq, level);
}

static int model_read_guest(void *opaque, uint64_t ipa, void *to, size_t size)
{
    return vgic5_read_guest(opaque, ipa, to, size);
}

static int model_write_guest(void *opaque, uint64_t ipa, const void *from, size_t size)
{
    return vgic5_write_guest(opaque, ipa, from, size);
}

static int model_get_modes(void *opaque, uint64_t *trigger, uint64_t *handling, size_t words)
{
    return vgic5_get_spi_modes(opaque, trigger, handling, words);
}

void vgic5_port_model_sized(struct vgic5 *device, struct vgic5_port *port, uint32_t size)
{
    struct vgic5_config config = {.size = sizeof(config)};

    if (!device || !port)
        return;
    vgic5_get_config(device, &config);
    const struct vgic5_port filled = {
        .size = size < sizeof(filled) ? size : sizeof(filled),
        .abi = config.abi,
        .opaque = device,
        .has_attr = model_has,
        .get_attr = model_get,
        .set_attr = model_set,
        .vcpus = model_vcpus,
        .add_vcpu = model_add_vcpu,
        .describe = model_describe,
        .get_spi_wires = model_get_wires,
        .set_spi_wires = model_set_wires,
        .irq_line = model_irq_line,
        .read_guest = model_read_guest,
        .write_guest = model_write_guest,
        .get_spi_modes = model_get_modes,
    };

    memset(port, 0, size);
    memcpy(port, &filled, filled.size);
}
