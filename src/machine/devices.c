/* SPDX-License-Identifier: BSD-3-Clause */
/* The devices on the machine's bus. */
#include <errno.h>

#include "machine/machine_parts.h"

static uint64_t irs_read(void *opaque, uint64_t offset, unsigned size)
{
    struct machine *machine = opaque;
    struct vgic5_mmio access = {.offset = offset, .size = (uint8_t)size};

    vgic5_mmio(machine->gic, &access);
    return access.value;
}

static void irs_write(void *opaque, uint64_t offset, unsigned size, uint64_t value)
{
    struct machine *machine = opaque;
    struct vgic5_mmio access = {
        .offset = offset,
        .value = value,
        .size = (uint8_t)size,
        .is_write = true,
    };

    vgic5_mmio(machine->gic, &access);
}

static void drive_spi(void *opaque, uint32_t spi, int level)
{
    struct machine *machine = opaque;

    vgic5_irq_line(machine->gic, VGIC5_IRQ_SPI(spi), level != 0);
}

static void rtc_changed(void *opaque)
{
    machine_deadline_changed(opaque);
}

int machine_create_devices(struct machine *machine)
{
    const struct bus_wire wire = {.set = drive_spi, .opaque = machine};

    machine->uart = pl011_create(wire, SPI_PL011, machine_print, machine);
    machine->rtc = pl031_create(wire, SPI_PL031, rtc_changed, machine);
    if (!machine->uart || !machine->rtc)
        return -ENOMEM;
    machine->devices[0] = (struct bus_device){
        .name = "irs",
        .base = MAP_IRS_BASE,
        .size = VGIC5_IRS_REGION_SIZE,
        .read = irs_read,
        .write = irs_write,
        .opaque = machine,
    };
    machine->devices[1] = pl011_device(machine->uart);
    machine->devices[2] = pl031_device(machine->rtc);
    machine->nr_devices = 3;
    return 0;
}

/* What no device covers reads as zero. */
uint64_t machine_mmio_read(void *opaque, uint64_t address, unsigned size)
{
    struct cpu *cpu = opaque;
    const struct machine *machine = cpu->machine;
    const struct bus_device *device = bus_find(machine->devices, machine->nr_devices, address);

    machine_hurry(cpu);
    return device ? device->read(device->opaque, address - device->base, size) : 0;
}

void machine_mmio_write(void *opaque, uint64_t address, unsigned size, uint64_t value)
{
    struct cpu *cpu = opaque;
    const struct machine *machine = cpu->machine;
    const struct bus_device *device = bus_find(machine->devices, machine->nr_devices, address);

    machine_hurry(cpu);
    if (device)
        device->write(device->opaque, address - device->base, size, value);
}
