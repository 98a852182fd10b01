/* SPDX-License-Identifier: BSD-3-Clause */
/* The machine's life: create, boot, destroy. */
#include "machine/machine.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "machine/fdt.h"
#include "machine/boot/image.h"
#include "machine/machine_parts.h"

/* Where the real-time clock of a deterministic run begins: 2026-01-01 00:00:00 UTC. */
#define EPOCH 1767225600u
#define PAGE UINT64_C(0x10000)
#define LARGE_PAGE UINT64_C(0x200000)

static int check_config(const struct machine_config *config, struct vgic5_error *error)
{
    if (!config->engine)
        return error_set(error, VGIC5_CAUSE_BUG, -EINVAL, "a machine without an engine");
    if (config->nr_vcpus < 1 || config->nr_vcpus > VGIC5_MAX_VCPUS)
        return error_set(error, VGIC5_CAUSE_UNFIT, -EINVAL, "%" PRIu32 " vCPUs, expected 1 to %u",
                         config->nr_vcpus, VGIC5_MAX_VCPUS);
    if (config->ram_size == 0 || config->ram_size % MEMORY_BLOCK != 0)
        return error_set(error, VGIC5_CAUSE_UNFIT, -EINVAL,
                         "RAM_SIZE is 0x%" PRIx64 ", expected a multiple of 0x%" PRIx64,
                         config->ram_size, MEMORY_BLOCK);
    for (uint32_t i = 0; config->vcpu_ids && i < config->nr_vcpus; i++)
        if (config->vcpu_ids[i] > UINT16_MAX)
            return error_set(error, VGIC5_CAUSE_UNFIT, -EINVAL,
                             "vCPU id %" PRIu32 ", expected at most %u", config->vcpu_ids[i],
                             UINT16_MAX);
    if (config->nr_spis <= SPI_PL031 || config->nr_spis > VGIC5_NR_SPIS_MAX)
        return error_set(error, VGIC5_CAUSE_UNFIT, -EINVAL, "%" PRIu32 " SPIs, expected 32 to %u",
                         config->nr_spis, VGIC5_NR_SPIS_MAX);
    return 0;
}

static int create_gic(struct machine *machine, const struct machine_config *config,
                      struct vgic5_error *error)
{
    const struct vgic5_host host = machine_gic_host();
    struct vgic5_config gic = config->gic;
    int ret;

    gic.size = sizeof(gic);
    ret = vgic5_create(&gic, &host, machine, &machine->gic);
    if (ret != 0)
        return error_set(error, VGIC5_CAUSE_UNFIT, ret, "the VGICv5 cannot be created: %s",
                         strerror(-ret));
    for (uint32_t i = 0; i < config->nr_vcpus; i++) {
        ret = vgic5_add_vcpu(machine->gic, machine_vcpu_id(config, i));
        if (ret != 0)
            return error_set(error, VGIC5_CAUSE_UNFIT, ret,
                             "the VGICv5 refuses vCPU %" PRIu32 ": %s", machine_vcpu_id(config, i),
                             strerror(-ret));
    }
    return 0;
}

static int build(struct machine *machine, const struct machine_config *config,
                 struct vgic5_error *error)
{
    int ret = memory_create(&machine->ram, MAP_RAM_BASE, config->ram_size);

    if (ret != 0)
        return error_set(error, VGIC5_CAUSE_ENVIRONMENT, ret, "no RAM of 0x%" PRIx64 " bytes: %s",
                         config->ram_size, strerror(-ret));
    if (!machine->clock.deterministic && !machine->clock.time.now)
        machine->clock.time = host_time_functions(&machine->host_time);
    ret = machine_create_cpus(machine, config);
    if (ret == 0)
        ret = machine_create_devices(machine);
    if (ret != 0)
        return error_set(error, VGIC5_CAUSE_ENVIRONMENT, ret, "no memory for the machine");
    ret = create_gic(machine, config, error);
    if (ret != 0)
        return ret;
    for (uint32_t i = 0; i < machine->nr_cpus; i++)
        machine->cpus[i].pe.gic = vgic5_vcpu(machine->gic, machine->cpus[i].pe.id);
    machine->map = (struct memory_map){.ranges = &machine->ram, .nr = 1};
    return vcpu_engine_create(config->engine, &machine->map, &machine->clock.run, &machine->engine,
                              error);
}

int machine_create(const struct machine_config *config, struct machine **machine,
                   struct vgic5_error *error)
{
    int ret = check_config(config, error);
    struct machine *m;

    if (ret != 0)
        return ret;
    m = calloc(1, sizeof(*m));
    if (!m)
        return error_set(error, VGIC5_CAUSE_ENVIRONMENT, -ENOMEM, "no memory for the machine");
    m->console = config->console;
    m->trace = config->trace;
    m->engine_ops = config->engine;
    m->nr_spis = config->nr_spis;
    m->clock.deterministic = config->deterministic;
    m->slice_length = SLICE_LENGTH;
    m->deadline = COUNTER_NEVER;
    m->alarm = UINT64_MAX;
    m->clock.time = config->time;
    ret = build(m, config, error);
    if (ret != 0) {
        machine_destroy(m);
        return ret;
    }
    *machine = m;
    return 0;
}

void machine_destroy(struct machine *machine)
{
    if (!machine)
        return;
    for (uint32_t i = 0; machine->cpus && i < machine->nr_cpus; i++)
        vcpu_destroy(machine->cpus[i].pe.vcpu);
    vcpu_engine_destroy(machine->engine);
    pl011_destroy(machine->uart);
    pl031_destroy(machine->rtc);
    vgic5_destroy(machine->gic);
    memory_destroy(&machine->ram);
    free(machine->cpu_of_id);
    free(machine->cpus);
    free(machine);
}

/* ---- Boot --------------------------------------------------------------------------------------
 */

static uint64_t round_up(uint64_t value, uint64_t unit)
{
    return (value + unit - 1) / unit * unit;
}

/* Room for the tree at the end of RAM: it grows with the vCPUs. */
static uint64_t fdt_room(const struct machine *machine)
{
    return round_up(0x4000 + (uint64_t)machine->nr_cpus * 512, PAGE);
}

static int load_images(struct machine *machine, const char *kernel, const char *initrd,
                       uint64_t limit, struct loaded_image *loaded, struct vgic5_error *error)
{
    int ret = image_load_kernel(&machine->ram, kernel, &loaded[0], error);

    if (ret == 0 && loaded[0].end > limit)
        return error_set(error, VGIC5_CAUSE_ENVIRONMENT, -ENOSPC,
                         "%s: leaves no room for the device tree", kernel);
    if (ret != 0 || !initrd)
        return ret;
    ret = image_load_initrd(&machine->ram, initrd, round_up(loaded[0].end, LARGE_PAGE), &loaded[1],
                            error);
    if (ret == 0 && loaded[1].end > limit)
        return error_set(error, VGIC5_CAUSE_ENVIRONMENT, -ENOSPC,
                         "%s: leaves no room for the device tree", initrd);
    return ret;
}

static int write_tree(struct machine *machine, uint64_t at, const char *append,
                      const struct loaded_image *initrd, struct vgic5_error *error)
{
    uint32_t *ids = calloc(machine->nr_cpus, sizeof(*ids));
    struct fdt_description description = {
        .nr_vcpus = machine->nr_cpus,
        .vcpu_ids = ids,
        .ram_base = machine->ram.base,
        .ram_size = machine->ram.size,
        .pl031 = true,
        .append = append,
        .initrd_start = initrd->start,
        .initrd_end = initrd->end,
    };
    int ret;

    if (!ids)
        return error_set(error, VGIC5_CAUSE_ENVIRONMENT, -ENOMEM, "no memory for the device tree");
    for (uint32_t i = 0; i < machine->nr_cpus; i++)
        ids[i] = machine->cpus[i].pe.id;
    ret = fdt_write(&machine->ram, at, fdt_room(machine), &description);
    free(ids);
    if (ret == 0)
        return 0;
    return error_set(error, VGIC5_CAUSE_ENVIRONMENT, ret, "the device tree cannot be written: %s",
                     strerror(-ret));
}

int machine_boot(struct machine *machine, const char *kernel, const char *initrd,
                 const char *append, struct vgic5_error *error)
{
    uint64_t tree = machine->ram.base + machine->ram.size - fdt_room(machine);
    struct loaded_image loaded[2] = {{0}, {0}};
    struct cpu *cpu = &machine->cpus[0];
    int ret = load_images(machine, kernel, initrd, tree, loaded, error);

    if (ret == 0)
        ret = write_tree(machine, tree, append, &loaded[1], error);
    if (ret == 0)
        ret = machine_gic_configure(machine, error);
    if (ret == 0)
        ret = machine_cpu_on(cpu, error);
    if (ret != 0)
        return ret;
    pl031_set(machine->rtc, machine->clock.deterministic ? EPOCH : (uint32_t)time(NULL));
    vcpu_set_x(cpu->pe.vcpu, 0, tree);
    vcpu_set_pc(cpu->pe.vcpu, loaded[0].entry);
    return 0;
}

/* ---- What the tool asks ------------------------------------------------------------------------
 */

uint64_t machine_instructions(const struct machine *machine)
{
    return machine->clock.run.instructions;
}

uint64_t machine_input_bytes(const struct machine *machine)
{
    return machine->input_bytes;
}

struct vgic5 *machine_gic(struct machine *machine)
{
    return machine->gic;
}

void *machine_ram(struct machine *machine, uint64_t *base, uint64_t *size)
{
    *base = machine->ram.base;
    *size = machine->ram.size;
    return machine->ram.host;
}
